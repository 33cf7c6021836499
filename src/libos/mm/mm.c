/* SPDX-License-Identifier: Apache-2.0
 * mm.c: mmap, munmap, mprotect, brk; see mm.h. */
#include "libos/mm/mm.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/patch.h"
#include "libos/mm/prot.h"
#include "libos/vfs/file.h"
#include "platform/platform.h"

enum { MAP_TOP_GAP = 1 << 20, PROT_MASK = PROT_READ | PROT_WRITE | PROT_EXEC };

int mm_init(struct mm *mm)
{
    *mm = (struct mm){.limit = platform_info()->memory_size};
    mutex_init(&mm->lock);
    mm->map_top = platform_info()->user_end - MAP_TOP_GAP;
    return 0;
}

void mm_clear(struct mm *mm)
{
    mutex_lock(&mm->lock);
    if (mm->count)
        ignore(vma_remove(mm, 0, UINTPTR_MAX & ~(uintptr_t)(PAGE_SIZE - 1)));
    mm->brk_start = mm->brk_end = 0;
    mutex_unlock(&mm->lock);
}

/* Where the mapping goes; 0 and *rc when nowhere.  Needs: mm->lock. */
static uintptr_t map_place(struct mm *mm, const struct mm_map *m, size_t size, int *rc)
{
    const struct platform_info *info = platform_info();
    *rc = 0;
    if (m->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (m->addr & (PAGE_SIZE - 1))
            *rc = -EINVAL;
        else if (size > info->user_end || m->addr > info->user_end - size)
            *rc = -ENOMEM;
        else if (m->addr < info->user_start)
            *rc = -EPERM;
        else if ((m->flags & MAP_FIXED_NOREPLACE) && !vma_is_free(mm, m->addr, m->addr + size))
            *rc = -EEXIST;
        return *rc ? 0 : m->addr;
    }
    uintptr_t at = size < info->user_end ? vma_find_gap(mm, size, page_down(m->addr)) : 0;
    if (!at)
        *rc = -ENOMEM;
    return at;
}

static int check_file(const struct mm_map *m)
{
    if (!m->file)
        return 0;
    bool shared_write = (m->flags & MAP_SHARED) && (m->prot & PROT_WRITE);
    if (!file_readable(m->file) || (shared_write && !file_writable(m->file)))
        return -EACCES;
    return file_can_map(m->file) ? 0 : -ENODEV;
}

