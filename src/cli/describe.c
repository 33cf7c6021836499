/* SPDX-License-Identifier: Apache-2.0
 * describe.c: see describe.h. */
#include "cli/describe.h"

#include <stdio.h>

#include "measure/sign.h"
#include "sgx/names.h"

#define HEX(out, key, array) show_hex(out, key, span_of(array, sizeof(array)))

static const struct sgx_name g_cert_types[] = {
    {QUOTE_CERT_PPID_CLEAR, "PPID"},
    {QUOTE_CERT_PPID_RSA2048, "PPID, RSA-2048"},
    {QUOTE_CERT_PPID_RSA3072, "PPID, RSA-3072"},
    {QUOTE_CERT_PCK_PEM, "PCK certificate"},
    {QUOTE_CERT_CHAIN_PEM, "PCK certificate chain"},
    {QUOTE_CERT_QE_REPORT, "QE report"},
    {QUOTE_CERT_MANIFEST, "platform manifest"},
    {0, NULL},
};

static void describe_attributes(json_t *out, struct sgx_attributes a)
{
    show_bits(out, "attributes", a.flags, sgx_attribute_names);
    show_bits(out, "xfrm", a.xfrm, sgx_xfrm_names);
}

/* Decimal digits of a date that is valid; else the number as it is. */
static void describe_date(json_t *out, uint32_t date)
{
    char text[16];
    snprintf(text, sizeof text, "%04x-%02x-%02x", date >> 16, date >> 8 & 0xff, date & 0xff);
    show_text(out, "date", text);
}

void describe_sigstruct(json_t *out, const struct sgx_sigstruct *s, const char *fault)
{
    uint8_t mrsigner[SHA256_SIZE];
    sign_mrsigner(s, mrsigner);
    HEX(out, "mrenclave", s->enclavehash);
    HEX(out, "mrsigner", mrsigner);
    show_number(out, "isvprodid", s->isvprodid);
    show_number(out, "isvsvn", s->isvsvn);
    describe_date(out, s->date);
    show_address(out, "vendor", s->vendor);
    show_address(out, "swdefined", s->swdefined);
    describe_attributes(out, s->attributes);
    show_bits(out, "miscselect", s->miscselect, sgx_misc_names);
    show_address(out, "attributes_mask", s->attribute_mask.flags);
    show_address(out, "xfrm_mask", s->attribute_mask.xfrm);
    show_address(out, "miscselect_mask", s->miscmask);
    show_address(out, "cet", s->cet_attributes);
    show_address(out, "cet_mask", s->cet_mask);
    HEX(out, "isvfamilyid", s->isvfamilyid);
    HEX(out, "isvextprodid", s->isvextprodid);
    show_number(out, "exponent", s->exponent);
    show_put(out, "debug_possible",
             json_boolean((s->attributes.flags | ~s->attribute_mask.flags) & SGX_ATTR_DEBUG));
    show_put(out, "valid", json_boolean(!fault));
    show_put(out, "fault", fault ? json_string(fault) : json_null());
}

void describe_report_body(json_t *out, const struct sgx_report_body *r)
{
    HEX(out, "mrenclave", r->mrenclave);
    HEX(out, "mrsigner", r->mrsigner);
    show_number(out, "isvprodid", r->isvprodid);
    show_number(out, "isvsvn", r->isvsvn);
    describe_attributes(out, r->attributes);
    show_bits(out, "miscselect", r->miscselect, sgx_misc_names);
    HEX(out, "reportdata", r->reportdata);
    HEX(out, "cpusvn", r->cpusvn);
    show_address(out, "cet", r->cet_attributes);
    HEX(out, "isvextprodid", r->isvextprodid);
    HEX(out, "isvfamilyid", r->isvfamilyid);
    HEX(out, "configid", r->configid);
    show_number(out, "configsvn", r->configsvn);
}

void describe_report(json_t *out, const struct sgx_report *r)
{
    describe_report_body(out, &r->body);
    HEX(out, "keyid", r->keyid);
    HEX(out, "mac", r->mac);
}

void describe_targetinfo(json_t *out, const struct sgx_targetinfo *t)
{
    HEX(out, "mrenclave", t->mrenclave);
    describe_attributes(out, t->attributes);
    show_bits(out, "miscselect", t->miscselect, sgx_misc_names);
    show_address(out, "cet", t->cet_attributes);
    HEX(out, "configid", t->configid);
    show_number(out, "configsvn", t->configsvn);
}

void describe_td(json_t *out, const struct quote_td *t)
{
    HEX(out, "tee_tcb_svn", t->tee_tcb_svn);
    HEX(out, "mrseam", t->mrseam);
    HEX(out, "mrsignerseam", t->mrsignerseam);
    HEX(out, "seam_attributes", t->seam_attributes);
    HEX(out, "td_attributes", t->td_attributes);
    HEX(out, "xfam", t->xfam);
    HEX(out, "mrtd", t->mrtd);
    HEX(out, "mrconfigid", t->mrconfigid);
    HEX(out, "mrowner", t->mrowner);
    HEX(out, "mrownerconfig", t->mrownerconfig);
    for (int i = 0; i < 4; i++) {
        char key[8];
        snprintf(key, sizeof key, "rtmr%d", i);
        HEX(out, key, t->rtmr[i]);
    }
    HEX(out, "reportdata", t->report_data);
    if (t->is_15) {
        HEX(out, "tee_tcb_svn2", t->tee_tcb_svn2);
        HEX(out, "mrservicetd", t->mrservicetd);
    }
}

void describe_quote(json_t *out, const struct quote *q)
{
    show_number(out, "version", q->version);
    show_text(out, "tee", q->tee_type == QUOTE_TEE_TDX ? "TDX" : "SGX");
    show_text(out, "attestation_key",
              q->key_type == QUOTE_KEY_ECDSA_P256 ? "ECDSA P-256" : "ECDSA P-384");
    if (q->version == 3) {
        show_number(out, "qe_svn", q->qe_svn);
        show_number(out, "pce_svn", q->pce_svn);
    }
    HEX(out, "qe_vendor_id", q->qe_vendor_id);
    HEX(out, "user_data", q->user_data);
    show_hex(out, "qe_auth", q->qe_auth);
    show_text(out, "certification", sgx_name_of(g_cert_types, q->cert_type));
    show_number(out, "certification_size", q->certs.size);
    show_number(out, "trailing_bytes", q->trailing);
}

void describe_elf(json_t *out, const struct elf_image *image)
{
    json_t *segments = json_array();
    show_address(out, "entry", image->entry);
    show_put(out, "segments", segments);
    for (size_t i = 0; i < image->count; i++) {
        const struct elf_segment *s = &image->segments[i];
        json_t *one = show_object();
        char perm[4] = {'r', s->perm & SGX_SECINFO_W ? 'w' : '-',
                        s->perm & SGX_SECINFO_X ? 'x' : '-', 0};
        show_address(one, "address", s->addr);
        show_number(one, "size", s->size);
        show_number(one, "file_size", s->bytes.size);
        show_text(one, "permissions", perm);
        json_array_append_new(segments, one);
    }
}
