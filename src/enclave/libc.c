/* SPDX-License-Identifier: Apache-2.0
 * libc.c: the C library's names for what the runtime has, so that base/, sgx/ and crypto/ compile
 * into the enclave as they are. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/format.h"
#include "enclave/heap.h"

void *malloc(size_t size)
{
    return heap_new(size);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *p = heap_new(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void *realloc(void *p, size_t size)
{
    return heap_resize(p, size);
}

void free(void *p)
{
    heap_drop(p);
}

int vsnprintf(char *out, size_t size, const char *format, va_list args)
{
    return format_text(out, size, format, args);
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int used = format_text(out, size, format, args);
    va_end(args);
    return used;
}

char *strchr(const char *text, int c)
{
    return memchr(text, c, strlen(text) + 1);
}
