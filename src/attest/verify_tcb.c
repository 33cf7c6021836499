/* SPDX-License-Identifier: Apache-2.0
 * verify_tcb.c: the platform against TCB info and QE identity. */
#include "attest/verify_priv.h"
#include "base/bytes.h"

static void judge_tcb_info(struct attest_result *r, const struct tcb_info *t)
{
    struct checks *k = &r->checks;
    const char *want = r->is_tdx ? "TDX" : "SGX";
    CHECK_THAT(k, CHECK_TCB_INFO_ID, t->is_tdx == r->is_tdx, want, t->is_tdx ? "TDX" : "SGX");
    if (!r->has_pck)
        return;
    CHECK_THAT(k, CHECK_TCB_INFO_FMSPC, memcmp(t->fmspc, r->pck.fmspc, 6) == 0,
               text_hex(span_of(r->pck.fmspc, 6)).s, text_hex(span_of(t->fmspc, 6)).s);
    CHECK_THAT(k, CHECK_TCB_INFO_PCEID, memcmp(t->pceid, r->pck.pceid, 2) == 0,
               text_hex(span_of(r->pck.pceid, 2)).s, text_hex(span_of(t->pceid, 2)).s);
}

static bool masked_equal(const uint8_t *have, const uint8_t *want, const uint8_t *mask, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((have[i] & mask[i]) != (want[i] & mask[i]))
            return false;
    return true;
}

static void judge_identity(struct attest_result *r, const struct identity *q)
{
    struct checks *k = &r->checks;
    const char *want = r->is_tdx ? "TD_QE" : "QE";
    uint8_t misc[4];
    put_le32(misc, r->qe.miscselect);
    CHECK_THAT(k, CHECK_QE_IDENTITY_ID, strcmp(q->id, want) == 0, want, q->id);
    CHECK_THAT(k, CHECK_QE_MISCSELECT, masked_equal(misc, q->miscselect, q->miscselect_mask, 4),
               text_of("%s under mask %s", text_hex(span_of(q->miscselect, 4)).s,
                       text_hex(span_of(q->miscselect_mask, 4)).s)
                   .s,
               text_hex(span_of(misc, 4)).s);
    CHECK_THAT(k, CHECK_QE_ATTRIBUTES,
               masked_equal(r->qe.attributes, q->attributes, q->attributes_mask, 16),
               text_of("%s under mask %s", text_hex(span_of(q->attributes, 16)).s,
                       text_hex(span_of(q->attributes_mask, 16)).s)
                   .s,
               text_hex(span_of(r->qe.attributes, 16)).s);
    CHECK_THAT(k, CHECK_QE_MRSIGNER, memcmp(r->qe.mrsigner, q->mrsigner, 32) == 0,
               text_hex(span_of(q->mrsigner, 32)).s, text_hex(span_of(r->qe.mrsigner, 32)).s);
    CHECK_THAT(k, CHECK_QE_ISVPRODID, r->qe.isvprodid == q->isvprodid,
               text_of("%u", q->isvprodid).s, text_of("%u", r->qe.isvprodid).s);
}

/* A part with one number: known unless no level has so small a number, or the level is revoked. */
static void judge_part(struct attest_result *r, enum check_id id, const struct tcb_part_levels *all,
                       const struct tcb_part_level *level, unsigned svn, enum tcb_status *status)
{
    *status = level ? level->status : TCB_NONE;
    CHECK_THAT(&r->checks, id, level && level->status != TCB_REVOKED,
               text_of("version %u or higher (newest: %u)", all->level[all->count - 1].isvsvn,
                       all->level[0].isvsvn)
                   .s,
               text_of("version %u%s%s", svn, level ? ": " : "",
                       level ? tcb_status_word(level->status) : "")
                   .s);
}

