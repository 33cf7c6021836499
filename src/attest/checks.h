/* SPDX-License-Identifier: Apache-2.0
 * checks.h: the outcome of every check by name.  A check that nobody ran counts as not judged, and
 * what is not judged is never accepted. */
#ifndef CELLA_ATTEST_CHECKS_H
#define CELLA_ATTEST_CHECKS_H

#include "base/err.h"
#include "base/span.h"

enum check_id {
#define CHECK(id, name, side, title, advice) CHECK_##id,
#include "attest/checks.def"
#undef CHECK
    CHECK_COUNT,
};

enum check_state {
    CHECK_NOT_JUDGED = 0, /* what it needs is missing or failed before; `found` says what */
    CHECK_PASSED,
    CHECK_FAILED,
    CHECK_NOT_APPLICABLE, /* for the other kind of TEE, or nothing in the policy asks for it */
};

/* On which side the cause lies. */
enum check_side {
    SIDE_QUOTE,      /* the quote itself */
    SIDE_PLATFORM,   /* the machine that made it */
    SIDE_COLLATERAL, /* what is needed to check it, on this side */
    SIDE_ENCLAVE,    /* the program that was measured */
};

struct check {
    enum check_state state;
    char expected[160]; /* "" when there is nothing to add to the title */
    char found[160];
};

struct checks {
    bool with_text; /* fill expected and found of passed checks too; failures always have them */
    struct check at[CHECK_COUNT];
};

/* Sets all to not judged. */
void checks_init(struct checks *c, bool with_text);

/* Each sets a check; `found` may be NULL where said.  A failed check stays failed. */
void check_pass(struct checks *c, enum check_id id);
void check_fail(struct checks *c, enum check_id id, const char *expected, const char *found);
/* Passes when `ok`; the texts are kept when they are wanted. */
void check_that(struct checks *c, enum check_id id, bool ok, const char *expected,
                const char *found);
/* check_that(), with texts that are only made when somebody will read them. */
#define CHECK_THAT(c, id, ok, expected, found)               \
    do {                                                     \
        bool ok_ = (ok);                                     \
        if (ok_ && !(c)->with_text)                          \
            check_pass((c), (id));                           \
        else                                                 \
            check_that((c), (id), ok_, (expected), (found)); \
    } while (0)
/* `why` is what was missing. */
void check_unjudged(struct checks *c, enum check_id id, const char *why);
void check_not_applicable(struct checks *c, enum check_id id);
/* Takes over the outcome of the checks first to last. */
void checks_copy(struct checks *to, const struct checks *from, enum check_id first,
                 enum check_id last);

const char *check_name(enum check_id id);
const char *check_title(enum check_id id);
const char *check_advice(enum check_id id);
enum check_side check_side(enum check_id id);
const char *check_side_word(enum check_side side);
const char *check_state_word(enum check_state state);

/* Texts for expected and found. */
struct text {
    char s[160];
};
struct text text_of(const char *format, ...) PRINTF_LIKE(1, 2);
struct text text_hex(struct span bytes);
struct text text_time(int64_t at);

#endif
