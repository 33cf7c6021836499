/* SPDX-License-Identifier: Apache-2.0
 * explain.c: result_explain() and result_show_facts(), see result_json.h. */
#include "attest/result_json.h"
#include "base/bytes.h"

static const char *side_sentence(enum check_side side)
{
    static const char *const sentences[] = {[SIDE_QUOTE] = "the quote itself",
                                            [SIDE_PLATFORM] = "the machine that made the quote",
                                            [SIDE_COLLATERAL] = "the collateral on this side",
                                            [SIDE_ENCLAVE] = "the program in the enclave"};
    return sentences[side];
}

/* True when nothing but this side's wishes stands against the quote. */
static bool is_genuine(const struct attest_result *r)
{
    for (unsigned i = 0; i < CHECK_POLICY_STATUS; i++)
        if (r->checks.at[i].state == CHECK_FAILED || r->checks.at[i].state == CHECK_NOT_JUDGED)
            return false;
    return true;
}

static void headline(FILE *out, const struct attest_result *r)
{
    if (r->verdict == ATTEST_ACCEPTED)
        fprintf(out, "ACCEPTED: the quote is genuine and meets the policy.\n");
    else if (r->verdict == ATTEST_REFUSED && is_genuine(r))
        fprintf(out, "REFUSED: the quote is genuine, but it does not meet the policy.\n");
    else if (r->verdict == ATTEST_REFUSED)
        fprintf(out, "REFUSED: do not trust what this quote says.\n");
    else
        fprintf(out, "UNDECIDED: nothing is wrong with what is there, but something is missing.\n");
    if (r->emulated && r->verdict == ATTEST_ACCEPTED)
        fprintf(out, "EMULATED: it rests on a root that you configured, not on Intel's; it proves "
                     "nothing about real hardware.\n");
}

static void platform_lines(FILE *out, const struct attest_result *r)
{
    if (r->status != TCB_NONE) {
        fprintf(out, "\nState of the platform: %s%s\n  %s\n", tcb_status_word(r->status),
                r->status_proven ? "" : " (says collateral that is not authentic)",
                tcb_status_meaning(r->status));
        fprintf(out, "  TCB date %s, evaluation data number %u\n", text_time(r->tcb_date).s,
                r->evaluation_number);
    }
    if (r->advisory_count) {
        fprintf(out, "  Advisories that apply:");
        for (size_t i = 0; i < r->advisory_count; i++)
            fprintf(out, " %s", r->advisory[i]);
        fprintf(out, "\n");
    }
    if (r->short_count)
        fprintf(out, "  Missing to %s:\n",
                r->short_to == TCB_NONE ? "the newest version" : tcb_status_word(r->short_to));
    for (size_t i = 0; i < r->short_count; i++)
        fprintf(out, "    %s has version %u, needs %u\n", tcb_short_name(&r->shorts[i]).s,
                r->shorts[i].have, r->shorts[i].need);
}

/* True when an earlier failed check gave the same advice. */
static bool advised_before(const struct attest_result *r, unsigned id)
{
    for (unsigned i = 0; i < id; i++)
        if (r->checks.at[i].state == r->checks.at[id].state &&
            strcmp(check_advice((enum check_id)i), check_advice((enum check_id)id)) == 0)
            return true;
    return false;
}

static void list_failed(FILE *out, const struct attest_result *r)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        const struct check *c = &r->checks.at[i];
        enum check_id id = (enum check_id)i;
        if (c->state != CHECK_FAILED)
            continue;
        if (count++ == 0)
            fprintf(out, "\nWhat is wrong:\n");
        fprintf(out, "  %u. %s: \"%s\" does not hold.\n", count, check_name(id), check_title(id));
        fprintf(out, "     lies with: %s\n", side_sentence(check_side(id)));
        if (c->expected[0])
            fprintf(out, "     expected:  %s\n", c->expected);
        if (c->found[0])
            fprintf(out, "     found:     %s\n", c->found);
        if (!advised_before(r, i))
            fprintf(out, "     what to do: %s.\n", check_advice(id));
    }
}

/* True when check `i` was not judged for this reason. */
static bool unjudged_for(const struct attest_result *r, unsigned i, const char *reason)
{
    const struct check *c = &r->checks.at[i];
    return c->state == CHECK_NOT_JUDGED && strcmp(c->found, reason) == 0;
}

