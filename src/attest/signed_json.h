/* SPDX-License-Identifier: Apache-2.0
 * signed_json.h: Intel's signed documents, {"tcbInfo":{...},"signature":"128 hex digits"}.
 * The signature is over the inner object's text exactly as it was served.  Intel's library writes
 * the object anew and checks that; taking the bytes as they are leaves no room for two readers who
 * read two things.  Nesting and size are bounded before the JSON reader sees the text; a name that
 * occurs twice is refused.  [PCS-API] */
#ifndef CELLA_ATTEST_SIGNED_JSON_H
#define CELLA_ATTEST_SIGNED_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "base/span.h"

enum { SIGNED_JSON_MAX_SIZE = 1 << 20, SIGNED_JSON_MAX_DEPTH = 12 };

struct signed_json {
    struct span text; /* the inner object, '{' to '}'; borrows from the input */
    uint8_t signature[64];
    json_t *inner; /* owned */
};

/* Reads `in`; `name` is the inner object's key.  -EBADMSG with a sentence, or -ENOMEM. */
int signed_json_parse(struct signed_json *j, struct span in, const char *name,
                      struct err *e) MUST_USE;
void signed_json_fini(struct signed_json *j);

/* Members of an object.  Each returns 0, or -EBADMSG with a sentence when the member is missing or
 * of another kind. */
int json_need(json_t **out, const json_t *in, const char *key, json_type type,
              struct err *e) MUST_USE;
int json_need_uint(uint32_t *out, const json_t *in, const char *key, uint32_t max,
                   struct err *e) MUST_USE;
int json_need_hex(uint8_t *out, size_t size, const json_t *in, const char *key,
                  struct err *e) MUST_USE;
int json_need_time(int64_t *out, const json_t *in, const char *key, struct err *e) MUST_USE;

/* Refuses nesting deeper than `depth` without reading on; -EBADMSG. */
int json_check_depth(struct span in, size_t depth, const char *what, struct err *e) MUST_USE;

#endif
