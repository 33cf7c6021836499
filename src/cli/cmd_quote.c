/* SPDX-License-Identifier: Apache-2.0
 * cmd_quote.c: `cella quote verify` and `cella quote inspect`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/result_json.h"
#include "base/cleanup.h"
#include "cli/attest_common.h"
#include "posix/file.h"

enum { MAX_QUOTE = 1 << 20, PATH_SIZE = 4096 };

static const char g_help[] =
    "cella quote verify FILE    says whether a quote is genuine and meets the policy\n"
    "cella quote inspect FILE   shows a quote's fields; verifies nothing\n"
    "\n"
    "FILE is the binary quote; \"-\" is standard input.\n"
    "  --collateral DIR         use the files of this folder and no network\n"
    "  --pccs URL               fetch collateral there (without: from Intel's service)\n"
    "  --cache DIR              keep fetched collateral there\n"
    "  --early                  use Intel's newest evaluation number at once\n"
    "  --evaluation-number N    use this evaluation number\n"
    "  --ca-file PEM            trust this TLS authority for the service\n"
    "  --timeout SECONDS        for each request (30)\n"
    "  --policy FILE            what to accept (docs/attestation.md)\n"
    "  --at TIME                judge for this time, like 2025-07-01T00:00:00Z (now)\n"
    "  --trust-root PEM         trust this root beside Intel's; results are marked as emulated\n"
    "  --json                   print JSON\n"
    "\n"
    "Exit status: 0 accepted, 1 refused, 2 could not decide.\n";

/* Everything a verification needs; job_fini(). */
struct job {
    uint8_t *quote;
    size_t quote_size;
    struct collateral_set set;
    struct collateral *collateral;
    struct trust trust;
    struct policy policy;
    int64_t at;
    bool stale;
    struct err why_stale;
};

static void job_fini(struct job *j)
{
    free(j->quote);
    set_fini(&j->set);
    collateral_free(j->collateral);
}

static struct attest_result g_result; /* large; one verification a process */

static int read_policy(struct policy *p, const char *path, struct err *e)
{
    policy_init(p);
    if (!path)
        return 0;
    uint8_t *data = NULL;
    size_t size;
    int rc = file_read(&data, &size, path, POLICY_MAX_SIZE, e);
    if (rc)
        return rc;
    auto_free uint8_t *owned = data;
    rc = policy_parse(p, span_of(owned, size), e);
    return rc ? fail_at(e, rc, "%s", path) : 0;
}

/* Collateral by network or cache: the quote says which. */
static int find_collateral(struct job *j, const struct args *a, struct err *e)
{
    struct quote q;
    struct pcs_options options;
    char folder[PATH_SIZE];
    enum cache_state state;
    int rc = attest_inspect(&g_result, &q, span_of(j->quote, j->quote_size), e);
    if (rc)
        return 0; /* no collateral will make it better: the verdict is a refusal */
    if (!g_result.has_pck)
        return fail(
            e, -ENODATA,
            "the quote does not name its platform, so no collateral can be fetched: pass it "
            "with --collateral");
    rc = pcs_from_args(&options, a, e);
    if (rc == 0)
        rc = cache_from_args(folder, sizeof folder, a, e);
    if (rc)
        return rc;
    struct cache_key key = {
        .want = want_from_facts(g_result.pck.fmspc, g_result.pck_issuer, g_result.is_tdx),
        .early = options.early,
        .evaluation_number = options.evaluation_number,
    };
    struct cache cache = {.folder = folder, .trust = &j->trust, .options = &options};
    rc = cache_get(&j->set, &state, &cache, &key, j->at, &j->why_stale);
    if (rc) {
        *e = j->why_stale;
        return rc;
    }
    j->stale = state == CACHE_STALE;
    return 0;
}

static int prepare(struct job *j, const struct args *a, struct err *e)
{
    const char *folder = args_value(a, "--collateral");
    if (a->words != 1)
        return fail(e, -EINVAL, "one quote file expected; see cella quote --help");
    if (folder && args_value(a, "--pccs"))
        return fail(e, -EINVAL, "--collateral and --pccs exclude each other");
    int rc = time_from_args(&j->at, a, e);
    if (rc == 0)
        rc = trust_from_args(&j->trust, a, e);
    if (rc == 0)
        rc = read_policy(&j->policy, args_value(a, "--policy"), e);
    if (rc == 0)
        rc = file_read(&j->quote, &j->quote_size, a->word[0], MAX_QUOTE, e);
    if (rc == 0)
        rc = folder ? set_load(&j->set, folder, e) : find_collateral(j, a, e);
    if (rc)
        return rc;
    struct collateral_files files = set_files(&j->set);
    return collateral_new(&j->collateral, &files, &j->trust, e);
}

