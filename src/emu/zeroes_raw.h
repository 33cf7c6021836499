/* SPDX-License-Identifier: Apache-2.0
 * zeroes_raw.h: finds out quickly that pages of the program are all zero, so that a large heap is
 * neither copied nor, when nobody has touched its source yet, even read. */
#ifndef CELLA_EMU_ZEROES_RAW_H
#define CELLA_EMU_ZEROES_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes from `addr` on, a multiple of 4096 up to `size`, that are known to be zero.  It may be too
 * few (what cannot be read is not zero), never too many.  `addr` is aligned to a page.  A program
 * that unmaps the range at the same time gets SIGSEGV where Linux would say -EFAULT. */
size_t zeroes_prefix(uint64_t addr, size_t size);

/* True when the page is all zero. */
bool zeroes_page(const void *page);

#endif
