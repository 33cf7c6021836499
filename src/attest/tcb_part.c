/* SPDX-License-Identifier: Apache-2.0
 * tcb_part.c: the pieces that TCB info and identities share; see tcb_info.h. */
#include <errno.h>
#include <stdlib.h>

#include "attest/tcb_info.h"

int tcb_advisories_parse(struct tcb_advisories *a, const json_t *level, struct err *e)
{
    a->count = 0;
    if (!json_object_get(level, "advisoryIDs"))
        return 0;
    json_t *list;
    int rc = json_need(&list, level, "advisoryIDs", JSON_ARRAY, e);
    if (rc)
        return rc;
    if (json_array_size(list) > TCB_MAX_ADVISORIES)
        return fail(e, -EBADMSG, "\"advisoryIDs\": more than %d", TCB_MAX_ADVISORIES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_string(id) || json_string_length(id) == 0 || json_string_length(id) > 23)
            return fail(e, -EBADMSG, "\"advisoryIDs\": names of 1 to 23 characters expected");
        a->id[a->count++] = json_string_value(id);
    }
    return 0;
}

int tcb_status_parse(enum tcb_status *s, const json_t *level, bool part, struct err *e)
{
    json_t *word;
    int rc = json_need(&word, level, "tcbStatus", JSON_STRING, e);
    if (rc)
        return rc;
    *s = tcb_status_from(span_of(json_string_value(word), json_string_length(word)));
    bool known = part ? *s == TCB_UP_TO_DATE || *s == TCB_OUT_OF_DATE || *s == TCB_REVOKED
                      : tcb_status_is_level(*s);
    if (!known)
        return fail(e, -EBADMSG, "\"tcbStatus\": the word \"%.40s\" is not known here",
                    json_string_value(word));
    return 0;
}

static int parse_level(struct tcb_part_level *out, const json_t *in, struct err *e)
{
    json_t *tcb;
    int rc = json_need(&tcb, in, "tcb", JSON_OBJECT, e);
    if (rc == 0)
        rc = json_need_uint(&out->isvsvn, tcb, "isvsvn", 65535, e);
    if (rc == 0)
        rc = json_need_time(&out->date, in, "tcbDate", e);
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

int tcb_part_levels_parse(struct tcb_part_levels *l, const json_t *in, struct err *e)
{
    *l = (struct tcb_part_levels){0};
    json_t *list;
    int rc = json_need(&list, in, "tcbLevels", JSON_ARRAY, e);
    if (rc)
        return rc;
    size_t count = json_array_size(list);
    if (count == 0 || count > TCB_MAX_LEVELS)
        return fail(e, -EBADMSG, "\"tcbLevels\": 1 to %d levels expected, %zu found",
                    TCB_MAX_LEVELS, count);
    l->level = calloc(count, sizeof *l->level);
    if (!l->level)
        return fail(e, -ENOMEM, "out of memory");
    for (; rc == 0 && l->count < count; l->count++)
        rc = parse_level(&l->level[l->count], json_array_get(list, l->count), e);
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
