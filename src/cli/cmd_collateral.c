/* SPDX-License-Identifier: Apache-2.0
 * cmd_collateral.c: `cella collateral fetch`, `show` and `import`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "attest/result_json.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "cli/attest_common.h"
#include "posix/file.h"

enum { MAX_QUOTE = 1 << 20, PATH_SIZE = 4096 };

static const char g_help[] =
    "cella collateral fetch     gets what a platform's quotes need and keeps it\n"
    "cella collateral show DIR  shows a folder's items, their signatures and how long they last\n"
    "cella collateral import DIR  checks a folder and keeps it (for machines without a network)\n"
    "\n"
    "  --quote FILE             fetch for the platform that made this quote, or say which:\n"
    "  --fmspc HEX --ca platform|processor [--tdx]\n"
    "  --out DIR                write into this folder instead of the cache\n"
    "  --pccs URL               fetch there (without: from Intel's service)\n"
    "  --cache DIR              where collateral is kept\n"
    "  --early                  Intel's newest evaluation number at once\n"
    "  --evaluation-number N    this evaluation number\n"
    "  --ca-file PEM            trust this TLS authority for the service\n"
    "  --timeout SECONDS        for each request (30)\n"
    "  --trust-root PEM         trust this root beside Intel's\n"
    "  --at TIME                show: judge for this time (now)\n"
    "  --json                   show: print JSON\n"
    "\n"
    "Exit status: 0 good, 1 collateral that is not authentic or not current, 2 could not be "
    "done.\n";

static int trouble(const struct err *e)
{
    fprintf(stderr, "cella: %s\n", e->text);
    return e->code == -EBADMSG ? EXIT_REFUSED : EXIT_UNDECIDED;
}

static int want_from_quote(struct pcs_want *w, const char *path, struct err *e)
{
    static struct attest_result r;
    struct quote q;
    uint8_t *data = NULL;
    size_t size;
    int rc = file_read(&data, &size, path, MAX_QUOTE, e);
    if (rc)
        return rc;
    auto_free uint8_t *owned = data;
    rc = attest_inspect(&r, &q, span_of(owned, size), e);
    if (rc)
        return fail_at(e, rc, "%s", path);
    if (!r.has_pck)
        return fail(e, -ENODATA, "%s: the quote does not name its platform: use --fmspc and --ca",
                    path);
    *w = want_from_facts(r.pck.fmspc, r.pck_issuer, r.is_tdx);
    return 0;
}

static int want_from_args(struct pcs_want *w, const struct args *a, struct err *e)
{
    const char *quote = args_value(a, "--quote");
    const char *fmspc = args_value(a, "--fmspc");
    const char *ca = args_value(a, "--ca");
    if (quote && !fmspc && !ca)
        return want_from_quote(w, quote, e);
    if (quote || !fmspc || !ca)
        return fail(e, -EINVAL, "either --quote FILE, or --fmspc HEX and --ca, is needed");
    *w = (struct pcs_want){.is_tdx = args_value(a, "--tdx") != NULL};
    if (hex_parse(w->fmspc, 6, span_text(fmspc)))
        return fail(e, -EINVAL, "--fmspc %.20s: 12 hex digits expected", fmspc);
    w->is_processor_ca = strcmp(ca, "processor") == 0;
    if (!w->is_processor_ca && strcmp(ca, "platform") != 0)
        return fail(e, -EINVAL, "--ca %.20s: platform or processor expected", ca);
    return 0;
}

static int fetch(const struct args *a)
{
    struct err e;
    struct trust trust;
    struct pcs_options options;
    struct cache_key key = {0};
    struct collateral_set set = {0};
    char folder[PATH_SIZE] = "";
    const char *out = args_value(a, "--out");
    struct cache cache = {.folder = folder, .trust = &trust};
    int rc = trust_from_args(&trust, a, &e);
    if (rc == 0)
        rc = pcs_from_args(&options, a, &e);
    if (rc == 0)
        rc = want_from_args(&key.want, a, &e);
    if (rc == 0 && !out)
        rc = cache_from_args(folder, sizeof folder, a, &e);
    if (rc)
        return trouble(&e);
    key.early = options.early;
    key.evaluation_number = options.evaluation_number;
    rc = pcs_fetch(&set, &key.want, &options, &e);
    if (rc == 0)
        rc = out ? set_save(&set, out, &e) : cache_put(&set, &cache, &key, &e);
    set_fini(&set);
    if (rc)
        return trouble(&e);
    printf("%s%s%s\n", out ? out : folder, out ? "" : "/", out ? "" : cache_name(&key).s);
    return 0;
}

/* An item of a set and how it stands. */
struct item {
    const char *name;
    enum check_id first; /* its checks, the signature last */
    enum check_id last;
    bool present;
    int64_t from;
    int64_t to;
    struct text note;
};

