/* SPDX-License-Identifier: Apache-2.0
 * signal_test.c: signals that arrive inside and outside enclaves, as a host program sees them. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/thread.h"

static struct cpu_enclave g_enclave;

static struct sgx_enclave_run start(enum emu_mode mode)
{
    cpu_start(mode, EMU_GUARD_AUTO);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < ARRAY_COUNT(faults); i++) { /* a sanitizer has handlers */
        struct sigaction action = {.sa_handler = SIG_DFL};
        EXPECT_EQ(emu_sigaction(faults[i], &action, NULL), 0);
    }
    cpu_build(&g_enclave, &(struct cpu_options){.threads = 2});
    return (struct sgx_enclave_run){.tcs = cpu_tcs(&g_enclave, 0)};
}

/* What the last handler saw. */
static volatile struct {
    int count;
    int signal;
    int code;
    uint64_t addr;
    uint64_t rip, rax, rbx, rcx, rdx, rsp, rbp, r15;
    uint64_t fs;
    uint64_t sp;
    uint64_t blocked;
    unsigned inside;
    uint32_t cssa;
} g_seen;

static volatile uint64_t g_started;
static volatile uint64_t g_stop;
static sigjmp_buf g_jump;

static uint64_t fs_base(void)
{
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static void note(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    sigset_t now;
    g_seen.count++;
    g_seen.signal = signal;
    g_seen.code = info->si_code;
    g_seen.addr = (uintptr_t)info->si_addr;
    g_seen.rip = context_get(uc, REG_RIP);
    g_seen.rax = context_get(uc, REG_RAX);
    g_seen.rbx = context_get(uc, REG_RBX);
    g_seen.rcx = context_get(uc, REG_RCX);
    g_seen.rdx = context_get(uc, REG_RDX);
    g_seen.rsp = context_get(uc, REG_RSP);
    g_seen.rbp = context_get(uc, REG_RBP);
    g_seen.r15 = context_get(uc, REG_R15);
    g_seen.fs = fs_base();
    g_seen.sp = (uintptr_t)__builtin_frame_address(0);
    g_seen.inside = emu_threads_inside(g_enclave.b.enclave);
    g_seen.cssa = cpu_tcs_alias(&g_enclave, 0)->cssa;
    sigprocmask(SIG_SETMASK, NULL, &now);
    uint64_t mask;
    memcpy(&mask, &now, sizeof mask);
    g_seen.blocked = mask;
    g_stop = 1;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    EXPECT_EQ(emu_sigaction(signal, &action, NULL), 0);
}

/* Sends `signal` to the thread once the enclave is spinning. */
struct sender {
    pthread_t to;
    int signal;
};

static void *send_when_inside(void *arg)
{
    const struct sender *sender = arg;
    while (!g_started)
        usleep(100);
    pthread_kill(sender->to, sender->signal);
    return NULL;
}

static int spin_and_get(struct sgx_enclave_run *run, int signal)
{
    struct sender sender = {pthread_self(), signal};
    pthread_t thread;
    g_started = 0;
    g_stop = 0;
    if (pthread_create(&thread, NULL, send_when_inside, &sender) != 0)
        abort();
    int rc = cpu_run(run, piece_spin, (uintptr_t)&g_started, (uintptr_t)&g_stop);
    pthread_join(thread, NULL);
    return rc;
}

TEST_BOTH(a_signal_inside_is_an_aex_and_then_an_eresume)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGUSR1, note, 0);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT_EQ(run.function, SGX_EEXIT); /* nothing of it in the result */
    EXPECT_EQ(g_seen.count, 1);
    EXPECT_EQ(g_seen.signal, SIGUSR1);
    EXPECT_EQ(g_seen.rax, SGX_ERESUME);
    EXPECT_EQ(g_seen.rbx, run.tcs);
    EXPECT_EQ(g_seen.rcx, g_seen.rip); /* both are the AEP */
    EXPECT_EQ(g_seen.rdx, 0);
    EXPECT_EQ(g_seen.r15, 0);
    EXPECT_EQ(g_seen.fs, fs_base());
    EXPECT_EQ(g_seen.inside, 0);
    EXPECT_EQ(g_seen.cssa, 1);
    EXPECT(g_seen.rsp > g_seen.sp && g_seen.rsp - g_seen.sp < 65536); /* the host's stack */
    EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 0);
}

