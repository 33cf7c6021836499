/* SPDX-License-Identifier: Apache-2.0
 * tcs.h: what EADD and EACCEPT ask of a page that becomes a TCS.  [SDM3D 38.8] */
#ifndef CELLA_EMU_TCS_H
#define CELLA_EMU_TCS_H

#include <stdbool.h>

#include "sgx/arch.h"

/* Reserved fields are zero, and a 32-bit enclave's segment limits are whole pages. */
bool tcs_can_be_added(const void *page, const struct sgx_secs *secs);

/* Clears what the CPU keeps in a TCS, and DBGOPTIN. */
void tcs_reset(void *page);

/* A page that EMODT made a TCS is as EADD would have left it, and has an SSA frame to use. */
bool tcs_can_be_accepted(const void *page, const struct sgx_secs *secs);

#endif
