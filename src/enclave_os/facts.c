/* SPDX-License-Identifier: Apache-2.0
 * facts.c: what the kernel is told about the machine, clocks, randomness, the end.
 *
 * CPUID and clocks are the host's word.  A wrong CPUID makes programs fail, a wrong clock makes
 * them late; neither may make them run backwards. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "enclave/gate.h"
#include "enclave/hostmem.h"
#include "enclave/random.h"
#include "enclave_os/os.h"

enum {
    CPUID_CACHE = 64,
    LEAF_FEATURES = 1,
    LEAF_EXTENDED = 7,
    LEAF_XSAVE = 13,
    LEAF_SGX = 0x12,
    FSGSBASE = 2,
    XSAVE_LEGACY = 576,
    CLOCKS = 4,
};

static struct cpuid_entry {
    uint32_t ready;
    uint32_t leaf, subleaf;
    uint32_t out[4];
} g_cpuid[CPUID_CACHE]; /* filled once, read by all */
static uint32_t g_cpuid_count;
static int64_t g_clock[CLOCKS];

struct platform_info os_info;

const struct platform_info *platform_info(void)
{
    return &os_info;
}

/* Components that the enclave may not use are not there; no SGX, MPX, AMX for the application. */
static void hide(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    const uint32_t avx = 1u << 28 | 1u << 29 | 1u << 12; /* AVX, F16C, FMA */
    const uint32_t avx512 =
        1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
    if (leaf == LEAF_FEATURES && !(os_info.xsave_mask & SGX_XFRM_AVX))
        out[2] &= ~avx;
    if (leaf == LEAF_EXTENDED && subleaf == 0) {
        out[1] &= ~(1u << 2 | 1u << 14);  /* SGX, MPX */
        out[3] &= ~(7u << 22 | 1u << 20); /* AMX, CET-IBT */
        if ((os_info.xsave_mask & SGX_XFRM_AVX512) != SGX_XFRM_AVX512)
            out[1] &= ~avx512;
    }
    if (leaf == LEAF_XSAVE && subleaf == 0)
        out[0] &= (uint32_t)os_info.xsave_mask;
    if (leaf == LEAF_SGX)
        memset(out, 0, 16);
}

static struct cpuid_entry *find(uint32_t leaf, uint32_t subleaf)
{
    for (uint32_t n = 0; n < CPUID_CACHE; n++) {
        struct cpuid_entry *c = &g_cpuid[n];
        if (__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE) && c->leaf == leaf &&
            c->subleaf == subleaf)
            return c;
    }
    return NULL;
}

void platform_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    const struct cpuid_entry *known = find(leaf, subleaf);
    if (known) {
        memcpy(out, known->out, sizeof known->out);
        return;
    }
    struct gate_cpuid args = {.leaf = leaf, .subleaf = subleaf};
    memset(out, 0, 16);
    if (OS_CALL(GATE_CPUID, args))
        return;
    const uint32_t answer[4] = {args.eax, args.ebx, args.ecx, args.edx};
    memcpy(out, answer, sizeof answer);
    hide(leaf, subleaf, out);
    uint32_t place = __atomic_fetch_add(&g_cpuid_count, 1, __ATOMIC_RELAXED);
    if (place >= CPUID_CACHE)
        return;
    struct cpuid_entry *c = &g_cpuid[place];
    c->leaf = leaf;
    c->subleaf = subleaf;
    memcpy(c->out, out, sizeof c->out);
    __atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
}

void platform_random(void *out, size_t size)
{
    random_fill(out, size);
}

void platform_log(const char *line, size_t size)
{
    gate_print(2, line, size);
}

void platform_exit(int status)
{
    gate_exit(status);
}

int64_t platform_clock(int clock)
{
    static const clockid_t ids[CLOCKS] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_PROCESS_CPUTIME_ID,
                                          CLOCK_THREAD_CPUTIME_ID};
    const int64_t sane = (int64_t)1 << 33; /* seconds: the year 2242 */
    struct gate_clock args = {.clock = ids[clock & 3]};
    int rc = host_status(OS_CALL(GATE_CLOCK, args));
    bool good = !rc && args.sec >= 0 && args.sec < sane && args.nsec >= 0 && args.nsec < 1000000000;
    int64_t last = __atomic_load_n(&g_clock[clock & 3], __ATOMIC_RELAXED);
    if (!good)
        return last;
    int64_t now = args.sec * 1000000000 + args.nsec;
    if (clock != PLATFORM_MONOTONIC && clock != PLATFORM_CPU_PROCESS)
        return now; /* may be set back, or is another thread's */
    while (last < now && !__atomic_compare_exchange_n(&g_clock[clock & 3], &last, now, true,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return last < now ? now : last;
}

int os_facts_start(const struct thread *t, uint32_t thread_max)
{
    struct gate_facts args = {0};
    uint32_t out[4];
    int rc = host_status(OS_CALL(GATE_FACTS, args));
    if (rc)
        return rc;
    os_info.thread_max = thread_max;
    os_info.cpu_count = args.cpu_count && args.cpu_count <= 4096 ? (uint32_t)args.cpu_count : 1;
    os_info.xsave_mask = t->xfrm;
    os_info.xsave_size = XSAVE_LEGACY;
    for (uint32_t n = 2; n < 8; n++) {
        if (!(t->xfrm >> n & 1))
            continue;
        platform_cpuid(LEAF_XSAVE, n, out);
        if (out[0] + (uint64_t)out[1] > OS_XSAVE_SIZE)
            return -EPROTO;
        if (out[0] + out[1] > os_info.xsave_size)
            os_info.xsave_size = out[0] + out[1];
    }
    platform_cpuid(LEAF_FEATURES, 0, out);
    os_info.hwcap = out[3];
    os_info.hwcap2 = FSGSBASE;
    os_info.rdtsc_allowed = true;
    os_info.tsc_hz = args.tsc_hz;
    return 0;
}
