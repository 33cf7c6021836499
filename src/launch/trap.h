/* SPDX-License-Identifier: Apache-2.0
 * trap.h: where the kernel enters the launcher: a system call of the program, a signal. */
#ifndef CELLA_LAUNCH_TRAP_H
#define CELLA_LAUNCH_TRAP_H

#include <signal.h>

void trap_on_syscall(int signal, siginfo_t *info, void *context);
void trap_on_signal(int signal, siginfo_t *info, void *context);

#endif
