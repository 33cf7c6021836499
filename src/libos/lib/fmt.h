/* SPDX-License-Identifier: Apache-2.0
 * fmt.h: text with numbers in it, and the kernel's log. */
#ifndef CELLA_LIBOS_LIB_FMT_H
#define CELLA_LIBOS_LIB_FMT_H

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"

/* Like vsnprintf, of it %d %i %u %x %o %c %s %p %% with 0, -, width, precision of %s, l, ll and z.
 * Returns the length the whole text would have. */
size_t kvfmt(char *out, size_t size, const char *format, va_list args);
size_t kfmt(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* A text that grows; `failed` when memory ran out (the text is cut then). */
struct text {
    char *data;
    size_t size, room;
    int failed;
};

void text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);

enum { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
extern int g_log_level;
void klog(int level, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
