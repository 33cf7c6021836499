/* SPDX-License-Identifier: Apache-2.0
 * load_raw.c: see load.h. */
#include "launch/load.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>

#include "launch/elf.h"
#include "launch/sys_raw.h"

enum { PAGE = 4096, TRIES = 8 };
#define PROGRAM_BASE 0x555555554000ull /* two thirds of the address space, as Linux */
#define RANDOM_PAGES (1ull << 28)

static uint64_t page_down(uint64_t addr)
{
    return addr & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_up(uint64_t addr)
{
    return page_down(addr + PAGE - 1);
}

static uint64_t random_offset(void)
{
    uint64_t r = 0;
    if (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
        return 0;
    ignore(getrandom(&r, sizeof r, GRND_NONBLOCK));
    return r % RANDOM_PAGES * PAGE;
}

static long reserve(uint64_t addr, uint64_t size, int more_flags)
{
    void *got = mmap(program_at(addr), size, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags, -1, 0);
    return got == MAP_FAILED ? -errno : as_long(got);
}

/* Finds room for a relocatable program; the address is aligned to p->align. */
static long reserve_anywhere(const struct elf_program *p, bool is_interp)
{
    uint64_t size = p->high - p->low;
    for (int i = 0; i < TRIES && !is_interp; i++) {
        uint64_t at = (PROGRAM_BASE + random_offset()) & ~(p->align - 1);
        long got = reserve(at, size, MAP_FIXED_NOREPLACE);
        if (got > 0)
            return got;
    }
    long got = reserve(0, size + p->align, 0);
    if (got < 0)
        return got;
    uint64_t start = (uint64_t)got;
    uint64_t at = (start + p->align - 1) & ~(p->align - 1);
    if (at > start)
        munmap(program_at(start), at - start);
    munmap(program_at(at + size), start + p->align - at);
    return (long)at;
}

static int map_failed(uint64_t addr, struct err *e)
{
    return fail(e, -errno, "cannot map its segment to 0x%llx: %s", (unsigned long long)addr,
                strerror(errno));
}

static int map_load(const struct elf_load *l, uint64_t bias, int fd, struct err *e)
{
    uint64_t start = page_down(bias + l->addr);
    uint64_t file_end = bias + l->addr + l->file_size;
    uint64_t mem_end = page_up(bias + l->addr + l->mem_size);
    uint64_t mapped_end = start;
    if (l->file_size) {
        mapped_end = page_up(file_end);
        if (mmap(program_at(start), mapped_end - start, l->prot, MAP_PRIVATE | MAP_FIXED, fd,
                 (off_t)page_down(l->file_offset)) == MAP_FAILED)
            return map_failed(start, e);
        /* The rest of the last page is zero, even where the program has nothing there: ld.so's
         * first allocations use it. */
        if ((l->prot & PROT_WRITE) && file_end < mapped_end)
            memset(program_at(file_end), 0, mapped_end - file_end);
    }
    if (mem_end > mapped_end && mmap(program_at(mapped_end), mem_end - mapped_end, l->prot,
                                     MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return map_failed(mapped_end, e);
    return 0;
}

int load_elf(struct loaded *l, const struct elf_program *p, int fd, bool is_interp, struct err *e)
{
    long base = p->is_fixed ? reserve(p->low, p->high - p->low, MAP_FIXED_NOREPLACE)
                            : reserve_anywhere(p, is_interp);
    if (base < 0)
        return fail(e, (int)base, "no room for it at 0x%llx, %llu bytes: %s",
                    (unsigned long long)p->low, (unsigned long long)(p->high - p->low),
                    base == -EEXIST ? "something else is there" : strerror((int)-base));
    uint64_t bias = (uint64_t)base - p->low;
    for (unsigned i = 0; i < p->load_count; i++) {
        int rc = map_load(&p->loads[i], bias, fd, e);
        if (rc)
            return rc;
    }
    *l = (struct loaded){
        .bias = bias,
        .entry = bias + p->entry,
        .phdrs = p->phdr_addr ? bias + p->phdr_addr : 0,
        .end = bias + p->break_addr,
    };
    return 0;
}
