/* SPDX-License-Identifier: Apache-2.0
 * xstate.h: vector and x87 state between a signal frame and an SSA frame.  Both hold the standard
 * form of XSAVE; the kernel's has software bytes at 464 to 511 that say what it is.
 * [SDM1 13.4; Linux uapi asm/sigcontext.h] */
#ifndef CELLA_EMU_XSTATE_H
#define CELLA_EMU_XSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XSTATE_LEGACY_SIZE = 512 };

#define XSTATE_PKRU (1ull << 9) /* the protection key register: not a thing that handlers reset */

/* Learns where CPUID.13 puts the components.  Call before the other functions. */
void xstate_start(void);

/* Bytes of an XSAVE area for `xfrm`, standard form, header included. */
size_t xstate_size(uint64_t xfrm);

/* Bytes of the state in a signal frame, the closing magic included; 512 for a bare FXSAVE area. */
size_t xstate_frame_size(const uint8_t *fpstate);

/* What AEX stores: the components in `xfrm`, initial values where a component is not in use. */
void xstate_save(uint8_t *ssa, const uint8_t *fpstate, uint64_t xfrm);

/* What AEX leaves in the registers: the components in `xfrm` take their initial values. */
void xstate_reset(uint8_t *fpstate, uint64_t xfrm);

/* True when XRSTOR with `xfrm` takes the area without #GP.  [SDM1 13.8.1] */
bool xstate_is_legal(const uint8_t *ssa, uint64_t xfrm, uint32_t mxcsr_mask);

/* What ERESUME loads; the area is legal. */
void xstate_load(uint8_t *fpstate, const uint8_t *ssa, uint64_t xfrm);

/* What sigreturn loads: all of the state in `from`, a frame that the program may have edited. False
 * when it is malformed.  `from` has as many bytes as it says. */
bool xstate_copy(uint8_t *fpstate, const uint8_t *from);

/* The MXCSR bits that exist.  [SDM1 11.6.6] */
uint32_t xstate_mxcsr_mask(const uint8_t *fpstate);

#endif
