/* SPDX-License-Identifier: Apache-2.0
 * trap.h: questions about what arrived in a handler. */
#ifndef CELLA_EMU_TRAP_H
#define CELLA_EMU_TRAP_H

#include <stdbool.h>

struct emu_trap;

/* An instruction raised it, not another process or thread. */
bool emu_trap_is_fault(const struct emu_trap *trap);

/* The context stands at an ENCLU.  trap->thread may be NULL.  Needs: it is a fault. */
bool emu_trap_at_enclu(const struct emu_trap *trap);

#endif
