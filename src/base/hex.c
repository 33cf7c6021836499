/* SPDX-License-Identifier: Apache-2.0
 * hex.c: see hex.h. */
#include "base/hex.h"

#include <errno.h>

char *hex_write(char *out, struct span in)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.size; i++) {
        out[2 * i] = digits[in.data[i] >> 4];
        out[2 * i + 1] = digits[in.data[i] & 15];
    }
    out[2 * in.size] = 0;
    return out;
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_parse(uint8_t *out, size_t size, struct span text)
{
    if (text.size != 2 * size)
        return -EINVAL;
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text.data[2 * i]);
        int low = digit_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}