static void enter_again(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    EXPECT_EQ(run.function, SGX_EEXIT);
}

TEST_BOTH(a_handler_may_enter_the_same_tcs_on_its_next_frame)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGUSR1, enter_again, 0);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT_EQ(run.function, SGX_EEXIT);
    EXPECT_EQ(g_seen.count, 1);
}

static void jump_out(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    siglongjmp(g_jump, 1);
}

TEST_BOTH(a_handler_may_jump_out_of_the_enclave)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGUSR1, jump_out, 0);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(g_jump, 1) == 0) {
            ignore(spin_and_get(&run, SIGUSR1));
            test_failed(__FILE__, __LINE__, "the handler did not jump");
        }
        EXPECT_EQ(g_seen.count, i + 1);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 1);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->state, 0);
        /* Its stack was the one that the jump gave up, so it is not resumed. */
        cpu_tcs_alias(&g_enclave, 0)->cssa = 0;
    }
}

TEST_BOTH(a_handler_runs_on_the_programs_alternate_stack)
{
    static uint8_t stack[65536];
    stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
    EXPECT_EQ(sigaltstack(&alt, NULL), 0); /* before the first entry */
    struct sgx_enclave_run run = start(mode);
    handle(SIGUSR1, note, SA_ONSTACK);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT_EQ(g_seen.count, 1);
    EXPECT(g_seen.sp > (uintptr_t)stack && g_seen.sp < (uintptr_t)stack + sizeof stack);
    handle(SIGUSR1, note, 0);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT(!(g_seen.sp > (uintptr_t)stack && g_seen.sp < (uintptr_t)stack + sizeof stack));
}

TEST_BOTH(the_mask_of_a_handler_is_what_was_asked_for)
{
    struct sgx_enclave_run run = start(mode);
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaddset(&action.sa_mask, SIGSEGV);
    EXPECT_EQ(emu_sigaction(SIGUSR1, &action, NULL), 0);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT(g_seen.blocked >> (SIGUSR1 - 1) & 1);
    EXPECT(g_seen.blocked >> (SIGUSR2 - 1) & 1);
    EXPECT(!(g_seen.blocked >> (SIGSEGV - 1) & 1)); /* never */
    action.sa_flags |= SA_NODEFER;
    EXPECT_EQ(emu_sigaction(SIGUSR1, &action, NULL), 0);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT(!(g_seen.blocked >> (SIGUSR1 - 1) & 1));
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    EXPECT(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
}

TEST_BOTH(emu_sigaction_remembers_what_it_was_told)
{
    start(mode);
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction old;
    sigaddset(&action.sa_mask, SIGTERM);
    const int signals[] = {SIGUSR1, SIGSEGV, SIGSYS, 64};
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        EXPECT_EQ(emu_sigaction(signals[i], &action, &old), 0);
        EXPECT(old.sa_handler == SIG_DFL);
        EXPECT_EQ(emu_sigaction(signals[i], NULL, &old), 0);
        EXPECT(old.sa_sigaction == note);
        EXPECT_EQ(old.sa_flags, action.sa_flags);
        EXPECT(sigismember(&old.sa_mask, SIGTERM));
        action.sa_handler = SIG_DFL;
        EXPECT_EQ(emu_sigaction(signals[i], &action, NULL), 0);
        EXPECT_EQ(emu_sigaction(signals[i], NULL, &old), 0);
        EXPECT(old.sa_handler == SIG_DFL);
        action.sa_sigaction = note;
    }
    EXPECT_EQ(emu_sigaction(0, NULL, &old), -22);
    EXPECT_EQ(emu_sigaction(65, NULL, &old), -22);
    EXPECT_EQ(emu_sigaction(32, NULL, &old), -22);
    EXPECT_EQ(emu_sigaction(SIGKILL, &action, NULL), -22);
    EXPECT_EQ(emu_sigaction(SIGSTOP, &action, NULL), -22);
    EXPECT_EQ(emu_sigaction(SIGKILL, NULL, &old), 0);
}

TEST_BOTH(sa_resethand_delivers_once)
{
    struct sgx_enclave_run run = start(mode);
    struct sigaction old;
    handle(SIGUSR1, note, (int)SA_RESETHAND);
    EXPECT_EQ(spin_and_get(&run, SIGUSR1), 0);
    EXPECT_EQ(g_seen.count, 1);
    EXPECT_EQ(emu_sigaction(SIGUSR1, NULL, &old), 0);
    EXPECT(old.sa_handler == SIG_DFL);
}

