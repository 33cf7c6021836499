/* SPDX-License-Identifier: Apache-2.0
 * start.h: further threads.  Each needs a TCS of its own from the pool that was measured; the host
 * enters one when asked to, and a TCS goes back to the pool when its thread ends. */
#ifndef CELLA_ENCLAVE_START_H
#define CELLA_ENCLAVE_START_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct start; /* a thread that was asked for */

typedef void (*start_fn)(void *argument);

/* Runs fn(argument) on a new thread.  *out is for start_join(), which frees it.  -EAGAIN when every
 * TCS is in use or the host did not enter one, -ENOMEM. */
int start_thread(start_fn fn, void *argument, struct start **out) MUST_USE;
void start_join(struct start *s);

/* For begin.c: once, before other threads exist. */
void start_init(uint32_t thread_count);
/* For begin.c: runs the thread that has waited longest on the caller; false when there is none. */
bool start_run_next(void);

#endif
