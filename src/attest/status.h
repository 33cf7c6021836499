/* SPDX-License-Identifier: Apache-2.0
 * status.h: Intel's words for the state of a platform, and how the states of its parts make one.
 * [PCS-API tcb] [DCAP-QVL 4.1.2.4.17] */
#ifndef CELLA_ATTEST_STATUS_H
#define CELLA_ATTEST_STATUS_H

#include "base/span.h"

enum tcb_status {
    TCB_NONE = 0, /* not known: nothing authentic says it */
    TCB_UP_TO_DATE,
    TCB_SW_HARDENING_NEEDED,
    TCB_CONFIGURATION_NEEDED,
    TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TCB_OUT_OF_DATE,
    TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TCB_REVOKED,
    TCB_TD_RELAUNCH_ADVISED, /* only as a result */
    TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    TCB_STATUS_COUNT,
};

/* Intel's word, "UpToDate"; "" for TCB_NONE. */
const char *tcb_status_word(enum tcb_status s);
/* TCB_NONE for any other word. */
enum tcb_status tcb_status_from(struct span word);
/* One sentence for a person who does not know SGX. */
const char *tcb_status_meaning(enum tcb_status s);
/* True for the words that speak of a setting (hyper-threading and the like). */
bool tcb_status_wants_configuration(enum tcb_status s);
/* True for the words that TCB info may give a level. */
bool tcb_status_is_level(enum tcb_status s);

/* Puts the status of a part (quoting enclave, TDX module: UpToDate, OutOfDate or Revoked) over that
 * of the platform. */
enum tcb_status tcb_status_converge(enum tcb_status platform, enum tcb_status part);

#endif
