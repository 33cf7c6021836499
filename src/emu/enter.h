/* SPDX-License-Identifier: Apache-2.0
 * enter.h: what the trap handler knows of emu_enter() (enter.S). */
#ifndef CELLA_EMU_ENTER_H
#define CELLA_EMU_ENTER_H

#include <stdbool.h>
#include <stdint.h>

/* True at the ENCLU of emu_enter(), which is also its AEP: what the kernel's exception table has
 * for the vDSO. */
bool enter_is_site(uint64_t rip);

/* The address of a bare ENCLU for the fast mode's AEP; any other AEP as it is. */
uint64_t enter_plain_address(uint64_t aep);

/* Where an exception there goes on: RDI, RSI, RDX are vector, error code and address. */
uint64_t enter_exception_address(void);

#endif
