/* SPDX-License-Identifier: Apache-2.0
 * call.h: a system call of the program.  calls.def lists those that the launcher does something
 * about; all others go to the kernel as they are. */
#ifndef CELLA_LAUNCH_CALL_H
#define CELLA_LAUNCH_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct launch_thread;
struct kernel_context;
struct emu_trap;

struct call {
    struct launch_thread *thread;
    struct kernel_context *context; /* RIP is behind the instruction */
    struct emu_trap *trap;          /* has the program's FS and GS base */
    long nr;
    long args[6];
    bool keeps_rax; /* the context is complete: the result does not go into RAX */
};

/* What launch_forward() gives when a signal comes first: the call is done again after it. */
enum { CALL_AGAIN = -512 };

/* A seccomp filter of the program traps it: SIGSYS is noted, RAX stays the number. */
enum { CALL_TRAPPED = -513 };

/* Hands the call to the kernel with the arguments as they are in `c`. */
long call_forward(struct call *c);

/* Serves it and changes the context as the kernel would. */
void call_serve(struct call *c);

#define CALL(nr, name, note) long call_##name(struct call *c);
#include "launch/calls.def"
#undef CALL

#endif
