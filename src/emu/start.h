/* SPDX-License-Identifier: Apache-2.0
 * start.h: the parts of emu_start(). */
#ifndef CELLA_EMU_START_H
#define CELLA_EMU_START_H

#include "base/err.h"

struct emu_options;

/* Everything but the signal handlers: what the launcher calls, which has its own. */
int emu_start_cpu(const struct emu_options *options, struct err *e) MUST_USE;

/* -ENOTSUP with a sentence when AT_HWCAP2 lacks what the emulator needs. */
int start_check_cpu(unsigned long hwcap2, struct err *e) MUST_USE;

#endif
