/* SPDX-License-Identifier: Apache-2.0
 * entry.h: what the registers say at EENTER and after EEXIT; for C and for assembly.
 *
 * EENTER:  RDI one of GATE_ENTER_*, RSI its argument.
 * EEXIT:   RDI a call number (enum gate_call) or one of GATE_LEAVE_*, RSI its argument.  RSP, RBP
 *          as at EENTER, RCX the CPU's, all other general and vector registers cleared. */
#ifndef CELLA_GATE_ENTRY_H
#define CELLA_GATE_ENTRY_H

#define GATE_ENTER_START 1     /* first entry of all; RSI: struct gate_boot */
#define GATE_ENTER_THREAD 2    /* first entry of a further TCS; RSI: struct gate_boot */
#define GATE_ENTER_RETURN 3    /* back from a host call; RSI: its result */
#define GATE_ENTER_EXCEPTION 4 /* after an AEX by an exception (CSSA 1) */
#define GATE_ENTER_KICK 5      /* after an AEX by a signal of the host (CSSA 1): look around */

#define GATE_LEAVE_RESUME 0x1000  /* continue with ERESUME */
#define GATE_LEAVE_DONE 0x1001    /* the thread ended, its TCS is free for GATE_ENTER_THREAD */
#define GATE_LEAVE_REFUSED 0x1002 /* nothing was done; RSI: GATE_REFUSED_* */
#define GATE_LEAVE_FATAL 0x1003   /* the enclave gave up; RSI: GATE_FATAL_* */

#define GATE_REFUSED_STATE 1 /* this kind of entry is not possible now */
#define GATE_REFUSED_BOOT 2  /* struct gate_boot or what it points to is not acceptable */
#define GATE_REFUSED_CSSA 3  /* exception while handling an exception */
#define GATE_REFUSED_DEAD 4  /* the enclave has ended */

/* RSI of GATE_LEAVE_FATAL: a reason in bits 0 to 7, the exception vector in bits 8 to 15. */
#define GATE_FATAL_LAYOUT 1    /* the info page and the image do not fit together */
#define GATE_FATAL_RANDOM 2    /* RDRAND gives no randomness */
#define GATE_FATAL_STACK 3     /* an exception, and no room on the stack to handle it */
#define GATE_FATAL_ENTRY 4     /* an exception in the entry code itself */
#define GATE_FATAL_HANDLER 5   /* an exception that the enclave could not take */
#define GATE_FATAL_CANARY 6    /* a stack frame was overwritten */
#define GATE_FATAL_HEAP 7      /* heap metadata was overwritten, or a double free */
#define GATE_FATAL_ASSERTION 8 /* something proved impossible happened */

#endif