static size_t list_items(struct item out[4], const struct collateral *c)
{
    const struct tcb_info *t = &c->tcb_info;
    const struct identity *q = &c->identity;
    out[0] = (struct item){"tcb_info",
                           CHECK_TCB_INFO_FORMAT,
                           CHECK_TCB_INFO_SIGNATURE,
                           c->has_tcb_info,
                           t->issue_date,
                           t->next_update,
                           {""}};
    out[1] = (struct item){"qe_identity",
                           CHECK_QE_IDENTITY_FORMAT,
                           CHECK_QE_IDENTITY_SIGNATURE,
                           c->has_identity,
                           q->issue_date,
                           q->next_update,
                           {""}};
    out[2] = (struct item){"pck_crl",
                           CHECK_PCK_CRL_FORMAT,
                           CHECK_PCK_CRL_SIGNATURE,
                           c->has_pck_crl,
                           c->pck_crl.this_update,
                           c->pck_crl.next_update,
                           {""}};
    out[3] = (struct item){"root_ca_crl",
                           CHECK_ROOT_CRL_FORMAT,
                           CHECK_ROOT_CRL_SIGNATURE,
                           c->has_root_crl,
                           c->root_crl.this_update,
                           c->root_crl.next_update,
                           {""}};
    char issuer[64];
    if (c->has_tcb_info)
        out[0].note = text_of("%s, FMSPC %s, evaluation data number %u, %zu levels",
                              t->is_tdx ? "TDX" : "SGX", text_hex(span_of(t->fmspc, 6)).s,
                              t->evaluation_number, t->count);
    if (c->has_identity)
        out[1].note = text_of("%.20s, evaluation data number %u", q->id, q->evaluation_number);
    if (c->has_pck_crl)
        out[2].note =
            text_of("of %s, %zu revoked", x509_name(issuer, c->pck_crl.issuer), c->pck_crl.count);
    if (c->has_root_crl)
        out[3].note = text_of("%zu revoked", c->root_crl.count);
    return 4;
}

/* The first check of an item that did not pass, or the root's; NULL when it is authentic. */
static const char *not_authentic(const struct collateral *c, const struct item *item)
{
    for (unsigned i = item->first; i <= item->last; i++) {
        bool timed = i == CHECK_ROOT_CRL_VALIDITY || i == CHECK_PCK_CRL_VALIDITY;
        if (!timed && c->checks.at[i].state != CHECK_PASSED)
            return c->checks.at[i].found[0] ? c->checks.at[i].found : check_name((enum check_id)i);
    }
    return c->checks.at[CHECK_COLLATERAL_ROOT].state == CHECK_PASSED
               ? NULL
               : c->checks.at[CHECK_COLLATERAL_ROOT].found;
}

static const char *time_word(const struct item *i, int64_t at)
{
    return at < i->from ? "not valid yet" : at > i->to ? "expired" : "current";
}

static void show_text(const struct item *i, const char *wrong, int64_t at)
{
    printf("%-12s %s\n", i->name, i->present ? i->note.s : "missing");
    if (i->present)
        printf("             issued %s, ends %s: %s\n", text_time(i->from).s, text_time(i->to).s,
               time_word(i, at));
    if (wrong)
        printf("             NOT AUTHENTIC: %s\n", wrong);
}

static json_t *show_json(const struct item *i, const char *wrong, int64_t at)
{
    json_t *o = json_pack("{s:s,s:b,s:b,s:s}", "item", i->name, "present", i->present, "authentic",
                          !wrong, "note", i->note.s);
    if (i->present)
        json_object_update_new(o, json_pack("{s:s,s:s,s:s}", "issued", text_time(i->from).s, "ends",
                                            text_time(i->to).s, "time", time_word(i, at)));
    if (wrong)
        json_object_set_new(o, "problem", json_string(wrong));
    return o;
}

