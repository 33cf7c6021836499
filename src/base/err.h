/* SPDX-License-Identifier: Apache-2.0
 * err.h: a failure that a person will read.
 * A fallible function returns 0 or a count, or a negative errno; where somebody will read the
 * reason, its last argument is a struct err that carries one sentence.  Nothing here allocates. */
#ifndef CELLA_BASE_ERR_H
#define CELLA_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* The caller owns it; it needs no set-up and no clean-up. */
struct err {
    int code;       /* the negative errno that was returned as well */
    char text[240]; /* "room: what was expected, what was found", cut at 239 bytes */
};

/* Fills `e` (may be NULL) and returns `code`, a negative errno, so that it can end a function. */
int fail(struct err *e, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the sentence in `e` (may be NULL) and returns its code. */
int fail_at(struct err *e, int code, const char *prefix, ...) PRINTF_LIKE(3, 4);

/* Says that a result (a number or a pointer) is dropped on purpose. */
#define ignore(call) ((void)!(call))

#endif
