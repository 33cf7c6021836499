/* SPDX-License-Identifier: Apache-2.0
 * cpuid.h: CPUID as the program sees it, on machines that can make the instruction fault (Intel's
 * since 2012, few virtual ones): it has SGX.  Elsewhere the program sees the machine's own answer.
 */
#ifndef CELLA_LAUNCH_CPUID_H
#define CELLA_LAUNCH_CPUID_H

#include <stdbool.h>

struct kernel_context;

/* Makes CPUID fault in this thread and those that it makes; false when the machine cannot. */
bool cpuid_catch(void);

/* When the context stands at a CPUID instruction: carries it out and goes behind it. */
bool cpuid_emulate(struct kernel_context *c);

#endif
