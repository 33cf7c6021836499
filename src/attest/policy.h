/* SPDX-License-Identifier: Apache-2.0
 * policy.h: what this side asks of a quote, beyond that it is genuine.  docs/attestation.md has the
 * file's keys.
 *
 * The defaults accept UpToDate and SWHardeningNeeded: the second says that the machine has all
 * updates and the program must guard itself, and whole processor families (Ice Lake servers) can
 * never be better.  Debug enclaves and publicly known signing keys are refused. */
#ifndef CELLA_ATTEST_POLICY_H
#define CELLA_ATTEST_POLICY_H

#include "attest/status.h"
#include "base/err.h"

enum { POLICY_MAX_LIST = 64, POLICY_MAX_SIZE = 64 * 1024 };

/* Hashes of one kind that are accepted; an empty list accepts any. */
struct policy_hashes {
    size_t count;
    uint8_t hash[POLICY_MAX_LIST][48]; /* 32 bytes used for SGX */
};

enum policy_item { /* what has a maximal age */
                   POLICY_TCB_INFO,
                   POLICY_QE_IDENTITY,
                   POLICY_PCK_CRL,
                   POLICY_ROOT_CRL,
                   POLICY_ITEMS,
};

struct policy {
    unsigned accepted; /* a bit for each enum tcb_status */
    bool has_tolerated;
    size_t tolerated_count;
    char tolerated[POLICY_MAX_LIST][24]; /* advisories; without the list any is tolerated */
    bool allow_debug;
    bool allow_public_signers;
    struct policy_hashes mrenclave;
    struct policy_hashes mrsigner;
    struct policy_hashes mrtd;
    bool has_isvprodid;
    uint32_t isvprodid;
    uint32_t min_isvsvn;
    uint32_t min_evaluation_number;
    int64_t max_age_s[POLICY_ITEMS]; /* 0: no bound beyond the item's own */
};

void policy_init(struct policy *p);

/* Reads a policy file over the defaults.  -EBADMSG and one sentence that names the key; a key that
 * is not known stops, so that a misspelled one is never a weaker policy. */
int policy_parse(struct policy *p, struct span in, struct err *e) MUST_USE;

bool policy_accepts(const struct policy *p, enum tcb_status s);
bool policy_tolerates(const struct policy *p, const char *advisory);
/* True when the list is empty or has it; `size` is 32 or 48. */
bool policy_has(const struct policy_hashes *list, const uint8_t *hash, size_t size);

#endif