static void judge_module(struct attest_result *r, const struct tcb_info *t,
                         const struct tcb_judgement *j)
{
    struct checks *k = &r->checks;
    const struct tdx_module *m = j->module_needed ? j->module : &t->module;
    const uint8_t *svn = r->td.tee_tcb_svn;
    if (!m) {
        struct text want = text_of("an identity TDX_%02X in the TCB info", svn[1]);
        check_fail(k, CHECK_TDX_MODULE_SIGNER, want.s, "none");
        check_fail(k, CHECK_TDX_MODULE_ATTRIBUTES, want.s, "none");
        check_fail(k, CHECK_TDX_MODULE_TCB, want.s, "none");
        return;
    }
    CHECK_THAT(k, CHECK_TDX_MODULE_SIGNER, memcmp(r->td.mrsignerseam, m->mrsigner, 48) == 0,
               text_hex(span_of(m->mrsigner, 48)).s, text_hex(span_of(r->td.mrsignerseam, 48)).s);
    CHECK_THAT(k, CHECK_TDX_MODULE_ATTRIBUTES,
               masked_equal(r->td.seam_attributes, m->attributes, m->mask, 8),
               text_of("%s under mask %s", text_hex(span_of(m->attributes, 8)).s,
                       text_hex(span_of(m->mask, 8)).s)
                   .s,
               text_hex(span_of(r->td.seam_attributes, 8)).s);
    if (j->module_needed)
        judge_part(r, CHECK_TDX_MODULE_TCB, &m->levels, j->module_level, svn[0], &r->module_status);
    else
        check_not_applicable(k, CHECK_TDX_MODULE_TCB);
}

static void add_advisories(struct attest_result *r, const struct tcb_advisories *a)
{
    for (size_t i = 0; a && i < a->count; i++) {
        size_t k = 0;
        while (k < r->advisory_count && strcmp(r->advisory[k], a->id[i]) != 0)
            k++;
        if (k < r->advisory_count || k == ATTEST_MAX_ADVISORIES)
            continue;
        memcpy(r->advisory[k], a->id[i], strlen(a->id[i]) + 1); /* at most 23 characters */
        r->advisory_count++;
    }
}

static void keep_date(struct attest_result *r, int64_t date)
{
    if (date < r->earliest_tcb_date)
        r->earliest_tcb_date = date;
}

static void take_judgement(struct attest_result *r, const struct tcb_judgement *j)
{
    r->status = j->status;
    if (!j->level)
        return;
    r->platform_status = j->level->status;
    r->level_index = j->index;
    r->tcb_date = r->earliest_tcb_date = j->level->date;
    add_advisories(r, &j->level->advisories);
    if (j->qe_level) {
        keep_date(r, j->qe_level->date);
        add_advisories(r, &j->qe_level->advisories);
    }
    if (j->module_level) {
        keep_date(r, j->module_level->date);
        add_advisories(r, &j->module_level->advisories);
    }
}

/* The level to reach: of those that the policy accepts the one with the least missing, else the
 * highest. */
static void find_shortfall(struct attest_result *r, const struct attest_input *in)
{
    const struct tcb_info *t = &in->collateral->tcb_info;
    const struct quote_td *td = r->is_tdx ? &r->td : NULL;
    const struct tcb_level *target = NULL;
    size_t best = TCB_MAX_SHORT + 1;
    for (size_t i = 0; i < t->count; i++) {
        if (!policy_accepts(in->policy, t->level[i].status))
            continue;
        size_t count = tcb_shortfall(r->shorts, t, &t->level[i], &r->pck, td);
        if (count < best) {
            best = count;
            target = &t->level[i];
        }
    }
    if (!target)
        target = &t->level[0];
    r->short_count = tcb_shortfall(r->shorts, t, target, &r->pck, td);
    r->short_to = target->status;
}

static void add_part_short(struct attest_result *r, enum tcb_short_kind kind, unsigned have,
                           unsigned need)
{
    if (r->short_count < TCB_MAX_SHORT && have < need)
        r->shorts[r->short_count++] =
            (struct tcb_short){.kind = kind, .index = 1, .have = have, .need = need};
}

static bool all_passed(const struct checks *k, enum check_id first, enum check_id last)
{
    for (unsigned i = first; i <= last; i++)
        if (k->at[i].state != CHECK_PASSED)
            return false;
    return true;
}

