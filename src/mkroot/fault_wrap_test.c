/* SPDX-License-Identifier: Apache-2.0
 * fault_wrap_test.c: see fault_test.h. */
#include <stddef.h>

#include "mkroot/fault_test.h"

static long g_countdown = -1;
static bool g_fired;

void fault_arm(long n)
{
    g_countdown = n;
    g_fired = false;
}

bool fault_fired(void)
{
    return g_fired;
}

static bool fails_now(void)
{
    if (g_countdown < 0 || g_countdown-- > 0)
        return false;
    g_fired = true;
    return true;
}

/* The linker's names: it sends calls of malloc() to __wrap_malloc(). */
void *real_malloc(size_t size) __asm__("__real_malloc");
void *real_calloc(size_t count, size_t size) __asm__("__real_calloc");
void *real_realloc(void *old, size_t size) __asm__("__real_realloc");
void *wrapped_malloc(size_t size) __asm__("__wrap_malloc");
void *wrapped_calloc(size_t count, size_t size) __asm__("__wrap_calloc");
void *wrapped_realloc(void *old, size_t size) __asm__("__wrap_realloc");

void *wrapped_malloc(size_t size)
{
    return fails_now() ? NULL : real_malloc(size);
}

void *wrapped_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : real_calloc(count, size);
}

void *wrapped_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : real_realloc(old, size);
}
