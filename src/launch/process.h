/* SPDX-License-Identifier: Apache-2.0
 * process.h: threads and processes of the program. */
#ifndef CELLA_LAUNCH_PROCESS_H
#define CELLA_LAUNCH_PROCESS_H

#include "launch/thread.h"

/* entry.S: where a new thread begins, on its block's stack, with all signals blocked. */
_Noreturn void launch_thread_begin(struct launch_thread *t);

#endif