TEST_BOTH(an_ignored_signal_leaves_the_enclave_alone)
{
    struct sgx_enclave_run run = start(mode);
    struct sigaction action = {.sa_handler = SIG_IGN};
    EXPECT_EQ(emu_sigaction(SIGUSR1, &action, NULL), 0);
    EXPECT_EQ(emu_sigaction(SIGSEGV, &action, NULL), 0);
    handle(SIGUSR2, note, 0);
    const int signals[] = {SIGUSR1, SIGSEGV};
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        EXPECT_EQ(pthread_kill(pthread_self(), signals[i]), 0);
        EXPECT_EQ(spin_and_get(&run, SIGUSR2), 0);
        EXPECT_EQ(g_seen.count, (int)i + 1);
    }
}

/* The status of a child that does `what` with the enclave. */
static int status_of(void (*what)(struct sgx_enclave_run *), struct sgx_enclave_run *run)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        what(run);
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child)
        abort();
    return status;
}

static void get_sigterm_inside(struct sgx_enclave_run *run)
{
    ignore(spin_and_get(run, SIGTERM));
}

static void get_sigsegv_inside(struct sgx_enclave_run *run)
{
    ignore(spin_and_get(run, SIGSEGV));
}

static void fault_ignored_outside(struct sgx_enclave_run *run)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    ignore(run);
    ignore(emu_sigaction(SIGILL, &action, NULL));
    __asm__ volatile("ud2");
}

static void run_int3(struct sgx_enclave_run *run)
{
    ignore(cpu_run(run, piece_int3, 0, 0));
    _exit(run->exception_vector == SGX_VECTOR_UD ? 40 : 41);
}

TEST_BOTH(default_actions_end_the_process_with_the_signal)
{
    struct sgx_enclave_run run = start(mode);
    int status = status_of(get_sigterm_inside, &run);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    cpu_tcs_alias(&g_enclave, 0)->state = 0; /* shared with the child, which died inside */
    status = status_of(get_sigsegv_inside, &run);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = status_of(fault_ignored_outside, &run);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
}

TEST_BOTH(a_child_of_fork_can_enter_and_is_guarded)
{
    struct sgx_enclave_run run = start(mode);
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    int status = status_of(run_int3, &run);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 40);
}

static void *spin_on_second_tcs(void *arg)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 1)};
    (void)arg;
    EXPECT_EQ(cpu_run(&run, piece_spin, (uintptr_t)&g_started, (uintptr_t)&g_stop), 0);
    return NULL;
}

static void count_threads_inside(struct sgx_enclave_run *run)
{
    (void)run;
    _exit(emu_threads_inside(g_enclave.b.enclave) == 0 ? 40 : 41);
}

TEST_BOTH(a_child_of_fork_has_no_threads_inside)
{
    struct sgx_enclave_run run = start(mode);
    pthread_t thread;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    EXPECT_EQ(pthread_create(&thread, NULL, spin_on_second_tcs, NULL), 0);
    while (!g_started)
        usleep(100);
    EXPECT_EQ(emu_threads_inside(g_enclave.b.enclave), 1);
    int status = status_of(count_threads_inside, &run);
    g_stop = 1;
    pthread_join(thread, NULL);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 40);
}

static void fix_host_fault(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    ucontext_t *uc = context;
    context_set(uc, REG_RIP, context_get(uc, REG_RIP) + 2);
}

TEST_BOTH(faults_of_the_host_itself_reach_its_handler)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGILL, fix_host_fault, 0);
    __asm__ volatile("ud2"); /* not attached yet */
    EXPECT_EQ(g_seen.count, 1);
    EXPECT_EQ(g_seen.addr, g_seen.rip);
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    __asm__ volatile("ud2"); /* attached */
    EXPECT_EQ(g_seen.count, 2);
    EXPECT_EQ(g_seen.signal, SIGILL);
    EXPECT_EQ(g_seen.code, ILL_ILLOPN);
    EXPECT_EQ(g_seen.addr, g_seen.rip);
}

static void skip_enclu(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    ucontext_t *uc = context;
    context_set(uc, REG_RIP, (uintptr_t)cpu_enclu_after);
}

