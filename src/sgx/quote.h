/* SPDX-License-Identifier: Apache-2.0
 * quote.h: splits ECDSA quotes, versions 3, 4 and 5, of SGX and TDX.  Nothing is verified here, see
 * attest/verify.h.  [QUOTE3 A.4] [QUOTE4 A.3] */
#ifndef CELLA_SGX_QUOTE_H
#define CELLA_SGX_QUOTE_H

#include "base/err.h"
#include "base/span.h"

enum {
    QUOTE_HEADER_SIZE = 48,
    QUOTE_REPORT_SIZE = 384,   /* SGX report body */
    QUOTE_TD10_SIZE = 584,     /* TD report of TDX 1.0 */
    QUOTE_TD15_SIZE = 648,     /* TD report of TDX 1.5 */
    QUOTE_SIGNATURE_SIZE = 64, /* r and s, big-endian */
    QUOTE_KEY_SIZE = 64,       /* x and y, big-endian */
    QUOTE_KEY_ECDSA_P256 = 2,  /* attestation key types */
    QUOTE_KEY_ECDSA_P384 = 3,
};

#define QUOTE_TEE_SGX 0x00u
#define QUOTE_TEE_TDX 0x81u

/* Certification data types.  [QUOTE3 table 9] */
enum quote_cert_type {
    QUOTE_CERT_PPID_CLEAR = 1,
    QUOTE_CERT_PPID_RSA2048 = 2,
    QUOTE_CERT_PPID_RSA3072 = 3,
    QUOTE_CERT_PCK_PEM = 4,
    QUOTE_CERT_CHAIN_PEM = 5,
    QUOTE_CERT_QE_REPORT = 6,
    QUOTE_CERT_MANIFEST = 7,
};

enum quote_body_type { /* numbers as in a version 5 body descriptor */
                       QUOTE_BODY_SGX = 1,
                       QUOTE_BODY_TD10 = 2,
                       QUOTE_BODY_TD15 = 3,
};

/* Intel's quoting enclaves, SGX and TDX. */
extern const uint8_t quote_intel_vendor[16];

/* All spans borrow from the input of quote_parse(). */
struct quote {
    uint16_t version;  /* 3, 4 or 5 */
    uint16_t key_type; /* 2 */
    uint32_t tee_type; /* QUOTE_TEE_; 0 in version 3 */
    uint16_t qe_svn;   /* version 3 only, 0 otherwise */
    uint16_t pce_svn;
    uint8_t qe_vendor_id[16];
    uint8_t user_data[20]; /* the first 16 are the quoting enclave's platform id */
    enum quote_body_type body_type;
    struct span signed_part;  /* header, descriptor and body: what the attestation key signs */
    struct span body;         /* 384, 584 or 648 bytes */
    struct span signature;    /* 64 bytes over signed_part */
    struct span key;          /* 64 bytes, the attestation key */
    struct span qe_report;    /* 384 bytes */
    struct span qe_signature; /* 64 bytes over qe_report, by the PCK */
    struct span qe_auth;      /* authentication data, hashed with the key */
    uint16_t cert_type;       /* enum quote_cert_type: 1 to 5 */
    struct span certs;
    struct span platform; /* key up to the end of certs: equal for all quotes of one platform */
    size_t trailing;      /* bytes after the signature data; they mean nothing */
};

/* Splits `in`.  -EBADMSG and one sentence when lengths contradict each other, -ENOTSUP when
 * version, key type, TEE type, vendor or certification data type are not known. */
int quote_parse(struct quote *q, struct span in, struct err *e) MUST_USE;

/* An SGX report body, 384 bytes.  [SDM3D 38.15] */
struct quote_report {
    uint8_t cpusvn[16];
    uint32_t miscselect;
    uint8_t isvextprodid[16];
    uint8_t attributes[16]; /* flags and XFRM, as stored */
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint8_t configid[64];
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint16_t configsvn;
    uint8_t isvfamilyid[16];
    uint8_t report_data[64];
};

/* `in` has 384 bytes; -EBADMSG otherwise. */
int quote_report_parse(struct quote_report *r, struct span in, struct err *e) MUST_USE;

/* A TD report, 1.0 or 1.5.  [TDX-MODULE 22.6, QUOTE4 A.3.2] */
struct quote_td {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[48];
    uint8_t mrsignerseam[48];
    uint8_t seam_attributes[8];
    uint8_t td_attributes[8];
    uint8_t xfam[8];
    uint8_t mrtd[48];
    uint8_t mrconfigid[48];
    uint8_t mrowner[48];
    uint8_t mrownerconfig[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
    bool is_15;               /* the next two are present */
    uint8_t tee_tcb_svn2[16]; /* of the module that runs now */
    uint8_t mrservicetd[48];
};

/* `in` has 584 or 648 bytes; -EBADMSG otherwise. */
int quote_td_parse(struct quote_td *t, struct span in, struct err *e) MUST_USE;

#endif
