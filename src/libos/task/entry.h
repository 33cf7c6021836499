/* SPDX-License-Identifier: Apache-2.0
 * entry.h: the labels of entry.S and user_raw.S, and what they call. */
#ifndef CELLA_LIBOS_TASK_ENTRY_H
#define CELLA_LIBOS_TASK_ENTRY_H

#include "platform/platform.h"

extern const char libos_entry[], libos_trap_entry[], libos_exit[], libos_exit_end[];
extern const char user_access_start[], user_access_end[], user_access_fault[];

void libos_trap(struct platform_regs *regs);
void libos_exit_work(struct platform_regs *regs);
/* Takes the kernel stack back to its top and goes to the application. */
void libos_leave(void) __attribute__((noreturn));

#endif
