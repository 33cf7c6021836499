/* SPDX-License-Identifier: Apache-2.0
 * prot.h: what an area's rights mean below and for the accounts. */
#ifndef CELLA_LIBOS_MM_PROT_H
#define CELLA_LIBOS_MM_PROT_H

#include <linux/mman.h>

#include "libos/mm/mm.h"
#include "platform/platform.h"

_Static_assert(PROT_READ == PLATFORM_READ && PROT_WRITE == PLATFORM_WRITE &&
                   PROT_EXEC == PLATFORM_EXEC,
               "rights are passed on as they are");

/* x86 cannot have writable or executable pages that are not readable. */
static inline unsigned prot_rights(uint32_t prot)
{
    return prot & (PROT_READ | PROT_WRITE | PROT_EXEC)
               ? (prot & (PROT_WRITE | PROT_EXEC)) | PROT_READ
               : 0;
}

static inline bool vma_charged(const struct vma *vma)
{
    return vma->backed && !(vma->flags & MAP_NORESERVE);
}

#endif
