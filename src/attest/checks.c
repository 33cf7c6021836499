/* SPDX-License-Identifier: Apache-2.0
 * checks.c: see checks.h. */
#include "attest/checks.h"

#include <stdarg.h>
#include <stdio.h>

#include "attest/rfc3339.h"
#include "base/hex.h"

static const struct {
    const char *name;
    enum check_side side;
    const char *title;
    const char *advice;
} g_checks[CHECK_COUNT] = {
#define CHECK(id, name, side, title, advice) {name, SIDE_##side, title, advice},
#include "attest/checks.def"
#undef CHECK
};

void checks_init(struct checks *c, bool with_text)
{
    c->with_text = with_text;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        c->at[i].state = CHECK_NOT_JUDGED;
        c->at[i].expected[0] = 0;
        c->at[i].found[0] = 0;
    }
}

static void put(char out[160], const char *text)
{
    size_t size = text ? strnlen(text, 159) : 0;
    if (size)
        memcpy(out, text, size);
    out[size] = 0;
}

void check_pass(struct checks *c, enum check_id id)
{
    check_that(c, id, true, NULL, NULL);
}

void check_fail(struct checks *c, enum check_id id, const char *expected, const char *found)
{
    check_that(c, id, false, expected, found);
}

void check_that(struct checks *c, enum check_id id, bool ok, const char *expected,
                const char *found)
{
    struct check *k = &c->at[id];
    if (k->state == CHECK_FAILED)
        return;
    k->state = ok ? CHECK_PASSED : CHECK_FAILED;
    if (!ok || c->with_text) {
        put(k->expected, expected);
        put(k->found, found);
    }
}

void check_unjudged(struct checks *c, enum check_id id, const char *why)
{
    struct check *k = &c->at[id];
    if (k->state == CHECK_FAILED)
        return;
    k->state = CHECK_NOT_JUDGED;
    put(k->found, why);
}

void check_not_applicable(struct checks *c, enum check_id id)
{
    c->at[id].state = CHECK_NOT_APPLICABLE;
}

void checks_copy(struct checks *to, const struct checks *from, enum check_id first,
                 enum check_id last)
{
    for (unsigned i = first; i <= last; i++) {
        to->at[i].state = from->at[i].state;
        if (from->at[i].state == CHECK_PASSED && !to->with_text)
            continue;
        put(to->at[i].expected, from->at[i].expected);
        put(to->at[i].found, from->at[i].found);
    }
}

const char *check_name(enum check_id id)
{
    return g_checks[id].name;
}

const char *check_title(enum check_id id)
{
    return g_checks[id].title;
}

const char *check_advice(enum check_id id)
{
    return g_checks[id].advice;
}

enum check_side check_side(enum check_id id)
{
    return g_checks[id].side;
}

const char *check_side_word(enum check_side side)
{
    static const char *const words[] = {"quote", "platform", "collateral", "enclave"};
    return words[side];
}

const char *check_state_word(enum check_state state)
{
    static const char *const words[] = {"not judged", "passed", "failed", "not applicable"};
    return words[state];
}

struct text text_of(const char *format, ...)
{
    struct text t;
    va_list args;
    va_start(args, format);
    vsnprintf(t.s, sizeof t.s, format, args);
    va_end(args);
    return t;
}

struct text text_hex(struct span bytes)
{
    struct text t;
    if (bytes.size > (sizeof t.s - 1) / 2)
        bytes.size = (sizeof t.s - 1) / 2;
    hex_write(t.s, bytes);
    return t;
}

struct text text_time(int64_t at)
{
    struct text t;
    rfc3339_write(t.s, at);
    return t;
}
