/* SPDX-License-Identifier: Apache-2.0
 * proc_text.c: see proc_text.h. */
#include "libos/vfs/proc_text.h"

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/user.h"
#include "libos/task/task.h"
#include "libos/vfs/vfs.h"

enum { NS_PER_S = 1000000000, NS_PER_TICK = 10000000 };

#define TEXT(name)                                                                          \
    void name(__attribute__((unused)) struct task *t, __attribute__((unused)) uint64_t key, \
              struct text *out)

TEXT(proc_maps)
{
    mm_print(&t->process->mm, out);
}

/* The name of the thread that is asked for. */
static void name_of(struct task *t, uint64_t key, char *name)
{
    spin_lock(&t->process->lock);
    struct task *of = task_find(t->process, key ? (uint32_t)key : t->process->pid);
    memcpy(name, of ? of->name : t->name, TASK_NAME_SIZE);
    spin_unlock(&t->process->lock);
}

TEXT(proc_stat)
{
    struct process *p = t->process;
    char name[TASK_NAME_SIZE];
    uint64_t mapped = 0;
    uint64_t held = 0;
    name_of(t, key, name);
    mm_sizes(&p->mm, &mapped, &held);
    int64_t cpu = platform_clock(PLATFORM_CPU_PROCESS) / NS_PER_TICK;
    text_add(out, "%u (%s) R %u %u %u 0 -1 4194304 0 0 0 0 %ld 0 0 0 20 0 %u 0 %ld %lu %lu ",
             key ? (uint32_t)key : p->pid, name, p->ppid, p->pgid, p->sid, cpu, p->task_count,
             p->start_time / NS_PER_TICK, mapped, held / PAGE_SIZE);
    text_add(out, "18446744073709551615 %lu %lu %lu 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 ",
             p->mm.code_start, p->mm.code_end, p->mm.stack_start);
    text_add(out, "%lu %lu %lu %lu %lu %lu %lu 0\n", p->mm.data_start, p->mm.data_end,
             p->mm.brk_start, p->mm.arg_start, p->mm.arg_end, p->mm.env_start, p->mm.env_end);
}

TEXT(proc_statm)
{
    uint64_t mapped = 0;
    uint64_t held = 0;
    mm_sizes(&t->process->mm, &mapped, &held);
    text_add(out, "%lu %lu 0 0 0 %lu 0\n", mapped / PAGE_SIZE, held / PAGE_SIZE, held / PAGE_SIZE);
}

