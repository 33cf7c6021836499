/* SPDX-License-Identifier: Apache-2.0
 * direct.h: EENTER without the vDSO; every register behind EEXIT can be looked at. */
#ifndef CELLA_TESTS_ENCLAVE_DIRECT_H
#define CELLA_TESTS_ENCLAVE_DIRECT_H

#include <stddef.h>
#include <stdint.h>

enum { GPRS = 15, XSAVE_SIZE = 4096 };
enum { RAX, RBX, RCX, RDX, RBP, RSI, RDI, R8 }; /* up to R15 */

struct direct { /* for direct.S */
    uint64_t tcs, rdi, rsi, mask;
    uint64_t out[GPRS], flags;
    uint64_t poison; /* not 0: enter with DF set, a full x87 stack, odd MXCSR and FCW */
    uint64_t pad[3];
    _Alignas(64) uint8_t xsave[XSAVE_SIZE]; /* components of `mask` */
};

_Static_assert(offsetof(struct direct, out) == 32, "OUT");
_Static_assert(offsetof(struct direct, flags) == 152, "OUT");
_Static_assert(offsetof(struct direct, poison) == 160, "POISON");
_Static_assert(offsetof(struct direct, xsave) == 192, "XSAVE");

/* An exception inside arrives as a signal. */
void direct_enter(struct direct *d);

#endif
