/* SPDX-License-Identifier: Apache-2.0
 * driver.h: the ioctls of /dev/sgx_enclave, one function each.  `arg` is the program's address of
 * the argument struct.  They return 0 or the negative errno that Linux's driver gives.
 * [Linux arch/x86/kernel/cpu/sgx/ioctl.c] */
#ifndef CELLA_EMU_DRIVER_H
#define CELLA_EMU_DRIVER_H

#include <stdint.h>

#include "base/err.h"

struct emu_enclave;

int driver_create(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_add_pages(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_init(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_provision(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_restrict_permissions(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_modify_types(struct emu_enclave *enclave, uint64_t arg) MUST_USE;
int driver_remove_pages(struct emu_enclave *enclave, uint64_t arg) MUST_USE;

/* A whole number of pages inside ELRANGE; else -EINVAL. */
int driver_check_range(const struct emu_enclave *enclave, uint64_t offset,
                       uint64_t length) MUST_USE;

/* EPC for one more page, and a VA page when Linux would need one; -ENOMEM.  Needs: enclave->lock.
 */
int driver_grow(struct emu_enclave *enclave) MUST_USE;
void driver_shrink(struct emu_enclave *enclave);

#endif
