/* SPDX-License-Identifier: Apache-2.0
 * patch.c: see patch.h. */
#include "libos/mm/patch.h"

void patch_range(uintptr_t addr, size_t size)
{
    (void)addr;
    (void)size;
}

int patch_protect(uintptr_t addr, size_t size, unsigned rights)
{
    (void)addr;
    (void)size;
    (void)rights;
    return 0;
}

void patch_reset(void)
{
}
