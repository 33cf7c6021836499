/* SPDX-License-Identifier: Apache-2.0
 * catch.h: makes the kernel hand every system call of the program to the launcher. */
#ifndef CELLA_LAUNCH_CATCH_H
#define CELLA_LAUNCH_CATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "launch/launch.h"

/* Chooses a guard that works here; *chosen is what was asked for, or for AUTO the first that
 * works.  `why` (may be NULL) says why another one was passed over.  Arms nothing. */
int catch_choose(const struct launch_options *options, enum launch_guard *chosen, struct err *why,
                 struct err *e) MUST_USE;

/* Arms it for the calling thread; from then on every system call outside the launcher traps.  The
 * seccomp filter stays for the life of the process and its children. */
int catch_arm(enum launch_guard guard, bool inherited, struct err *e) MUST_USE;

/* The same for a thread or child of an armed thread, without libc. */
void catch_arm_again(enum launch_guard guard);

/* The calling thread's system calls go straight to the kernel again; false with the filter, which
 * stays. */
bool catch_disarm(enum launch_guard guard);

/* True for an address in the launcher's code. */
bool catch_is_own(uint64_t rip);

const char *catch_name(enum launch_guard guard);

#endif
