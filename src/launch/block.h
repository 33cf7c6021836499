/* SPDX-License-Identifier: Apache-2.0
 * block.h: the threads' blocks (thread.h): trap stack, and a TLS area of the launcher's libc. */
#ifndef CELLA_LAUNCH_BLOCK_H
#define CELLA_LAUNCH_BLOCK_H

#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "launch/thread.h"

struct emu_thread;

/* The block of the first thread, which keeps the TLS area it has. */
struct launch_thread *block_first(struct launch_process *p, struct err *e);

/* A block for a new thread, NULL when there is no memory.  Inside the gate. */
struct launch_thread *block_new(void);

/* The emulator's part of it. */
struct emu_thread *block_emu(const struct launch_thread *t);

/* For a block whose thread never came to life, or is a child of vfork that is gone. */
void block_put(struct launch_thread *t);

/* In a child of fork: the other threads' blocks are free. */
void block_only(struct launch_thread *t);

/* In a new thread, with its own FS base: tells libc who it is. */
void block_adopt(struct launch_thread *t);

/* The stack of the trap handlers, and its end. */
stack_t block_stack(const struct launch_thread *t);
uint64_t block_end(const struct launch_thread *t);

#endif
