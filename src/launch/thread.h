/* SPDX-License-Identifier: Apache-2.0
 * thread.h: what the launcher knows about a thread of the program and about its process.
 *
 * Invariant: code of the launcher that serves a trap runs on the stack in the thread's own block;
 * whatever runs on another stack is the program (or the emulator's enter stub, which counts as the
 * program).  A signal that arrives on the block's stack is only noted, see signal.h. */
#ifndef CELLA_LAUNCH_THREAD_H
#define CELLA_LAUNCH_THREAD_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emu/thread.h"
#include "launch/layout.h"

enum { SIGNAL_COUNT = 64 };

/* The program's process as it sees itself.  A child of vfork has its own copy. */
struct launch_process {
    _Atomic uint32_t lock;                   /* futex lock of `actions` */
    struct emu_action actions[SIGNAL_COUNT]; /* index is signal - 1 */
    bool is_vfork_child; /* shares memory with its parent: descriptors are its own, though */
};

enum launch_state { THREAD_FREE, THREAD_USED };

struct launch_thread {
    uint64_t host_fs;       /* FS base of the launcher's own libc in this thread */
    _Atomic uint64_t ready; /* bit signal-1: note in `noted`, to be delivered */
    _Atomic uint32_t state; /* enum launch_state */
    uint32_t tid;
    struct launch_process *process;
    uint64_t faults;    /* among ready: cannot be blocked or ignored */
    uint64_t held;      /* like ready, but the program blocks the signal */
    uint64_t blocked;   /* the program's signal mask */
    uint64_t wait_mask; /* mask during ppoll and the like */
    bool has_wait_mask;
    stack_t stack;              /* the program's sigaltstack */
    struct launch_thread *next; /* all blocks ever made; guarded by the list's lock */
    struct launch_process copy; /* `process` of a vfork child */
    uint64_t start_context;     /* a new thread: what it begins with */
    uint64_t start_fs;
    uint64_t start_gs;
    uint64_t call_rip; /* of the system call that is served */
    siginfo_t noted[SIGNAL_COUNT];
};

_Static_assert(offsetof(struct launch_thread, host_fs) == THREAD_HOST_FS, "layout.h");
_Static_assert(offsetof(struct launch_thread, ready) == THREAD_READY, "layout.h");
_Static_assert(offsetof(struct launch_thread, state) == THREAD_STATE, "layout.h");
_Static_assert(sizeof(struct launch_thread) <= BLOCK_HEAD - BLOCK_OWNER, "layout.h");

/* Signals that the launcher needs itself: they are never really blocked and their handlers are
 * always the launcher's; the program sees neither. */
#define SIGNAL_BIT(signal) (1ull << ((signal)-1))
#define SIGNALS_OURS                                                                      \
    (SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGBUS) | \
     SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE))

#endif
