/* SPDX-License-Identifier: Apache-2.0
 * tcb_part.c: the pieces that TCB info and identities share; see tcb_info.h. */
#include <errno.h>
#include <stdlib.h>

#include "attest/tcb_info.h"

int tcb_advisories_parse(struct tcb_advisories *a, const struct js *level, struct err *e)
{
    a->count = 0;
    if (!js_find(level, "advisoryIDs"))
        return 0;
    const struct js *list;
    int rc = js_need(&list, level, "advisoryIDs", JS_ARRAY, e);
    if (rc)
        return rc;
    if (list->count > TCB_MAX_ADVISORIES)
        return fail(e, -EBADMSG, "\"advisoryIDs\": more than %d", TCB_MAX_ADVISORIES);
    for (const struct js *id = list->child; id; id = id->next) {
        if (id->kind != JS_STRING || id->count == 0 || id->count > 23)
            return fail(e, -EBADMSG, "\"advisoryIDs\": names of 1 to 23 characters expected");
        a->id[a->count++] = id->string;
    }
    return 0;
}

int tcb_status_parse(enum tcb_status *s, const struct js *level, bool part, struct err *e)
{
    const struct js *word;
    int rc = js_need(&word, level, "tcbStatus", JS_STRING, e);
    if (rc)
        return rc;
    *s = tcb_status_from(span_of(word->string, word->count));
    bool known = part ? *s == TCB_UP_TO_DATE || *s == TCB_OUT_OF_DATE || *s == TCB_REVOKED
                      : tcb_status_is_level(*s);
    if (!known)
        return fail(e, -EBADMSG, "\"tcbStatus\": the word \"%.40s\" is not known here",
                    word->string);
    return 0;
}

static int parse_level(struct tcb_part_level *out, const struct js *in, struct err *e)
{
    const struct js *tcb;
    int rc = js_need(&tcb, in, "tcb", JS_OBJECT, e);
    if (rc == 0)
        rc = js_need_uint(&out->isvsvn, tcb, "isvsvn", 65535, e);
    if (rc == 0)
        rc = js_need_time(&out->date, in, "tcbDate", e);
    if (rc == 0)
        rc = tcb_status_parse(&out->status, in, true, e);
    if (rc == 0)
        rc = tcb_advisories_parse(&out->advisories, in, e);
    return rc;
}

static int by_isvsvn(const void *a, const void *b)
{
    const struct tcb_part_level *x = a;
    const struct tcb_part_level *y = b;
    return x->isvsvn > y->isvsvn ? -1 : x->isvsvn < y->isvsvn;
}

int tcb_part_levels_parse(struct tcb_part_levels *l, const struct js *in, struct err *e)
{
    *l = (struct tcb_part_levels){0};
    const struct js *list;
    int rc = js_need(&list, in, "tcbLevels", JS_ARRAY, e);
    if (rc)
        return rc;
    size_t count = list->count;
    if (count == 0 || count > TCB_MAX_LEVELS)
        return fail(e, -EBADMSG, "\"tcbLevels\": 1 to %d levels expected, %zu found",
                    TCB_MAX_LEVELS, count);
    l->level = calloc(count, sizeof *l->level);
    if (!l->level)
        return fail(e, -ENOMEM, "out of memory");
    for (const struct js *item = list->child; rc == 0 && item; item = item->next)
        rc = parse_level(&l->level[l->count++], item, e);
    if (rc) {
        free(l->level);
        *l = (struct tcb_part_levels){0};
        return rc;
    }
    qsort(l->level, count, sizeof *l->level, by_isvsvn);
    return 0;
}

const struct tcb_part_level *tcb_part_find(const struct tcb_part_levels *l, uint32_t svn)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->level[i].isvsvn <= svn)
            return &l->level[i];
    return NULL;
}
