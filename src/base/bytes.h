/* SPDX-License-Identifier: Apache-2.0
 * bytes.h: little-endian and big-endian numbers at unaligned places, and small helpers over byte
 * arrays. */
#ifndef CELLA_BASE_BYTES_H
#define CELLA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline uint16_t get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *p)
{
    return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *p)
{
    return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void put_le16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *p, uint32_t value)
{
    put_le16(p, (uint16_t)value);
    put_le16(p + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(uint8_t *p, uint64_t value)
{
    put_le32(p, (uint32_t)value);
    put_le32(p + 4, (uint32_t)(value >> 32));
}

/* True when all `size` bytes are zero.  Not constant-time. */
static inline bool bytes_are_zero(const void *data, size_t size)
{
    const uint8_t *p = data;
    return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}

/* Compares in a time that depends on `size` only; for MACs and other secrets. */
static inline bool bytes_equal_ct(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    unsigned diff = 0;
    for (size_t i = 0; i < size; i++)
        diff |= (unsigned)(x[i] ^ y[i]);
    return diff == 0;
}

/* Overwrites a secret; the compiler may not leave it out. */
static inline void bytes_wipe(void *data, size_t size)
{
    memset(data, 0, size);
    __asm__ volatile("" : : "r"(data) : "memory");
}

#endif
