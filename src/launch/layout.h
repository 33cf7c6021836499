/* SPDX-License-Identifier: Apache-2.0
 * layout.h: numbers that the assembler and the C files share; no C here. */
#ifndef CELLA_LAUNCH_LAYOUT_H
#define CELLA_LAUNCH_LAYOUT_H

/* A thread's block as emu/thread.h has it: the emulator's part, struct launch_thread, a guard page,
 * the stack of the trap handlers.  Its size is a power of two and it is aligned to it, so that a
 * handler finds it by masking its own stack pointer: no register and no TLS is needed while the
 * program's FS base is live. */
#define BLOCK_SIZE 0x40000
#define BLOCK_OWNER 0x1000 /* struct launch_thread, up to BLOCK_HEAD */
#define BLOCK_HEAD 0x4000
#define BLOCK_GUARD 0x1000

/* Offsets in struct launch_thread. */
#define THREAD_HOST_FS 0
#define THREAD_READY 8
#define THREAD_STATE 16

/* Offsets in ucontext_t.  [Linux uapi asm/ucontext.h, asm/sigcontext.h] */
#define UC_RSP 160

#endif
