/* SPDX-License-Identifier: Apache-2.0
 * vdso.c: see vdso.h. */
#include "libos/vdso/vdso.h"

#include "libos/mm/mm.h"

void vdso_map(struct mm *mm)
{
    (void)mm;
}

uint64_t vdso_address(void)
{
    return 0;
}
