/* SPDX-License-Identifier: Apache-2.0
 * forge.h: a certificate hierarchy of the tests' own, with OpenSSL writing what our readers read,
 * and quotes and collateral of any state that the public data does not have. */
#ifndef CELLA_ATTEST_FORGE_H
#define CELLA_ATTEST_FORGE_H

#include <openssl/evp.h>

#include "attest/testkit.h"

#define FORGE_NOW 1750000000 /* 2025-06-15; forge_init() makes everything valid there */
#define FORGE_DAY 86400

enum forge_key {
    FORGE_ROOT,
    FORGE_CA,
    FORGE_LEAF,
    FORGE_SIGNER,
    FORGE_ATTEST,
    FORGE_OTHER,
    FORGE_KEYS
};

struct forge_dates {
    int64_t from;
    int64_t to;
};

/* What to make.  forge_init() fills in a good platform; tests change what they are about. */
struct forge {
    EVP_PKEY *key[FORGE_KEYS];
    bool is_tdx;
    int version; /* 3, 4, 5 */
    bool td15;
    struct forge_dates root, ca, leaf, signer, tcb_info, identity, pck_crl, root_crl;
    const char *leaf_name;
    const char *ca_name;
    const char *signer_name;
    const char *pck_crl_issuer; /* NULL: ca_name */
    enum forge_key pck_crl_signer;
    enum forge_key root_crl_signer;
    enum forge_key identity_signer; /* who signs the identity's text */
    enum forge_key leaf_issuer;     /* whose key signs the leaf */
    bool ca_without_flag;           /* the authority is none by its basic constraints */
    bool revoke_leaf;
    bool revoke_ca;
    bool revoke_signer;
    uint8_t components[16];
    unsigned pcesvn;
    uint8_t fmspc[6];
    uint8_t pceid[2];
    uint8_t tee_tcb_svn[16];
    uint8_t tee_tcb_svn2[16];
    uint8_t mrsignerseam[48];
    uint8_t seam_attributes[8];
    unsigned qe_isvsvn;
    unsigned qe_isvprodid;
    uint8_t qe_mrsigner[32];
    uint8_t qe_attributes[16];
    bool debug;
    const char *tcb_info_id;  /* NULL: version 2 */
    const char *levels;       /* JSON of tcbLevels */
    const char *module_extra; /* JSON members between, "" */
    const char *identity_id;
    const char *identity_levels;
    unsigned evaluation_number;
    unsigned identity_evaluation_number;
    unsigned cert_type; /* 1, 4 or 5 */
    bool bad_binding;   /* the QE's report data are another key's */
};

/* Makes keys once a process; nothing to free. */
void forge_init(struct forge *f);
/* Makes quote and collateral into an empty kit, at FORGE_NOW, and trusts the root.  kit_fini(). */
void forge_make(const struct forge *f, struct kit *k);
/* One level as JSON, version 3: all SGX components `sgx`, TDX components `tdx`, in a static buffer
 * of its own number (0 to 3). */
const char *forge_level(int slot, int sgx, int tdx, int pcesvn, const char *status,
                        const char *advisories);

#endif
