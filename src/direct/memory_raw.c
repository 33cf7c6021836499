/* SPDX-License-Identifier: Apache-2.0
 * memory_raw.c: memory, facts about the CPU, clocks, the end. */
#include <asm/errno.h>
#include <linux/mman.h>

#include "direct/direct.h"
#include "direct/host_raw.h"

enum { PAGE = 4096, BLOCK_FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

struct platform_info g_info;
int (*g_vdso_clock)(clockid_t clock, struct timespec *out);

const struct platform_info *platform_info(void)
{
    return &g_info;
}

static bool failed(long rc)
{
    return rc < 0 && rc > -PAGE;
}

void *platform_pages_alloc(size_t size)
{
    long at = HOST(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, BLOCK_FLAGS, -1, 0);
    return failed(at) ? NULL : (void *)at;
}

void platform_pages_free(void *pages, size_t size)
{
    HOST(__NR_munmap, host_ptr_arg(pages), size);
}

static int map_fixed(uintptr_t addr, size_t size, unsigned rights)
{
    int flags = BLOCK_FLAGS | MAP_FIXED | (rights & PLATFORM_FILL ? MAP_POPULATE : 0);
    long at = HOST(__NR_mmap, addr, size, rights & ~(unsigned)PLATFORM_FILL, flags, -1, 0);
    return failed(at) ? (int)at : 0;
}

int platform_mem_map(uintptr_t addr, size_t size, unsigned rights)
{
    return map_fixed(addr, size, rights);
}

int platform_mem_reserve(uintptr_t addr, size_t size)
{
    return map_fixed(addr, size, PROT_NONE);
}

int platform_mem_protect(uintptr_t addr, size_t size, unsigned rights)
{
    return (int)HOST(__NR_mprotect, addr, size, rights);
}

int platform_mem_discard(uintptr_t addr, size_t size)
{
    return (int)HOST(__NR_madvise, addr, size, MADV_DONTNEED);
}

int platform_mem_move(uintptr_t from, uintptr_t to, size_t size)
{
    long at = HOST(__NR_mremap, from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    if (failed(at))
        return (int)at;
    return map_fixed(from, size, PROT_NONE);
}

void platform_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(subleaf));
}

static uint64_t random_word(void)
{
    for (;;) {
        uint64_t value;
        uint8_t good;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
        if (good)
            return value;
    }
}

void platform_random(void *out, size_t size)
{
    uint8_t *p = out;
    while (size) {
        uint64_t word = random_word();
        for (size_t n = 0; n < 8 && size; n++, size--, word >>= 8)
            *p++ = (uint8_t)word;
    }
}

int64_t platform_clock(int clock)
{
    static const clockid_t IDS[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_PROCESS_CPUTIME_ID,
                                    CLOCK_THREAD_CPUTIME_ID};
    struct timespec now = {0};
    if (clock <= PLATFORM_REALTIME && g_vdso_clock)
        g_vdso_clock(IDS[clock], &now);
    else
        HOST(__NR_clock_gettime, IDS[clock], host_ptr_arg(&now));
    return now.tv_sec * 1000000000 + now.tv_nsec;
}

void platform_log(const char *line, size_t size)
{
    HOST(__NR_write, 2, host_ptr_arg(line), size);
}

void platform_exit(int status)
{
    for (;;)
        HOST(__NR_exit_group, status);
}

static uint64_t xcr0(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

int direct_init(uint64_t memory_size, uint32_t thread_max, struct err *e)
{
    enum { LOWEST = 0x10000, XSTATE_VECTORS = 0xe7, LEAF_XSAVE = 13 };
    uint32_t out[4];
    g_info.user_start = LOWEST;
    g_info.user_end = (uintptr_t)64 << 30;
    g_info.memory_size = memory_size;
    g_info.thread_max = thread_max;
    g_info.xsave_mask = xcr0() & XSTATE_VECTORS;
    g_info.xsave_size = 576;
    for (unsigned n = 2; n < 8; n++) {
        if (!(g_info.xsave_mask >> n & 1))
            continue;
        platform_cpuid(LEAF_XSAVE, n, out);
        if (out[0] + out[1] > g_info.xsave_size)
            g_info.xsave_size = out[0] + out[1];
    }
    platform_cpuid(1, 0, out);
    g_info.hwcap = out[3];
    g_info.hwcap2 = 2; /* FSGSBASE */
    g_info.rdtsc_allowed = true;
    long at = HOST(__NR_mmap, g_info.user_start, g_info.user_end - g_info.user_start, PROT_NONE,
                   BLOCK_FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
    if (failed(at))
        return fail(e, (int)at, "direct: the addresses below 64 GiB are not free (error %ld)", -at);
    return 0;
}
