/* SPDX-License-Identifier: Apache-2.0
 * tcb.h: finds the levels that a platform meets and makes one status of them.  Pure arithmetic on
 * parsed structures.  [DCAP-QVL 4.1.2.4.17] */
#ifndef CELLA_ATTEST_TCB_H
#define CELLA_ATTEST_TCB_H

#include "attest/identity.h"
#include "attest/pck.h"
#include "attest/tcb_info.h"
#include "sgx/quote.h"

struct tcb_judgement {
    const struct tcb_level *level;     /* the platform's; NULL: it meets none */
    const struct tcb_level *sgx_level; /* TDX: the first that the SGX side alone meets */
    size_t index;                      /* of level, from the highest */
    const struct tdx_module *module;   /* TDX with a module number; NULL: no such identity */
    const struct tcb_part_level *module_level;
    bool module_needed;                    /* TEE_TCB_SVN[1] > 0 */
    const struct tcb_part_level *qe_level; /* NULL: the quoting enclave meets none */
    enum tcb_status status;                /* TCB_NONE when any of these is missing */
};

/* `td` is NULL for SGX. */
void tcb_judge(struct tcb_judgement *j, const struct tcb_info *info, const struct pck *pck,
               const struct quote_td *td, const struct identity *qe, uint32_t qe_isvsvn);

/* True when the platform meets this level; `td` is NULL for SGX. */
bool tcb_meets(const struct tcb_level *level, const struct pck *pck, const struct quote_td *td);

/* An SVN that is too low for `level`. */
struct tcb_short {
    enum tcb_short_kind {
        TCB_SHORT_SGX, /* component `index`, from 1 */
        TCB_SHORT_PCE,
        TCB_SHORT_TDX, /* component `index`, from 1 */
        TCB_SHORT_MODULE,
        TCB_SHORT_QE,
    } kind;
    unsigned index;
    unsigned have;
    unsigned need;
    char category[24]; /* "BIOS"; "" when not said */
    char type[40];     /* "Early Microcode Update" */
};
enum { TCB_MAX_SHORT = 2 * TCB_COMPONENTS + 3 };

/* What is missing to `level`; the count. */
size_t tcb_shortfall(struct tcb_short out[TCB_MAX_SHORT], const struct tcb_info *info,
                     const struct tcb_level *level, const struct pck *pck,
                     const struct quote_td *td);

#endif
