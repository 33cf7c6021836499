/* SPDX-License-Identifier: Apache-2.0
 * result_json.c: see result_json.h. */
#include "attest/result_json.h"

/* Sets a member; a value that could not be made (memory) becomes null, which json_dumps shows. */
static void put(json_t *o, const char *key, json_t *value)
{
    if (!value || json_object_set_new(o, key, value))
        json_object_set_new(o, key, json_null());
}

static void put_hex(json_t *o, const char *key, const uint8_t *data, size_t size)
{
    put(o, key, json_string(text_hex(span_of(data, size)).s));
}

static void put_time(json_t *o, const char *key, bool known, int64_t at)
{
    put(o, key, known ? json_string(text_time(at).s) : json_null());
}

static json_t *word_or_null(enum tcb_status s)
{
    return s == TCB_NONE ? json_null() : json_string(tcb_status_word(s));
}

static json_t *report_json(const struct quote_report *r)
{
    json_t *o = json_object();
    put_hex(o, "mrenclave", r->mrenclave, sizeof r->mrenclave);
    put_hex(o, "mrsigner", r->mrsigner, sizeof r->mrsigner);
    put(o, "isvprodid", json_integer(r->isvprodid));
    put(o, "isvsvn", json_integer(r->isvsvn));
    put_hex(o, "report_data", r->report_data, sizeof r->report_data);
    put_hex(o, "attributes", r->attributes, sizeof r->attributes);
    put(o, "miscselect", json_integer(r->miscselect));
    put_hex(o, "cpusvn", r->cpusvn, sizeof r->cpusvn);
    put_hex(o, "configid", r->configid, sizeof r->configid);
    put(o, "configsvn", json_integer(r->configsvn));
    put_hex(o, "isvfamilyid", r->isvfamilyid, sizeof r->isvfamilyid);
    put_hex(o, "isvextprodid", r->isvextprodid, sizeof r->isvextprodid);
    return o;
}

static json_t *td_json(const struct quote_td *t)
{
    json_t *o = json_object();
    put_hex(o, "mrtd", t->mrtd, sizeof t->mrtd);
    put_hex(o, "mrseam", t->mrseam, sizeof t->mrseam);
    put_hex(o, "mrsignerseam", t->mrsignerseam, sizeof t->mrsignerseam);
    put_hex(o, "mrconfigid", t->mrconfigid, sizeof t->mrconfigid);
    put_hex(o, "mrowner", t->mrowner, sizeof t->mrowner);
    put_hex(o, "mrownerconfig", t->mrownerconfig, sizeof t->mrownerconfig);
    json_t *rtmrs = json_array();
    for (size_t i = 0; i < 4; i++)
        json_array_append_new(rtmrs, json_string(text_hex(span_of(t->rtmr[i], 48)).s));
    put(o, "rtmr", rtmrs);
    put_hex(o, "report_data", t->report_data, sizeof t->report_data);
    put_hex(o, "td_attributes", t->td_attributes, sizeof t->td_attributes);
    put_hex(o, "seam_attributes", t->seam_attributes, sizeof t->seam_attributes);
    put_hex(o, "xfam", t->xfam, sizeof t->xfam);
    put_hex(o, "tee_tcb_svn", t->tee_tcb_svn, sizeof t->tee_tcb_svn);
    if (t->is_15) {
        put_hex(o, "tee_tcb_svn2", t->tee_tcb_svn2, sizeof t->tee_tcb_svn2);
        put_hex(o, "mrservicetd", t->mrservicetd, sizeof t->mrservicetd);
    }
    return o;
}

static json_t *quote_json(const struct attest_result *r)
{
    json_t *o = json_object();
    put(o, "version", json_integer(r->quote_version));
    put(o, "tee", json_string(r->is_tdx ? "TDX" : "SGX"));
    put(o, "debug", json_boolean(r->debug));
    put(o, "public_signer", r->public_signer ? json_string(r->public_signer) : json_null());
    if (r->is_tdx)
        put(o, "td", td_json(&r->td));
    else
        put(o, "report", report_json(&r->report));
    return o;
}

static json_t *platform_json(const struct attest_result *r)
{
    json_t *o = json_object();
    put_hex(o, "fmspc", r->pck.fmspc, sizeof r->pck.fmspc);
    put_hex(o, "pceid", r->pck.pceid, sizeof r->pck.pceid);
    put(o, "ca", json_string(r->pck_issuer));
    put(o, "pcesvn", json_integer(r->pck.pcesvn));
    json_t *list = json_array();
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        json_array_append_new(list, json_integer(r->pck.components[i]));
    put(o, "components", list);
    put(o, "sgx_type", json_integer(r->pck.sgx_type));
    if (r->pck.has_configuration) {
        put(o, "dynamic_platform", json_boolean(r->pck.dynamic_platform));
        put(o, "cached_keys", json_boolean(r->pck.cached_keys));
        put(o, "smt_enabled", json_boolean(r->pck.smt_enabled));
    }
    if (r->has_qe)
        put(o, "qe_isvsvn", json_integer(r->qe.isvsvn));
    return o;
}

