/* SPDX-License-Identifier: Apache-2.0
 * secs.c: see secs.h.
 *
 *   SECS                       TCS                   SECINFO
 *     0 SIZE u64                0 STATE u64           0 FLAGS u64
 *     8 BASEADDR u64            8 FLAGS u64           8 reserved 56
 *    16 SSAFRAMESIZE u32       16 OSSA u64
 *    20 MISCSELECT u32         24 CSSA u32
 *    24 CET offset u64         28 NSSA u32
 *    32 CET_ATTRIBUTES 1       32 OENTRY u64
 *    33 reserved 15            40 AEP u64
 *    48 ATTRIBUTES 16          48 OFSBASE u64
 *    64 MRENCLAVE 32           56 OGSBASE u64
 *    96 reserved 32            64 FSLIMIT u32
 *   128 MRSIGNER 32            68 GSLIMIT u32
 *   160 reserved 32            72 reserved 4024
 *   192 CONFIGID 64
 *   256 ISVPRODID u16, 258 ISVSVN u16, 260 CONFIGSVN u16
 *   262 reserved 3834                      [SDM3D 38.7, 38.8, 38.11] */
#include "sgx/secs.h"

#include <errno.h>

#include "sgx/fields_priv.h"

int secs_parse(struct sgx_secs *s, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    s->size = cursor_u64(&c);
    s->base = cursor_u64(&c);
    s->ssaframesize = cursor_u32(&c);
    s->miscselect = cursor_u32(&c);
    s->cet_legacy_offset = cursor_u64(&c);
    s->cet_attributes = cursor_u8(&c);
    cursor_copy(&c, s->reserved1, sizeof s->reserved1);
    s->attributes = cursor_attributes(&c);
    cursor_copy(&c, s->mrenclave, sizeof s->mrenclave);
    cursor_copy(&c, s->reserved2, sizeof s->reserved2);
    cursor_copy(&c, s->mrsigner, sizeof s->mrsigner);
    cursor_copy(&c, s->reserved3, sizeof s->reserved3);
    cursor_copy(&c, s->configid, sizeof s->configid);
    s->isvprodid = cursor_u16(&c);
    s->isvsvn = cursor_u16(&c);
    s->configsvn = cursor_u16(&c);
    cursor_copy(&c, s->reserved4, sizeof s->reserved4);
    return cursor_end(&c, e, "SECS");
}

void secs_write(const struct sgx_secs *s, uint8_t out[SECS_SIZE])
{
    put_le64(out, s->size);
    put_le64(out + 8, s->base);
    put_le32(out + 16, s->ssaframesize);
    put_le32(out + 20, s->miscselect);
    put_le64(out + 24, s->cet_legacy_offset);
    out[32] = s->cet_attributes;
    memcpy(out + 33, s->reserved1, sizeof s->reserved1);
    put_attributes(out + 48, s->attributes);
    memcpy(out + 64, s->mrenclave, sizeof s->mrenclave);
    memcpy(out + 96, s->reserved2, sizeof s->reserved2);
    memcpy(out + 128, s->mrsigner, sizeof s->mrsigner);
    memcpy(out + 160, s->reserved3, sizeof s->reserved3);
    memcpy(out + 192, s->configid, sizeof s->configid);
    put_le16(out + 256, s->isvprodid);
    put_le16(out + 258, s->isvsvn);
    put_le16(out + 260, s->configsvn);
    memcpy(out + 262, s->reserved4, sizeof s->reserved4);
}

int secs_check(const struct sgx_secs *s, struct err *e)
{
    if (s->size < 2 * SGX_PAGE_SIZE || (s->size & (s->size - 1)))
        return fail(e, -EBADMSG, "SECS: size 0x%llx, expected a power of two from 0x2000 on",
                    (unsigned long long)s->size);
    if (s->base & (s->size - 1))
        return fail(e, -EBADMSG, "SECS: base 0x%llx is not aligned to the size 0x%llx",
                    (unsigned long long)s->base, (unsigned long long)s->size);
    if (s->ssaframesize == 0)
        return fail(e, -EBADMSG, "SECS: SSA frames of 0 pages");
    if (s->attributes.flags & SGX_ATTR_INIT)
        return fail(e, -EBADMSG, "SECS: ATTRIBUTES has INIT set, only EINIT may");
    if ((s->attributes.xfrm & SGX_XFRM_LEGACY) != SGX_XFRM_LEGACY)
        return fail(e, -EBADMSG, "SECS: XFRM 0x%llx lacks x87 or SSE",
                    (unsigned long long)s->attributes.xfrm);
    if (!bytes_are_zero(s->reserved1, sizeof s->reserved1) ||
        !bytes_are_zero(s->reserved2, sizeof s->reserved2) ||
        !bytes_are_zero(s->reserved3, sizeof s->reserved3) ||
        !bytes_are_zero(s->reserved4, sizeof s->reserved4))
        return fail(e, -EBADMSG, "SECS: reserved bytes are not zero");
    return 0;
}

