/* SPDX-License-Identifier: Apache-2.0
 * signed_json.h: Intel's signed documents, {"tcbInfo":{...},"signature":"128 hex digits"}.
 * The signature is over the inner object's text exactly as it was served.  Intel's library writes
 * the object anew and checks that; taking the bytes as they are leaves no room for two readers who
 * read two things.  [PCS-API] */
#ifndef CELLA_ATTEST_SIGNED_JSON_H
#define CELLA_ATTEST_SIGNED_JSON_H

#include "attest/js.h"

struct signed_json {
    struct span text; /* the inner object, '{' to '}'; borrows from the input */
    uint8_t signature[64];
    const struct js *inner; /* into doc; NULL when there is no document */
    struct js_doc doc;
};

/* Reads `in`; `name` is the inner object's key.  -EBADMSG with a sentence, or -ENOMEM; then there
 * is nothing to free. */
int signed_json_parse(struct signed_json *j, struct span in, const char *name,
                      struct err *e) MUST_USE;
void signed_json_fini(struct signed_json *j);

#endif
