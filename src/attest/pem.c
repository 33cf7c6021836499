/* SPDX-License-Identifier: Apache-2.0
 * pem.c: see pem.h. */
#include "attest/pem.h"

#include <errno.h>
#include <stdlib.h>

static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";
static const char END[] = "-----END CERTIFICATE-----";

/* Value of a base64 character plus one; 0 for any other. */
static const uint8_t g_digits[128] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  63,
    0,  0,  0,  64, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0,  0,  0,  0,  0,  0,  0,  1,
    2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 0,  0,  0,  0,  0,  0,  27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0,  0,  0,  0,  0,
};

/* Decodes base64 with white space; the size, or -1.  `out` has 3/4 of the text's size. */
static ssize_t base64_decode(uint8_t *out, struct span text)
{
    uint32_t bits = 0;
    unsigned count = 0;
    unsigned padding = 0;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
            continue;
        unsigned digit = c < sizeof g_digits ? g_digits[c] : 0;
        if (c == '=')
            padding++;
        else if (!digit || padding)
            return -1;
        bits = bits << 6 | (c == '=' ? 0 : digit - 1);
        if (++count % 4)
            continue;
        if (padding > 2)
            return -1;
        for (unsigned k = 0; k < 3 - padding; k++)
            out[size++] = (uint8_t)(bits >> (16 - 8 * k));
    }
    return count % 4 ? -1 : (ssize_t)size;
}

static const uint8_t *find(struct span in, const char *word)
{
    return in.size ? memmem(in.data, in.size, word, strlen(word)) : NULL;
}

static struct span after(struct span in, const uint8_t *at)
{
    return span_of(at, (size_t)(in.data + in.size - at));
}

int pem_chain_read(struct pem_chain *p, struct span text, struct err *e, const char *what)
{
    *p = (struct pem_chain){0};
    p->bytes = malloc(text.size ? text.size : 1);
    if (!p->bytes)
        return fail(e, -ENOMEM, "%s: out of memory", what);
    size_t used = 0;
    const uint8_t *begin;
    while ((begin = find(text, BEGIN)) != NULL) {
        text = after(text, begin + sizeof BEGIN - 1);
        const uint8_t *end = find(text, END);
        ssize_t size = -1;
        if (end && p->count < PEM_MAX)
            size = base64_decode(p->bytes + used, span_of(text.data, (size_t)(end - text.data)));
        if (size <= 0) {
            pem_chain_fini(p);
            return fail(e, -EBADMSG, "%s: a broken PEM certificate, or more than %d of them", what,
                        PEM_MAX);
        }
        p->der[p->count++] = span_of(p->bytes + used, (size_t)size);
        used += (size_t)size;
        text = after(text, end + sizeof END - 1);
    }
    if (p->count == 0) {
        pem_chain_fini(p);
        return fail(e, -EBADMSG, "%s: no PEM certificate in it", what);
    }
    return 0;
}

void pem_chain_fini(struct pem_chain *p)
{
    free(p->bytes);
    *p = (struct pem_chain){0};
}

ssize_t pem_decode(uint8_t *out, struct span text, const char *begin, const char *end)
{
    const uint8_t *from = find(text, begin);
    if (!from)
        return 0;
    text = after(text, from + strlen(begin));
    const uint8_t *to = find(text, end);
    return to ? base64_decode(out, span_of(text.data, (size_t)(to - text.data))) : -1;
}
