/* SPDX-License-Identifier: Apache-2.0
 * kick.h: interrupting host threads, and signals from outside. */
#ifndef CELLA_HOST_KICK_H
#define CELLA_HOST_KICK_H

#include "host/run.h"

/* Installs the handlers: of the kick, and of the signals that are handed on to the enclave. */
int host_kick_start(struct host_run *run, struct err *e) MUST_USE;
/* The calling thread begins or ends its stay on a TCS; outside of it no signal reaches it. */
void host_kick_enter(struct host_thread *t);
void host_kick_leave(void);
/* Interrupts the thread on TCS `index`; -ESRCH when there is none. */
int host_kick(const struct host_run *run, uint64_t index);
/* Signals from outside since the last call, bit n - 1 for n. */
uint64_t host_kick_signals(const struct host_run *run);

#endif
