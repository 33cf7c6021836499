/* SPDX-License-Identifier: Apache-2.0
 * patch_map.c: rewrites a mapping; see patch.h.  The stubs lie in pages of their own below the
 * code, near enough for a jump of 32 bits, and are never written again. */
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/mm.h"
#include "libos/mm/patch.h"
#include "libos/mm/user.h"
#include "platform/platform.h"

enum { SITES_MAX = 4096 };

static const uintptr_t REACH = (uintptr_t)1 << 30;

/* Free pages below `addr`; 0 when there are none in reach. */
static uintptr_t gap_below(struct mm *mm, uintptr_t addr, size_t size)
{
    uintptr_t low = platform_info()->user_start;
    uintptr_t top = addr;
    for (size_t n = vma_index(mm, addr); n-- > 0;) {
        if (mm->areas[n]->end <= top && top - mm->areas[n]->end >= size)
            break;
        top = mm->areas[n]->start;
    }
    return top >= low + size && addr - (top - size) < REACH ? top - size : 0;
}

/* Needs: mm->lock.  An area for the stubs; its memory is writable. */
static int stub_area(struct mm *mm, uintptr_t at, size_t size)
{
    struct vma *vma = kalloc(sizeof *vma);
    if (!vma)
        return -1;
    *vma = (struct vma){.start = at,
                        .end = at + size,
                        .prot = PROT_READ | PROT_EXEC,
                        .flags = MAP_PRIVATE | MAP_ANONYMOUS,
                        .name = "[stubs]",
                        .backed = true};
    int rc = platform_mem_map(at, size, PLATFORM_READ | PLATFORM_WRITE);
    if (!rc)
        rc = vma_insert(mm, vma);
    if (rc)
        kfree(vma);
    return rc;
}

void patch_range(struct mm *mm, uintptr_t addr, size_t size)
{
    struct patch_site *sites = kalloc(SITES_MAX * sizeof *sites);
    if (!sites)
        return;
    uint8_t *code = user_raw(user_at(addr));
    size_t count = patch_find(code, size, sites, SITES_MAX);
    size_t bytes = 0;
    for (size_t n = 0; n < count; n++)
        bytes += patch_stub_size(&sites[n]);
    size_t room = page_up(bytes);
    uintptr_t at = count ? gap_below(mm, addr, room) : 0;
    if (at && stub_area(mm, at, room) == 0) {
        uintptr_t stub = at;
        for (size_t n = 0; n < count; n++) {
            patch_write(code, addr, &sites[n], user_raw(user_at(stub)), stub);
            stub += patch_stub_size(&sites[n]);
        }
        ignore(platform_mem_protect(at, room, PLATFORM_READ | PLATFORM_EXEC));
        klog(LOG_DEBUG, "%zu syscall sites rewritten at 0x%lx, stubs at 0x%lx", count, addr, at);
    }
    kfree(sites);
}
