/* SPDX-License-Identifier: Apache-2.0
 * identity.c: see identity.h. */
#include "attest/identity.h"

#include <errno.h>
#include <stdlib.h>

static int parse_header(struct identity *q, const struct js *in, struct err *e)
{
    const struct js *id;
    uint32_t version;
    int rc = js_need(&id, in, "id", JS_STRING, e);
    if (rc)
        return rc;
    q->id = id->string;
    rc = js_need_uint(&version, in, "version", 0xffffffff, e);
    if (rc == 0 && version != 2)
        rc = fail(e, -EBADMSG, "version 2 expected, %u found", version);
    if (rc == 0)
        rc = js_need_time(&q->issue_date, in, "issueDate", e);
    if (rc == 0)
        rc = js_need_time(&q->next_update, in, "nextUpdate", e);
    if (rc == 0)
        rc = js_need_uint(&q->evaluation_number, in, "tcbEvaluationDataNumber", 0xffffffff, e);
    return rc;
}

static int parse_inner(struct identity *q, const struct js *in, struct err *e)
{
    int rc = parse_header(q, in, e);
    if (rc == 0)
        rc = js_need_hex(q->miscselect, sizeof q->miscselect, in, "miscselect", e);
    if (rc == 0)
        rc = js_need_hex(q->miscselect_mask, sizeof q->miscselect_mask, in, "miscselectMask", e);
    if (rc == 0)
        rc = js_need_hex(q->attributes, sizeof q->attributes, in, "attributes", e);
    if (rc == 0)
        rc = js_need_hex(q->attributes_mask, sizeof q->attributes_mask, in, "attributesMask", e);
    if (rc == 0)
        rc = js_need_hex(q->mrsigner, sizeof q->mrsigner, in, "mrsigner", e);
    if (rc == 0)
        rc = js_need_uint(&q->isvprodid, in, "isvprodid", 65535, e);
    if (rc == 0)
        rc = tcb_part_levels_parse(&q->levels, in, e);
    return rc;
}

int identity_parse(struct identity *q, struct span in, struct err *e)
{
    *q = (struct identity){0};
    int rc = signed_json_parse(&q->doc, in, "enclaveIdentity", e);
    if (rc)
        return rc;
    rc = parse_inner(q, q->doc.inner, e);
    if (rc == 0)
        return 0;
    identity_fini(q);
    return fail_at(e, rc, "QE identity");
}

void identity_fini(struct identity *q)
{
    free(q->levels.level);
    signed_json_fini(&q->doc);
    *q = (struct identity){0};
}