/* Memory for a new area, and the file's content in it.  Needs: mm->lock. */
static int map_fill(struct mm *mm, const struct vma *vma)
{
    size_t size = vma->end - vma->start;
    unsigned rights = prot_rights(vma->prot);
    if (!vma->file)
        return platform_mem_map(vma->start, size, rights);
    int rc = platform_mem_map(vma->start, size, PLATFORM_READ | PLATFORM_WRITE | PLATFORM_FILL);
    if (rc)
        return rc;
    if (vma->flags & MAP_SHARED)
        rc = file_share(vma->file, vma->start, vma->offset, size);
    else
        rc = file_read_in(vma->file, vma->start, vma->offset, size);
    if (!rc && (vma->prot & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC && !(vma->flags & MAP_SHARED))
        patch_range(mm, vma->start, size);
    if (!rc && rights != (PLATFORM_READ | PLATFORM_WRITE))
        rc = platform_mem_protect(vma->start, size, rights);
    return rc;
}

/* Needs: mm->lock, the range is free. */
static int map_new(struct mm *mm, uintptr_t at, size_t size, const struct mm_map *m)
{
    struct vma *vma = kalloc(sizeof *vma);
    if (!vma)
        return -ENOMEM;
    *vma = (struct vma){.start = at,
                        .end = at + size,
                        .prot = m->prot & PROT_MASK,
                        .flags = m->flags & (MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS |
                                             MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN),
                        .file = m->file,
                        .offset = m->offset,
                        .name = m->name,
                        .backed = m->file || prot_rights(m->prot)};
    if (vma_charged(vma) && mm->committed + size > mm->limit) {
        kfree(vma);
        return -ENOMEM;
    }
    int rc = vma->backed ? map_fill(mm, vma) : 0;
    if (!rc)
        rc = vma_insert(mm, vma);
    if (rc) {
        if (vma->backed)
            ignore(platform_mem_reserve(at, size));
        kfree(vma);
        return rc;
    }
    if (vma->file)
        file_get(vma->file);
    vma_merge(mm, at, at + size);
    return 0;
}

int64_t mm_mmap(struct mm *mm, const struct mm_map *m)
{
    uint32_t type = m->flags & MAP_TYPE;
    if (m->size == 0 || (m->offset & (PAGE_SIZE - 1)))
        return -EINVAL;
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    size_t size = page_up(m->size);
    if (size == 0)
        return -ENOMEM;
    if (m->file && m->offset + size < m->offset)
        return -EOVERFLOW;
    struct mm_map fixed = *m;
    if (type == MAP_SHARED_VALIDATE)
        fixed.flags = (m->flags & ~(uint32_t)MAP_TYPE) | MAP_SHARED;
    int rc = check_file(&fixed);
    if (rc)
        return rc;
    mutex_lock(&mm->lock);
    uintptr_t at = map_place(mm, m, size, &rc);
    if (!rc && (m->flags & MAP_FIXED) && !vma_is_free(mm, at, at + size))
        rc = vma_remove(mm, at, at + size);
    if (!rc)
        rc = map_new(mm, at, size, &fixed);
    mutex_unlock(&mm->lock);
    return rc ? rc : (int64_t)at;
}

int mm_munmap(struct mm *mm, uintptr_t addr, size_t size)
{
    const struct platform_info *info = platform_info();
    size = page_up(size);
    if ((addr & (PAGE_SIZE - 1)) || size == 0 || size > info->user_end ||
        addr > info->user_end - size)
        return -EINVAL;
    mutex_lock(&mm->lock);
    int rc = vma_remove(mm, addr, addr + size);
    mutex_unlock(&mm->lock);
    return rc;
}

/* Needs: mm->lock. */
static int protect_one(struct mm *mm, struct vma *vma, uint32_t prot)
{
    size_t size = vma->end - vma->start;
    unsigned rights = prot_rights(prot);
    if (vma->file && (vma->flags & MAP_SHARED) && (prot & PROT_WRITE) && !file_writable(vma->file))
        return -EACCES;
    int rc = 0;
    if (!vma->backed && rights) {
        if (!(vma->flags & MAP_NORESERVE) && mm->committed + size > mm->limit)
            return -ENOMEM;
        rc = platform_mem_map(vma->start, size, rights);
        if (rc)
            return rc;
        vma->backed = true;
        if (vma_charged(vma))
            mm->committed += size;
    } else if (vma->backed && rights != prot_rights(vma->prot)) {
        rc = platform_mem_protect(vma->start, size, rights);
    }
    if (!rc)
        vma->prot = prot;
    return rc;
}

int mm_mprotect(struct mm *mm, uintptr_t addr, size_t size, uint32_t prot)
{
    const struct platform_info *info = platform_info();
    if ((addr & (PAGE_SIZE - 1)) ||
        (prot & ~(uint32_t)(PROT_MASK | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP)))
        return -EINVAL;
    if (size == 0)
        return 0;
    size = page_up(size);
    if (size == 0 || size > info->user_end || addr > info->user_end - size)
        return -ENOMEM;
    prot &= PROT_MASK;
    mutex_lock(&mm->lock);
    int rc = vma_split(mm, addr);
    if (!rc)
        rc = vma_split(mm, addr + size);
    uintptr_t at = addr;
    for (size_t n = vma_index(mm, addr); !rc && at < addr + size; n++) {
        if (n == mm->count || mm->areas[n]->start != at) {
            rc = -ENOMEM;
            break;
        }
        rc = protect_one(mm, mm->areas[n], prot);
        at = mm->areas[n]->end;
    }
    vma_merge(mm, addr, addr + size);
    mutex_unlock(&mm->lock);
    return rc;
}

int64_t mm_brk(struct mm *mm, uintptr_t end)
{
    mutex_lock(&mm->lock);
    uintptr_t old = page_up(mm->brk_end);
    uintptr_t new = page_up(end);
    int rc = 0;
    if (end < mm->brk_start || new < end) {
        rc = -ENOMEM;
    } else if (new > old) {
        struct mm_map m = {
            .prot = PROT_READ | PROT_WRITE, .flags = MAP_PRIVATE | MAP_ANONYMOUS, .name = "[heap]"};
        rc = new <= mm->map_top &&vma_is_free(mm, old, new) ? map_new(mm, old, new - old, &m)
                                                            : -ENOMEM;
    } else if (new < old) {
        rc = vma_remove(mm, new, old);
    }
    if (!rc)
        mm->brk_end = end;
    int64_t result = (int64_t)mm->brk_end;
    mutex_unlock(&mm->lock);
    return result;
}
