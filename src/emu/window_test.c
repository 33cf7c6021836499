/* SPDX-License-Identifier: Apache-2.0
 * window_test.c: a signal at each single instruction of the fast mode's stubs.  A traced child
 * makes the same round again and again: entry, exit, fault, entry of the handler, exit, resume,
 * exit, with the self-check of all registers.  In round n it gets a signal at the n-th instruction
 * that belongs to a stub. */
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/cpu_raw.h"
#include "emu/cpu_state_test.h"
#include "emu/fast_priv.h"
#include "emu/model_priv.h"
#include "emu/thread.h"

enum { MAX_ROUNDS = 2000 };

static struct cpu_enclave g_enclave;
static struct cpu_state *g_state;
static unsigned g_level;
static uint64_t g_stub;
static uint64_t g_host_fs;
static volatile int g_bad;
static volatile int g_signals;

static bool is_in_stub(uint64_t rip)
{
    return (rip >= cpu_addr(emu_fast_enter) && rip < cpu_addr(emu_fast_enter_end)) ||
           (rip >= cpu_addr(emu_fast_resume) && rip < cpu_addr(emu_fast_resume_end)) ||
           (rip >= g_stub && rip < g_stub + FAST_EXIT_SIZE);
}

static void complain(const char *what, uint64_t value)
{
    g_bad++;
    fprintf(stderr, "  round with %d signals: %s (0x%llx)\n", g_signals, what,
            (unsigned long long)value);
}

/* The context is that of a place that hardware could stop at, outside; and the TCS can be used. */
static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    uint64_t tcs = cpu_tcs(&g_enclave, 0);
    uint64_t rip = context_get(context, REG_RIP);
    g_signals++;
    if (is_in_stub(rip))
        complain("the handler sees the middle of a stub", rip);
    if (rip == cpu_addr(emu_enter_fast) &&
        (context_get(context, REG_RAX) != SGX_ERESUME || context_get(context, REG_RBX) != tcs ||
         context_get(context, REG_RCX) != rip))
        complain("at the AEP without the synthetic state", context_get(context, REG_RAX));
    if (rip == cpu_addr(emu_enter_enclu) &&
        (context_get(context, REG_RAX) != SGX_EENTER || context_get(context, REG_RBX) != tcs))
        complain("at ENCLU with other registers", context_get(context, REG_RAX));
    if (cpu_fs() != g_host_fs)
        complain("another FS base", cpu_fs());
    if (emu_threads_inside(g_enclave.b.enclave) != 0)
        complain("still inside", rip);
    struct sgx_enclave_run run = {.tcs = tcs};
    if (cpu_run(&run, piece_exit, 0, 0) != 0 || run.function != SGX_EEXIT)
        complain("the TCS cannot be entered", run.exception_vector);
}

static void round_once(uint64_t seed)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    cpu_state_fill(g_state, seed, g_level);
    raise(SIGSTOP); /* the tracer counts from here */
    int rc = cpu_call_enter(cpu_offset(piece_check), (uintptr_t)g_state, 0, SGX_EENTER, 1, g_level,
                            &run);
    if (rc != 0 || run.function != SGX_ERESUME || run.exception_vector != SGX_VECTOR_UD)
        complain("the fault is not reported", run.function);
    rc = cpu_run(&run, piece_skip, cpu_gpr_addr(&g_enclave, 0, 0), 2);
    if (rc != 0 || run.function != SGX_EEXIT)
        complain("the handler's entry ended otherwise", run.function);
    rc = cpu_resume(&run);
    if (rc != 0 || run.function != SGX_EEXIT)
        complain("the resume ended otherwise", run.function);
    const char *what = cpu_state_difference(g_state, g_level, run.tcs);
    if (what)
        complain(what, seed);
    if (cpu_tcs_alias(&g_enclave, 0)->cssa != 0 || cpu_tcs_alias(&g_enclave, 0)->state != 0)
        complain("the TCS is not as before", cpu_tcs_alias(&g_enclave, 0)->cssa);
}

static _Noreturn void child_main(void)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    for (uint64_t seed = 0; seed < MAX_ROUNDS && !g_bad; seed++) {
        for (int i = 0; i < 2; i++) /* makes the round's entries fast */
            ignore(cpu_run(&run, piece_exit, 0, 0));
        round_once(seed);
    }
    _exit(g_bad ? 1 : 0);
}

/* Breakpoints of the debug registers at the stubs' first instructions: stepping all the way is
 * slow. */
static bool set_breakpoints(pid_t child)
{
    const uint64_t at[] = {cpu_addr(emu_fast_enter), cpu_addr(emu_fast_resume), g_stub};
    for (size_t i = 0; i < ARRAY_COUNT(at); i++)
        if (ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[i]), at[i]) != 0)
            return false;
    return ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[7]), 0x15) == 0;
}

/* Lets the child go on, by one step or to the next stop, with the signal that it stopped for. */
static bool go(pid_t child, bool by_step, int *signal, int *status)
{
    ptrace(by_step ? PTRACE_SINGLESTEP : PTRACE_CONT, child, 0, *signal);
    if (waitpid(child, status, 0) != child || !WIFSTOPPED(*status))
        return false;
    *signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
    return true;
}

/* Lets the child run to its next SIGSTOP.  False when it ended. */
static bool run_to_stop(pid_t child, int signal, int *status)
{
    while (go(child, false, &signal, status))
        if (signal == SIGSTOP)
            return true;
    return false;
}

/* Goes on to the n-th instruction in a stub.  False when the round has fewer: the child stands at
 * the stop of the next. */
static bool step_to(pid_t child, int n, int *status)
{
    int signal = 0;
    bool in_stub = false;
    while (go(child, in_stub, &signal, status) && signal != SIGSTOP) {
        struct user_regs_struct regs;
        if (ptrace(PTRACE_GETREGS, child, 0, &regs) != 0)
            return false;
        in_stub = signal == 0 && is_in_stub(regs.rip);
        if (in_stub && n-- == 0)
            return true;
    }
    return false;
}

static int trace(pid_t child, int *status)
{
    int n = 0;
    waitpid(child, status, 0);
    if (!WIFSTOPPED(*status) ||
        (WSTOPSIG(*status) != SIGSTOP && !run_to_stop(child, WSTOPSIG(*status), status)))
        return 0;
    if (!set_breakpoints(child)) {
        kill(child, SIGKILL);
        test_skip("this machine gives no debug registers to ptrace(2)");
    }
    while (step_to(child, n, status)) {
        n++;
        if (!run_to_stop(child, SIGUSR1, status))
            return n;
    }
    if (WIFSTOPPED(*status)) { /* all instructions have had their signal */
        kill(child, SIGKILL);
        waitpid(child, status, 0);
        *status = 0;
    }
    return n;
}

TEST(a_signal_at_any_instruction_of_a_stub_is_seen_outside_it)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    g_level = cpu_state_level();
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){.xfrm = cpu_state_xfrm(g_level), .nssa = 4});
    g_state = aligned_alloc(64, (sizeof *g_state + 63) / 64 * 64);
    g_stub = g_enclave.b.enclave->fast->stub;
    g_host_fs = cpu_fs();
    REQUIRE(g_state && g_stub);
    EXPECT_EQ(emu_sigaction(SIGUSR1, &action, NULL), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        child_main();
    int status = 0;
    int count = trace(child, &status);
    EXPECT_EQ(status, 0);
    EXPECT(count > 150);
    fprintf(stderr, "  %d instructions\n", count);
}
