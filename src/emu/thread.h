/* SPDX-License-Identifier: Apache-2.0
 * thread.h: a thread on the emulated CPU, and the one door through which traps and signals reach
 * the emulator.
 *
 * Two kinds of program sit on this.  Library mode (emu_start(), emu_sigaction()): the handlers that
 * the kernel has are the emulator's own.  Launcher mode: the launcher owns the kernel's handlers
 * and calls emu_trap_handle() from them; it never calls emu_start_signals().
 *
 * A block is EMU_BLOCK_SIZE bytes aligned to their size: struct emu_thread, EMU_BLOCK_HEAD -
 * EMU_BLOCK_OWNER bytes for whoever runs the threads, a guard page, and the stack on which handlers
 * run.  All blocks lie in one reserved range, so that a handler learns from its stack pointer alone
 * whether, and on which thread's block, it runs: while the FS base is the enclave's (or a foreign
 * program's) there is no TLS.  The GS base of an attached thread outside enclaves is the address of
 * its block, unless the program sets it to something else, which costs it the fast mode. */
#ifndef CELLA_EMU_THREAD_H
#define CELLA_EMU_THREAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "base/err.h"

enum {
    EMU_BLOCK_SIZE = 0x40000,
    EMU_BLOCK_OWNER = 0x1000, /* from here to EMU_BLOCK_HEAD: zero at first, never touched here */
    EMU_BLOCK_HEAD = 0x4000,
    EMU_BLOCK_GUARD = 0x1000, /* after the head; the rest is stack */
};

struct emu_thread; /* thread_priv.h */
struct emu_enclave;

/* A new block for a thread that is to be attached, or NULL when there are too many or no memory is
 * left.  Any thread may free a block that no thread runs on or has as its stack of handlers. */
struct emu_thread *emu_block_new(void);
void emu_block_free(struct emu_thread *thread);

/* The block that `sp` lies in, or NULL.  Needs neither TLS nor locks. */
struct emu_thread *emu_block_at(uint64_t sp);

/* Makes the calling thread the one of `thread`: alternate signal stack, GS base, and the FS base
 * that it has now as the one under which handlers run.  The six signals that instructions raise
 * are unblocked.  -errno of sigaltstack(2). */
int emu_thread_start(struct emu_thread *thread) MUST_USE;

/* Library mode: emu_block_new() and emu_thread_start() for a thread that has none yet.  emu_enter()
 * and direct ENCLU instructions do this themselves.  A thread that ends gives its block back. */
int emu_thread_attach(struct err *e) MUST_USE;

/* Forgets the guard after fork(2): Linux does not carry Syscall User Dispatch over.  Called in the
 * child for its only thread. */
void emu_thread_forked(struct emu_thread *thread);

/* The same, in a child of fork(2) that has memory of its own: the other threads are not in it. */
void emu_thread_alone(struct emu_thread *thread);

/* The enclave that the thread is inside of, or NULL. */
struct emu_enclave *emu_thread_inside(const struct emu_thread *thread);

/* Threads inside `enclave` now, seen without a lock. */
unsigned emu_threads_inside(const struct emu_enclave *enclave);

/* True when one of them entered while the lowest bit of the enclave's epoch was `parity`. */
bool emu_threads_since(const struct emu_enclave *enclave, unsigned parity);

/* A trap or signal while its handler runs. */
struct emu_trap {
    int signal;
    siginfo_t *info;
    ucontext_t *uc; /* the kernel's frame: editing it changes what sigreturn resumes.  Only 8 bytes
                       of uc_sigmask exist */
    uint64_t fs;    /* segment bases of the interrupted code; the handler loads them again as its */
    uint64_t gs;    /* last act */
    struct emu_thread *thread;
};

enum emu_verdict {
    EMU_RESUME,  /* the context is as it shall be: return from the handler */
    EMU_DELIVER, /* the program shall see trap->signal with *trap->info in the context *trap->uc */
};

/* Does what the CPU and the kernel's exception handlers do.  ENCLU is carried out.  A fault or
 * signal inside an enclave is an AEX first, so that afterwards the context is that of the host in
 * any case; signal and info are then rewritten to what Linux would report there.  A fault at the
 * ENCLU of emu_enter() goes to its caller as the vDSO's contract has it.  Runs with all signals
 * blocked, on the thread's block, under the FS base of emu_thread_start().
 *
 * A system call outside enclaves that Syscall User Dispatch caught (SIGSYS) is EMU_DELIVER. */
enum emu_verdict emu_trap_handle(struct emu_trap *trap);

/* Real handlers call this first and last: the FS and GS base of the interrupted code out and the
 * emulator's in; and back.  `thread` may not be NULL. */
void emu_trap_begin(struct emu_trap *trap, struct emu_thread *thread);
void emu_trap_end(const struct emu_trap *trap);

/* What rt_sigaction(2) takes on x86-64.  [Linux uapi asm/signal.h] */
struct emu_action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

/* What Linux keeps for each thread about signals, seen by the program. */
struct emu_signal_state {
    uint64_t blocked;
    stack_t altstack; /* ss_flags: SS_DISABLE or SS_AUTODISARM */
};

/* Builds the frame that Linux would build for a handler, on the program's stack or alternate stack,
 * and turns trap->uc into the first instruction of the handler.  The frame's mask and alternate
 * stack are those of `state`; state->blocked becomes the mask of the handler.  The caller puts
 * state->blocked, minus the signals that it needs itself, into uc_sigmask.  False when the stack
 * cannot take it: Linux would then kill with SIGSEGV. */
bool emu_frame_push(struct emu_trap *trap, const struct emu_action *action,
                    struct emu_signal_state *state);

/* rt_sigreturn(2) of a frame built above: the context is read back from where trap->uc's stack
 * pointer says it is, with the checks that Linux makes; state gets mask and alternate stack.  False
 * when the frame cannot be read or is malformed: Linux would raise SIGSEGV. */
bool emu_frame_pop(struct emu_trap *trap, struct emu_signal_state *state);

#endif
