/* SPDX-License-Identifier: Apache-2.0
 * pck.c: see pck.h. */
#include "attest/pck.h"

#include <errno.h>

#include "attest/der.h"

/* 1.2.840.113741.1.13.1; the fields are its children. */
static const uint8_t OID_BASE[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d, 1};

enum field { /* last numbers */
             FIELD_PPID = 1,
             FIELD_TCB = 2,
             FIELD_PCEID = 3,
             FIELD_FMSPC = 4,
             FIELD_SGX_TYPE = 5,
             FIELD_INSTANCE = 6,
             FIELD_CONFIGURATION = 7,
};
enum { TCB_PCESVN = 17, TCB_CPUSVN = 18 };
enum { NEEDED_FIELDS = 0x3e, NEEDED_TCB = 0x7fffe }; /* bits 1 to 5, 1 to 18 */

/* Enters SEQUENCE { OID, value } and gives the OID's last number below `depth` numbers under the
 * base; 0 for any other OID. */
static unsigned enter_field(struct der *pair, struct der *list, size_t depth, unsigned parent)
{
    *pair = der_enter(list, DER_SEQUENCE);
    struct span oid = der_take(pair, DER_OID);
    if (oid.size != sizeof OID_BASE + depth || memcmp(oid.data, OID_BASE, sizeof OID_BASE) != 0)
        return 0;
    if (depth == 2 && oid.data[sizeof OID_BASE] != parent)
        return 0;
    unsigned number = oid.data[oid.size - 1];
    return number < 32 ? number : 0;
}

/* True when this number was not there before. */
static bool first_time(unsigned *seen, unsigned number)
{
    bool first = !(*seen & 1u << number);
    *seen |= 1u << number;
    return first;
}

static bool take_octets(struct der *d, uint8_t *out, size_t size)
{
    struct span s = der_take(d, DER_OCTET_STRING);
    if (s.size != size)
        return false;
    memcpy(out, s.data, size);
    return true;
}

static bool take_bool(struct der *d, bool *out)
{
    struct span s = der_take(d, DER_BOOLEAN);
    if (s.size != 1)
        return false;
    *out = s.data[0] != 0;
    return true;
}

static bool read_tcb(struct pck *p, struct der *value)
{
    struct der list = der_enter(value, DER_SEQUENCE);
    unsigned seen = 0;
    while (list.rest.size) {
        struct der d;
        unsigned number = enter_field(&d, &list, 2, FIELD_TCB);
        if (number == 0)
            continue;
        bool fits = first_time(&seen, number);
        if (number <= 16)
            p->components[number - 1] = (uint8_t)der_uint(&d, DER_INTEGER, 255);
        else if (number == TCB_PCESVN)
            p->pcesvn = (uint16_t)der_uint(&d, DER_INTEGER, 65535);
        else if (number == TCB_CPUSVN)
            fits = fits && take_octets(&d, p->cpusvn, sizeof p->cpusvn);
        else
            continue;
        if (!fits || !der_end(&d))
            return false;
    }
    return der_end(&list) && (seen & NEEDED_TCB) == NEEDED_TCB;
}

static bool read_configuration(struct pck *p, struct der *value)
{
    struct der list = der_enter(value, DER_SEQUENCE);
    bool *const flags[] = {&p->dynamic_platform, &p->cached_keys, &p->smt_enabled};
    unsigned seen = 0;
    while (list.rest.size) {
        struct der d;
        unsigned number = enter_field(&d, &list, 2, FIELD_CONFIGURATION);
        if (number < 1 || number > 3)
            continue;
        if (!first_time(&seen, number) || !take_bool(&d, flags[number - 1]) || !der_end(&d))
            return false;
    }
    p->has_configuration = true;
    return der_end(&list);
}

static bool read_field(struct pck *p, unsigned number, struct der *d)
{
    switch (number) {
    case FIELD_PPID:
        return take_octets(d, p->ppid, sizeof p->ppid);
    case FIELD_TCB:
        return read_tcb(p, d);
    case FIELD_PCEID:
        return take_octets(d, p->pceid, sizeof p->pceid);
    case FIELD_FMSPC:
        return take_octets(d, p->fmspc, sizeof p->fmspc);
    case FIELD_SGX_TYPE:
        p->sgx_type = der_uint(d, DER_ENUMERATED, 255);
        return true;
    case FIELD_INSTANCE:
        p->has_instance = true;
        return take_octets(d, p->instance, sizeof p->instance);
    case FIELD_CONFIGURATION:
        return read_configuration(p, d);
    default:
        der_skip(d);
        return true;
    }
}

int pck_parse(struct pck *p, struct span extension, struct err *e)
{
    *p = (struct pck){0};
    struct der whole = der_over(extension);
    struct der list = der_enter(&whole, DER_SEQUENCE);
    unsigned seen = 0;
    while (list.rest.size) {
        struct der d;
        unsigned number = enter_field(&d, &list, 1, 0);
        if (number == 0)
            continue;
        if (!first_time(&seen, number) || !read_field(p, number, &d) || !der_end(&d))
            return fail(e, -EBADMSG, "PCK certificate: field .%u of the SGX extension is malformed",
                        number);
    }
    if (!der_end(&list) || !der_end(&whole))
        return fail(e, -EBADMSG, "PCK certificate: its SGX extension is missing or malformed");
    if ((seen & NEEDED_FIELDS) != NEEDED_FIELDS)
        return fail(e, -EBADMSG,
                    "PCK certificate: its SGX extension lacks PPID, TCB, PCE id, FMSPC "
                    "or SGX type");
    return 0;
}
