/* SPDX-License-Identifier: Apache-2.0
 * quote.c: see quote.h.
 *
 *   header     version 2, attestation key type 2, TEE type 4 (reserved in version 3), QE SVN 2 and
 *              PCE SVN 2 (version 3), QE vendor 16, user data 20
 *   version 5  body type 2, body size 4
 *   body       384, 584 or 648
 *   u32 size of the signature data, then
 *   version 3  signature 64, key 64, QE report 384, its signature 64, u16 + auth data,
 *              certification data: type 2, u32 + data
 *   version 4+ signature 64, key 64, type 2 (= 6), u32 + (QE report 384, its signature 64,
 *              u16 + auth data, certification data: type 2, u32 + data) */
#include "sgx/quote.h"

#include <errno.h>

#include "base/cursor.h"

const uint8_t quote_intel_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                        0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static int parse_header(struct quote *q, struct cursor *c, struct err *e)
{
    q->version = cursor_u16(c);
    q->key_type = cursor_u16(c);
    q->tee_type = cursor_u32(c);
    q->qe_svn = cursor_u16(c);
    q->pce_svn = cursor_u16(c);
    cursor_copy(c, q->qe_vendor_id, sizeof q->qe_vendor_id);
    cursor_copy(c, q->user_data, sizeof q->user_data);
    int rc = cursor_check(c, e, "quote: header");
    if (rc)
        return rc;
    if (q->version < 3 || q->version > 5)
        return fail(e, -ENOTSUP, "quote: version 3, 4 or 5 expected, %u found", q->version);
    if (q->key_type != QUOTE_KEY_ECDSA_P256)
        return fail(e, -ENOTSUP, "quote: attestation key type 2 (ECDSA P-256) expected, %u found",
                    q->key_type);
    if (q->version == 3)
        q->tee_type = QUOTE_TEE_SGX;
    else
        q->qe_svn = q->pce_svn = 0;
    if (q->tee_type != QUOTE_TEE_SGX && q->tee_type != QUOTE_TEE_TDX)
        return fail(e, -ENOTSUP, "quote: TEE type 0 (SGX) or 0x81 (TDX) expected, 0x%x found",
                    q->tee_type);
    if (memcmp(q->qe_vendor_id, quote_intel_vendor, sizeof quote_intel_vendor) != 0)
        return fail(e, -ENOTSUP, "quote: the quoting enclave's vendor id is not Intel's");
    return 0;
}

static size_t body_size(enum quote_body_type type)
{
    return type == QUOTE_BODY_SGX    ? QUOTE_REPORT_SIZE
           : type == QUOTE_BODY_TD10 ? QUOTE_TD10_SIZE
                                     : QUOTE_TD15_SIZE;
}

static int parse_body(struct quote *q, struct cursor *c, struct span in, struct err *e)
{
    q->body_type = q->tee_type == QUOTE_TEE_SGX ? QUOTE_BODY_SGX : QUOTE_BODY_TD10;
    if (q->version == 5) {
        uint16_t type = cursor_u16(c);
        uint32_t size = cursor_u32(c);
        int rc = cursor_check(c, e, "quote: body descriptor");
        if (rc)
            return rc;
        bool fits = q->tee_type == QUOTE_TEE_SGX
                        ? type == QUOTE_BODY_SGX
                        : type == QUOTE_BODY_TD10 || type == QUOTE_BODY_TD15;
        if (!fits)
            return fail(e, -ENOTSUP, "quote: body type %u is not known for TEE type 0x%x", type,
                        q->tee_type);
        q->body_type = (enum quote_body_type)type;
        if (size != body_size(q->body_type))
            return fail(e, -EBADMSG, "quote: body type %u has %zu bytes, %u found", type,
                        body_size(q->body_type), size);
    }
    q->body = cursor_span(c, body_size(q->body_type));
    q->signed_part = span_of(in.data, c->at);
    return cursor_check(c, e, "quote: body");
}

static int parse_certification(struct quote *q, struct cursor *a, struct err *e, const char *what)
{
    q->qe_report = cursor_span(a, QUOTE_REPORT_SIZE);
    q->qe_signature = cursor_span(a, QUOTE_SIGNATURE_SIZE);
    q->qe_auth = cursor_span16(a);
    q->cert_type = cursor_u16(a);
    q->certs = cursor_span32(a);
    int rc = cursor_end(a, e, what);
    if (rc)
        return rc;
    if (q->cert_type < QUOTE_CERT_PPID_CLEAR || q->cert_type > QUOTE_CERT_CHAIN_PEM)
        return fail(e, -ENOTSUP, "quote: certification data type 1 to 5 expected, %u found",
                    q->cert_type);
    return 0;
}

