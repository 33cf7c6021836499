/* SPDX-License-Identifier: Apache-2.0
 * signed_json.c: see signed_json.h. */
#include "attest/signed_json.h"

#include <errno.h>

int signed_json_parse(struct signed_json *j, struct span in, const char *name, struct err *e)
{
    const struct js *inner = NULL;
    *j = (struct signed_json){0};
    int rc = js_read(&j->doc, in, e);
    if (rc)
        return fail_at(e, rc, "%s", name);
    rc = js_need(&inner, j->doc.root, name, JS_OBJECT, e);
    if (rc == 0)
        rc = js_need_hex(j->signature, sizeof j->signature, j->doc.root, "signature", e);
    if (rc == 0 && j->doc.root->count != 2)
        rc = fail(e, -EBADMSG, "%s: {\"%s\":{...},\"signature\":\"...\"} expected", name, name);
    if (rc) {
        signed_json_fini(j);
        return rc;
    }
    j->inner = inner;
    j->text = span_of(in.data + inner->begin, inner->end - inner->begin);
    return 0;
}

void signed_json_fini(struct signed_json *j)
{
    js_fini(&j->doc);
    j->inner = NULL;
}