/* Each reason once, with the names of all checks that it kept from being judged. */
static void list_unjudged(FILE *out, const struct attest_result *r)
{
    bool any = false;
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        const char *reason = r->checks.at[i].found;
        bool first = r->checks.at[i].state == CHECK_NOT_JUDGED;
        for (unsigned k = 0; k < i && first; k++)
            first = !unjudged_for(r, k, reason);
        if (!first)
            continue;
        fprintf(out, "%s  - because %s:\n     ", any ? "" : "\nWhat could not be judged:\n",
                reason);
        any = true;
        for (unsigned k = i; k < CHECK_COUNT; k++)
            if (unjudged_for(r, k, reason))
                fprintf(out, " %s", check_name((enum check_id)k));
        fputc('\n', out);
    }
}

static void tail(FILE *out, const struct attest_result *r)
{
    unsigned count[4] = {0};
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        count[r->checks.at[i].state]++;
    fprintf(out, "\nChecks: %u passed, %u failed, %u not judged, %u not applicable.\n",
            count[CHECK_PASSED], count[CHECK_FAILED], count[CHECK_NOT_JUDGED],
            count[CHECK_NOT_APPLICABLE]);
    if (r->has_validity)
        fprintf(out, "Judged for %s; the collateral lasts until %s (%s).\n", text_time(r->at).s,
                text_time(r->validity.ends).s, r->validity.ends_item);
}

void result_explain(FILE *out, const struct attest_result *r)
{
    headline(out, r);
    list_failed(out, r);
    list_unjudged(out, r);
    platform_lines(out, r);
    if (r->has_quote) {
        fprintf(out, "\n");
        result_show_facts(out, r);
    }
    tail(out, r);
}

static void line_hex(FILE *out, const char *name, const uint8_t *data, size_t size)
{
    fprintf(out, "%-17s%s\n", name, text_hex(span_of(data, size)).s);
}

static void show_report(FILE *out, const struct quote_report *r)
{
    line_hex(out, "MRENCLAVE", r->mrenclave, sizeof r->mrenclave);
    line_hex(out, "MRSIGNER", r->mrsigner, sizeof r->mrsigner);
    fprintf(out, "%-17s%u\n%-17s%u\n", "ISVPRODID", r->isvprodid, "ISVSVN", r->isvsvn);
    line_hex(out, "report data", r->report_data, sizeof r->report_data);
    line_hex(out, "attributes", r->attributes, sizeof r->attributes);
    line_hex(out, "CPUSVN", r->cpusvn, sizeof r->cpusvn);
    if (!bytes_are_zero(r->configid, sizeof r->configid))
        line_hex(out, "CONFIGID", r->configid, sizeof r->configid);
}

static void show_td(FILE *out, const struct quote_td *t)
{
    line_hex(out, "MRTD", t->mrtd, sizeof t->mrtd);
    for (size_t i = 0; i < 4; i++)
        line_hex(out, text_of("RTMR%zu", i).s, t->rtmr[i], 48);
    line_hex(out, "report data", t->report_data, sizeof t->report_data);
    line_hex(out, "TD attributes", t->td_attributes, sizeof t->td_attributes);
    line_hex(out, "XFAM", t->xfam, sizeof t->xfam);
    line_hex(out, "MRSEAM", t->mrseam, sizeof t->mrseam);
    line_hex(out, "TEE_TCB_SVN", t->tee_tcb_svn, sizeof t->tee_tcb_svn);
    if (t->is_15)
        line_hex(out, "TEE_TCB_SVN2", t->tee_tcb_svn2, sizeof t->tee_tcb_svn2);
}

void result_show_facts(FILE *out, const struct attest_result *r)
{
    fprintf(out, "%-17s%s quote, version %u%s%s%s\n", "quote", r->is_tdx ? "TDX" : "SGX",
            r->quote_version, r->debug ? ", DEBUG" : "", r->public_signer ? ", signed with " : "",
            r->public_signer ? r->public_signer : "");
    if (r->is_tdx)
        show_td(out, &r->td);
    else
        show_report(out, &r->report);
    if (!r->has_pck)
        return;
    line_hex(out, "FMSPC", r->pck.fmspc, sizeof r->pck.fmspc);
    fprintf(out, "%-17s%s\n", "platform CA", r->pck_issuer);
    line_hex(out, "components", r->pck.components, sizeof r->pck.components);
    fprintf(out, "%-17s%u\n", "PCE SVN", r->pck.pcesvn);
    if (r->has_qe)
        fprintf(out, "%-17s%u\n", "QE ISVSVN", r->qe.isvsvn);
}
