/* SPDX-License-Identifier: Apache-2.0
 * mm.h: the application's address space: a sorted array of areas (VMAs) between user_start and
 * user_end.
 *
 * Everything outside an area is reserved: inaccessible and without memory.  An area without rights
 * (PROT_NONE) holds no memory until it is given some.  File mappings are copies: a private one is
 * read in when it is made; a shared one is read in, and the file's pages then live in it
 * (vfs/shared.h), so that read() and write() see what the application sees. */
#ifndef CELLA_LIBOS_MM_MM_H
#define CELLA_LIBOS_MM_MM_H

#include "base/err.h"
#include "base/world.h"
#include "libos/lib/lock.h"

struct file;
struct text;

struct vma {
    uintptr_t start, end;
    uint32_t prot;  /* PROT_* */
    uint32_t flags; /* MAP_SHARED or MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_STACK */
    struct file *file;
    uint64_t offset;  /* in the file, of start */
    const char *name; /* a constant: "[heap]", "[stack]", "[vdso]"; or NULL */
    bool backed;      /* the platform holds memory for it (it had rights once) */
};

struct mm {
    struct mutex lock;
    struct vma **areas; /* sorted by start; guarded by lock, as all below */
    size_t count, room;
    uintptr_t map_top; /* mappings are placed below, from the top down */
    uintptr_t brk_start, brk_end;
    uint64_t committed; /* bytes of areas that may hold memory */
    uint64_t limit;     /* of committed, for areas that do not say NORESERVE */
    /* For /proc/self/stat and the like. */
    uintptr_t code_start, code_end, data_start, data_end, stack_start;
    uintptr_t arg_start, arg_end, env_start, env_end;
};

int mm_init(struct mm *mm);
/* Drops every area, for exec. */
void mm_clear(struct mm *mm);

struct mm_map {
    uintptr_t addr; /* wished, or with fixed: demanded */
    size_t size;
    uint32_t prot, flags;
    struct file *file; /* borrowed; the area takes its own reference */
    uint64_t offset;
    const char *name;
};

/* Each returns the address (mmap, mremap, brk) or 0, or a negative errno; checks as Linux does. */
int64_t mm_mmap(struct mm *mm, const struct mm_map *m) MUST_USE;
int mm_munmap(struct mm *mm, uintptr_t addr, size_t size) MUST_USE;
int mm_mprotect(struct mm *mm, uintptr_t addr, size_t size, uint32_t prot) MUST_USE;
int64_t mm_mremap(struct mm *mm, uintptr_t addr, size_t old_size, size_t new_size, uint32_t flags,
                  uintptr_t new_addr) MUST_USE;
int64_t mm_brk(struct mm *mm, uintptr_t end) MUST_USE;
int mm_madvise(struct mm *mm, uintptr_t addr, size_t size, int advice) MUST_USE;
int mm_msync(struct mm *mm, uintptr_t addr, size_t size, int flags) MUST_USE;
int mm_mincore(struct mm *mm, uintptr_t addr, size_t size, user_ptr out) MUST_USE;
/* SEGV_MAPERR or SEGV_ACCERR for a fault there. */
int mm_fault_code(struct mm *mm, uintptr_t addr);
/* /proc/self/maps */
void mm_print(struct mm *mm, struct text *out);
/* Bytes mapped, and bytes that may hold memory. */
void mm_sizes(struct mm *mm, uint64_t *mapped, uint64_t *held);

/* vma.c; needs: mm->lock. */
size_t vma_index(struct mm *mm, uintptr_t addr); /* first area that ends above addr */
struct vma *vma_at(struct mm *mm, uintptr_t addr);
int vma_insert(struct mm *mm, struct vma *vma) MUST_USE;
/* Takes [start, end) out of the array, splitting at the edges; the platform is told. */
int vma_remove(struct mm *mm, uintptr_t start, uintptr_t end) MUST_USE;
/* Makes an area boundary at addr. */
int vma_split(struct mm *mm, uintptr_t addr) MUST_USE;
void vma_merge(struct mm *mm, uintptr_t start, uintptr_t end);
/* A free range of that size at or above `low`, as high as possible; 0 when there is none. */
uintptr_t vma_find_gap(struct mm *mm, size_t size, uintptr_t hint);
bool vma_is_free(struct mm *mm, uintptr_t start, uintptr_t end);

#endif
