/* SPDX-License-Identifier: Apache-2.0
 * der.h: walks DER from front to back, like base/cursor.h: the first thing that is not as asked for
 * sets `bad`, everything after gives empty spans, and der_end() says so.  Definite, minimal lengths
 * and one-byte tags only.  [X690 8, 10] */
#ifndef CELLA_ATTEST_DER_H
#define CELLA_ATTEST_DER_H

#include "base/span.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xa0, /* constructed */
    DER_CONTEXT_3 = 0xa3,
};

struct der {
    struct span rest;
    bool bad;
};

struct der der_over(struct span in);
/* The next element's tag; 0 at the end or when bad. */
unsigned der_peek(const struct der *d);
/* The content of the next element, which must have this tag. */
struct span der_take(struct der *d, unsigned tag);
/* The same, with its tag and length. */
struct span der_take_whole(struct der *d, unsigned tag);
/* Skips the next element, whatever it is, and gives it with tag and length. */
struct span der_skip(struct der *d);
/* Goes into the next element; bad is handed down. */
struct der der_enter(struct der *d, unsigned tag);
/* An INTEGER or ENUMERATED from 0 to `max`; else bad. */
uint32_t der_uint(struct der *d, unsigned tag, uint32_t max);
/* UTCTime or GeneralizedTime as certificates have them, in Unix seconds.  [RFC5280 4.1.2.5] */
int64_t der_time(struct der *d);
/* True when all was as asked for and nothing is left. */
bool der_end(const struct der *d);

/* True when this is the content of an INTEGER: not empty and no byte too many. */
bool der_is_integer(struct span content);

/* ECDSA-Sig-Value to r and s of 32 bytes each; false when it is not exactly that. */
bool der_signature(uint8_t out[64], struct span in);

#endif