TEXT(proc_status)
{
    struct process *p = t->process;
    const struct cred *c = &p->cred;
    char name[TASK_NAME_SIZE];
    uint64_t mapped = 0;
    uint64_t held = 0;
    name_of(t, key, name);
    mm_sizes(&p->mm, &mapped, &held);
    text_add(out, "Name:\t%s\nUmask:\t%04o\nState:\tR (running)\nTgid:\t%u\nNgid:\t0\nPid:\t%u\n",
             name, p->umask, p->pid, key ? (uint32_t)key : p->pid);
    text_add(out, "PPid:\t%u\nTracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", p->ppid,
             c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
    text_add(out, "FDSize:\t64\nGroups:\t");
    for (uint32_t n = 0; n < c->group_count; n++)
        text_add(out, "%u ", c->groups[n]);
    text_add(out, "\nVmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t       0 kB\n", mapped >> 10,
             mapped >> 10);
    text_add(out, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n", held >> 10, held >> 10,
             p->task_count);
    text_add(out, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", t->pending.set,
             p->signals.shared.set, t->blocked);
    uint64_t ignored = 0;
    uint64_t caught = 0;
    for (int n = 1; n <= SIGNAL_COUNT; n++) {
        uint64_t handler = p->signals.actions[n - 1].handler;
        ignored |= handler == 1 ? signal_bit(n) : 0;
        caught |= handler > 1 ? signal_bit(n) : 0;
    }
    text_add(out, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", ignored, caught);
    uint64_t caps = c->euid ? 0 : 0x1ffffffffff;
    text_add(out, "CapInh:\t%016x\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\n", 0, caps,
             caps, caps);
    text_add(out, "NoNewPrivs:\t0\nSeccomp:\t0\nCpus_allowed_list:\t0-%u\n",
             platform_info()->cpu_count - 1);
}

static void add_range(uintptr_t start, uintptr_t end, struct text *out)
{
    enum { RANGE_MAX = 2 << 20 };
    size_t size = end > start ? end - start : 0;
    size = size < RANGE_MAX ? size : RANGE_MAX;
    char *copy = kalloc(size + 1);
    if (!copy)
        return;
    size = user_read_some(copy, user_at(start), size);
    for (size_t n = 0; n < size; n++)
        text_add(out, "%c", copy[n]);
    kfree(copy);
}

TEXT(proc_cmdline)
{
    add_range(t->process->mm.arg_start, t->process->mm.arg_end, out);
}

TEXT(proc_environ)
{
    add_range(t->process->mm.env_start, t->process->mm.env_end, out);
}

TEXT(proc_comm)
{
    char name[TASK_NAME_SIZE];
    name_of(t, key, name);
    text_add(out, "%s\n", name);
}

TEXT(proc_limits)
{
    static const char *const NAMES[LIMIT_COUNT] = {
        "Max cpu time",       "Max file size",     "Max data size",         "Max stack size",
        "Max core file size", "Max resident set",  "Max processes",         "Max open files",
        "Max locked memory",  "Max address space", "Max file locks",        "Max pending signals",
        "Max msgqueue size",  "Max nice priority", "Max realtime priority", "Max realtime timeout"};
    text_add(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int n = 0; n < LIMIT_COUNT; n++) {
        const struct limit *l = &t->process->limits[n];
        char text[2][24];
        uint64_t values[2] = {l->soft, l->hard};
        for (int k = 0; k < 2; k++)
            if (values[k] == UINT64_MAX)
                kfmt(text[k], sizeof text[k], "unlimited");
            else
                kfmt(text[k], sizeof text[k], "%lu", values[k]);
        text_add(out, "%-25s %-20s %-20s\n", NAMES[n], text[0], text[1]);
    }
}

struct mount_line {
    struct text *out;
    bool info;
    unsigned id;
};

static void add_mount(struct dentry *root, void *arg)
{
    struct mount_line *line = arg;
    const struct super *s = root->inode->super;
    char path[PATH_SIZE_MAX / 8] = "/";
    const char *how = s->read_only ? "ro" : "rw";
    if (root->mountpoint)
        ignore(dentry_path(root->mountpoint, g_root, path, sizeof path));
    line->id++;
    if (line->info)
        text_add(line->out, "%u 1 0:%u / %s %s,relatime - %s %s %s\n", 20 + line->id,
                 (unsigned)s->dev & 0xff, path, how, s->type, s->source, how);
    else
        text_add(line->out, "%s %s %s %s,relatime 0 0\n", s->source, path, s->type, how);
}

TEXT(proc_mounts)
{
    struct mount_line line = {.out = out};
    vfs_each_mount(add_mount, &line);
}

TEXT(proc_mountinfo)
{
    struct mount_line line = {.out = out, .info = true};
    vfs_each_mount(add_mount, &line);
}

TEXT(proc_cgroup)
{
    text_add(out, "0::/\n");
}

TEXT(proc_coredump_filter)
{
    text_add(out, "00000033\n");
}

TEXT(proc_loginuid)
{
    text_add(out, "4294967295");
}

TEXT(proc_meminfo)
{
    struct mm *mm = &t->process->mm;
    uint64_t total = mm->limit >> 10;
    uint64_t used = (mm->committed + kalloc_taken()) >> 10;
    uint64_t left = used < total ? total - used : 0;
    text_add(out, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n",
             total, left, left);
    text_add(out, "Buffers:        %8u kB\nCached:         %8lu kB\nSwapCached:     %8u kB\n", 0,
             kalloc_taken() >> 10, 0);
    text_add(out, "SwapTotal:      %8u kB\nSwapFree:       %8u kB\nShmem:          %8u kB\n", 0, 0,
             0);
    text_add(out, "CommitLimit:    %8lu kB\nCommitted_AS:   %8lu kB\nHugePages_Total:       0\n",
             total, mm->committed >> 10);
    text_add(out, "Hugepagesize:       2048 kB\n");
}

static void add_brand(struct text *out)
{
    char brand[49] = {0};
    uint32_t r[4];
    for (uint32_t n = 0; n < 3; n++) {
        platform_cpuid(0x80000002 + n, 0, r);
        memcpy(brand + n * 16, r, 16);
    }
    const char *start = brand;
    while (*start == ' ')
        start++;
    text_add(out, "model name\t: %s\n", start);
}

TEXT(proc_cpuinfo)
{
    uint32_t r[4];
    char vendor[13] = {0};
    platform_cpuid(0, 0, r);
    memcpy(vendor, &r[1], 4);
    memcpy(vendor + 4, &r[3], 4);
    memcpy(vendor + 8, &r[2], 4);
    platform_cpuid(1, 0, r);
    for (uint32_t n = 0; n < platform_info()->cpu_count; n++) {
        text_add(out, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", n,
                 vendor, (r[0] >> 8 & 15) + (r[0] >> 20 & 255),
                 (r[0] >> 4 & 15) | (r[0] >> 12 & 0xf0));
        add_brand(out);
        text_add(out, "stepping\t: %u\ncpu MHz\t\t: 2000.000\nphysical id\t: 0\nsiblings\t: %u\n",
                 r[0] & 15, platform_info()->cpu_count);
        text_add(out, "core id\t\t: %u\ncpu cores\t: %u\nfpu\t\t: yes\n", n,
                 platform_info()->cpu_count);
        text_add(out,
                 "flags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt aes avx avx2 fsgsbase\n\n");
    }
}

TEXT(proc_system_stat)
{
    int64_t ticks = platform_clock(PLATFORM_CPU_PROCESS) / NS_PER_TICK;
    text_add(out, "cpu  %ld 0 0 0 0 0 0 0 0 0\n", ticks);
    for (uint32_t n = 0; n < platform_info()->cpu_count; n++)
        text_add(out, "cpu%u %ld 0 0 0 0 0 0 0 0 0\n", n,
                 ticks / (int64_t)platform_info()->cpu_count);
    int64_t boot =
        (platform_clock(PLATFORM_REALTIME) - platform_clock(PLATFORM_MONOTONIC)) / NS_PER_S;
    text_add(out, "ctxt 0\nbtime %ld\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n", boot);
}

TEXT(proc_uptime)
{
    int64_t ns = platform_clock(PLATFORM_MONOTONIC);
    text_add(out, "%ld.%02ld 0.00\n", ns / NS_PER_S, ns % NS_PER_S / NS_PER_TICK);
}

TEXT(proc_loadavg)
{
    text_add(out, "0.00 0.00 0.00 1/%u %u\n", t->process->task_count, t->process->next_tid);
}

TEXT(proc_version)
{
    text_add(out, "Linux version 6.1.0-cella (cella) #1 SMP Cella\n");
}

TEXT(proc_filesystems)
{
    text_add(out, "nodev\tproc\nnodev\tsysfs\nnodev\ttmpfs\n\terofs\n");
}

TEXT(proc_zero)
{
    text_add(out, "0\n");
}

TEXT(proc_number)
{
    text_add(out, "%lu\n", key);
}

TEXT(proc_osrelease)
{
    text_add(out, "6.1.0-cella\n");
}

TEXT(sys_cpus)
{
    uint32_t last = platform_info()->cpu_count - 1;
    text_add(out, last ? "0-%u\n" : "%u\n", last);
}

TEXT(sys_thp)
{
    text_add(out, "always madvise [never]\n");
}
