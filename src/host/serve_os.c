/* SPDX-License-Identifier: Apache-2.0
 * serve_os.c: threads, signals, facts and memory for the Enclave OS. */
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>

#include "host/kick.h"
#include "host/serve_priv.h"

long host_blocking(long number, long a, long b, long c, long d, const uint64_t *word);

long serve_blocking(const struct host_thread *t, long number, long a, long b, long c, long d)
{
    return host_blocking(number, a, b, c, d, (const uint64_t *)(const void *)t->arena);
}

static int64_t serve_cpuid(struct gate_cpuid *a)
{
    __cpuid_count(a->leaf, a->subleaf, a->eax, a->ebx, a->ecx, a->edx);
    return 0;
}

static int64_t serve_facts(struct gate_facts *a)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    a->cpu_count = sched_getaffinity(0, sizeof set, &set) ? 1 : (uint64_t)CPU_COUNT(&set);
    a->tsc_hz = 0;
    return 0;
}

static int64_t serve_protect(const struct host_thread *t, const struct gate_protect *a)
{
    const struct host_enclave *x = t->run->enclave;
    uint64_t end = x->base + x->info.heap_offset + x->info.heap_size;
    if (a->addr < x->base + x->info.heap_offset || a->addr > end || a->size > end - a->addr)
        return -EINVAL;
    return x->platform->mprotect(a->addr, a->size, (int)(a->rights & 7));
}

int64_t serve_os(struct host_thread *t, unsigned call, void *args)
{
    switch (call) {
    case GATE_THREAD:
        return host_run_thread(t->run, ((const struct gate_thread *)args)->index);
    case GATE_KICK:
        return host_kick(t->run, ((const struct gate_kick *)args)->index);
    case GATE_SIGNALS:
        ((struct gate_signals *)args)->set = host_kick_signals(t->run);
        return 0;
    case GATE_YIELD:
        sched_yield();
        return 0;
    case GATE_CPUID:
        return serve_cpuid(args);
    case GATE_FACTS:
        return serve_facts(args);
    case GATE_PROTECT:
        return serve_protect(t, args);
    default:
        return -ENOSYS;
    }
}
