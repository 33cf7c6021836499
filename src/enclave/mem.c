/* SPDX-License-Identifier: Apache-2.0
 * mem.c: the functions of string.h that compilers call unasked, and the few that base/ uses.
 * General registers only. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "enclave/mem_raw.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return mem_copy_up(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return mem_copy_up(to, from, size);
    uint8_t *out = to;
    const uint8_t *in = from;
    while (size-- > 0)
        out[size] = in[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    return mem_fill(to, (uint8_t)value, size);
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void *memchr(const void *in, int value, size_t size)
{
    const uint8_t *p = in;
    for (size_t i = 0; i < size; i++)
        if (p[i] == (uint8_t)value)
            return (void *)(p + i);
    return NULL;
}

size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size])
        size++;
    return size;
}

size_t strnlen(const char *text, size_t most)
{
    size_t size = 0;
    while (size < most && text[size])
        size++;
    return size;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (; most > 0; a++, b++, most--)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}
