/* SPDX-License-Identifier: Apache-2.0
 * js.c: see js.h.  The reader never goes back, and never deeper than JS_MAX_DEPTH calls. */
#include "attest/js.h"

#include <errno.h>
#include <stdlib.h>

#include "attest/rfc3339.h"
#include "base/hex.h"

#define JS_MAX_NUMBER (1ull << 53)

struct reader {
    char *text; /* a copy with a zero byte behind it; strings are ended in place */
    size_t size;
    size_t at;
    struct js *free; /* the next unused value */
    size_t left;
    const char *wrong;
};

static bool refuse(struct reader *r, const char *why)
{
    if (!r->wrong)
        r->wrong = why;
    return false;
}

static char skip_blanks(struct reader *r)
{
    while (r->text[r->at] == ' ' || r->text[r->at] == '\n' || r->text[r->at] == '\r' ||
           r->text[r->at] == '\t')
        r->at++;
    return r->text[r->at];
}

/* Reads a string whose opening quote is next, and ends it with a zero byte. */
static bool read_string(struct reader *r, const char **out, size_t *size)
{
    size_t from = ++r->at;
    for (;; r->at++) {
        char c = r->text[r->at];
        if (c == '"')
            break;
        if (c == '\\' || c < ' ' || c > '~')
            return refuse(r, r->at < r->size ? "a string that is not plain ASCII without escapes"
                                             : "a string without an end");
    }
    r->text[r->at++] = 0;
    *out = r->text + from;
    *size = r->at - 1 - from;
    return true;
}

static bool read_number(struct reader *r, struct js *v)
{
    size_t from = r->at;
    uint64_t n = 0;
    while (r->text[r->at] >= '0' && r->text[r->at] <= '9' && n <= JS_MAX_NUMBER)
        n = n * 10 + (uint64_t)(r->text[r->at++] - '0');
    char c = r->text[r->at];
    bool leading_zero = r->text[from] == '0' && r->at - from > 1;
    if (r->at == from || leading_zero || n > JS_MAX_NUMBER || c == '.' || c == 'e' || c == 'E')
        return refuse(r, "a number that is not whole, from 0 to 2^53");
    v->kind = JS_NUMBER;
    v->number = n;
    return true;
}

static bool read_word(struct reader *r, struct js *v)
{
    static const struct {
        const char *word;
        enum js_kind kind;
        uint64_t number;
    } words[] = {{"true", JS_BOOL, 1}, {"false", JS_BOOL, 0}, {"null", JS_NULL, 0}};
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(words[i].word);
        if (strncmp(r->text + r->at, words[i].word, size) != 0)
            continue;
        r->at += size;
        v->kind = words[i].kind;
        v->number = words[i].number;
        return true;
    }
    return refuse(r, "a value");
}

/* A name and its colon; it may not be in `v` yet. */
static bool read_key(struct reader *r, const struct js *v, const char **key)
{
    size_t size;
    if (skip_blanks(r) != '"')
        return refuse(r, "a name");
    if (!read_string(r, key, &size))
        return false;
    if (js_find(v, *key))
        return refuse(r, "a name once only (this is a duplicate)");
    if (skip_blanks(r) != ':')
        return refuse(r, "a colon");
    r->at++;
    return true;
}

static bool read_value(struct reader *r, struct js *v, unsigned depth);

/* Members or elements up to `end`. */
static bool read_items(struct reader *r, struct js *v, char end, unsigned depth)
{
    struct js **link = &v->child;
    r->at++;
    if (skip_blanks(r) == end) {
        r->at++;
        return true;
    }
    if (depth == JS_MAX_DEPTH)
        return refuse(r, "less nesting");
    for (;;) {
        const char *key = NULL;
        if (v->kind == JS_OBJECT && (v->count == JS_MAX_MEMBERS || !read_key(r, v, &key)))
            return refuse(r, "fewer members");
        if (r->left == 0)
            return refuse(r, "fewer values");
        r->left--;
        struct js *item = r->free++;
        if (!read_value(r, item, depth + 1))
            return false;
        item->key = key;
        *link = item;
        link = &item->next;
        v->count++;
        char c = skip_blanks(r);
        r->at += c == ',' || c == end;
        if (c == end)
            return true;
        if (c != ',')
            return refuse(r, "a comma or the end of the list");
    }
}

