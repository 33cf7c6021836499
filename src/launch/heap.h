/* SPDX-License-Identifier: Apache-2.0
 * heap.h: brk(2) of the program. */
#ifndef CELLA_LAUNCH_HEAP_H
#define CELLA_LAUNCH_HEAP_H

#include <stdint.h>

/* The heap begins at the next page; once, before the program starts. */
void heap_start(uint64_t start);

#endif
