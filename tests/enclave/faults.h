/* SPDX-License-Identifier: Apache-2.0
 * faults.h: instructions that fault, run with known values in all registers. */
#ifndef CELLA_TESTS_ENCLAVE_FAULTS_H
#define CELLA_TESTS_ENCLAVE_FAULTS_H

#include <stdint.h>

/* One faulting instruction and a return; the argument is in RAX. */
typedef void (*fault_fn)(void);

void fault_ud(void);
void fault_de(void);
void fault_read(void);
void fault_write(void);
void fault_nothing(void);

/* The instruction behind the faulting one at `rip`. */
uint64_t fault_next(uint64_t rip);

/* Fills all general registers but RSP, the flags (DF too), the red zone and every vector component
 * of XFRM with known values, calls `fault` and compares: 0 when nothing changed, else it says what
 * did. */
int fault_with_registers(fault_fn fault, uint64_t argument);

/* The value that secrets_then() puts into every register. */
#define SECRET_WORD 0x5ec2e75ec2e75ec2ull

/* Calls `then` with SECRET_WORD in all general registers and in the components of XFRM that
 * `components` names (XCR0's bits); the others are in their first state. */
void secrets_then(void (*then)(void), uint64_t components);

#endif
