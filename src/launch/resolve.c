/* SPDX-License-Identifier: Apache-2.0
 * resolve.c: see resolve.h. */
#include "launch/resolve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Puts the words of one #! line before those of the script that named it. */
static void prepend(struct resolved *r, int depth, const struct script *s)
{
    const char *old[RESOLVE_WORDS];
    int old_count = r->count;
    memcpy(old, r->words, sizeof old);
    memcpy(r->interp[depth], s->interp, sizeof s->interp);
    memcpy(r->arg[depth], s->arg, sizeof s->arg);
    r->count = 0;
    r->words[r->count++] = r->interp[depth];
    if (s->has_arg)
        r->words[r->count++] = r->arg[depth];
    r->words[r->count++] = r->path;
    for (int i = 1; i < old_count && r->count < RESOLVE_WORDS; i++)
        r->words[r->count++] = old[i];
    r->path = r->interp[depth];
}

int resolve_program(struct resolved *r, const char *path, int fd, struct err *e)
{
    r->path = path;
    r->count = 0;
    for (int depth = 0;; depth++) {
        int rc = target_open(&r->target, r->path, depth == 0 ? fd : -1, e);
        if (rc && depth)
            return fail_at(e, rc, "interpreter %s", r->path);
        if (rc || r->target.kind != TARGET_SCRIPT)
            return rc;
        close(r->target.fd);
        if (depth == RESOLVE_DEPTH)
            return fail(e, -ELOOP, "more than %d interpreters in a row", RESOLVE_DEPTH);
        struct script script = r->target.script;
        prepend(r, depth, &script);
    }
}
