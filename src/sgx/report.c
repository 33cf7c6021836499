/* SPDX-License-Identifier: Apache-2.0
 * report.c: see report.h.
 *
 *   REPORT body                          TARGETINFO
 *     0 CPUSVN 16                          0 MRENCLAVE 32
 *    16 MISCSELECT u32                    32 ATTRIBUTES 16
 *    20 CET_ATTRIBUTES 1                  48 CET_ATTRIBUTES 1
 *    21 reserved 11                       49 reserved 1
 *    32 ISVEXTPRODID 16                   50 CONFIGSVN u16
 *    48 ATTRIBUTES 16                     52 MISCSELECT u32
 *    64 MRENCLAVE 32                      56 reserved 8
 *    96 reserved 32                       64 CONFIGID 64
 *   128 MRSIGNER 32                      128 reserved 384
 *   160 reserved 32
 *   192 CONFIGID 64                      REPORT
 *   256 ISVPRODID u16                      0 body
 *   258 ISVSVN u16                       384 KEYID 32
 *   260 CONFIGSVN u16                    416 MAC 16
 *   262 reserved 42
 *   304 ISVFAMILYID 16
 *   320 REPORTDATA 64            [SDM3D 38.15, 38.16] */
#include "sgx/report.h"

#include <errno.h>

#include "sgx/fields_priv.h"

static void body_read(struct sgx_report_body *r, struct cursor *c)
{
    cursor_copy(c, r->cpusvn, sizeof r->cpusvn);
    r->miscselect = cursor_u32(c);
    r->cet_attributes = cursor_u8(c);
    cursor_copy(c, r->reserved1, sizeof r->reserved1);
    cursor_copy(c, r->isvextprodid, sizeof r->isvextprodid);
    r->attributes = cursor_attributes(c);
    cursor_copy(c, r->mrenclave, sizeof r->mrenclave);
    cursor_copy(c, r->reserved2, sizeof r->reserved2);
    cursor_copy(c, r->mrsigner, sizeof r->mrsigner);
    cursor_copy(c, r->reserved3, sizeof r->reserved3);
    cursor_copy(c, r->configid, sizeof r->configid);
    r->isvprodid = cursor_u16(c);
    r->isvsvn = cursor_u16(c);
    r->configsvn = cursor_u16(c);
    cursor_copy(c, r->reserved4, sizeof r->reserved4);
    cursor_copy(c, r->isvfamilyid, sizeof r->isvfamilyid);
    cursor_copy(c, r->reportdata, sizeof r->reportdata);
}

int report_body_parse(struct sgx_report_body *r, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    body_read(r, &c);
    return cursor_end(&c, e, "report body");
}

void report_body_write(const struct sgx_report_body *r, uint8_t out[REPORT_BODY_SIZE])
{
    memcpy(out, r->cpusvn, sizeof r->cpusvn);
    put_le32(out + 16, r->miscselect);
    out[20] = r->cet_attributes;
    memcpy(out + 21, r->reserved1, sizeof r->reserved1);
    memcpy(out + 32, r->isvextprodid, sizeof r->isvextprodid);
    put_attributes(out + 48, r->attributes);
    memcpy(out + 64, r->mrenclave, sizeof r->mrenclave);
    memcpy(out + 96, r->reserved2, sizeof r->reserved2);
    memcpy(out + 128, r->mrsigner, sizeof r->mrsigner);
    memcpy(out + 160, r->reserved3, sizeof r->reserved3);
    memcpy(out + 192, r->configid, sizeof r->configid);
    put_le16(out + 256, r->isvprodid);
    put_le16(out + 258, r->isvsvn);
    put_le16(out + 260, r->configsvn);
    memcpy(out + 262, r->reserved4, sizeof r->reserved4);
    memcpy(out + 304, r->isvfamilyid, sizeof r->isvfamilyid);
    memcpy(out + 320, r->reportdata, sizeof r->reportdata);
}

int report_body_check(const struct sgx_report_body *r, struct err *e)
{
    if (!bytes_are_zero(r->reserved1, sizeof r->reserved1) ||
        !bytes_are_zero(r->reserved2, sizeof r->reserved2) ||
        !bytes_are_zero(r->reserved3, sizeof r->reserved3) ||
        !bytes_are_zero(r->reserved4, sizeof r->reserved4))
        return fail(e, -EBADMSG, "report: reserved bytes are not zero");
    return 0;
}

int report_parse(struct sgx_report *r, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    body_read(&r->body, &c);
    cursor_copy(&c, r->keyid, sizeof r->keyid);
    cursor_copy(&c, r->mac, sizeof r->mac);
    return cursor_end(&c, e, "REPORT");
}

void report_write(const struct sgx_report *r, uint8_t out[REPORT_SIZE])
{
    report_body_write(&r->body, out);
    memcpy(out + 384, r->keyid, sizeof r->keyid);
    memcpy(out + 416, r->mac, sizeof r->mac);
}

int report_check(const struct sgx_report *r, struct err *e)
{
    return report_body_check(&r->body, e);
}

int targetinfo_parse(struct sgx_targetinfo *t, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    cursor_copy(&c, t->mrenclave, sizeof t->mrenclave);
    t->attributes = cursor_attributes(&c);
    t->cet_attributes = cursor_u8(&c);
    t->reserved1 = cursor_u8(&c);
    t->configsvn = cursor_u16(&c);
    t->miscselect = cursor_u32(&c);
    cursor_copy(&c, t->reserved2, sizeof t->reserved2);
    cursor_copy(&c, t->configid, sizeof t->configid);
    cursor_copy(&c, t->reserved3, sizeof t->reserved3);
    return cursor_end(&c, e, "TARGETINFO");
}

void targetinfo_write(const struct sgx_targetinfo *t, uint8_t out[TARGETINFO_SIZE])
{
    memcpy(out, t->mrenclave, sizeof t->mrenclave);
    put_attributes(out + 32, t->attributes);
    out[48] = t->cet_attributes;
    out[49] = t->reserved1;
    put_le16(out + 50, t->configsvn);
    put_le32(out + 52, t->miscselect);
    memcpy(out + 56, t->reserved2, sizeof t->reserved2);
    memcpy(out + 64, t->configid, sizeof t->configid);
    memcpy(out + 128, t->reserved3, sizeof t->reserved3);
}

int targetinfo_check(const struct sgx_targetinfo *t, struct err *e)
{
    if (t->reserved1 || !bytes_are_zero(t->reserved2, sizeof t->reserved2) ||
        !bytes_are_zero(t->reserved3, sizeof t->reserved3))
        return fail(e, -EBADMSG, "TARGETINFO: reserved bytes are not zero");
    return 0;
}

void targetinfo_of_report(struct sgx_targetinfo *t, const struct sgx_report_body *r)
{
    *t = (struct sgx_targetinfo){
        .attributes = r->attributes,
        .cet_attributes = r->cet_attributes,
        .configsvn = r->configsvn,
        .miscselect = r->miscselect,
    };
    memcpy(t->mrenclave, r->mrenclave, sizeof t->mrenclave);
    memcpy(t->configid, r->configid, sizeof t->configid);
}
