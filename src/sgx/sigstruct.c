/* SPDX-License-Identifier: Apache-2.0
 * sigstruct.c: see sigstruct.h.
 *
 *     0 HEADER 16                   908 CET_ATTRIBUTES 1
 *    16 VENDOR u32                  909 CET_ATTRIBUTES_MASK 1
 *    20 DATE u32 BCD yyyymmdd       910 reserved 2
 *    24 HEADER2 16                  912 ISVFAMILYID 16
 *    40 SWDEFINED u32               928 ATTRIBUTES 16
 *    44 reserved 84                 944 ATTRIBUTEMASK 16
 *   128 MODULUS 384                 960 ENCLAVEHASH 32
 *   512 EXPONENT u32                992 reserved 16
 *   516 SIGNATURE 384              1008 ISVEXTPRODID 16
 *   900 MISCSELECT u32             1024 ISVPRODID u16
 *   904 MISCMASK u32               1026 ISVSVN u16
 *                                  1028 reserved 12
 *                                  1040 Q1 384
 *                                  1424 Q2 384
 *
 * Signed are 0 to 127 and 900 to 1027.  [SDM3D 38.13] */
#include "sgx/sigstruct.h"

#include <errno.h>

#include "sgx/fields_priv.h"

enum { SIGNED_1 = 128, SIGNED_2_AT = 900, SIGNED_2 = 128, EXPONENT = 3 };

static const uint8_t g_header[16] = {6, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
static const uint8_t g_header2[16] = {1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1, 0, 0, 0};

void sigstruct_init(struct sgx_sigstruct *s)
{
    *s = (struct sgx_sigstruct){.exponent = EXPONENT};
    memcpy(s->header, g_header, sizeof g_header);
    memcpy(s->header2, g_header2, sizeof g_header2);
}

bool sigstruct_recognise(struct span in)
{
    return in.size >= sizeof g_header && memcmp(in.data, g_header, sizeof g_header) == 0;
}

int sigstruct_parse(struct sgx_sigstruct *s, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    cursor_copy(&c, s->header, sizeof s->header);
    s->vendor = cursor_u32(&c);
    s->date = cursor_u32(&c);
    cursor_copy(&c, s->header2, sizeof s->header2);
    s->swdefined = cursor_u32(&c);
    cursor_copy(&c, s->reserved1, sizeof s->reserved1);
    cursor_copy(&c, s->modulus, sizeof s->modulus);
    s->exponent = cursor_u32(&c);
    cursor_copy(&c, s->signature, sizeof s->signature);
    s->miscselect = cursor_u32(&c);
    s->miscmask = cursor_u32(&c);
    s->cet_attributes = cursor_u8(&c);
    s->cet_mask = cursor_u8(&c);
    cursor_copy(&c, s->reserved2, sizeof s->reserved2);
    cursor_copy(&c, s->isvfamilyid, sizeof s->isvfamilyid);
    s->attributes = cursor_attributes(&c);
    s->attribute_mask = cursor_attributes(&c);
    cursor_copy(&c, s->enclavehash, sizeof s->enclavehash);
    cursor_copy(&c, s->reserved3, sizeof s->reserved3);
    cursor_copy(&c, s->isvextprodid, sizeof s->isvextprodid);
    s->isvprodid = cursor_u16(&c);
    s->isvsvn = cursor_u16(&c);
    cursor_copy(&c, s->reserved4, sizeof s->reserved4);
    cursor_copy(&c, s->q1, sizeof s->q1);
    cursor_copy(&c, s->q2, sizeof s->q2);
    return cursor_end(&c, e, "SIGSTRUCT");
}

void sigstruct_write(const struct sgx_sigstruct *s, uint8_t out[SIGSTRUCT_SIZE])
{
    memcpy(out, s->header, sizeof s->header);
    put_le32(out + 16, s->vendor);
    put_le32(out + 20, s->date);
    memcpy(out + 24, s->header2, sizeof s->header2);
    put_le32(out + 40, s->swdefined);
    memcpy(out + 44, s->reserved1, sizeof s->reserved1);
    memcpy(out + 128, s->modulus, sizeof s->modulus);
    put_le32(out + 512, s->exponent);
    memcpy(out + 516, s->signature, sizeof s->signature);
    put_le32(out + 900, s->miscselect);
    put_le32(out + 904, s->miscmask);
    out[908] = s->cet_attributes;
    out[909] = s->cet_mask;
    memcpy(out + 910, s->reserved2, sizeof s->reserved2);
    memcpy(out + 912, s->isvfamilyid, sizeof s->isvfamilyid);
    put_attributes(out + 928, s->attributes);
    put_attributes(out + 944, s->attribute_mask);
    memcpy(out + 960, s->enclavehash, sizeof s->enclavehash);
    memcpy(out + 992, s->reserved3, sizeof s->reserved3);
    memcpy(out + 1008, s->isvextprodid, sizeof s->isvextprodid);
    put_le16(out + 1024, s->isvprodid);
    put_le16(out + 1026, s->isvsvn);
    memcpy(out + 1028, s->reserved4, sizeof s->reserved4);
    memcpy(out + 1040, s->q1, sizeof s->q1);
    memcpy(out + 1424, s->q2, sizeof s->q2);
}

bool sigstruct_date_valid(uint32_t date)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (unsigned shift = 0; shift < 32; shift += 4)
        if ((date >> shift & 0xf) > 9)
            return false;
    unsigned year = (date >> 28) * 1000 + (date >> 24 & 0xf) * 100 + (date >> 20 & 0xf) * 10 +
                    (date >> 16 & 0xf);
    unsigned month = (date >> 12 & 0xf) * 10 + (date >> 8 & 0xf);
    unsigned day = (date >> 4 & 0xf) * 10 + (date & 0xf);
    if (year == 0 || month < 1 || month > 12)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

int sigstruct_check(const struct sgx_sigstruct *s, struct err *e)
{
    if (memcmp(s->header, g_header, sizeof g_header) != 0 ||
        memcmp(s->header2, g_header2, sizeof g_header2) != 0)
        return fail(e, -EBADMSG, "SIGSTRUCT: its fixed headers are not there");
    if (s->vendor != 0 && s->vendor != SIGSTRUCT_VENDOR_INTEL)
        return fail(e, -EBADMSG, "SIGSTRUCT: vendor 0x%x, expected 0 or 0x8086", s->vendor);
    if (s->exponent != EXPONENT)
        return fail(e, -EBADMSG, "SIGSTRUCT: exponent %u, expected 3", s->exponent);
    if (!bytes_are_zero(s->reserved1, sizeof s->reserved1) ||
        !bytes_are_zero(s->reserved2, sizeof s->reserved2) ||
        !bytes_are_zero(s->reserved3, sizeof s->reserved3) ||
        !bytes_are_zero(s->reserved4, sizeof s->reserved4))
        return fail(e, -EBADMSG, "SIGSTRUCT: reserved bytes are not zero");
    return 0;
}

void sigstruct_signed(const struct sgx_sigstruct *s, uint8_t out[SIGSTRUCT_SIGNED_SIZE])
{
    uint8_t bytes[SIGSTRUCT_SIZE];
    sigstruct_write(s, bytes);
    memcpy(out, bytes, SIGNED_1);
    memcpy(out + SIGNED_1, bytes + SIGNED_2_AT, SIGNED_2);
}
