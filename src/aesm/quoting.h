/* SPDX-License-Identifier: Apache-2.0
 * quoting.h: what the service needs from whoever makes quotes: the emulator's quoting enclave, or
 * the platform's own library.  Calls may come from several threads at once. */
#ifndef CELLA_AESM_QUOTING_H
#define CELLA_AESM_QUOTING_H

#include <stdint.h>

#include "sgx/arch.h"

/* Error codes that clients look at.  [aesm_error.h of the SGX PSW] */
enum aesm_error {
    AESM_SUCCESS = 0,
    AESM_UNEXPECTED_ERROR = 1,
    AESM_PARAMETER_ERROR = 3,
    AESM_BUSY = 18,
    AESM_OUT_OF_MEMORY = 21,
    AESM_SGX_DEVICE_NOT_AVAILABLE = 24,
    AESM_OUT_OF_EPC = 29,
    AESM_SERVICE_UNAVAILABLE = 30,
    AESM_UNSUPPORTED_ATT_KEY_ID = 38,
    AESM_ATT_KEY_NOT_INITIALIZED = 42,
    AESM_NO_PLATFORM_CERT_DATA = 44,
    AESM_INVALID_REPORT = 47,
};

enum { AESM_PUB_KEY_ID_SIZE = 32, AESM_NONCE_SIZE = 16 };

/* sgx_ql_qe_report_info_t: the client's nonce and TARGETINFO, and the QE's REPORT for it.  960
 * bytes. */
struct aesm_qe_report_info {
    uint8_t nonce[AESM_NONCE_SIZE];
    struct sgx_targetinfo target;
    struct sgx_report report;
};
_Static_assert(sizeof(struct aesm_qe_report_info) == 960, "the size is part of the protocol");

struct aesm_quoting {
    /* Each returns enum aesm_error. */
    int (*target_info)(void *context, struct sgx_targetinfo *out);
    int (*pub_key_id)(void *context, uint8_t out[AESM_PUB_KEY_ID_SIZE]);
    int (*quote_size)(void *context, uint32_t *size);
    /* Writes exactly quote_size bytes.  `info` may be NULL; else its report is filled: for
     * info->target, with report data SHA-256(nonce || quote) and zeros. */
    int (*quote)(void *context, const struct sgx_report *report, uint8_t *quote, uint32_t size,
                 struct aesm_qe_report_info *info);
    void *context;
};

#endif
