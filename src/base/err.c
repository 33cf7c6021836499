/* SPDX-License-Identifier: Apache-2.0
 * err.c: see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct err *e, int code, const char *format, ...)
{
    if (!e)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    e->code = code;
    return code;
}

int fail_at(struct err *e, int code, const char *prefix, ...)
{
    if (!e)
        return code;
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list args;
    va_start(args, prefix);
    int used = vsnprintf(e->text, sizeof e->text, prefix, args);
    va_end(args);
    if (used < 0)
        used = 0;
    size_t at = (size_t)used < sizeof e->text ? (size_t)used : sizeof e->text - 1;
    snprintf(e->text + at, sizeof e->text - at, ": %s", old);
    e->code = code;
    return code;
}
