/* SPDX-License-Identifier: Apache-2.0
 * load.h: puts the pages of a layout into an enclave and initialises it.  The same calls in the
 * same order on hardware and on the emulator. */
#ifndef CELLA_HOST_LOAD_H
#define CELLA_HOST_LOAD_H

#include "host/platform.h"
#include "measure/layout.h"

struct host_enclave {
    const struct host_platform *platform; /* borrowed */
    int fd;
    uintptr_t base;      /* SECS.BASEADDR */
    uintptr_t low;       /* first address that is reserved; above base when base is 0 */
    size_t elrange_size; /* base + elrange_size is the end of the reservation */
    struct enclave_layout info;
};

/* Creates the enclave of `layout` under `sigstruct` (its 1808 bytes).  The caller ends it with
 * host_unload(), also when this failed.  Errors: -ENOMEM when the EPC is exhausted, -EPERM when
 * EINIT refused (the sentence says why), -EBUSY when the address range is taken. */
int host_load(struct host_enclave *x, const struct host_platform *p,
              const struct measure_layout *layout, struct span sigstruct, struct err *e) MUST_USE;
void host_unload(struct host_enclave *x);

#endif
