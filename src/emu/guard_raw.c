/* SPDX-License-Identifier: Apache-2.0
 * guard_raw.c: see guard.h. */
#include "emu/guard.h"

#include <cpuid.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emu/context.h"
#include "emu/cpu_raw.h"
#include "emu/cpuid.h"
#include "emu/decode.h"
#include "emu/emu.h"
#include "emu/enclave.h"
#include "emu/thread_priv.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

/* linux/prctl.h of Linux 6.17; older headers lack the second. */
enum { SUD_OFF = 0, SUD_ON = 1, SUD_INCLUSIVE_ON = 2 };
enum { CODE_SECCOMP = 1, CODE_USER_DISPATCH = 2 }; /* si_code of SIGSYS */
enum { MAPS_SIZE = 4096 };
enum { SET_CPUID = 0x1012 }; /* arch_prctl(2): 0 makes CPUID raise #GP in this thread */

static struct {
    enum emu_guard wanted;
    bool has_sud;
    bool has_inclusive;
    bool catches_cpuid;
    bool verbose;
} g_guard;

static long sud(uint64_t how, uint64_t start, uint64_t size)
{
    return cpu_syscall(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, how, start, size, 0);
}

/* Arms it so that nothing can be caught, and disarms it. */
static bool sud_works(uint64_t how)
{
    uint64_t size = how == SUD_INCLUSIVE_ON ? 1 : ~0ull - 1;
    long rc = sud(how, 1, size);
    if (rc == 0)
        ignore(sud(SUD_OFF, 0, 0));
    return rc == 0;
}

static int check_wanted(enum emu_guard wanted, struct err *e)
{
    if (wanted == EMU_GUARD_SUD_LOW && !g_guard.has_sud)
        return fail(e, -ENOTSUP,
                    "emu: this kernel has no Syscall User Dispatch (Linux 5.11 and later have it, "
                    "unless it is forbidden): choose another guard");
    if (wanted == EMU_GUARD_SUD_INCLUSIVE && !g_guard.has_inclusive)
        return fail(e, -ENOTSUP,
                    "emu: this kernel cannot dispatch the system calls of a range (Linux 6.17 and "
                    "later can): choose another guard");
    return 0;
}

static void say_cpuid(long rc)
{
    fprintf(stderr,
            rc ? "emu: this machine cannot make CPUID fault (error %ld): an enclave that "
                 "executes it gets the CPU's answer instead of #UD\n"
               : "emu: CPUID inside an enclave is #UD; outside it faults and is emulated, "
                 "which makes it slow (error %ld)\n",
            -rc);
}

/* Only the conformance mode pays for it: a flagged thread makes context switches slower. */
static void cpuid_start(const struct emu_options *options)
{
    if (options->mode != EMU_TRAP)
        return;
    long rc = cpu_syscall(SYS_arch_prctl, SET_CPUID, 1, 0, 0, 0);
    g_guard.catches_cpuid = rc == 0;
    if (options->verbose)
        say_cpuid(rc);
}

bool guard_cpuid(struct emu_trap *trap)
{
    ucontext_t *uc = trap->uc;
    if (!g_guard.catches_cpuid || trap->signal != SIGSEGV ||
        context_get(uc, REG_TRAPNO) != SGX_VECTOR_GP ||
        !decode_is_cpuid(NULL, context_get(uc, REG_RIP)))
        return false;
    uint32_t leaf = (uint32_t)context_get(uc, REG_RAX);
    uint32_t subleaf = (uint32_t)context_get(uc, REG_RCX);
    struct emu_cpuid real;
    ignore(cpu_syscall(SYS_arch_prctl, SET_CPUID, 1, 0, 0, 0));
    __cpuid_count(leaf, subleaf, real.eax, real.ebx, real.ecx, real.edx);
    ignore(cpu_syscall(SYS_arch_prctl, SET_CPUID, 0, 0, 0, 0));
    struct emu_cpuid seen = emu_cpuid(leaf, subleaf, real);
    context_set(uc, REG_RAX, seen.eax);
    context_set(uc, REG_RBX, seen.ebx);
    context_set(uc, REG_RCX, seen.ecx);
    context_set(uc, REG_RDX, seen.edx);
    context_set(uc, REG_RIP, context_get(uc, REG_RIP) + CPUID_SIZE);
    return true;
}

int guard_start(const struct emu_options *options, struct err *e)
{
    g_guard.wanted = options->guard;
    g_guard.verbose = options->verbose;
    if (options->guard == EMU_GUARD_LAUNCHER)
        return 0; /* the launcher's own dispatch is armed: leave it alone */
    cpuid_start(options);
    g_guard.has_sud = sud_works(SUD_ON);
    g_guard.has_inclusive = sud_works(SUD_INCLUSIVE_ON);
    return check_wanted(options->guard, e);
}

