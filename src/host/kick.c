/* SPDX-License-Identifier: Apache-2.0
 * kick.c: see kick.h.
 *
 * The first word of a thread's arena says that a blocking call shall not begin; the second one that
 * the enclave shall look for signals.  A kick is a signal to the host thread.  Its handler finds
 * the thread
 *  - in host_blocking(), before the system call: it goes on behind it, with -EINTR;
 *  - in another system call: that returns EINTR by itself;
 *  - in the enclave: the CPU has left it (AEX) before the handler runs, so the handler enters once
 *    more with GATE_ENTER_KICK, on the next SSA frame, and the enclave edits the frame that ERESUME
 *    will load.  Entering when that is not possible is refused by the enclave and does no harm. */
#include "host/kick.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "gate/gate.h"
#include "sgx/arch.h"

extern const char host_blocking_start[] __attribute__((visibility("hidden")));
extern const char host_blocking_call[] __attribute__((visibility("hidden")));
extern const char host_blocking_abort[] __attribute__((visibility("hidden")));

enum { WORD_TOKEN = 0, WORD_ATTENTION = 1 };

static const int g_outside[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM};
static _Atomic uint64_t g_pending;
static _Thread_local struct host_thread *g_self;

static int kick_signal(void)
{
    return SIGRTMIN + 5;
}

static _Atomic uint64_t *word_of(const struct host_thread *t, int word)
{
    return (_Atomic uint64_t *)(void *)t->arena + word;
}

/* Moves a thread that stands right before a blocking call behind it. */
static void leave_blocking(ucontext_t *uc)
{
    uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
    if (rip >= (uintptr_t)host_blocking_start && rip <= (uintptr_t)host_blocking_call)
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)host_blocking_abort;
}

static void enter_for_kick(const struct host_thread *t)
{
    struct host_thread nested = {.run = t->run, .index = t->index};
    nested.entry.tcs = t->entry.tcs;
    ignore(host_enter(&nested, GATE_ENTER_KICK, 0, SGX_EENTER));
}

static void on_kick(int signal, siginfo_t *info, void *context)
{
    struct host_thread *t = g_self;
    int saved = errno;
    (void)info;
    if (signal != kick_signal())
        atomic_fetch_or(&g_pending, (uint64_t)1 << (signal - 1));
    if (t) {
        if (signal != kick_signal()) {
            atomic_store(word_of(t, WORD_TOKEN), 1);
            atomic_store(word_of(t, WORD_ATTENTION), 1);
        }
        leave_blocking(context);
        if (t->inside)
            enter_for_kick(t);
    }
    errno = saved;
}

static void signal_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, kick_signal());
    for (size_t n = 0; n < sizeof g_outside / sizeof g_outside[0]; n++)
        sigaddset(set, g_outside[n]);
}

int host_kick_start(struct host_run *run, struct err *e)
{
    struct sigaction action = {.sa_sigaction = on_kick, .sa_flags = SA_SIGINFO};
    const struct sigaction pipe = {.sa_handler = SIG_IGN};
    const struct host_platform *p = run->enclave->platform;
    signal_set(&action.sa_mask);
    pthread_sigmask(SIG_BLOCK, &action.sa_mask, NULL);
    int rc = p->sigaction(kick_signal(), &action, NULL);
    for (size_t n = 0; !rc && n < sizeof g_outside / sizeof g_outside[0]; n++) {
        struct sigaction old;
        rc = p->sigaction(g_outside[n], NULL, &old);
        if (!rc && old.sa_handler != SIG_IGN) /* nohup: stays ignored */
            rc = p->sigaction(g_outside[n], &action, NULL);
    }
    if (!rc)
        rc = p->sigaction(SIGPIPE, &pipe, NULL);
    return rc ? fail(e, rc, "host: sigaction: %s", strerror(-rc)) : 0;
}

void host_kick_enter(struct host_thread *t)
{
    sigset_t set;
    signal_set(&set);
    t->tid = (pid_t)syscall(SYS_gettid);
    g_self = t;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void host_kick_leave(void)
{
    sigset_t set;
    signal_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    g_self->tid = 0;
    g_self = NULL;
}

int host_kick(const struct host_run *run, uint64_t index)
{
    if (index >= run->enclave->info.thread_count)
        return -ESRCH;
    pid_t tid = __atomic_load_n(&run->threads[index].tid, __ATOMIC_SEQ_CST);
    if (!tid)
        return -ESRCH;
    return syscall(SYS_tgkill, getpid(), tid, kick_signal()) ? -errno : 0;
}

uint64_t host_kick_signals(const struct host_run *run)
{
    for (uint32_t n = 0; n < run->enclave->info.thread_count; n++)
        if (run->threads[n].arena)
            atomic_store(word_of(&run->threads[n], WORD_ATTENTION), 0);
    return atomic_exchange(&g_pending, 0);
}
