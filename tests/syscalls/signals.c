/* SPDX-License-Identifier: Apache-2.0
 * signals.c: handlers, masks, stacks, restarts, faults, timed waits. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

static volatile int g_count, g_last, g_value, g_on_stack;
static char g_stack[65536];

static void on_signal(int sig, siginfo_t *info, void *context)
{
    char here;
    (void)context;
    g_count++;
    g_last = sig;
    g_value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
    g_on_stack = &here > g_stack && &here < g_stack + sizeof g_stack;
}

static void on_skip(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    g_last = sig;
    g_value = info->si_code;
    uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static int handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    return sigaction(sig, &action, NULL);
}

static void basics(void)
{
    sigset_t set;
    sigset_t old;
    CALL(handle(SIGUSR1, on_signal, 0));
    CALL(handle(SIGKILL, on_signal, 0));
    CALL(handle(65, on_signal, 0));
    CALL(raise(SIGUSR1));
    SHOW(g_count);
    CALL(kill(getpid(), SIGUSR1));
    SHOW(g_count);
    CALL(kill(getpid(), 0));
    CALL(kill(getpid(), 99));
    CALL(kill(99999999, 0));
    CALL(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
    SHOW(g_count);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CALL(sigprocmask(SIG_BLOCK, &set, &old));
    raise(SIGUSR1);
    raise(SIGUSR1);
    SHOW(g_count);
    CALL(sigpending(&old));
    SHOW(sigismember(&old, SIGUSR1));
    CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
    SHOW(g_count); /* two of the same are one */
    CALL(sigprocmask(77, &set, NULL));
    handle(SIGRTMIN + 1, on_signal, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CALL(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 11}));
    CALL(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 22}));
    g_count = 0;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    SHOW(g_count); /* real-time signals queue */
    SHOW(g_value);
    signal(SIGUSR2, SIG_IGN);
    CALL(raise(SIGUSR2));
    CALL(handle(SIGUSR2, on_signal, SA_RESETHAND));
    raise(SIGUSR2);
    struct sigaction action;
    sigaction(SIGUSR2, NULL, &action);
    OK(action.sa_handler == SIG_DFL);
}

static void waiting(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec none = {0, 1000000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CALL(sigtimedwait(&set, &info, &none));
    raise(SIGUSR1);
    CALL(sigtimedwait(&set, &info, &none));
    raise(SIGUSR1);
    sigset_t open;
    sigemptyset(&open);
    g_count = 0;
    CALL(sigsuspend(&open));
    SHOW(g_count);
    sigprocmask(SIG_SETMASK, NULL, &open);
    SHOW(sigismember(&open, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void stacks(void)
{
    stack_t alt = {.ss_sp = g_stack, .ss_size = sizeof g_stack};
    stack_t old;
    stack_t small = {.ss_sp = g_stack, .ss_size = 100};
    CALL(sigaltstack(&small, NULL));
    CALL(sigaltstack(&alt, NULL));
    handle(SIGUSR1, on_signal, SA_ONSTACK);
    raise(SIGUSR1);
    SHOW(g_on_stack);
    handle(SIGUSR1, on_signal, 0);
    raise(SIGUSR1);
    SHOW(g_on_stack);
    CALL(sigaltstack(NULL, &old));
    SHOW(old.ss_flags);
    OK(old.ss_sp == g_stack && old.ss_size == sizeof g_stack);
}

static void faults(void)
{
    double before = 1.25;
    handle(SIGSEGV, on_skip, 0);
    handle(SIGILL, on_skip, 0);
    handle(SIGFPE, on_skip, 0);
    __asm__ volatile("movl (%0), %%eax" : : "b"(16L) : "rax");
    SHOW(g_last);
    SHOW(g_value);
    __asm__ volatile("ud2");
    SHOW(g_last);
    __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idivl %%ecx"
                     :
                     :
                     : "rax", "rcx", "rdx");
    SHOW(g_last);
    SHOW(g_value);
    OK(before == 1.25);
}

static volatile pthread_t g_main;
static int g_pipe[2];

static void *poke(void *arg)
{
    usleep(50000);
    pthread_kill(g_main, SIGUSR1);
    usleep(50000);
    if (arg && write(g_pipe[1], "x", 1) != 1)
        abort();
    return NULL;
}

static void restarts(void)
{
    pthread_t t;
    char c;
    struct timespec left;
    struct timespec second = {1, 0};
    g_main = pthread_self();
    if (pipe(g_pipe))
        return;
    handle(SIGUSR1, on_signal, 0);
    pthread_create(&t, NULL, poke, NULL);
    CALL(read(g_pipe[0], &c, 1));
    pthread_join(t, NULL);
    handle(SIGUSR1, on_signal, SA_RESTART);
    g_count = 0;
    pthread_create(&t, NULL, poke, &c);
    CALL(read(g_pipe[0], &c, 1));
    SHOW(g_count);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, poke, NULL);
    CALL(nanosleep(&second, &left));
    OK(left.tv_sec == 0 && left.tv_nsec > 100000000);
    pthread_join(t, NULL);
    signal(SIGPIPE, SIG_IGN);
    close(g_pipe[0]);
    CALL(write(g_pipe[1], "x", 1));
    handle(SIGPIPE, on_signal, 0);
    CALL(write(g_pipe[1], "x", 1));
    SHOW(g_last);
}

/* Vector registers and flags survive a signal that arrives while they are in use. */
static void state(void)
{
    pthread_t t;
    g_main = pthread_self();
    handle(SIGUSR1, on_signal, SA_RESTART);
    g_count = 0;
    pthread_create(&t, NULL, poke, NULL);
    uint64_t bad = 0;
    while (!g_count)
        __asm__ volatile("mov $0x1234567890, %%rax; movq %%rax, %%xmm7; mov $2000, %%ecx\n"
                         "1: dec %%ecx; jnz 1b; movq %%xmm7, %%rdx; sub %%rax, %%rdx; or %%rdx, %0"
                         : "+r"(bad)
                         :
                         : "rax", "rcx", "rdx", "xmm7");
    OK(bad == 0);
    pthread_join(t, NULL);
}

int main(void)
{
    basics();
    waiting();
    stacks();
    faults();
    restarts();
    state();
    return 0;
}