static bool read_value(struct reader *r, struct js *v, unsigned depth)
{
    *v = (struct js){.kind = JS_NULL};
    char c = skip_blanks(r);
    v->begin = r->at;
    bool ok;
    if (c == '{' || c == '[') {
        v->kind = c == '{' ? JS_OBJECT : JS_ARRAY;
        ok = read_items(r, v, c == '{' ? '}' : ']', depth);
    } else if (c == '"') {
        v->kind = JS_STRING;
        ok = read_string(r, &v->string, &v->count);
    } else if ((c >= '0' && c <= '9') || c == '-') {
        ok = read_number(r, v);
    } else {
        ok = read_word(r, v);
    }
    v->end = r->at;
    return ok;
}

/* Every value but the root stands behind a bracket or a comma. */
static size_t count_values(struct span in)
{
    size_t count = 1;
    for (size_t i = 0; i < in.size; i++)
        count += in.data[i] == '{' || in.data[i] == '[' || in.data[i] == ',';
    return count;
}

int js_read(struct js_doc *d, struct span in, struct err *e)
{
    *d = (struct js_doc){0};
    if (in.size > JS_MAX_SIZE)
        return fail(e, -EBADMSG, "JSON: %zu bytes, at most %d are allowed", in.size, JS_MAX_SIZE);
    size_t count = count_values(in);
    d->block = malloc(count * sizeof(struct js) + in.size + 1);
    if (!d->block)
        return fail(e, -ENOMEM, "JSON: out of memory");
    struct reader r = {.free = d->block, .left = count - 1, .size = in.size};
    r.text = (char *)(r.free + count);
    if (in.size)
        memcpy(r.text, in.data, in.size);
    r.text[in.size] = 0;
    struct js *root = r.free++;
    if (read_value(&r, root, 0) && (skip_blanks(&r), r.at != in.size))
        refuse(&r, "nothing behind the end");
    if (r.wrong) {
        js_fini(d);
        return fail(e, -EBADMSG, "not JSON as Intel writes it: %s expected at byte %zu", r.wrong,
                    r.at);
    }
    d->root = root;
    return 0;
}

void js_fini(struct js_doc *d)
{
    free(d->block);
    *d = (struct js_doc){0};
}

const struct js *js_find(const struct js *in, const char *key)
{
    if (!in || in->kind != JS_OBJECT)
        return NULL;
    for (const struct js *m = in->child; m; m = m->next)
        if (strcmp(m->key, key) == 0)
            return m;
    return NULL;
}

int js_need(const struct js **out, const struct js *in, const char *key, enum js_kind kind,
            struct err *e)
{
    *out = js_find(in, key);
    if (!*out)
        return fail(e, -EBADMSG, "\"%s\" is missing", key);
    if ((*out)->kind != kind)
        return fail(e, -EBADMSG, "\"%s\" has the wrong type", key);
    return 0;
}

int js_need_uint(uint32_t *out, const struct js *in, const char *key, uint32_t max, struct err *e)
{
    const struct js *value;
    int rc = js_need(&value, in, key, JS_NUMBER, e);
    if (rc)
        return rc;
    if (value->number > max)
        return fail(e, -EBADMSG, "\"%s\": 0 to %u expected, %llu found", key, max,
                    (unsigned long long)value->number);
    *out = (uint32_t)value->number;
    return 0;
}

int js_need_hex(uint8_t *out, size_t size, const struct js *in, const char *key, struct err *e)
{
    const struct js *value;
    int rc = js_need(&value, in, key, JS_STRING, e);
    if (rc)
        return rc;
    if (hex_parse(out, size, span_of(value->string, value->count)))
        return fail(e, -EBADMSG, "\"%s\": %zu hex digits expected", key, 2 * size);
    return 0;
}

int js_need_time(int64_t *out, const struct js *in, const char *key, struct err *e)
{
    const struct js *value;
    int rc = js_need(&value, in, key, JS_STRING, e);
    if (rc)
        return rc;
    if (rfc3339_parse(out, span_of(value->string, value->count)))
        return fail(e, -EBADMSG, "\"%s\": a time like 2025-07-01T00:00:00Z expected", key);
    return 0;
}
