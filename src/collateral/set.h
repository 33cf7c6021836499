/* SPDX-License-Identifier: Apache-2.0
 * set.h: collateral as a folder of files: what a quote's verdict needs, under fixed names. */
#ifndef CELLA_COLLATERAL_SET_H
#define CELLA_COLLATERAL_SET_H

#include "attest/collateral.h"

enum set_file {
    SET_TCB_INFO,          /* tcb_info.json */
    SET_TCB_INFO_CHAIN,    /* tcb_info_issuer_chain.pem */
    SET_QE_IDENTITY,       /* qe_identity.json */
    SET_QE_IDENTITY_CHAIN, /* qe_identity_issuer_chain.pem */
    SET_PCK_CRL,           /* pck_crl.der */
    SET_PCK_CRL_CHAIN,     /* pck_crl_issuer_chain.pem */
    SET_ROOT_CRL,          /* root_ca_crl.der */
    SET_PCK_CHAIN,         /* pck_chain.pem, optional */
    SET_ROOT_CA,           /* root_ca.pem, optional */
    SET_FILES,
};

enum { SET_MAX_FILE = 4 << 20 };

/* Owns its files; start with a zeroed one, end with set_fini(). */
struct collateral_set {
    struct {
        uint8_t *data; /* NULL: not there */
        size_t size;
    } file[SET_FILES];
};

const char *set_file_name(enum set_file f);

/* Reads what the folder has; missing files are left out.  -ENOENT when the folder is missing or has
 * none of them, else the errno of a file that cannot be read. */
int set_load(struct collateral_set *s, const char *folder, struct err *e) MUST_USE;

/* Writes all files into the folder, which is made when it is missing.  Each file appears whole or
 * not at all. */
int set_save(const struct collateral_set *s, const char *folder, struct err *e) MUST_USE;

/* Forgets one file. */
void set_drop(struct collateral_set *s, enum set_file f);

void set_fini(struct collateral_set *s);

/* Views of the files; borrow from the set. */
struct collateral_files set_files(const struct collateral_set *s);

/* Makes the folder and its parents, mode 0755.  A negative errno and a sentence. */
int make_folders(const char *path, struct err *e) MUST_USE;

#endif
