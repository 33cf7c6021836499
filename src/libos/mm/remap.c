/* SPDX-License-Identifier: Apache-2.0
 * remap.c: mremap, madvise, msync, mincore, and what /proc says about the areas. */
#include <asm/errno.h>
#include <linux/kdev_t.h>
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/mm.h"
#include "libos/mm/prot.h"
#include "libos/mm/user.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"
#include "platform/platform.h"

enum { SEGV_MAPERR_CODE = 1, SEGV_ACCERR_CODE = 2 };

/* Moves what [from, from + size) holds to a new place, page rights included. */
static int move_content(const struct vma *vma, uintptr_t from, uintptr_t to, size_t size)
{
    unsigned rights = prot_rights(vma->prot);
    int rc = platform_mem_move(from, to, size);
    if (rc != -ENOSYS)
        return rc;
    rc = platform_mem_map(to, size, PLATFORM_READ | PLATFORM_WRITE);
    if (!rc && !(rights & PLATFORM_READ))
        rc = platform_mem_protect(from, size, PLATFORM_READ);
    if (rc)
        return rc;
    memcpy(user_raw(user_at(to)), user_raw(user_at(from)), size);
    return platform_mem_protect(to, size, rights);
}

/* Needs: mm->lock; the old range lies in `vma`. */
static int64_t remap_move(struct mm *mm, struct vma *vma, uintptr_t addr, size_t old_size,
                          size_t new_size, uintptr_t to)
{
    if (vma->file && (vma->flags & MAP_SHARED))
        return -ENOMEM; /* the file's pages live there */
    int rc = vma_split(mm, addr);
    if (!rc)
        rc = vma_split(mm, addr + old_size);
    vma = vma_at(mm, addr);
    struct vma *moved = kalloc(sizeof *moved);
    if (rc || !moved) {
        kfree(moved);
        return -ENOMEM;
    }
    *moved = *vma;
    moved->start = to;
    moved->end = to + new_size;
    if (vma->backed && new_size > old_size)
        rc = platform_mem_map(to + old_size, new_size - old_size, prot_rights(vma->prot));
    if (!rc && vma->backed)
        rc = move_content(vma, addr, to, old_size < new_size ? old_size : new_size);
    if (!rc)
        rc = vma_insert(mm, moved);
    if (rc) {
        kfree(moved);
        return rc;
    }
    if (moved->file)
        file_get(moved->file);
    rc = vma_remove(mm, addr, addr + old_size);
    vma_merge(mm, to, to + new_size);
    return rc ? rc : (int64_t)to;
}

/* Needs: mm->lock.  Grows in place when what follows is free. */
static int64_t remap_grow(struct mm *mm, struct vma *vma, uintptr_t addr, size_t old_size,
                          size_t new_size, bool may_move)
{
    size_t more = new_size - old_size;
    if (vma_charged(vma) && mm->committed + more > mm->limit)
        return -ENOMEM;
    uintptr_t end = addr + old_size;
    bool fits = end + more > end && end + more <= platform_info()->user_end;
    if (fits && !vma->file && vma->end == end && vma_is_free(mm, end, end + more)) {
        int rc = vma->backed ? platform_mem_map(end, more, prot_rights(vma->prot)) : 0;
        if (rc)
            return rc;
        vma->end += more;
        if (vma_charged(vma))
            mm->committed += more;
        return (int64_t)addr;
    }
    uintptr_t to = may_move ? vma_find_gap(mm, new_size, 0) : 0;
    return to ? remap_move(mm, vma, addr, old_size, new_size, to) : -ENOMEM;
}

static int64_t remap_fixed(struct mm *mm, struct vma *vma, uintptr_t addr, size_t old_size,
                           size_t new_size, uintptr_t to)
{
    const struct platform_info *info = platform_info();
    if ((to & (PAGE_SIZE - 1)) || to < info->user_start || new_size > info->user_end ||
        to > info->user_end - new_size)
        return -EINVAL;
    if (to < addr + old_size && addr < to + new_size)
        return -EINVAL;
    int rc = vma_remove(mm, to, to + new_size);
    return rc ? rc : remap_move(mm, vma, addr, old_size, new_size, to);
}

int64_t mm_mremap(struct mm *mm, uintptr_t addr, size_t old_size, size_t new_size, uint32_t flags,
                  uintptr_t new_addr)
{
    if ((flags & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED)) || (addr & (PAGE_SIZE - 1)) ||
        ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
        return -EINVAL;
    old_size = page_up(old_size);
    new_size = page_up(new_size);
    if (new_size == 0 || old_size == 0)
        return -EINVAL;
    mutex_lock(&mm->lock);
    int64_t rc = -EFAULT;
    struct vma *vma = vma_at(mm, addr);
    if (vma && old_size <= vma->end - addr) {
        if (flags & MREMAP_FIXED)
            rc = remap_fixed(mm, vma, addr, old_size, new_size, new_addr);
        else if (new_size > old_size)
            rc = remap_grow(mm, vma, addr, old_size, new_size, flags & MREMAP_MAYMOVE);
        else
            rc = new_size < old_size ? vma_remove(mm, addr + new_size, addr + old_size) : 0;
        if (rc == 0)
            rc = (int64_t)addr;
    }
    mutex_unlock(&mm->lock);
    return rc;
}

