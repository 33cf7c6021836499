/* SPDX-License-Identifier: Apache-2.0
 * format.c: see format.h. */
#include "enclave/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct sink {
    char *out;
    size_t size;
    size_t used; /* may be more than size */
};

struct directive {
    bool left, zero;
    int width;
    int precision; /* -1: none */
    int bytes;     /* of an integer argument */
};

static void put(struct sink *s, char c)
{
    if (s->used + 1 < s->size)
        s->out[s->used] = c;
    s->used++;
}

static void put_padded(struct sink *s, const struct directive *d, const char *text, size_t size)
{
    size_t pad = d->width > 0 && (size_t)d->width > size ? (size_t)d->width - size : 0;
    for (size_t i = 0; !d->left && i < pad; i++)
        put(s, ' ');
    for (size_t i = 0; i < size; i++)
        put(s, text[i]);
    for (size_t i = 0; d->left && i < pad; i++)
        put(s, ' ');
}

/* `sign` is 0 or the character before the digits. */
static void put_number(struct sink *s, const struct directive *d, uint64_t value,
                       const char *digits, char sign)
{
    const unsigned base = digits[10] ? 16 : 10;
    char text[96];
    size_t at = sizeof text;
    size_t least = d->precision >= 0 ? (size_t)d->precision : 1;
    if (d->precision < 0 && d->zero && !d->left && d->width > 0)
        least = (size_t)d->width - (sign ? 1 : 0);
    if (least > sizeof text - 2)
        least = sizeof text - 2;
    for (uint64_t rest = value; rest > 0 || sizeof text - at < least; rest /= base)
        text[--at] = digits[rest % base];
    if (sign)
        text[--at] = sign;
    put_padded(s, d, text + at, sizeof text - at);
}

/* A number or an asterisk; -1 when there is neither. */
static int take_count(const char **at, va_list *args)
{
    if (**at == '*') {
        ++*at;
        return va_arg(*args, int);
    }
    if (**at < '0' || **at > '9')
        return -1;
    int count = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        count = count < 1000000 ? count * 10 + (**at - '0') : count;
    return count;
}

static int take_bytes(const char **at)
{
    int bytes = sizeof(int);
    for (;; ++*at) {
        switch (**at) {
        case 'h':
            bytes = bytes == 2 ? 1 : 2;
            break;
        case 'l':
        case 'z':
        case 't':
        case 'j':
            bytes = 8;
            break;
        default:
            return bytes;
        }
    }
}

static uint64_t narrow(uint64_t value, int bytes)
{
    return bytes == 8 ? value : value & ((1ull << (8 * bytes)) - 1);
}

static void put_signed(struct sink *s, const struct directive *d, va_list *args)
{
    int64_t value = d->bytes == 8 ? va_arg(*args, int64_t) : va_arg(*args, int);
    if (d->bytes == 2)
        value = (int16_t)value;
    if (d->bytes == 1)
        value = (int8_t)(uint8_t)value;
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    put_number(s, d, size, "0123456789", value < 0 ? '-' : 0);
}

static void put_unsigned(struct sink *s, const struct directive *d, char kind, va_list *args)
{
    uint64_t value = d->bytes == 8 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
    const char *digits = kind == 'u'   ? "0123456789"
                         : kind == 'X' ? "0123456789ABCDEF"
                                       : "0123456789abcdef";
    put_number(s, d, narrow(value, d->bytes), digits, 0);
}

static void put_string(struct sink *s, const struct directive *d, va_list *args)
{
    const char *text = va_arg(*args, const char *);
    if (!text)
        text = "(null)";
    size_t most = d->precision >= 0 ? (size_t)d->precision : SIZE_MAX;
    put_padded(s, d, text, strnlen(text, most));
}

/* Carries out the directive whose letter is at **at; false when there is no such directive. */
static bool put_directive(struct sink *s, struct directive *d, char kind, va_list *args)
{
    char c;
    switch (kind) {
    case 'd':
    case 'i':
        put_signed(s, d, args);
        return true;
    case 'u':
    case 'x':
    case 'X':
        put_unsigned(s, d, kind, args);
        return true;
    case 'p':
        d->bytes = 8;
        put(s, '0');
        put(s, 'x');
        put_unsigned(s, d, 'x', args);
        return true;
    case 's':
        put_string(s, d, args);
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        put_padded(s, d, &c, 1);
        return true;
    case '%':
        put(s, '%');
        return true;
    default:
        return false;
    }
}

static const char *take_directive(struct directive *d, const char *at, va_list *args)
{
    *d = (struct directive){.precision = -1};
    for (; *at == '-' || *at == '0'; at++) {
        d->left |= *at == '-';
        d->zero |= *at == '0';
    }
    d->width = take_count(&at, args);
    if (d->width < -1) { /* a negative * means left */
        d->left = true;
        d->width = d->width > -1000000 ? -d->width : 0;
    }
    if (*at == '.') {
        at++;
        d->precision = take_count(&at, args);
        if (d->precision < 0)
            d->precision = 0;
    }
    d->bytes = take_bytes(&at);
    return at;
}

int format_text(char *out, size_t size, const char *format, va_list args)
{
    struct sink s = {.out = out, .size = size};
    va_list rest;
    va_copy(rest, args);
    while (*format) {
        if (*format != '%') {
            put(&s, *format++);
            continue;
        }
        struct directive d;
        const char *at = take_directive(&d, format + 1, &rest);
        if (*at && put_directive(&s, &d, *at, &rest))
            format = at + 1;
        else
            put(&s, *format++);
    }
    va_end(rest);
    if (size > 0)
        out[s.used < size ? s.used : size - 1] = 0;
    return s.used < INT32_MAX ? (int)s.used : INT32_MAX;
}
