/* SPDX-License-Identifier: Apache-2.0
 * mrenclave.h: MRENCLAVE, the hash over the records that ECREATE, EADD and EEXTEND leave.
 * [SDM3D 39.4.1.1, 41.3] */
#ifndef CELLA_MEASURE_MRENCLAVE_H
#define CELLA_MEASURE_MRENCLAVE_H

#include "crypto/sha256.h"
#include "sgx/arch.h"

struct measure_layout;

struct mrenclave {
    struct sha256 hash;
};

/* Starts with ECREATE; `size` is the ELRANGE's in bytes, `ssaframesize` in pages. */
void mrenclave_create(struct mrenclave *m, uint64_t size, uint32_t ssaframesize);

/* One page.  `secinfo` is SECINFO.FLAGS; for a TCS the permission bits are cleared first, as EADD
 * does. */
void mrenclave_add(struct mrenclave *m, uint64_t offset, uint64_t secinfo);

/* 256 bytes at `offset`. */
void mrenclave_extend(struct mrenclave *m, uint64_t offset, const uint8_t chunk[SGX_EEXTEND_SIZE]);

void mrenclave_final(struct mrenclave *m, uint8_t out[SHA256_SIZE]);

/* All of a layout. */
void mrenclave_of_layout(const struct measure_layout *l, uint8_t out[SHA256_SIZE]);

#endif
