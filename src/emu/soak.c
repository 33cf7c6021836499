/* SPDX-License-Identifier: Apache-2.0
 * soak.c: emu_soak MODE SECONDS [corrupt]: signals at a high rate at an enclave that enters, exits,
 * faults and checks all its registers, on 64 threads and as many TCSs.  Ends with "N passed, N
 * failed".  `corrupt` changes a register in an SSA frame now and then, to show that it is noticed.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "emu/cpu_enclave_test.h"
#include "emu/cpu_state_test.h"
#include "emu/fast_priv.h"
#include "emu/thread.h"

enum { THREADS = 64, TIMER_US = 200, KICK_US = 1000, EXITS_A_ROUND = 50 };

static struct cpu_enclave g_enclave;
static unsigned g_level;
static volatile sig_atomic_t g_stop;
static bool g_corrupt;
static _Atomic uint64_t g_rounds;
static _Atomic uint64_t g_signals;
static _Atomic uint64_t g_failed;
static pthread_t g_threads[THREADS];

void test_register(struct test *t)
{
    (void)t;
}

void test_failed(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "  %s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    g_failed++;
}

static volatile double g_dirt = 1.0;

/* Uses the vector unit, as handlers do. */
static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    uint64_t count = g_signals++;
    g_dirt = g_dirt * 1.0000001 + (double)count;
    if (g_corrupt && count % 64 == 0)
        for (unsigned i = 0; i < THREADS; i++)
            if (cpu_tcs_alias(&g_enclave, i)->cssa == 1)
                cpu_gpr(&g_enclave, i, 0)->r12 ^= 1;
}

/* One self-check, with a fault in the middle or without. */
static void check(unsigned thread, struct cpu_state *state, uint64_t seed)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, thread)};
    bool faults = seed & 1;
    cpu_state_fill(state, seed, g_level);
    int rc = cpu_call_enter(cpu_offset(piece_check), (uintptr_t)state, 0, SGX_EENTER, faults,
                            g_level, &run);
    if (faults) {
        if (rc != 0 || run.function != SGX_ERESUME || run.exception_vector != SGX_VECTOR_UD)
            test_failed(__FILE__, __LINE__, "thread %u: the fault ended as %d, leaf %u, vector %u",
                        thread, rc, run.function, run.exception_vector);
        rc = cpu_run(&run, piece_skip, cpu_gpr_addr(&g_enclave, thread, 0), 2);
        if (rc != 0 || run.function != SGX_EEXIT)
            test_failed(__FILE__, __LINE__, "thread %u: the handler ended as %d, leaf %u", thread,
                        rc, run.function);
        rc = cpu_resume(&run);
    }
    const char *what = cpu_state_difference(state, g_level, run.tcs);
    if (rc != 0 || run.function != SGX_EEXIT)
        test_failed(__FILE__, __LINE__, "thread %u: the check ended as %d, leaf %u, vector %u",
                    thread, rc, run.function, run.exception_vector);
    else if (what)
        test_failed(__FILE__, __LINE__, "thread %u, seed %llu: %s changed", thread,
                    (unsigned long long)seed, what);
}

static void *work(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;
    struct cpu_state *state = aligned_alloc(64, (sizeof *state + 63) / 64 * 64);
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, thread)};
    if (!state)
        abort();
    for (uint64_t seed = thread * 1000003ull; !g_stop && g_failed < 20; seed++) {
        check(thread, state, seed);
        for (int i = 0; i < EXITS_A_ROUND; i++)
            if (cpu_run(&run, piece_exit, 0, 0) != 0 || run.function != SGX_EEXIT)
                test_failed(__FILE__, __LINE__, "thread %u: an entry ended as leaf %u", thread,
                            run.function);
        g_rounds++;
    }
    free(state);
    return NULL;
}

/* The timer's signals go to the main thread; these go to all. */
static void kick_until(double end)
{
    unsigned next = 0;
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec >= end || g_failed >= 20)
            return;
        pthread_kill(g_threads[1 + next++ % (THREADS - 1)], SIGUSR1);
        usleep(KICK_US);
    }
}

static void *kicker(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    kick_until(*(double *)arg);
    g_stop = 1;
    return NULL;
}

static void run_all(double seconds)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    EXPECT_EQ(emu_sigaction(SIGUSR1, &action, NULL), 0);
    EXPECT_EQ(emu_sigaction(SIGALRM, &action, NULL), 0);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double end = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec + seconds;
    struct itimerval timer = {.it_interval.tv_usec = TIMER_US, .it_value.tv_usec = TIMER_US};
    setitimer(ITIMER_REAL, &timer, NULL);
    g_threads[0] = pthread_self();
    for (uintptr_t i = 1; i < THREADS; i++)
        if (pthread_create(&g_threads[i], NULL, work, (void *)i) != 0)
            abort();
    pthread_t kicking;
    if (pthread_create(&kicking, NULL, kicker, &end) != 0)
        abort();
    work(NULL);
    pthread_join(kicking, NULL);
    for (unsigned i = 1; i < THREADS; i++)
        pthread_join(g_threads[i], NULL);
    timer = (struct itimerval){.it_value.tv_usec = 0};
    setitimer(ITIMER_REAL, &timer, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "trap") != 0 && strcmp(argv[1], "fast") != 0)) {
        fprintf(stderr, "usage: emu_soak trap|fast SECONDS [corrupt]\n");
        return 2;
    }
    enum emu_mode mode = strcmp(argv[1], "fast") == 0 ? EMU_FAST : EMU_TRAP;
    double seconds = strtod(argv[2], NULL);
    g_corrupt = argc > 3 && strcmp(argv[3], "corrupt") == 0;
    g_level = cpu_state_level();
    cpu_start(mode, EMU_GUARD_AUTO);
    cpu_build(&g_enclave,
              &(struct cpu_options){.threads = THREADS, .xfrm = cpu_state_xfrm(g_level)});
    if (g_failed)
        return 1;
    run_all(seconds);
    EXPECT_EQ(emu_threads_inside(g_enclave.b.enclave), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, i)->cssa, 0);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, i)->state, 0);
    }
    printf("%s mode: %llu rounds, %llu signals, of them %llu in an entry stub, %llu in a resume "
           "stub, %llu in an exit stub\n",
           argv[1], (unsigned long long)g_rounds, (unsigned long long)g_signals,
           (unsigned long long)g_fast_rolls.enter, (unsigned long long)g_fast_rolls.resume,
           (unsigned long long)g_fast_rolls.exit);
    printf("%d passed, %d failed\n", g_failed ? 0 : 1, g_failed ? 1 : 0);
    return g_failed ? 1 : 0;
}
