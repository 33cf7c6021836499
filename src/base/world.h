/* SPDX-License-Identifier: Apache-2.0
 * world.h: addresses that belong to somebody else.
 * A host_ptr is untrusted memory outside the enclave, a user_ptr memory of the application inside
 * it.  Neither can be followed or mixed up by accident; only host_read/host_write and
 * user_read/user_write (in *_raw.c) touch what is behind them, after range checks. */
#ifndef CELLA_BASE_WORLD_H
#define CELLA_BASE_WORLD_H

#include <stdint.h>

typedef struct {
    uintptr_t addr;
} host_ptr;

typedef struct {
    uintptr_t addr;
} user_ptr;

#endif