static int show_collateral(const struct collateral *c, int64_t at, bool json)
{
    struct item items[4];
    size_t count = list_items(items, c);
    json_t *list = json_array();
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        const char *wrong = not_authentic(c, &items[i]);
        good = good && !wrong && items[i].present && at >= items[i].from && at <= items[i].to;
        if (json)
            json_array_append_new(list, show_json(&items[i], wrong, at));
        else
            show_text(&items[i], wrong, at);
    }
    if (json) {
        auto_free char *text = json_dumps(list, JSON_INDENT(2));
        puts(text ? text : "[]");
    } else if (c->anchor && c->anchor->emulated) {
        puts("EMULATED: it rests on a root that you configured, not on Intel's.");
    }
    json_decref(list);
    return good ? EXIT_ACCEPTED : EXIT_REFUSED;
}

static int show(const struct args *a)
{
    struct err e;
    struct trust trust;
    struct collateral_set set = {0};
    struct collateral *c = NULL;
    int64_t at;
    int rc = a->words == 1 ? trust_from_args(&trust, a, &e)
                           : fail(&e, -EINVAL, "one folder expected; see cella collateral --help");
    if (rc == 0)
        rc = time_from_args(&at, a, &e);
    if (rc == 0)
        rc = set_load(&set, a->word[0], &e);
    if (rc == 0) {
        struct collateral_files files = set_files(&set);
        rc = collateral_new(&c, &files, &trust, &e);
    }
    int status = rc ? trouble(&e) : show_collateral(c, at, args_value(a, "--json") != NULL);
    collateral_free(c);
    set_fini(&set);
    return status;
}

/* The collateral itself says which platforms it is for. */
static int key_of(struct cache_key *key, const struct collateral_set *set,
                  const struct trust *trust, struct err *e)
{
    struct collateral *c = NULL;
    char issuer[64];
    struct collateral_files files = set_files(set);
    int rc = collateral_new(&c, &files, trust, e);
    if (rc)
        return rc;
    if (!c->has_tcb_info || !c->has_pck_crl)
        rc = fail(e, -EBADMSG,
                  "collateral: tcb_info.json and pck_crl.der are needed to know what "
                  "it is for");
    else
        key->want = want_from_facts(c->tcb_info.fmspc, x509_name(issuer, c->pck_crl.issuer),
                                    c->tcb_info.is_tdx);
    collateral_free(c);
    return rc;
}

static int import(const struct args *a)
{
    struct err e;
    struct trust trust;
    struct pcs_options options;
    struct cache_key key = {0};
    struct collateral_set set = {0};
    char folder[PATH_SIZE];
    struct cache cache = {.folder = folder, .trust = &trust};
    int rc = a->words == 1 ? trust_from_args(&trust, a, &e)
                           : fail(&e, -EINVAL, "one folder expected; see cella collateral --help");
    if (rc == 0)
        rc = pcs_from_args(&options, a, &e);
    if (rc == 0)
        rc = cache_from_args(folder, sizeof folder, a, &e);
    if (rc == 0)
        rc = set_load(&set, a->word[0], &e);
    if (rc == 0)
        rc = key_of(&key, &set, &trust, &e);
    key.early = rc == 0 && options.early;
    key.evaluation_number = rc ? 0 : options.evaluation_number;
    /* A chain or a root belongs to one platform or is somebody's claim: neither is kept. */
    set_drop(&set, SET_PCK_CHAIN);
    set_drop(&set, SET_ROOT_CA);
    if (rc == 0)
        rc = cache_put(&set, &cache, &key, &e);
    set_fini(&set);
    if (rc)
        return trouble(&e);
    printf("%s/%s\n", folder, cache_name(&key).s);
    return 0;
}

int cmd_collateral(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct args *);
    } verbs[] = {{"fetch", fetch}, {"show", show}, {"import", import}};
    struct arg options[] = {
        COLLATERAL_ARGS, {"--quote"}, {"--fmspc"}, {"--ca"}, {"--tdx", .is_flag = true},
        {"--out"},       {NULL}};
    struct args a = {.options = options};
    struct err e;
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        if (args_read(&a, argc - 1, argv + 1, &e))
            return trouble(&e);
        if (!args_value(&a, "--help"))
            return verbs[i].run(&a);
        fputs(g_help, stdout);
        return 0;
    }
    bool asked = argc >= 2 && strcmp(argv[1], "--help") == 0;
    fputs(g_help, asked ? stdout : stderr);
    return asked ? 0 : EXIT_UNDECIDED;
}
