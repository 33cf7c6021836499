/* SPDX-License-Identifier: Apache-2.0
 * identity.h: Intel's description of a quoting enclave, version 2.  [PCS-API qe/identity] */
#ifndef CELLA_ATTEST_IDENTITY_H
#define CELLA_ATTEST_IDENTITY_H

#include "attest/tcb_info.h"

struct identity {
    struct signed_json doc;
    const char *id; /* "QE", "TD_QE", "QVE", "QAE"; borrows from the document */
    int64_t issue_date;
    int64_t next_update;
    uint32_t evaluation_number;
    uint8_t miscselect[4]; /* as stored in a report, like all of these */
    uint8_t miscselect_mask[4];
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mrsigner[32];
    uint32_t isvprodid;
    struct tcb_part_levels levels;
};

/* As tcb_info_parse(). */
int identity_parse(struct identity *q, struct span in, struct err *e) MUST_USE;
void identity_fini(struct identity *q);

#endif
