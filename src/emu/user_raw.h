/* SPDX-License-Identifier: Apache-2.0
 * user_raw.h: memory of the program, named by an address that it gave: read and written as the
 * kernel does, so that a bad address is -EFAULT and no signal. */
#ifndef CELLA_EMU_USER_RAW_H
#define CELLA_EMU_USER_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* An address as a pointer, for system calls that take one. */
static inline void *raw_pointer(uint64_t addr)
{
    return (void *)(uintptr_t)addr;
}

int user_read(void *out, uint64_t addr, size_t size) MUST_USE;
int user_write(uint64_t addr, const void *from, size_t size) MUST_USE;

#endif