static int parse_signature_data(struct quote *q, struct cursor *a, struct err *e)
{
    q->signature = cursor_span(a, QUOTE_SIGNATURE_SIZE);
    size_t from = a->at;
    q->key = cursor_span(a, QUOTE_KEY_SIZE);
    q->platform = span_of(a->data + from, a->size - from);
    if (q->version == 3)
        return parse_certification(q, a, e, "quote: signature data");
    uint16_t type = cursor_u16(a);
    struct cursor inner = cursor_sub32(a);
    int rc = cursor_end(a, e, "quote: signature data");
    if (rc)
        return rc;
    if (type != QUOTE_CERT_QE_REPORT)
        return fail(e, -ENOTSUP, "quote: certification data type 6 (QE report) expected, %u found",
                    type);
    return parse_certification(q, &inner, e, "quote: QE report certification data");
}

int quote_parse(struct quote *q, struct span in, struct err *e)
{
    *q = (struct quote){0};
    struct cursor c = cursor_over(in);
    int rc = parse_header(q, &c, e);
    if (rc == 0)
        rc = parse_body(q, &c, in, e);
    if (rc)
        return rc;
    struct cursor a = cursor_sub32(&c);
    rc = cursor_check(&c, e, "quote: signature data length");
    if (rc)
        return rc;
    q->trailing = cursor_left(&c);
    return parse_signature_data(q, &a, e);
}

int quote_report_parse(struct quote_report *r, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    cursor_copy(&c, r->cpusvn, sizeof r->cpusvn);
    r->miscselect = cursor_u32(&c);
    cursor_span(&c, 12); /* CET attributes, reserved */
    cursor_copy(&c, r->isvextprodid, sizeof r->isvextprodid);
    cursor_copy(&c, r->attributes, sizeof r->attributes);
    cursor_copy(&c, r->mrenclave, sizeof r->mrenclave);
    cursor_span(&c, 32);
    cursor_copy(&c, r->mrsigner, sizeof r->mrsigner);
    cursor_span(&c, 32);
    cursor_copy(&c, r->configid, sizeof r->configid);
    r->isvprodid = cursor_u16(&c);
    r->isvsvn = cursor_u16(&c);
    r->configsvn = cursor_u16(&c);
    cursor_span(&c, 42);
    cursor_copy(&c, r->isvfamilyid, sizeof r->isvfamilyid);
    cursor_copy(&c, r->report_data, sizeof r->report_data);
    return cursor_end(&c, e, "report body");
}

int quote_td_parse(struct quote_td *t, struct span in, struct err *e)
{
    *t = (struct quote_td){0};
    struct cursor c = cursor_over(in);
    cursor_copy(&c, t->tee_tcb_svn, sizeof t->tee_tcb_svn);
    cursor_copy(&c, t->mrseam, sizeof t->mrseam);
    cursor_copy(&c, t->mrsignerseam, sizeof t->mrsignerseam);
    cursor_copy(&c, t->seam_attributes, sizeof t->seam_attributes);
    cursor_copy(&c, t->td_attributes, sizeof t->td_attributes);
    cursor_copy(&c, t->xfam, sizeof t->xfam);
    cursor_copy(&c, t->mrtd, sizeof t->mrtd);
    cursor_copy(&c, t->mrconfigid, sizeof t->mrconfigid);
    cursor_copy(&c, t->mrowner, sizeof t->mrowner);
    cursor_copy(&c, t->mrownerconfig, sizeof t->mrownerconfig);
    cursor_copy(&c, t->rtmr, sizeof t->rtmr);
    cursor_copy(&c, t->report_data, sizeof t->report_data);
    t->is_15 = in.size == QUOTE_TD15_SIZE;
    if (t->is_15) {
        cursor_copy(&c, t->tee_tcb_svn2, sizeof t->tee_tcb_svn2);
        cursor_copy(&c, t->mrservicetd, sizeof t->mrservicetd);
    }
    return cursor_end(&c, e, "TD report");
}