static int print_json(json_t *o)
{
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    json_decref(o);
    if (!text)
        return -ENOMEM;
    puts(text);
    free(text);
    return fflush(stdout) ? -errno : 0;
}

/* There is no verdict: the sentence goes to standard error, and into the JSON. */
static int undecided(const struct err *e, bool json)
{
    fprintf(stderr, "cella: %s\n", e->text);
    if (json)
        ignore(print_json(json_pack("{s:b,s:s,s:b,s:n,s:[],s:[],s:s}", "accepted", 0, "verdict",
                                    "undecided", "emulated", 0, "tcb_status", "advisory_ids",
                                    "checks", "error", e->text)));
    return EXIT_UNDECIDED;
}

static int verify(const struct args *a)
{
    struct job j = {0};
    struct err e = {0};
    bool json = args_value(a, "--json") != NULL;
    int rc = prepare(&j, a, &e);
    struct attest_input in = {.quote = span_of(j.quote, j.quote_size),
                              .collateral = j.collateral,
                              .policy = &j.policy,
                              .at = j.at,
                              .with_text = true};
    if (rc == 0)
        rc = attest_verify(&g_result, &in, &e);
    if (rc) {
        job_fini(&j);
        return undecided(&e, json);
    }
    if (j.stale)
        fprintf(stderr, "cella: the collateral ends soon and could not be renewed: %s\n",
                j.why_stale.text);
    if (json)
        rc = print_json(result_json(&g_result));
    else
        result_explain(stdout, &g_result);
    job_fini(&j);
    if (rc)
        return EXIT_UNDECIDED;
    return g_result.verdict == ATTEST_ACCEPTED  ? EXIT_ACCEPTED
           : g_result.verdict == ATTEST_REFUSED ? EXIT_REFUSED
                                                : EXIT_UNDECIDED;
}

static int inspect(const struct args *a)
{
    struct err e;
    struct quote q;
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = a->words == 1 ? file_read(&data, &size, a->word[0], MAX_QUOTE, &e)
                           : fail(&e, -EINVAL, "one quote file expected; see cella quote --help");
    auto_free uint8_t *owned = data;
    if (rc == 0)
        rc = attest_inspect(&g_result, &q, span_of(owned, size), &e);
    if (rc) {
        fprintf(stderr, "cella: %s\n", e.text);
        return rc == -EBADMSG || rc == -ENOTSUP ? EXIT_REFUSED : EXIT_UNDECIDED;
    }
    if (args_value(a, "--json"))
        return print_json(result_json_facts(&g_result)) ? EXIT_UNDECIDED : EXIT_ACCEPTED;
    printf("NOT VERIFIED: anybody can write these fields. `cella quote verify` checks them.\n");
    result_show_facts(stdout, &g_result);
    printf("%-17s%u\n%-17s%zu\n", "certification", q.cert_type, "bytes behind it", q.trailing);
    return EXIT_ACCEPTED;
}

int cmd_quote(int argc, char **argv)
{
    struct arg options[] = {COLLATERAL_ARGS, {"--collateral"}, {"--policy"}, {NULL}};
    struct args a = {.options = options};
    struct err e;
    if (argc >= 2 && strcmp(argv[1], "verify") == 0) {
        if (args_read(&a, argc - 1, argv + 1, &e))
            return undecided(&e, args_value(&a, "--json") != NULL);
        if (!args_value(&a, "--help"))
            return verify(&a);
    } else if (argc >= 2 && strcmp(argv[1], "inspect") == 0) {
        if (args_read(&a, argc - 1, argv + 1, &e))
            return undecided(&e, false);
        if (!args_value(&a, "--help"))
            return inspect(&a);
    } else if (argc < 2 || strcmp(argv[1], "--help") != 0) {
        fputs(g_help, stderr);
        return EXIT_UNDECIDED;
    }
    fputs(g_help, stdout);
    return 0;
}