TEST_BOTH(a_direct_enclu_outside_that_is_refused_is_a_signal)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGSEGV, skip_enclu, 0);
    struct cpu_regs regs = {.rax = SGX_EEXIT};
    cpu_enclu(&regs);
    EXPECT_EQ(g_seen.count, 1);
    EXPECT_EQ(g_seen.signal, SIGSEGV);
    EXPECT_EQ(g_seen.code, SI_KERNEL);
    EXPECT_EQ(g_seen.rip, (uintptr_t)cpu_enclu_site);
    regs = (struct cpu_regs){.rax = SGX_EENTER, .rbx = 0x8000, .rcx = (uintptr_t)cpu_enclu_aep};
    cpu_enclu(&regs);
    EXPECT_EQ(g_seen.count, 2);
    EXPECT_EQ(g_seen.code, SEGV_MAPERR);
    EXPECT_EQ(g_seen.addr, 0x8000);
    (void)run;
}

TEST_BOTH(a_direct_eenter_with_its_own_aep_sees_exceptions_as_signals)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGILL, skip_enclu, 0);
    handle(SIGSEGV, skip_enclu, 0);
    struct cpu_regs regs = {.rax = SGX_EENTER,
                            .rbx = run.tcs,
                            .rcx = (uintptr_t)cpu_enclu_aep,
                            .rdi = cpu_offset(piece_ud2)};
    cpu_enclu(&regs);
    EXPECT_EQ(g_seen.count, 1);
    EXPECT_EQ(g_seen.signal, SIGILL);
    EXPECT_EQ(g_seen.code, ILL_ILLOPN);
    EXPECT_EQ(g_seen.rip, (uintptr_t)cpu_enclu_aep);
    EXPECT_EQ(g_seen.addr, (uintptr_t)cpu_enclu_aep);
    EXPECT_EQ(g_seen.rax, SGX_ERESUME);
    EXPECT_EQ(g_seen.cssa, 1);
    regs = (struct cpu_regs){.rax = SGX_EENTER,
                             .rbx = run.tcs,
                             .rcx = (uintptr_t)cpu_enclu_aep,
                             .rsi = run.tcs + 0x123,
                             .rdi = cpu_offset(piece_store)};
    cpu_enclu(&regs);
    EXPECT_EQ(g_seen.count, 2);
    EXPECT_EQ(g_seen.signal, SIGSEGV);
    EXPECT_EQ(g_seen.code, SEGV_ACCERR);
    EXPECT_EQ(g_seen.addr, run.tcs);
    EXPECT_EQ(g_seen.cssa, 2);
    /* EEXIT goes where RBX says, and RCX is the AEP. */
    regs = (struct cpu_regs){.rax = SGX_EENTER,
                             .rbx = run.tcs,
                             .rcx = (uintptr_t)cpu_enclu_aep,
                             .rdi = cpu_offset(piece_exit)};
    cpu_enclu(&regs);
    EXPECT_EQ(regs.rax, SGX_EEXIT);
    EXPECT_EQ(regs.rbx, (uintptr_t)cpu_enclu_after);
    EXPECT_EQ(regs.rcx, (uintptr_t)cpu_enclu_aep);
}

static void count_only(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    g_seen.count++;
}

TEST_BOTH(signals_come_to_threads_that_never_enter)
{
    start(mode);
    handle(SIGUSR1, count_only, 0);
    handle(SIGUSR2, jump_out, 0);
    EXPECT_EQ(raise(SIGUSR1), 0);
    EXPECT_EQ(g_seen.count, 1);
    if (sigsetjmp(g_jump, 1) == 0)
        raise(SIGUSR2);
    EXPECT_EQ(g_seen.count, 2);
    EXPECT_EQ(g_seen.signal, SIGUSR2);
}

TEST_BOTH(a_timer_at_high_rate_does_not_hurt)
{
    struct sgx_enclave_run run = start(mode);
    handle(SIGALRM, count_only, SA_RESTART);
    struct itimerval timer = {.it_interval.tv_usec = 200, .it_value.tv_usec = 200};
    EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
    for (int i = 0; g_seen.count < 500 && i < 20000000; i++) {
        run.function = 0;
        if (cpu_run(&run, piece_exit, 0, 0) != 0 || run.function != SGX_EEXIT) {
            test_failed(__FILE__, __LINE__, "not entered and left");
            break;
        }
    }
    timer = (struct itimerval){.it_value.tv_usec = 0};
    EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
    EXPECT(g_seen.count >= 500);
    EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 0);
}
