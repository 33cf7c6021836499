/* SPDX-License-Identifier: Apache-2.0
 * vma.c: the sorted array of areas; see mm.h. */
#include <asm/errno.h>
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/mm/mm.h"
#include "libos/mm/prot.h"
#include "libos/vfs/file.h"
#include "platform/platform.h"

size_t vma_index(struct mm *mm, uintptr_t addr)
{
    size_t low = 0;
    size_t high = mm->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (mm->areas[mid]->end <= addr)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct vma *vma_at(struct mm *mm, uintptr_t addr)
{
    size_t n = vma_index(mm, addr);
    return n < mm->count && mm->areas[n]->start <= addr ? mm->areas[n] : NULL;
}

bool vma_is_free(struct mm *mm, uintptr_t start, uintptr_t end)
{
    size_t n = vma_index(mm, start);
    return n == mm->count || mm->areas[n]->start >= end;
}

int vma_insert(struct mm *mm, struct vma *vma)
{
    if (mm->count == mm->room) {
        size_t room = mm->room ? mm->room * 2 : 64;
        struct vma **areas = krealloc(mm->areas, room * sizeof *areas);
        if (!areas)
            return -ENOMEM;
        mm->areas = areas;
        mm->room = room;
    }
    size_t n = vma_index(mm, vma->start);
    memmove(mm->areas + n + 1, mm->areas + n, (mm->count - n) * sizeof *mm->areas);
    mm->areas[n] = vma;
    mm->count++;
    if (vma_charged(vma))
        mm->committed += vma->end - vma->start;
    return 0;
}

/* Takes area n out of the array; the caller owns it. */
static struct vma *vma_take(struct mm *mm, size_t n)
{
    struct vma *vma = mm->areas[n];
    mm->count--;
    memmove(mm->areas + n, mm->areas + n + 1, (mm->count - n) * sizeof *mm->areas);
    if (vma_charged(vma))
        mm->committed -= vma->end - vma->start;
    return vma;
}

static void vma_free(struct vma *vma)
{
    if (vma->file)
        file_put(vma->file);
    kfree(vma);
}

int vma_split(struct mm *mm, uintptr_t addr)
{
    struct vma *vma = vma_at(mm, addr);
    if (!vma || vma->start == addr)
        return 0;
    struct vma *upper = kalloc(sizeof *upper);
    if (!upper)
        return -ENOMEM;
    *upper = *vma;
    upper->start = addr;
    upper->offset += addr - vma->start;
    bool charged = vma_charged(vma);
    uintptr_t end = vma->end;
    vma->end = addr;
    if (charged)
        mm->committed -= end - addr;
    int rc = vma_insert(mm, upper);
    if (rc) {
        vma->end = end;
        if (charged)
            mm->committed += end - addr;
        kfree(upper);
        return rc;
    }
    if (upper->file)
        file_get(upper->file);
    return 0;
}

int vma_remove(struct mm *mm, uintptr_t start, uintptr_t end)
{
    int rc = vma_split(mm, start);
    if (!rc)
        rc = vma_split(mm, end);
    if (rc)
        return rc;
    size_t n = vma_index(mm, start);
    bool backed = false;
    while (n < mm->count && mm->areas[n]->start < end) {
        struct vma *vma = vma_take(mm, n);
        backed |= vma->backed;
        if (vma->file && (vma->flags & MAP_SHARED))
            file_unshare(vma->file, vma->start, vma->offset, vma->end - vma->start);
        vma_free(vma);
    }
    return backed ? platform_mem_reserve(start, end - start) : 0;
}

static bool can_merge(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->file == b->file &&
           a->backed == b->backed && a->name == b->name &&
           (!a->file || a->offset + (a->end - a->start) == b->offset);
}

void vma_merge(struct mm *mm, uintptr_t start, uintptr_t end)
{
    size_t n = vma_index(mm, start);
    n = n ? n - 1 : 0;
    while (n + 1 < mm->count && mm->areas[n]->start <= end) {
        if (!can_merge(mm->areas[n], mm->areas[n + 1])) {
            n++;
            continue;
        }
        struct vma *upper = vma_take(mm, n + 1);
        if (vma_charged(upper))
            mm->committed += upper->end - upper->start;
        mm->areas[n]->end = upper->end;
        vma_free(upper);
    }
}

uintptr_t vma_find_gap(struct mm *mm, size_t size, uintptr_t hint)
{
    uintptr_t low = platform_info()->user_start;
    if (hint >= low && hint + size > hint && hint + size <= mm->map_top &&
        vma_is_free(mm, hint, hint + size))
        return hint;
    uintptr_t top = mm->map_top;
    for (size_t n = vma_index(mm, top); n-- > 0;) {
        const struct vma *vma = mm->areas[n];
        if (vma->end <= top && top - vma->end >= size)
            return top - size;
        if (vma->start < top)
            top = vma->start;
    }
    return top >= low && top - low >= size ? top - size : 0;
}