json_t *result_json_facts(const struct attest_result *r)
{
    json_t *o = json_object();
    put(o, "quote", r->has_quote ? quote_json(r) : json_null());
    put(o, "platform", r->has_pck ? platform_json(r) : json_null());
    return o;
}

struct text tcb_short_name(const struct tcb_short *s)
{
    static const char *const kinds[] = {"SGX component", "PCE", "TDX component", "TDX module",
                                        "quoting enclave"};
    bool numbered = s->kind == TCB_SHORT_SGX || s->kind == TCB_SHORT_TDX;
    struct text t =
        numbered ? text_of("%s %u", kinds[s->kind], s->index) : text_of("%s", kinds[s->kind]);
    if (!s->category[0] && !s->type[0])
        return t;
    return text_of("%s (%s%s%s)", t.s, s->category, s->category[0] && s->type[0] ? ", " : "",
                   s->type);
}

static json_t *shorts_json(const struct attest_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->short_count; i++) {
        const struct tcb_short *s = &r->shorts[i];
        json_t *o = json_object();
        put(o, "component", json_string(tcb_short_name(s).s));
        put(o, "index", json_integer(s->index));
        put(o, "have", json_integer(s->have));
        put(o, "need", json_integer(s->need));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *collateral_json(const struct attest_result *r)
{
    if (!r->has_validity)
        return json_null();
    json_t *o = json_object();
    put_time(o, "begins", true, r->validity.begins);
    put(o, "begins_item", json_string(r->validity.begins_item));
    put_time(o, "ends", true, r->validity.ends);
    put(o, "ends_item", json_string(r->validity.ends_item));
    return o;
}

static json_t *check_json(const struct attest_result *r, enum check_id id)
{
    const struct check *c = &r->checks.at[id];
    json_t *o = json_object();
    put(o, "name", json_string(check_name(id)));
    put(o, "state", json_string(check_state_word(c->state)));
    put(o, "side", json_string(check_side_word(check_side(id))));
    put(o, "title", json_string(check_title(id)));
    if (c->expected[0])
        put(o, "expected", json_string(c->expected));
    if (c->found[0])
        put(o, "found", json_string(c->found));
    if (c->state == CHECK_FAILED || c->state == CHECK_NOT_JUDGED)
        put(o, "advice", json_string(check_advice(id)));
    return o;
}

static void put_checks(json_t *o, const struct attest_result *r)
{
    json_t *list = json_array();
    json_t *failed = json_array();
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        json_array_append_new(list, check_json(r, (enum check_id)i));
        if (r->checks.at[i].state == CHECK_FAILED)
            json_array_append_new(failed, json_string(check_name((enum check_id)i)));
    }
    put(o, "failed", failed);
    put(o, "checks", list);
}

static void put_status(json_t *o, const struct attest_result *r)
{
    bool known = r->platform_status != TCB_NONE;
    put(o, "tcb_status", r->status_proven ? word_or_null(r->status) : json_null());
    if (!r->status_proven && r->status != TCB_NONE)
        put(o, "tcb_status_unproven", word_or_null(r->status));
    put(o, "platform_status", word_or_null(r->platform_status));
    put(o, "qe_status", word_or_null(r->qe_status));
    if (r->is_tdx)
        put(o, "tdx_module_status", word_or_null(r->module_status));
    put_time(o, "tcb_date", known, r->tcb_date);
    put_time(o, "earliest_tcb_date", known, r->earliest_tcb_date);
    put(o, "tcb_level_index", known ? json_integer((json_int_t)r->level_index) : json_null());
    put(o, "tcb_evaluation_data_number",
        r->has_evaluation_number ? json_integer(r->evaluation_number) : json_null());
    json_t *ids = json_array();
    for (size_t i = 0; i < r->advisory_count; i++)
        json_array_append_new(ids, json_string(r->advisory[i]));
    put(o, "advisory_ids", ids);
    put(o, "missing", shorts_json(r));
    put(o, "missing_to", r->short_count ? word_or_null(r->short_to) : json_null());
}

json_t *result_json(const struct attest_result *r)
{
    json_t *o = json_object();
    put(o, "accepted", json_boolean(r->verdict == ATTEST_ACCEPTED));
    put(o, "verdict", json_string(attest_verdict_word(r->verdict)));
    put(o, "emulated", json_boolean(r->emulated));
    put_time(o, "time", true, r->at);
    put_status(o, r);
    put(o, "collateral", collateral_json(r));
    json_t *facts = result_json_facts(r);
    json_object_update(o, facts);
    json_decref(facts);
    put_checks(o, r);
    return o;
}