static void judge_levels(struct attest_result *r, const struct attest_input *in)
{
    const struct collateral *c = in->collateral;
    const struct tcb_info *t = &c->tcb_info;
    struct checks *k = &r->checks;
    struct tcb_judgement j;
    tcb_judge(&j, t, &r->pck, r->is_tdx ? &r->td : NULL, c->has_identity ? &c->identity : NULL,
              r->qe.isvsvn);
    take_judgement(r, &j);
    r->status_proven = r->status != TCB_NONE &&
                       all_passed(k, CHECK_TCB_INFO_FORMAT, CHECK_TCB_INFO_SIGNATURE) &&
                       all_passed(k, CHECK_QE_IDENTITY_FORMAT, CHECK_QE_IDENTITY_SIGNATURE) &&
                       all_passed(k, CHECK_TCB_INFO_ID, CHECK_QE_IDENTITY_ID) &&
                       k->at[CHECK_COLLATERAL_ROOT].state == CHECK_PASSED;
    CHECK_THAT(
        k, CHECK_PLATFORM_TCB, j.level && j.level->status != TCB_REVOKED,
        text_of("at least the lowest of %zu levels", t->count).s,
        j.level
            ? text_of("level %zu from the top: %s", j.index + 1, tcb_status_word(j.level->status)).s
            : "a platform below all of them");
    if (!j.level || !policy_accepts(in->policy, j.level->status))
        find_shortfall(r, in);
    if (c->has_identity) {
        judge_part(r, CHECK_QE_TCB, &c->identity.levels, j.qe_level, r->qe.isvsvn, &r->qe_status);
        if (r->qe_status != TCB_UP_TO_DATE)
            add_part_short(r, TCB_SHORT_QE, r->qe.isvsvn, c->identity.levels.level[0].isvsvn);
    }
    if (!r->is_tdx)
        return;
    judge_module(r, t, &j);
    if (j.module && r->module_status != TCB_UP_TO_DATE)
        add_part_short(r, TCB_SHORT_MODULE, r->td.tee_tcb_svn[0], j.module->levels.level[0].isvsvn);
}

/* Checks that only TDX has. */
static void not_for_sgx(struct checks *k)
{
    check_not_applicable(k, CHECK_TDX_MODULE_SIGNER);
    check_not_applicable(k, CHECK_TDX_MODULE_ATTRIBUTES);
    check_not_applicable(k, CHECK_TDX_MODULE_TCB);
}

static void unjudged(struct attest_result *r, enum check_id first, enum check_id last,
                     const char *why)
{
    for (unsigned i = first; i <= last; i++)
        if (r->checks.at[i].state == CHECK_NOT_JUDGED && !r->checks.at[i].found[0])
            check_unjudged(&r->checks, (enum check_id)i, why);
}

void verify_tcb(struct attest_result *r, const struct attest_input *in, const struct platform *p)
{
    const struct collateral *c = in->collateral;
    struct checks *k = &r->checks;
    if (!r->is_tdx)
        not_for_sgx(k);
    if (c->has_tcb_info)
        judge_tcb_info(r, &c->tcb_info);
    if (c->has_identity && p->has_qe)
        judge_identity(r, &c->identity);
    unjudged(r, CHECK_QE_IDENTITY_ID, CHECK_QE_ISVPRODID, "the QE identity is missing");
    if (!c->has_tcb_info || !r->has_pck)
        unjudged(r, CHECK_TCB_INFO_ID, CHECK_PLATFORM_TCB,
                 r->has_pck ? "the TCB info is missing" : "the platform is not known");
    /* Levels of another kind or model say nothing about this platform. */
    else if (!all_passed(k, CHECK_TCB_INFO_ID, CHECK_TCB_INFO_PCEID))
        unjudged(r, CHECK_QE_TCB, CHECK_PLATFORM_TCB, "the TCB info is for other platforms");
    else
        judge_levels(r, in);
    unjudged(r, CHECK_QE_TCB, CHECK_QE_TCB, "the QE identity is missing");
}
