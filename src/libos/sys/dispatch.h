/* SPDX-License-Identifier: Apache-2.0
 * dispatch.h: from a number to its call. */
#ifndef CELLA_LIBOS_SYS_DISPATCH_H
#define CELLA_LIBOS_SYS_DISPATCH_H

#include "platform/platform.h"

struct task;

/* Runs the call in `regs` and puts its result there. */
void libos_syscall(struct platform_regs *regs);
/* Runs t->syscall once more: no handler came between. */
void libos_syscall_again(struct task *t);

#endif
