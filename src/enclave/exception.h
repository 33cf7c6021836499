/* SPDX-License-Identifier: Apache-2.0
 * exception.h: faults of enclave code, handled by enclave code, in two stages.
 *
 * The CPU saves the interrupted registers in SSA frame 0 and the host enters again (CSSA 1). Stage
 * 1, on a stack of its own, copies the frame to the interrupted stack and changes SSA frame 0 so
 * that ERESUME continues in stage 2; stage 2 runs the handler like an ordinary function of the
 * thread, with host calls, locks and further exceptions allowed, and then goes back to the
 * registers as the handler left them. */
#ifndef CELLA_ENCLAVE_EXCEPTION_H
#define CELLA_ENCLAVE_EXCEPTION_H

#include <stdbool.h>

#include "enclave/context.h"

/* True: go on with the (edited) context.  False: not mine, the program ends. */
typedef bool (*exception_handler)(struct exception_context *context);

/* One handler for all threads; NULL takes it away. */
void exception_handle(exception_handler handler);

#endif
