/* SPDX-License-Identifier: Apache-2.0
 * fault_test.h: for tests: makes the n-th allocation fail (with -Wl,--wrap of malloc, calloc and
 * realloc). */
#ifndef CELLA_MKROOT_FAULT_TEST_H
#define CELLA_MKROOT_FAULT_TEST_H

#include <stdbool.h>

/* The n-th allocation from now on fails, 0 is the next one; negative: none. */
void fault_arm(long n);
/* True when one failed since fault_arm(). */
bool fault_fired(void);

#endif