int tcs_parse(struct sgx_tcs *t, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    t->state = cursor_u64(&c);
    t->flags = cursor_u64(&c);
    t->ossa = cursor_u64(&c);
    t->cssa = cursor_u32(&c);
    t->nssa = cursor_u32(&c);
    t->oentry = cursor_u64(&c);
    t->aep = cursor_u64(&c);
    t->ofsbase = cursor_u64(&c);
    t->ogsbase = cursor_u64(&c);
    t->fslimit = cursor_u32(&c);
    t->gslimit = cursor_u32(&c);
    cursor_copy(&c, t->reserved, sizeof t->reserved);
    return cursor_end(&c, e, "TCS");
}

void tcs_write(const struct sgx_tcs *t, uint8_t out[TCS_SIZE])
{
    put_le64(out, t->state);
    put_le64(out + 8, t->flags);
    put_le64(out + 16, t->ossa);
    put_le32(out + 24, t->cssa);
    put_le32(out + 28, t->nssa);
    put_le64(out + 32, t->oentry);
    put_le64(out + 40, t->aep);
    put_le64(out + 48, t->ofsbase);
    put_le64(out + 56, t->ogsbase);
    put_le32(out + 64, t->fslimit);
    put_le32(out + 68, t->gslimit);
    memcpy(out + 72, t->reserved, sizeof t->reserved);
}

int tcs_check(const struct sgx_tcs *t, struct err *e)
{
    const uint64_t in_page = SGX_PAGE_SIZE - 1;
    if (t->flags & ~(SGX_TCS_DBGOPTIN | SGX_TCS_AEXNOTIFY))
        return fail(e, -EBADMSG, "TCS: flags 0x%llx, only bits 0 and 1 are known",
                    (unsigned long long)t->flags);
    if ((t->ossa | t->ofsbase | t->ogsbase) & in_page)
        return fail(e, -EBADMSG, "TCS: OSSA, OFSBASE or OGSBASE does not begin a page");
    if ((t->fslimit & in_page) != in_page || (t->gslimit & in_page) != in_page)
        return fail(e, -EBADMSG, "TCS: FS limit 0x%x or GS limit 0x%x does not end a page",
                    t->fslimit, t->gslimit);
    if (!bytes_are_zero(t->reserved, sizeof t->reserved))
        return fail(e, -EBADMSG, "TCS: reserved bytes are not zero");
    return 0;
}

int secinfo_parse(struct sgx_secinfo *s, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    s->flags = cursor_u64(&c);
    cursor_copy(&c, s->reserved, sizeof s->reserved);
    return cursor_end(&c, e, "SECINFO");
}

void secinfo_write(const struct sgx_secinfo *s, uint8_t out[SECINFO_SIZE])
{
    put_le64(out, s->flags);
    memcpy(out + 8, s->reserved, sizeof s->reserved);
}

int secinfo_check(const struct sgx_secinfo *s, struct err *e)
{
    const uint64_t permissions = SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X;
    uint64_t type = (s->flags & SGX_SECINFO_TYPE_MASK) >> SGX_SECINFO_TYPE_SHIFT;
    if (type != SGX_PT_TCS && type != SGX_PT_REG)
        return fail(e, -EBADMSG, "SECINFO: page type %llu, EADD takes 1 (TCS) and 2 (REG)",
                    (unsigned long long)type);
    if (s->flags & ~(permissions | SGX_SECINFO_TYPE_MASK))
        return fail(e, -EBADMSG, "SECINFO: flags 0x%llx, EADD takes permissions and type alone",
                    (unsigned long long)s->flags);
    if (type == SGX_PT_REG && (s->flags & SGX_SECINFO_W) && !(s->flags & SGX_SECINFO_R))
        return fail(e, -EBADMSG, "SECINFO: a writable page must be readable");
    if (!bytes_are_zero(s->reserved, sizeof s->reserved))
        return fail(e, -EBADMSG, "SECINFO: reserved bytes are not zero");
    return 0;
}
