/* SPDX-License-Identifier: Apache-2.0
 * text.h: numbers as text, without libc. */
#ifndef CELLA_LAUNCH_TEXT_H
#define CELLA_LAUNCH_TEXT_H

#include <stdint.h>

enum { TEXT_NUMBER = 21 }; /* bytes that text_number() may need, the zero included */

/* Writes `n` in decimal with a zero byte behind it; gives `to` back. */
static inline char *text_number(char *to, uint64_t n)
{
    char digits[TEXT_NUMBER];
    int count = 0;
    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    for (int i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    to[count] = 0;
    return to;
}

#endif
