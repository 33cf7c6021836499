/* SPDX-License-Identifier: Apache-2.0
 * service.h: one AESM request to its answer, bytes to bytes.  No I/O; may be called by several
 * threads.  See aesm.proto. */
#ifndef CELLA_AESM_SERVICE_H
#define CELLA_AESM_SERVICE_H

#include "aesm/quoting.h"
#include "base/err.h"
#include "base/span.h"

enum {
    AESM_KEY_ID_SIZE = 256,
    AESM_MAX_REQUEST = 64 << 10, /* bytes; the largest real one, a list of key ids, is far below */
    AESM_MAX_BUFFER = 1 << 20,   /* of a quote that a client asks to be padded */
};

/* Makes the answer to one request, without its length in front; the caller frees *answer with
 * free().  Every well-formed request gets one, errors included.  -EBADMSG when the bytes are no
 * request: the connection is to be closed. -ENOMEM. */
int aesm_serve(const struct aesm_quoting *quoting, struct span request, uint8_t **answer,
               size_t *answer_size, struct err *e) MUST_USE;

/* The attestation key that is offered: ECDSA P-256 by Intel's quoting enclave, the only id that
 * clients hard-code. 256 bytes, sgx_att_key_id_ext_t. */
void aesm_key_id(uint8_t out[AESM_KEY_ID_SIZE]);

#endif
