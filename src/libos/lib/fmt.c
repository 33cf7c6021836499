/* SPDX-License-Identifier: Apache-2.0
 * fmt.c: see fmt.h. */
#include "libos/lib/fmt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "libos/lib/alloc.h"
#include "platform/platform.h"

int g_log_level = LOG_WARN;

struct out {
    char *text;
    size_t size, at;
};

struct spec {
    bool zero, left;
    size_t width, precision;
    unsigned longs;
};

static void put(struct out *o, char c)
{
    if (o->at + 1 < o->size)
        o->text[o->at] = c;
    o->at++;
}

static void put_padded(struct out *o, const char *text, size_t size, const struct spec *s)
{
    size_t pad = s->width > size ? s->width - size : 0;
    if (!s->left)
        for (size_t n = 0; n < pad; n++)
            put(o, s->zero ? '0' : ' ');
    for (size_t n = 0; n < size; n++)
        put(o, text[n]);
    if (s->left)
        for (size_t n = 0; n < pad; n++)
            put(o, ' ');
}

static void put_number(struct out *o, uint64_t value, unsigned base, bool negative, struct spec *s)
{
    char digits[24];
    size_t n = sizeof digits;
    do {
        digits[--n] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative && s->zero) {
        put(o, '-');
        s->width -= s->width > 0;
    } else if (negative) {
        digits[--n] = '-';
    }
    put_padded(o, digits + n, sizeof digits - n, s);
}

static const char *parse_spec(const char *f, struct spec *s, va_list *args)
{
    *s = (struct spec){.precision = SIZE_MAX};
    for (; *f == '0' || *f == '-'; f++) {
        s->zero |= *f == '0';
        s->left |= *f == '-';
    }
    for (; *f >= '0' && *f <= '9'; f++)
        s->width = s->width * 10 + (size_t)(*f - '0');
    if (*f == '.') {
        f++;
        s->precision = 0;
        if (*f == '*') {
            s->precision = (size_t)va_arg(*args, int);
            f++;
        }
        for (; *f >= '0' && *f <= '9'; f++)
            s->precision = s->precision * 10 + (size_t)(*f - '0');
    }
    for (; *f == 'l' || *f == 'z'; f++)
        s->longs++;
    return f;
}

static void put_signed(struct out *o, struct spec *s, va_list *args)
{
    int64_t value = s->longs ? va_arg(*args, long) : va_arg(*args, int);
    put_number(o, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0, s);
}

static void put_unsigned(struct out *o, struct spec *s, unsigned base, va_list *args)
{
    uint64_t value = s->longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
    put_number(o, value, base, false, s);
}

static void put_one(struct out *o, char kind, struct spec *s, va_list *args)
{
    if (kind == 'd' || kind == 'i') {
        put_signed(o, s, args);
    } else if (kind == 'u' || kind == 'x' || kind == 'o') {
        put_unsigned(o, s, kind == 'u' ? 10 : kind == 'x' ? 16 : 8, args);
    } else if (kind == 'p') {
        put_number(o, (uintptr_t)va_arg(*args, void *), 16, false, s);
    } else if (kind == 'c') {
        char c = (char)va_arg(*args, int);
        put_padded(o, &c, 1, s);
    } else if (kind == 's') {
        const char *text = va_arg(*args, const char *);
        text = text ? text : "(null)";
        s->zero = false;
        put_padded(o, text, strnlen(text, s->precision), s);
    } else {
        put(o, kind);
    }
}

size_t kvfmt(char *out, size_t size, const char *format, va_list args)
{
    struct out o = {.text = out, .size = size};
    va_list copy;
    va_copy(copy, args);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        struct spec s;
        f = parse_spec(f + 1, &s, &copy);
        if (!*f)
            break;
        put_one(&o, *f, &s, &copy);
    }
    va_end(copy);
    if (size)
        out[o.at < size ? o.at : size - 1] = 0;
    return o.at;
}

size_t kfmt(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = kvfmt(out, size, format, args);
    va_end(args);
    return n;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = kvfmt(t->data + t->size, t->room - t->size, format, args);
    va_end(args);
    if (t->size + n + 1 > t->room) {
        size_t room = (t->size + n + 1) * 2;
        char *data = krealloc(t->data, room);
        if (!data) {
            t->failed = 1;
            return;
        }
        t->data = data;
        t->room = room;
        va_start(args, format);
        n = kvfmt(t->data + t->size, t->room - t->size, format, args);
        va_end(args);
    }
    t->size += n;
}

void klog(int level, const char *format, ...)
{
    if (level > g_log_level)
        return;
    char line[256];
    size_t n = kfmt(line, sizeof line, "%s: kernel: ",
                    level == LOG_ERROR  ? "error"
                    : level == LOG_WARN ? "warning"
                    : level == LOG_INFO ? "info"
                                        : "debug");
    va_list args;
    va_start(args, format);
    n += kvfmt(line + n, sizeof line - n - 1, format, args);
    va_end(args);
    n = n < sizeof line - 2 ? n : sizeof line - 2;
    line[n++] = '\n';
    platform_log(line, n);
}
