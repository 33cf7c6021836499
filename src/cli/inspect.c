/* SPDX-License-Identifier: Apache-2.0
 * inspect.c: `cella inspect`: says what a file is and what is in it. */
#include <errno.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/describe.h"
#include "measure/layout.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"
#include "posix/file.h"
#include "sgx/report.h"
#include "sgx/sigstruct.h"

enum { FILE_MAX = 1 << 30 };

struct inspect_command {
    bool json;
};

static const struct option_def g_options[] = {
    OPTION(struct inspect_command, json, "json", NULL, NULL, "print JSON"),
    {0},
};

/* One kind of file.  `inspect` describes it; -EBADMSG when something in it is wrong, after it has
 * filled in what could be read. */
struct kind {
    const char *name;
    bool (*recognise)(struct span in);
    int (*inspect)(json_t *out, struct span in, struct err *e);
};

static bool is_sigstruct(struct span in)
{
    return in.size == SIGSTRUCT_SIZE || sigstruct_recognise(in);
}

static int inspect_sigstruct(json_t *out, struct span in, struct err *e)
{
    struct sgx_sigstruct s;
    int rc = sigstruct_parse(&s, in, e);
    if (rc)
        return rc;
    rc = sign_verify(&s, e);
    describe_sigstruct(out, &s, rc ? e->text : NULL);
    return rc;
}

static bool is_report(struct span in)
{
    return in.size == REPORT_SIZE;
}

static int inspect_report(json_t *out, struct span in, struct err *e)
{
    struct sgx_report r;
    int rc = report_parse(&r, in, e);
    if (rc)
        return rc;
    rc = report_check(&r, e);
    if (!rc)
        describe_report(out, &r);
    return rc;
}

static bool is_targetinfo(struct span in)
{
    return in.size == TARGETINFO_SIZE;
}

static int inspect_targetinfo(json_t *out, struct span in, struct err *e)
{
    struct sgx_targetinfo t;
    int rc = targetinfo_parse(&t, in, e);
    if (rc)
        return rc;
    rc = targetinfo_check(&t, e);
    if (!rc)
        describe_targetinfo(out, &t);
    return rc;
}

/* A version and an ECDSA key type at the start. */
static bool is_quote(struct span in)
{
    return in.size >= 4 && get_le16(in.data) >= 3 && get_le16(in.data) <= 5 &&
           (get_le16(in.data + 2) == QUOTE_KEY_ECDSA_P256 ||
            get_le16(in.data + 2) == QUOTE_KEY_ECDSA_P384);
}

static int body_describe(json_t *out, const char *key, struct span body, struct err *e)
{
    struct sgx_report_body r;
    int rc = report_body_parse(&r, body, e);
    if (rc)
        return rc;
    json_t *inner = show_object();
    describe_report_body(inner, &r);
    show_put(out, key, inner);
    return 0;
}

static int td_describe(json_t *out, struct span body, struct err *e)
{
    struct quote_td t;
    int rc = quote_td_parse(&t, body, e);
    if (rc)
        return rc;
    json_t *inner = show_object();
    describe_td(inner, &t);
    show_put(out, "td_report", inner);
    return 0;
}

static int inspect_quote(json_t *out, struct span in, struct err *e)
{
    struct quote q;
    int rc = quote_parse(&q, in, e);
    if (rc)
        return rc;
    describe_quote(out, &q);
    rc = q.body_type == QUOTE_BODY_SGX ? body_describe(out, "report", q.body, e)
                                       : td_describe(out, q.body, e);
    if (!rc)
        rc = body_describe(out, "qe_report", q.qe_report, e);
    show_text(out, "verified", "no: inspecting reads, it does not verify");
    return rc;
}

static int inspect_elf(json_t *out, struct span in, struct err *e)
{
    struct elf_image image;
    int rc = elf_parse(&image, in, e);
    if (!rc)
        describe_elf(out, &image);
    return rc;
}

static const struct kind g_kinds[] = {
    {"enclave image", elf_recognise, inspect_elf},
    {"SIGSTRUCT", is_sigstruct, inspect_sigstruct},
    {"REPORT", is_report, inspect_report},
    {"TARGETINFO", is_targetinfo, inspect_targetinfo},
    {"quote", is_quote, inspect_quote},
};

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    const struct inspect_command *o = options;
    uint8_t *read = NULL;
    size_t size = 0;
    (void)arg_count;
    int rc = file_read(&read, &size, args[0], FILE_MAX, e);
    if (rc)
        return rc;
    auto_free uint8_t *bytes = read;
    struct span in = span_of(bytes, size);
    for (size_t i = 0; i < ARRAY_COUNT(g_kinds); i++) {
        if (!g_kinds[i].recognise(in))
            continue;
        auto_json out = show_object();
        show_text(out, "type", g_kinds[i].name);
        rc = g_kinds[i].inspect(out, in, e);
        if (json_object_size(out) > 1)
            show(out, o->json);
        return rc ? fail_at(e, rc, "%s", args[0]) : 0;
    }
    return fail(
        e, -EBADMSG,
        "%s: %zu bytes that are no SIGSTRUCT (1808), REPORT (432), TARGETINFO (512), quote of "
        "version 3 to 5, or enclave ELF",
        args[0], size);
}

const struct command command_inspect = {
    .name = "inspect",
    .arguments = "FILE",
    .summary = "Say what is in a SIGSTRUCT, REPORT, TARGETINFO, quote or enclave image",
    .more =
        "The signature of a SIGSTRUCT is verified (exit status 1 when it is wrong); reports and\n"
        "quotes are read only: a report needs the key of its target, a quote collateral.",
    .options = g_options,
    .options_size = sizeof(struct inspect_command),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
