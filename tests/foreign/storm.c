/* SPDX-License-Identifier: Apache-2.0
 * storm.c [SECONDS]: threads that make system calls, threads and processes while signals rain on
 * all of them; every thread checks what it can.  SA_RESTART is set, so that no call may end early
 * but those that always do. */
#define _GNU_SOURCE
#include "linux_check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_bool g_stop;
static atomic_long g_signals, g_rounds[8];
static __thread volatile long g_here;
static __thread volatile uint64_t g_canary = 0x1122334455667788;

static void on_signal(int signal)
{
    (void)signal;
    int kept = errno;
    if (g_canary != 0x1122334455667788)
        abort();
    g_here++;
    atomic_fetch_add(&g_signals, 1);
    getppid();
    if (g_here % 64 == 0)
        sched_yield();
    errno = kept;
}

static long fail(const char *what)
{
    printf("FAILED storm: %s: %s\n", what, strerror(errno));
    g_failed = 1;
    return 1;
}

/* Bytes through a pipe come out as they went in; both ends block and are interrupted. */
static int g_pipe[2];

static void *writer(void *unused)
{
    (void)unused;
    uint32_t n = 0;
    while (!g_stop) {
        if (write(g_pipe[1], &n, sizeof n) != sizeof n)
            fail("write");
        n++;
        if (n % 256 == 0)
            usleep(100);
    }
    close(g_pipe[1]);
    return NULL;
}

static void *reader(void *unused)
{
    (void)unused;
    uint32_t found;
    for (uint32_t n = 0;; n++) {
        ssize_t size = read(g_pipe[0], &found, sizeof found);
        if (size == 0)
            return NULL;
        if (size != sizeof found || found != n)
            fail("read");
        g_rounds[0]++;
    }
}

static void *memory(void *unused)
{
    (void)unused;
    while (!g_stop) {
        size_t size = 4096 * (1 + (size_t)rand() % 16);
        char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            fail("mmap");
        at[size - 1] = 1;
        if (mprotect(at, size, PROT_READ) || munmap(at, size))
            fail("munmap");
        g_rounds[1]++;
    }
    return NULL;
}

static void *nothing(void *arg)
{
    if (g_canary != 0x1122334455667788)
        abort();
    return arg;
}

static void *maker(void *unused)
{
    (void)unused;
    while (!g_stop) {
        pthread_t ids[4];
        for (intptr_t i = 0; i < 4; i++)
            if (pthread_create(&ids[i], NULL, nothing, (void *)i))
                fail("pthread_create");
        for (intptr_t i = 0; i < 4; i++) {
            void *result;
            if (pthread_join(ids[i], &result) || result != (void *)i)
                fail("pthread_join");
        }
        g_rounds[2]++;
    }
    return NULL;
}

static void *forker(void *unused)
{
    (void)unused;
    for (int n = 0; !g_stop; n++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t id;
            free(malloc(1000));
            bool made =
                pthread_create(&id, NULL, nothing, NULL) == 0 && pthread_join(id, NULL) == 0;
            _exit(made ? n % 100 : 111);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != n % 100)
            fail("fork");
        g_rounds[3]++;
    }
    return NULL;
}

static void *spawner(void *unused)
{
    (void)unused;
    while (!g_stop) {
        char *const argv[] = {"true", NULL};
        int status = -1;
        pid_t pid;
        if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) ||
            waitpid(pid, &status, 0) != pid || status)
            fail("spawn");
        g_rounds[4]++;
    }
    return NULL;
}

/* Two threads hand a number to and fro. */
static sem_t g_ping, g_pong;
static volatile long g_ball;

static void *ping(void *unused)
{
    (void)unused;
    for (long n = 0; !g_stop; n++) {
        g_ball = n;
        sem_post(&g_ping);
        while (sem_wait(&g_pong)) /* EINTR is allowed here */
            ;
        if (g_ball != n + 1)
            fail("semaphore");
        g_rounds[5]++;
    }
    g_ball = -1;
    sem_post(&g_ping);
    return NULL;
}

static void *pong(void *unused)
{
    (void)unused;
    for (;;) {
        while (sem_wait(&g_ping))
            ;
        if (g_ball < 0)
            return NULL;
        g_ball++;
        sem_post(&g_pong);
    }
}

/* The mask belongs to the thread: what is blocked does not come. */
static void *masker(void *unused)
{
    (void)unused;
    sigset_t all, old, seen;
    sigfillset(&all);
    while (!g_stop) {
        if (sigprocmask(SIG_SETMASK, &all, &old))
            fail("sigprocmask");
        long before = g_here;
        for (int i = 0; i < 20; i++)
            getppid();
        if (g_here != before)
            fail("a blocked signal came");
        sigprocmask(SIG_BLOCK, NULL, &seen);
        if (!sigismember(&seen, SIGALRM) || !sigismember(&seen, SIGSEGV))
            fail("mask");
        sigprocmask(SIG_SETMASK, &old, NULL);
        struct timespec little = {.tv_nsec = 10000};
        struct timespec left;
        if (nanosleep(&little, &left) && errno != EINTR)
            fail("nanosleep");
        g_rounds[6]++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static void *(*const mains[])(void *) = {writer,  reader, memory, maker,  forker,
                                             spawner, ping,   pong,   masker, masker};
    enum { COUNT = sizeof mains / sizeof mains[0] };
    pthread_t ids[COUNT];
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    struct itimerval timer = {.it_interval = {.tv_usec = 300}, .it_value = {.tv_usec = 300}};
    struct timespec start, now;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sem_init(&g_ping, 0, 0);
    sem_init(&g_pong, 0, 0);
    if (pipe(g_pipe))
        return 2;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < COUNT; i++)
        if (pthread_create(&ids[i], NULL, mains[i], NULL))
            return 2;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned n = 0;; n++) {
        pthread_kill(ids[n % COUNT], SIGUSR1);
        clock_gettime(CLOCK_MONOTONIC, &now);
        double passed =
            (double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec);
        if (passed > seconds)
            break;
        usleep(200);
    }
    g_stop = true;
    for (int i = 0; i < COUNT; i++)
        pthread_join(ids[i], NULL);
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 7; i++)
        check("rounds", g_rounds[i] > 0, 1);
    fprintf(stderr, "%ld signals, rounds", (long)g_signals);
    for (int i = 0; i < 7; i++)
        fprintf(stderr, " %ld", (long)g_rounds[i]);
    fputs("\n", stderr);
    puts(g_failed ? "some failed" : "all passed");
    return g_failed;
}
