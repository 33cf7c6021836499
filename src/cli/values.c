/* SPDX-License-Identifier: Apache-2.0
 * values.c: see values.h. */
#include "cli/values.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "sgx/layout.h"
#include "sgx/names.h"
#include "sgx/sigstruct.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Reads decimal, or hexadecimal behind 0x, and leaves *text behind the last digit. */
static bool number_read(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    }
    const char *start = p;
    *out = 0;
    for (uint64_t digit; (digit = (uint64_t)digit_of(*p)) < base; p++)
        if (__builtin_mul_overflow(*out, base, out) || __builtin_add_overflow(*out, digit, out))
            return false;
    *text = p;
    return p > start;
}

static int number_upto(uint64_t *out, const char *text, uint64_t max, struct err *e)
{
    const char *p = text;
    if (!number_read(&p, out) || *p || *out > max)
        return fail(e, -EINVAL,
                    "'%.40s' is no number from 0 to %llu (decimal, or hexadecimal behind 0x)", text,
                    (unsigned long long)max);
    return 0;
}

int value_text(void *field, const char *text, struct err *e)
{
    (void)e;
    *(const char **)field = text;
    return 0;
}

/* How many bits to the left a K, M, G or T behind a size means; 0 for anything else. */
static unsigned unit_shift(char letter)
{
    static const char letters[] = "KkMmGgTt";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? 10 * (unsigned)((found - letters) / 2 + 1) : 0;
}

int value_size(void *field, const char *text, struct err *e)
{
    const char *p = text;
    uint64_t size = 0;
    bool good = number_read(&p, &size);
    unsigned shift = good ? unit_shift(*p) : 0;
    if (!good || p[shift ? 1 : 0] || __builtin_mul_overflow(size, 1ull << shift, &size))
        return fail(e, -EINVAL, "'%.40s' is no size in bytes (65536, 0x10000, 64K, 1M, 1G, 1T)",
                    text);
    *(uint64_t *)field = size;
    return 0;
}

int value_u16(void *field, const char *text, struct err *e)
{
    uint64_t number;
    int rc = number_upto(&number, text, UINT16_MAX, e);
    if (!rc)
        *(uint16_t *)field = (uint16_t)number;
    return rc;
}

int value_u32(void *field, const char *text, struct err *e)
{
    uint64_t number;
    int rc = number_upto(&number, text, UINT32_MAX, e);
    if (!rc)
        *(uint32_t *)field = (uint32_t)number;
    return rc;
}

int value_u64(void *field, const char *text, struct err *e)
{
    uint64_t number;
    int rc = number_upto(&number, text, UINT64_MAX, e);
    if (!rc)
        *(uint64_t *)field = number;
    return rc;
}

int value_hex16(void *field, const char *text, struct err *e)
{
    if (hex_parse(field, 16, span_text(text)))
        return fail(e, -EINVAL, "'%.40s' is not 16 bytes in 32 hexadecimal digits", text);
    return 0;
}

/* yyyymmdd or yyyy-mm-dd; the digits are the binary-coded decimal. */
int value_date(void *field, const char *text, struct err *e)
{
    size_t size = strlen(text);
    bool dashes = size == 10 && text[4] == '-' && text[7] == '-';
    bool good = size == 8 || dashes;
    uint32_t date = 0;
    for (size_t i = 0; good && i < size; i++) {
        if (dashes && (i == 4 || i == 7))
            continue;
        good = text[i] >= '0' && text[i] <= '9';
        date = date << 4 | (uint32_t)(text[i] & 0xf);
    }
    if (!good || !sigstruct_date_valid(date))
        return fail(e, -EINVAL, "'%.40s' is no date (2026-11-22 or 20261122)", text);
    *(uint32_t *)field = date;
    return 0;
}

/* A comma-separated list of names from `table`, or a number. */
static int bits_read(uint64_t *out, const struct sgx_name *table, const char *text, struct err *e)
{
    const char *p = text;
    if (number_read(&p, out) && *p == 0)
        return 0;
    *out = 0;
    for (p = text;; p++) {
        size_t size = strcspn(p, ",");
        const struct sgx_name *n = table;
        while (n->name && (strlen(n->name) != size || memcmp(n->name, p, size) != 0))
            n++;
        if (!n->name)
            return fail(e, -EINVAL, "'%.*s' is no known name (see --help), nor is it all a number",
                        (int)(size < 40 ? size : 40), p);
        *out |= n->value;
        p += size;
        if (*p == 0)
            return 0;
    }
}

/* Enclaves here are 64-bit, so that attribute need not be named. */
int value_attributes(void *field, const char *text, struct err *e)
{
    uint64_t bits;
    int rc = bits_read(&bits, sgx_attribute_names, text, e);
    if (!rc)
        *(uint64_t *)field = bits | SGX_ATTR_MODE64BIT;
    return rc;
}

int value_xfrm(void *field, const char *text, struct err *e)
{
    uint64_t bits;
    int rc = bits_read(&bits, sgx_xfrm_names, text, e);
    if (!rc)
        *(uint64_t *)field = bits;
    return rc;
}

int value_misc(void *field, const char *text, struct err *e)
{
    uint64_t bits;
    int rc = bits_read(&bits, sgx_misc_names, text, e);
    if (!rc && bits > UINT32_MAX)
        rc = fail(e, -EINVAL, "'%.40s' has more than 32 bits", text);
    if (!rc)
        *(uint32_t *)field = (uint32_t)bits;
    return rc;
}

int value_perm(void *field, const char *text, struct err *e)
{
    static const struct sgx_name perms[] = {
        {SGX_SECINFO_R, "r"},
        {SGX_SECINFO_R | SGX_SECINFO_W, "rw"},
        {SGX_SECINFO_R | SGX_SECINFO_X, "rx"},
        {SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X, "rwx"},
    };
    for (size_t i = 0; i < sizeof perms / sizeof perms[0]; i++)
        if (strcmp(text, perms[i].name) == 0) {
            *(uint32_t *)field = (uint32_t)perms[i].value;
            return 0;
        }
    return fail(e, -EINVAL, "'%.40s' is none of r, rw, rx, rwx", text);
}

int value_base(void *field, const char *text, struct err *e)
{
    if (strcmp(text, "0") != 0 && strcmp(text, "any") != 0)
        return fail(e, -EINVAL, "'%.40s' is neither 0 nor any", text);
    *(uint64_t *)field = text[0] == '0' ? 0 : ENCLAVE_BASE_ANY;
    return 0;
}

int value_heap(void *field, const char *text, struct err *e)
{
    static const char *const kinds[] = {
        [ENCLAVE_HEAP_UNMEASURED] = "unmeasured",
        [ENCLAVE_HEAP_MEASURED] = "measured",
        [ENCLAVE_HEAP_DYNAMIC] = "dynamic",
    };
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *(enum enclave_heap_kind *)field = (enum enclave_heap_kind)i;
            return 0;
        }
    return fail(e, -EINVAL, "'%.40s' is none of unmeasured, measured, dynamic", text);
}
