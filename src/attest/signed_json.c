/* SPDX-License-Identifier: Apache-2.0
 * signed_json.c: see signed_json.h. */
#include "attest/signed_json.h"

#include <errno.h>

#include "attest/rfc3339.h"
#include "base/hex.h"

/* Where a scan over JSON text stands.  Strings are skipped, so brackets in them do not count. */
struct scan {
    struct span in;
    size_t at;
    size_t depth;
};

/* The position behind the string whose opening quote is at `at`; in.size when it does not end. */
static size_t skip_string(struct span in, size_t at)
{
    for (at++; at < in.size; at++) {
        if (in.data[at] == '\\')
            at++;
        else if (in.data[at] == '"')
            return at + 1;
    }
    return in.size;
}

/* Goes on to the next bracket or string and returns its first character, 0 at the end.  `start` is
 * where it is; the scan stands behind it. */
static uint8_t scan_next(struct scan *s, size_t *start)
{
    for (; s->at < s->in.size; s->at++) {
        uint8_t c = s->in.data[s->at];
        *start = s->at;
        if (c == '"') {
            s->at = skip_string(s->in, s->at);
            return c;
        }
        if (c == '{' || c == '[' || c == '}' || c == ']') {
            s->depth += c == '{' || c == '[';
            s->depth -= (c == '}' || c == ']') && s->depth > 0;
            s->at++;
            return c;
        }
    }
    return 0;
}

int json_check_depth(struct span in, size_t depth, const char *what, struct err *e)
{
    struct scan s = {.in = in};
    size_t start;
    while (scan_next(&s, &start))
        if (s.depth > depth)
            return fail(e, -EBADMSG, "%s: nested deeper than %zu", what, depth);
    return 0;
}

/* Finds the object that follows the key `name` on the first level. */
static struct span find_inner(struct span in, const char *name)
{
    struct scan s = {.in = in};
    size_t start = 0;
    size_t from = 0;
    bool is_next = false;
    uint8_t c;
    while ((c = scan_next(&s, &start)) != 0) {
        if (from && c == '}' && s.depth == 1)
            return span_of(in.data + from, s.at - from);
        if (c == '{' && s.depth == 2 && is_next && !from)
            from = start;
        if (s.depth == 1 && c == '"')
            is_next = s.at - start == strlen(name) + 2 &&
                      memcmp(in.data + start + 1, name, strlen(name)) == 0;
    }
    return span_of(NULL, 0);
}

int signed_json_parse(struct signed_json *j, struct span in, const char *name, struct err *e)
{
    *j = (struct signed_json){0};
    if (in.size > SIGNED_JSON_MAX_SIZE)
        return fail(e, -EBADMSG, "%s: %zu bytes, at most %d are allowed", name, in.size,
                    SIGNED_JSON_MAX_SIZE);
    int rc = json_check_depth(in, SIGNED_JSON_MAX_DEPTH, name, e);
    if (rc)
        return rc;
    json_error_t why;
    json_t *whole =
        json_loadb(in.size ? (const char *)in.data : "", in.size, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        return fail(e, -EBADMSG, "%s: not JSON: %s (line %d)", name, why.text, why.line);
    json_t *inner = NULL;
    rc = json_need(&inner, whole, name, JSON_OBJECT, e);
    if (rc == 0)
        rc = json_need_hex(j->signature, sizeof j->signature, whole, "signature", e);
    j->text = find_inner(in, name);
    if (rc == 0 && (json_object_size(whole) != 2 || j->text.size == 0))
        rc = fail(e, -EBADMSG, "%s: {\"%s\":{...},\"signature\":\"...\"} expected", name, name);
    if (rc == 0)
        j->inner = json_incref(inner);
    json_decref(whole);
    return rc;
}

void signed_json_fini(struct signed_json *j)
{
    json_decref(j->inner);
    j->inner = NULL;
}

int json_need(json_t **out, const json_t *in, const char *key, json_type type, struct err *e)
{
    *out = json_object_get(in, key);
    if (!*out)
        return fail(e, -EBADMSG, "\"%s\" is missing", key);
    if (json_typeof(*out) != type)
        return fail(e, -EBADMSG, "\"%s\" has the wrong type", key);
    return 0;
}

int json_need_uint(uint32_t *out, const json_t *in, const char *key, uint32_t max, struct err *e)
{
    json_t *value;
    int rc = json_need(&value, in, key, JSON_INTEGER, e);
    if (rc)
        return rc;
    json_int_t number = json_integer_value(value);
    if (number < 0 || number > (json_int_t)max)
        return fail(e, -EBADMSG, "\"%s\": 0 to %u expected, %lld found", key, max,
                    (long long)number);
    *out = (uint32_t)number;
    return 0;
}

int json_need_hex(uint8_t *out, size_t size, const json_t *in, const char *key, struct err *e)
{
    json_t *value;
    int rc = json_need(&value, in, key, JSON_STRING, e);
    if (rc)
        return rc;
    struct span text = span_of(json_string_value(value), json_string_length(value));
    if (hex_parse(out, size, text))
        return fail(e, -EBADMSG, "\"%s\": %zu hex digits expected", key, 2 * size);
    return 0;
}

int json_need_time(int64_t *out, const json_t *in, const char *key, struct err *e)
{
    json_t *value;
    int rc = json_need(&value, in, key, JSON_STRING, e);
    if (rc)
        return rc;
    struct span text = span_of(json_string_value(value), json_string_length(value));
    if (rfc3339_parse(out, text))
        return fail(e, -EBADMSG, "\"%s\": a time like 2025-07-01T00:00:00Z expected", key);
    return 0;
}
