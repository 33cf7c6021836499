/* SPDX-License-Identifier: Apache-2.0
 * attest_common.c: see attest_common.h. */
#include "cli/attest_common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "attest/rfc3339.h"
#include "base/cleanup.h"
#include "posix/file.h"

enum { MAX_PEM = 64 * 1024 };

int trust_from_args(struct trust *t, const struct args *a, struct err *e)
{
    trust_init(t);
    for (const struct arg *o = a->options; o->name; o++) {
        bool is_root = strcmp(o->name, "--trust-root") == 0;
        for (size_t i = 0; is_root && i < o->count; i++) {
            uint8_t *data = NULL;
            size_t size;
            int rc = file_read(&data, &size, o->value[i], MAX_PEM, e);
            if (rc)
                return rc;
            auto_free uint8_t *owned = data;
            rc = trust_add(t, span_of(owned, size), e);
            if (rc)
                return fail_at(e, rc, "%s", o->value[i]);
        }
    }
    return 0;
}

int time_from_args(int64_t *at, const struct args *a, struct err *e)
{
    const char *text = args_value(a, "--at");
    if (!text) {
        *at = (int64_t)time(NULL);
        return 0;
    }
    if (rfc3339_parse(at, span_text(text)))
        return fail(e, -EINVAL, "--at %.40s: a time like 2025-07-01T00:00:00Z expected", text);
    return 0;
}

static int number_from_args(unsigned *out, unsigned most, const struct args *a, const char *name,
                            struct err *e)
{
    const char *text = args_value(a, name);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || n < 1 || n > most)
        return fail(e, -EINVAL, "%s %.40s: a number from 1 to %u expected", name, text, most);
    *out = (unsigned)n;
    return 0;
}

int pcs_from_args(struct pcs_options *o, const struct args *a, struct err *e)
{
    unsigned seconds = 30;
    *o = (struct pcs_options){
        .url = args_value(a, "--pccs"),
        .early = args_value(a, "--early") != NULL,
        .ca_file = args_value(a, "--ca-file"),
    };
    int rc = number_from_args(&o->evaluation_number, 1000000, a, "--evaluation-number", e);
    if (rc == 0)
        rc = number_from_args(&seconds, 3600, a, "--timeout", e);
    o->total_ms = seconds * 1000;
    o->retry_most_s = seconds;
    if (rc == 0 && o->early && o->evaluation_number)
        rc = fail(e, -EINVAL, "--early and --evaluation-number exclude each other");
    return rc;
}

int cache_from_args(char *out, size_t size, const struct args *a, struct err *e)
{
    const char *folder = args_value(a, "--cache");
    if (!folder)
        return cache_default_folder(out, size, e);
    int n = snprintf(out, size, "%s", folder);
    return n < 0 || (size_t)n >= size ? fail(e, -ENAMETOOLONG, "--cache: the path is too long") : 0;
}