static bool advice_known(int advice)
{
    return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) || advice == MADV_FREE ||
           (advice >= MADV_DONTFORK && advice <= MADV_DOFORK) ||
           (advice >= MADV_MERGEABLE && advice <= MADV_KEEPONFORK) || advice == MADV_COLD ||
           advice == MADV_PAGEOUT || advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
}

/* DONTNEED: anonymous pages become zero, private file pages the file's again. */
static int discard(struct vma *vma, uintptr_t start, uintptr_t end)
{
    if (!vma->backed || (vma->flags & MAP_SHARED))
        return 0;
    int rc = platform_mem_discard(start, end - start);
    if (rc || !vma->file)
        return rc;
    unsigned rights = prot_rights(vma->prot);
    rc = platform_mem_protect(start, end - start, PLATFORM_READ | PLATFORM_WRITE);
    if (!rc)
        rc = file_read_in(vma->file, start, vma->offset + (start - vma->start), end - start);
    return rc ? rc : platform_mem_protect(start, end - start, rights);
}

int mm_madvise(struct mm *mm, uintptr_t addr, size_t size, int advice)
{
    const struct platform_info *info = platform_info();
    size = page_up(size);
    if ((addr & (PAGE_SIZE - 1)) || !advice_known(advice))
        return -EINVAL;
    if (size > info->user_end || addr > info->user_end - size)
        return -ENOMEM;
    int rc = 0;
    mutex_lock(&mm->lock);
    uintptr_t at = addr;
    for (size_t n = vma_index(mm, addr); at < addr + size; n++) {
        if (n == mm->count || mm->areas[n]->start > at)
            rc = -ENOMEM;
        if (n == mm->count || mm->areas[n]->start >= addr + size)
            break;
        struct vma *vma = mm->areas[n];
        uintptr_t start = vma->start > addr ? vma->start : addr;
        uintptr_t end = vma->end < addr + size ? vma->end : addr + size;
        if (advice == MADV_DONTNEED && discard(vma, start, end))
            rc = -EIO;
        at = vma->end;
    }
    mutex_unlock(&mm->lock);
    return rc;
}

int mm_msync(struct mm *mm, uintptr_t addr, size_t size, int flags)
{
    if ((addr & (PAGE_SIZE - 1)) || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    size = page_up(size);
    mutex_lock(&mm->lock);
    uintptr_t at = addr;
    for (size_t n = vma_index(mm, addr); at < addr + size && n < mm->count; n++) {
        if (mm->areas[n]->start > at)
            break;
        at = mm->areas[n]->end;
    }
    mutex_unlock(&mm->lock);
    return at < addr + size ? -ENOMEM : 0;
}

int mm_mincore(struct mm *mm, uintptr_t addr, size_t size, user_ptr out)
{
    if (addr & (PAGE_SIZE - 1))
        return -EINVAL;
    int rc = mm_msync(mm, addr, size, 0);
    uint8_t in_core = 1;
    for (size_t n = 0; !rc && n < page_up(size) / PAGE_SIZE; n++)
        rc = user_write(user_add(out, n), &in_core, 1);
    return rc;
}

int mm_fault_code(struct mm *mm, uintptr_t addr)
{
    mutex_lock(&mm->lock);
    int code = vma_at(mm, addr) ? SEGV_ACCERR_CODE : SEGV_MAPERR_CODE;
    mutex_unlock(&mm->lock);
    return code;
}

void mm_print(struct mm *mm, struct text *out)
{
    char path[256];
    mutex_lock(&mm->lock);
    for (size_t n = 0; n < mm->count; n++) {
        const struct vma *v = mm->areas[n];
        uint64_t ino = 0;
        uint64_t dev = 0;
        const char *name = v->name ? v->name : "";
        if (v->file) {
            file_identity(v->file, &dev, &ino);
            ignore(file_path(v->file, path, sizeof path));
            name = path;
        }
        size_t before = out->size;
        text_add(out, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", v->start, v->end,
                 v->prot & PROT_READ ? 'r' : '-', v->prot & PROT_WRITE ? 'w' : '-',
                 v->prot & PROT_EXEC ? 'x' : '-', v->flags & MAP_SHARED ? 's' : 'p', v->offset,
                 (unsigned)(dev >> 8), (unsigned)(dev & 0xff), ino);
        int pad = 73 - (int)(out->size - before);
        for (; *name && pad > 0; pad--)
            text_add(out, " ");
        text_add(out, "%s\n", name);
    }
    mutex_unlock(&mm->lock);
}

void mm_sizes(struct mm *mm, uint64_t *mapped, uint64_t *held)
{
    mutex_lock(&mm->lock);
    *mapped = 0;
    *held = 0;
    for (size_t n = 0; n < mm->count; n++) {
        uint64_t size = mm->areas[n]->end - mm->areas[n]->start;
        *mapped += size;
        if (vma_charged(mm->areas[n]))
            *held += size;
    }
    mutex_unlock(&mm->lock);
}
