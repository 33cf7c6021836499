/* SPDX-License-Identifier: Apache-2.0
 * js_fuzz.c: whatever our reader takes, jansson reads as the same tree. */
#include "attest/js.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct js *v, const json_t *j);

static void same_items(const struct js *v, const json_t *j)
{
    size_t i = 0;
    for (const struct js *m = v->child; m; m = m->next, i++)
        same(m, m->key ? json_object_get(j, m->key) : json_array_get(j, i));
    size_t count = json_is_object(j) ? json_object_size(j) : json_array_size(j);
    if (i != count || v->count != count)
        abort();
}

static void same(const struct js *v, const json_t *j)
{
    static const json_type kinds[] = {[JS_NULL] = JSON_NULL,
                                      [JS_NUMBER] = JSON_INTEGER,
                                      [JS_STRING] = JSON_STRING,
                                      [JS_ARRAY] = JSON_ARRAY,
                                      [JS_OBJECT] = JSON_OBJECT};
    if (!j)
        abort();
    json_type kind = v->kind == JS_BOOL ? v->number ? JSON_TRUE : JSON_FALSE : kinds[v->kind];
    if (json_typeof(j) != kind)
        abort();
    if (v->kind == JS_NUMBER && v->number != (uint64_t)json_integer_value(j))
        abort();
    if (v->kind == JS_STRING &&
        (v->count != json_string_length(j) || strcmp(v->string, json_string_value(j)) != 0))
        abort();
    if (v->kind == JS_ARRAY || v->kind == JS_OBJECT)
        same_items(v, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct js_doc d;
    struct err e;
    if (js_read(&d, span_of(data, size), &e))
        return 0;
    json_t *j =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    same(d.root, j);
    json_decref(j);
    js_fini(&d);
    return 0;
}
