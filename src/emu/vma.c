/* SPDX-License-Identifier: Apache-2.0
 * vma.c: see vma.h.  An array sorted by address; an enclave has a handful of mappings. */
#include "emu/vma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/fast.h"
#include "emu/model_priv.h"

static struct emu_vma *g_vmas; /* guarded by the table lock, like all of this file */
static size_t g_count;
static size_t g_room;

static size_t index_above(uintptr_t addr)
{
    size_t low = 0;
    size_t high = g_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g_vmas[middle].end > addr)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct emu_vma *vma_next(uintptr_t addr)
{
    size_t i = index_above(addr);
    return i < g_count ? &g_vmas[i] : NULL;
}

const struct emu_vma *vma_at(uintptr_t addr)
{
    const struct emu_vma *vma = vma_next(addr);
    return vma && vma->start <= addr ? vma : NULL;
}

static int make_room(size_t more)
{
    if (g_count + more <= g_room)
        return 0;
    size_t room = g_room ? 2 * g_room : 64;
    struct emu_vma *grown = realloc(g_vmas, room * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    g_vmas = grown;
    g_room = room;
    return 0;
}

static void insert_at(size_t i, struct emu_vma vma)
{
    memmove(&g_vmas[i + 1], &g_vmas[i], (g_count - i) * sizeof *g_vmas);
    g_vmas[i] = vma;
    g_count++;
    vma.enclave->vma_count++;
}

static void delete_at(size_t i)
{
    g_vmas[i].enclave->vma_count--;
    g_count--;
    memmove(&g_vmas[i], &g_vmas[i + 1], (g_count - i) * sizeof *g_vmas);
}

int vma_remove(uintptr_t start, uintptr_t end)
{
    int rc = make_room(1);
    if (rc)
        return rc;
    fast_mappings_changed();
    size_t i = index_above(start);
    while (i < g_count && g_vmas[i].start < end) {
        struct emu_vma *vma = &g_vmas[i];
        struct emu_vma behind = *vma;
        bool keeps_front = vma->start < start;
        bool keeps_back = vma->end > end;
        behind.start = end;
        if (keeps_front)
            vma->end = start;
        if (keeps_front && keeps_back)
            insert_at(i + 1, behind);
        else if (keeps_back)
            vma->start = end;
        else if (!keeps_front)
            delete_at(i--);
        i++;
    }
    return 0;
}

int vma_insert(struct emu_vma vma)
{
    int rc = make_room(2);
    if (rc == 0)
        rc = vma_remove(vma.start, vma.end);
    if (rc)
        return rc;
    size_t i = index_above(vma.start);
    struct emu_vma *before = i > 0 ? &g_vmas[i - 1] : NULL;
    if (before && before->end == vma.start && before->enclave == vma.enclave &&
        before->prot == vma.prot)
        before->end = vma.end;
    else
        insert_at(i, vma);
    return 0;
}
