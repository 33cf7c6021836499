/* SPDX-License-Identifier: Apache-2.0
 * testkit.h: what the tests of this room share: sets of the test data. */
#ifndef CELLA_ATTEST_TESTKIT_H
#define CELLA_ATTEST_TESTKIT_H

#include "attest/verify.h"

enum kit_file {
    KIT_QUOTE,
    KIT_TCB_INFO,
    KIT_TCB_INFO_CHAIN,
    KIT_QE_IDENTITY,
    KIT_QE_IDENTITY_CHAIN,
    KIT_PCK_CRL,
    KIT_PCK_CRL_CHAIN,
    KIT_ROOT_CRL,
    KIT_PCK_CHAIN,
    KIT_ROOT_CA,
    KIT_FILES,
};

/* A quote with its collateral, to be changed at will; kit_fini(). */
struct kit {
    struct {
        uint8_t *data; /* malloc'ed */
        size_t size;
    } file[KIT_FILES];
    int64_t at;
    struct trust trust;
    struct policy policy;
};

/* File name in a set's folder. */
const char *kit_name(enum kit_file f);
/* Reads a set; Intel's root is trusted, the policy is the default, `at` must be set.  Skips the
 * test without test data. */
void kit_load(struct kit *k, const char *set);
void kit_fini(struct kit *k);
/* Replaces a file's content by a copy. */
void kit_put(struct kit *k, enum kit_file f, const void *data, size_t size);
/* Trusts the file root_ca.pem and nothing else. */
void kit_trust_root_ca(struct kit *k);
struct collateral *kit_collateral(const struct kit *k);
/* Verifies with texts; fails the test when there is no verdict. */
void kit_verify(const struct kit *k, struct attest_result *r);
/* The state of the check with this name. */
enum check_state kit_check(const struct attest_result *r, const char *name);
/* Prints every check that did not pass. */
void kit_show(const struct attest_result *r);

#endif