/* Reads the hexadecimal number at *text and moves behind it. */
static uint64_t read_hex(const char **text)
{
    uint64_t value = 0;
    for (;; (*text)++) {
        char c = **text;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* "start-end rwxp ...": executable and below `end`, but not in [base, end)? */
static bool line_is_code_below(const char *line, uint64_t base, uint64_t end)
{
    uint64_t start = read_hex(&line);
    if (*line++ != '-')
        return false;
    uint64_t stop = read_hex(&line);
    if (strlen(line) < sizeof " rwx" - 1)
        return false;
    return line[3] == 'x' && start < end && !(start >= base && stop <= end);
}

/* True when no code but the enclave's lies below its end.  /proc/self/maps is sorted, so the first
 * part of it is enough. */
static bool is_lowest(uint64_t base, uint64_t end)
{
    char text[MAPS_SIZE + 1];
    if (base == 0)
        return true;
    long fd = cpu_syscall(SYS_openat, (uint64_t)-100 /* AT_FDCWD */, cpu_addr("/proc/self/maps"), 0,
                          0, 0);
    if (fd < 0)
        return false;
    long size = cpu_syscall(SYS_read, (uint64_t)fd, cpu_addr(text), MAPS_SIZE, 0, 0);
    ignore(cpu_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0));
    if (size <= 0)
        return false;
    text[size] = '\0';
    bool passed_end = false;
    for (char *line = text, *next; (next = strchr(line, '\n')) && !passed_end; line = next + 1) {
        *next = '\0';
        const char *at = line;
        passed_end = read_hex(&at) >= end;
        if (line_is_code_below(line, base, end))
            return false;
    }
    return passed_end;
}

static enum emu_guard choose(uint64_t base, uint64_t end)
{
    if (g_guard.wanted != EMU_GUARD_AUTO)
        return g_guard.wanted;
    if (g_guard.has_sud && base == 0)
        return EMU_GUARD_SUD_LOW;
    if (g_guard.has_inclusive)
        return EMU_GUARD_SUD_INCLUSIVE;
    if (g_guard.has_sud && is_lowest(base, end))
        return EMU_GUARD_SUD_LOW;
    return EMU_GUARD_SECCOMP;
}

/* RET_TRAP for an instruction pointer whose bits above the size are those of the base; ELRANGE is
 * naturally aligned, which makes that a test of two words. */
static long filter_install(uint64_t base, uint64_t size)
{
    uint32_t mask_low = (uint32_t) ~(size - 1);
    uint32_t mask_high = (uint32_t)(~(size - 1) >> 32);
    const uint32_t at = offsetof(struct seccomp_data, instruction_pointer);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask_high),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(base >> 32), 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask_low),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)base, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    long rc = cpu_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (rc)
        return rc;
    return cpu_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, cpu_addr(&program), 0, 0);
}

static void say(const char *how, uint64_t base, uint64_t end)
{
    char line[256];
    int size =
        snprintf(line, sizeof line,
                 "emu: system calls inside the enclave at 0x%llx to 0x%llx are caught by %s\n",
                 (unsigned long long)base, (unsigned long long)end, how);
    ignore(cpu_syscall(SYS_write, STDERR_FILENO, cpu_addr(line), (uint64_t)size, 0, 0));
}

static _Noreturn void give_up(long rc)
{
    char line[300];
    const char *why = rc == -ERANGE ? "code lies below it, which that guard cannot tell from it: "
                                      "choose another guard"
                                    : "the kernel refused";
    int size = snprintf(line, sizeof line,
                        "emu: system calls inside the enclave cannot be caught (%s, error %ld): it "
                        "would run unguarded, so the program ends here\n",
                        why, -rc);
    ignore(cpu_syscall(SYS_write, STDERR_FILENO, cpu_addr(line), (uint64_t)size, 0, 0));
    for (;;)
        ignore(cpu_syscall(SYS_exit_group, 70, 0, 0, 0, 0));
}

static long arm(enum emu_guard guard, uint64_t base, uint64_t end, const char **how)
{
    switch (guard) {
    case EMU_GUARD_SUD_LOW:
        *how = "Syscall User Dispatch (everything above the enclave is allowed)";
        return is_lowest(base, end) ? sud(SUD_ON, end, ~0ull - end) : -ERANGE;
    case EMU_GUARD_SUD_INCLUSIVE:
        *how = "Syscall User Dispatch (the enclave's range)";
        return sud(SUD_INCLUSIVE_ON, base, end - base);
    case EMU_GUARD_SECCOMP:
        *how = "a seccomp filter on the instruction pointer, which stays until the process ends "
               "(Syscall User Dispatch is missing, or the filter was asked for)";
        return filter_install(base, end - base);
    default:
        *how = "the launcher";
        return 0;
    }
}

void guard_arm(struct emu_thread *thread, const struct emu_enclave *enclave)
{
    uint64_t base = emu_enclave_base(enclave);
    uint64_t end = base + emu_enclave_size(enclave);
    if (thread->guard_base == base && thread->guard_end == end)
        return;
    const char *how = "";
    long rc = arm(choose(base, end), base, end, &how);
    if (rc)
        give_up(rc);
    if (g_guard.verbose && thread->guard_end == 0)
        say(how, base, end);
    thread->fast.tcs = 0; /* what it knows is for the other range */
    thread->guard_base = base;
    thread->guard_end = end;
    if (g_guard.catches_cpuid)
        ignore(cpu_syscall(SYS_arch_prctl, SET_CPUID, 0, 0, 0, 0));
}

bool guard_caught(const struct emu_trap *trap)
{
    return trap->signal == SIGSYS &&
           (trap->info->si_code == CODE_USER_DISPATCH || trap->info->si_code == CODE_SECCOMP);
}

void guard_pass(struct emu_trap *trap)
{
    ucontext_t *uc = trap->uc;
    register uint64_t r10 __asm__("r10") = context_get(uc, REG_R10);
    register uint64_t r8 __asm__("r8") = context_get(uc, REG_R8);
    register uint64_t r9 __asm__("r9") = context_get(uc, REG_R9);
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)trap->info->si_syscall), "D"(context_get(uc, REG_RDI)),
                       "S"(context_get(uc, REG_RSI)), "d"(context_get(uc, REG_RDX)), "r"(r10),
                       "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    context_set(uc, REG_RAX, (uint64_t)result);
}
