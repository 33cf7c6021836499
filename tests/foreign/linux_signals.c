/* SPDX-License-Identifier: Apache-2.0
 * linux_signals.c: what programs rely on in Linux's signals and a launcher could get wrong.  No
 * SGX.  It passes natively; sgx-emu must make no difference. */
#define _GNU_SOURCE
#include "linux_check.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int g_seen, g_order[8], g_code;
static volatile uintptr_t g_addr, g_sp;

static void count(int signal)
{
    (void)signal;
    g_seen++;
}

static void ask(int us)
{
    struct itimerval timer = {.it_value = {.tv_usec = us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Interrupted calls. */

static void restart(void)
{
    int ends[2];
    char byte = 0;
    if (pipe(ends))
        return;
    g_seen = 0;
    handle(SIGALRM, count, 0, NULL);
    ask(20000);
    check("read ends with EINTR", read(ends[0], &byte, 1) == -1 && errno == EINTR, 1);
    check("handler ran", g_seen, 1);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(60000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    handle(SIGALRM, count, SA_RESTART, NULL);
    ask(20000);
    check("read goes on with SA_RESTART", read(ends[0], &byte, 1), 1);
    check("handler ran again", g_seen, 2);
    waitpid(pid, NULL, 0);
    ask(20000);
    struct timespec long_time = {.tv_sec = 5};
    struct timespec left = {0};
    check("nanosleep is interrupted", nanosleep(&long_time, &left) == -1 && errno == EINTR, 1);
    check("time is left", left.tv_sec, 4);
    struct pollfd poller = {.fd = ends[0], .events = POLLIN};
    ask(20000);
    check("poll is interrupted", poll(&poller, 1, 5000) == -1 && errno == EINTR, 1);
    close(ends[0]);
    close(ends[1]);
}

/* Masks. */

static void note_order(int signal)
{
    g_order[g_seen++] = signal;
}

static void masks(void)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2);
    sigset_t one = set_of(SIGUSR1, 0);
    sigset_t none = set_of(0, 0);
    sigset_t old, pending;
    g_seen = 0;
    handle(SIGUSR1, count, 0, NULL);
    handle(SIGUSR2, count, 0, NULL);
    sigprocmask(SIG_BLOCK, &both, &old);
    raise(SIGUSR1);
    raise(SIGUSR1);
    check("blocked", g_seen, 0);
    sigpending(&pending);
    check("pending", sigismember(&pending, SIGUSR1) + 2 * sigismember(&pending, SIGUSR2), 1);
    check("sigsuspend", sigsuspend(&none) == -1 && errno == EINTR, 1);
    check("delivered once", g_seen, 1);
    sigprocmask(SIG_BLOCK, NULL, &pending);
    check("blocked again", sigismember(&pending, SIGUSR1), 1);
    raise(SIGUSR1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    check("delivered at unblocking", g_seen, 2);

    g_seen = 0;
    struct sigaction action = {.sa_handler = note_order, .sa_mask = both};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigprocmask(SIG_BLOCK, &both, &old);
    raise(SIGUSR2);
    raise(SIGUSR1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    check("both delivered, the lower first", g_order[0] * 100 + g_order[1],
          SIGUSR1 * 100 + SIGUSR2);

    siginfo_t info;
    struct timespec soon = {.tv_nsec = 20000000};
    sigprocmask(SIG_BLOCK, &one, &old);
    check("sigtimedwait times out", sigtimedwait(&one, &info, &soon) == -1 && errno == EAGAIN, 1);
    raise(SIGUSR1);
    check("sigtimedwait", sigtimedwait(&one, &info, &soon), SIGUSR1);
    int fd = signalfd(-1, &one, 0);
    struct signalfd_siginfo read_info;
    raise(SIGUSR1);
    check("signalfd", read(fd, &read_info, sizeof read_info), sizeof read_info);
    check("signalfd's signal", read_info.ssi_signo, SIGUSR1);
    close(fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void waits_with_masks(void)
{
    sigset_t one = set_of(SIGALRM, 0);
    sigset_t none = set_of(0, 0);
    sigset_t old, now;
    struct timespec long_time = {.tv_sec = 5};
    handle(SIGALRM, count, SA_RESTART, NULL);
    g_seen = 0;
    sigprocmask(SIG_BLOCK, &one, &old);
    ask(1000);
    usleep(10000);
    check("not yet", g_seen, 0);
    check("ppoll opens the mask", ppoll(NULL, 0, &long_time, &none) == -1 && errno == EINTR, 1);
    check("handler ran in ppoll", g_seen, 1);
    ask(1000);
    check("pselect opens the mask",
          pselect(0, NULL, NULL, NULL, &long_time, &none) == -1 && errno == EINTR, 1);
    int fd = epoll_create1(0);
    struct epoll_event event;
    ask(1000);
    check("epoll_pwait opens the mask",
          epoll_pwait(fd, &event, 1, 5000, &none) == -1 && errno == EINTR, 1);
    check("three in all", g_seen, 3);
    struct timespec no_time = {0};
    check("ppoll without a signal", ppoll(NULL, 0, &no_time, &none), 0);
    sigprocmask(SIG_BLOCK, NULL, &now);
    check("mask is as before", sigismember(&now, SIGALRM), 1);
    close(fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Signals of faults are no different to the program. */

static void fault_masks(void)
{
    sigset_t segv = set_of(SIGSEGV, SIGTRAP);
    sigset_t old, pending, none = set_of(0, 0);
    siginfo_t info;
    struct timespec soon = {.tv_nsec = 20000000};
    g_seen = 0;
    handle(SIGSEGV, count, 0, NULL);
    handle(SIGTRAP, count, 0, NULL);
    sigprocmask(SIG_BLOCK, &segv, &old);
    raise(SIGSEGV);
    check("SIGSEGV sent while blocked", g_seen, 0);
    sigpending(&pending);
    check("SIGSEGV is pending", sigismember(&pending, SIGSEGV), 1);
    check("sigtimedwait takes it", sigtimedwait(&segv, &info, &soon), SIGSEGV);
    raise(SIGTRAP);
    check("sigsuspend with SIGTRAP pending", sigsuspend(&none) == -1 && errno == EINTR, 1);
    check("SIGTRAP delivered", g_seen, 1);
    raise(SIGTRAP);
    sigprocmask(SIG_SETMASK, &old, NULL);
    check("SIGTRAP at unblocking", g_seen, 2);
    handle(SIGSEGV, SIG_IGN, 0, NULL);
    raise(SIGSEGV);
    check("ignored SIGSEGV", g_seen, 2);
    struct sigaction now;
    sigaction(SIGSEGV, NULL, &now);
    check("its action is SIG_IGN", now.sa_handler == SIG_IGN, 1);
    handle(SIGSEGV, SIG_DFL, 0, NULL);
    handle(SIGTRAP, SIG_DFL, 0, NULL);
}

/* Handlers: flags, stacks, contexts. */

static void on_info(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    int local;
    (void)signal;
    g_seen++;
    g_code = info->si_code;
    g_addr = (uintptr_t)info->si_addr;
    g_sp = (uintptr_t)&local;
    if (uc->uc_mcontext.gregs[REG_TRAPNO] == 6) /* ud2 */
        uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static sigjmp_buf g_jump;

static void on_jump(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    g_code = info->si_code;
    g_addr = (uintptr_t)info->si_addr;
    siglongjmp(g_jump, 1);
}

static void handlers(void)
{
    static char alternate[1 << 16];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
    struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    check("sigaltstack", sigaltstack(&stack, NULL), 0);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    check("on the alternate stack", g_sp - (uintptr_t)alternate < sizeof alternate, 1);
    check("sent by tgkill", g_code, SI_TKILL);
    sigaction(SIGILL, &action, NULL);
    g_seen = 0;
    __asm__ volatile("ud2");
    check("ud2 was skipped", g_seen, 1);
    check("ILL_ILLOPN", g_code, ILL_ILLOPN);
    sigaltstack(NULL, &old);
    check("sigaltstack tells",
          old.ss_sp == alternate && old.ss_size == sizeof alternate && old.ss_flags == 0, 1);
    stack.ss_size = 100;
    check("a stack that is too small", sigaltstack(&stack, NULL) == -1 && errno == ENOMEM, 1);
    action.sa_sigaction = on_jump;
    sigaction(SIGSEGV, &action, NULL);
    char *nowhere = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int jumped = sigsetjmp(g_jump, 1);
    if (!jumped)
        *(volatile char *)(nowhere + 5) = 1;
    check("SIGSEGV unwinds", jumped, 1);
    check("its address", (long)(g_addr - (uintptr_t)nowhere), 5);
    check("SEGV_ACCERR", g_code, SEGV_ACCERR);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    check("unblocked after siglongjmp", sigismember(&now, SIGSEGV), 0);
    action.sa_sigaction = on_info;
    sigaction(SIGTRAP, &action, NULL);
    g_seen = 0;
    __asm__ volatile("int3");
    check("int3", g_seen, 1);
    action.sa_sigaction = on_jump;
    sigaction(SIGFPE, &action, NULL);
    volatile int zero = 0;
    jumped = sigsetjmp(g_jump, 1);
    if (!jumped)
        zero = 77 / zero;
    check("SIGFPE", jumped, 1);
    check("FPE_INTDIV", g_code, FPE_INTDIV);
    handle(SIGUSR2, count, (int)SA_RESETHAND, NULL);
    g_seen = 0;
    raise(SIGUSR2);
    struct sigaction after;
    sigaction(SIGUSR2, NULL, &after);
    check("SA_RESETHAND", g_seen == 1 && after.sa_handler == SIG_DFL, 1);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    for (int signal = 1; signal < 32; signal++)
        handle(signal, SIG_DFL, 0, NULL);
}

/* The stack overflows; the handler has its own. */
static int deep(int n)
{
    volatile char page[4096];
    page[0] = (char)n;
    return n > 1 << 20 ? page[0] : deep(n + 1) + page[0];
}

static void overflow(void)
{
    static char alternate[1 << 16];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_sigaction = on_jump, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    volatile int result = 0;
    int jumped = sigsetjmp(g_jump, 1);
    if (!jumped)
        result = deep(0);
    check("stack overflow is caught", jumped + result, 1);
    handle(SIGSEGV, SIG_DFL, 0, NULL);
}

/* Vector and general registers survive a handler that spoils them. */
static void spoil(int signal)
{
    (void)signal;
    g_seen++;
    __asm__ volatile("pxor %%xmm0,%%xmm0; pxor %%xmm8,%%xmm8; pxor %%xmm15,%%xmm15; xor "
                     "%%eax,%%eax; xor %%r11d,%%r11d"
                     :
                     :
                     : "xmm0", "xmm8", "xmm15", "rax", "r11");
}

static void registers(void)
{
    struct itimerval timer = {.it_interval = {.tv_usec = 200}, .it_value = {.tv_usec = 200}};
    long bad = 0;
    g_seen = 0;
    handle(SIGALRM, spoil, 0, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (long i = 1; g_seen < 200; i++) {
        long a, b, c, d;
        __asm__ volatile(
            "movq %4,%%xmm0; movq %4,%%xmm8; movq %4,%%xmm15; mov %4,%%r11; mov %4,-64(%%rsp)\n\t"
            "mov $2000,%%eax\n1: dec %%eax; jnz 1b\n\t"
            "movq %%xmm0,%0; movq %%xmm8,%1; movq %%xmm15,%2; mov %%r11,%3; sub -64(%%rsp),%3"
            : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
            : "r"(i)
            : "rax", "r11", "xmm0", "xmm8", "xmm15", "memory", "cc");
        bad += a != i || b != i || c != i || d != 0;
    }
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, NULL);
    check("registers survive 200 signals", bad, 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    restart();
    masks();
    waits_with_masks();
    fault_masks();
    handlers();
    overflow();
    registers();
    puts(g_failed ? "some failed" : "all passed");
    return g_failed;
}
