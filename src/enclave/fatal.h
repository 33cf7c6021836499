/* SPDX-License-Identifier: Apache-2.0
 * fatal.h: the end of an enclave that cannot go on.  Nothing is said but a number of gate/entry.h
 * and, in exceptions, the vector, which the host knows anyway. */
#ifndef CELLA_ENCLAVE_FATAL_H
#define CELLA_ENCLAVE_FATAL_H

#include <stdbool.h>

/* Leaves for good with GATE_LEAVE_FATAL; no thread may enter any more. */
void enclave_fatal(int reason) __attribute__((noreturn));

/* From now on every entry and every return from a host call is refused or fatal. */
void enclave_set_dead(void);
bool enclave_is_dead(void);

#endif
