/* SPDX-License-Identifier: Apache-2.0
 * calls.c: what single system calls cost, in ns; the median of nine rounds.  Runs natively and in
 * the kernel, for comparison. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, MANY = 1000 };

static char g_buffer[65536];
static int g_file;
static int g_pipes[4];
static int g_epoll;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const char *name, void (*one)(void), int count)
{
    double times[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double start = now_ns();
        for (int n = 0; n < count; n++)
            one();
        times[r] = (now_ns() - start) / count;
    }
    qsort(times, ROUNDS, sizeof times[0], by_value);
    printf("%-16s %9.0f\n", name, times[ROUNDS / 2]);
}

static void one_getppid(void)
{
    getppid();
}

static void one_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
}

static void one_raw(void)
{
    long result;
    /* Nothing proven stands before this one. */
    __asm__ volatile("nop; syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
}

static void one_read(void)
{
    if (lseek(g_file, 0, SEEK_SET) || read(g_file, g_buffer, 4096) < 0)
        abort();
}

static void one_pread(void)
{
    if (pread(g_file, g_buffer, 4096, 0) < 0)
        abort();
}

static void one_pwrite(void)
{
    if (pwrite(g_file, g_buffer, 4096, 0) < 0)
        abort();
}

static void one_open(void)
{
    close(open("/etc/passwd", O_RDONLY));
}

static void one_stat(void)
{
    struct stat st;
    if (stat("/etc/passwd", &st))
        abort();
}

static void one_mmap(void)
{
    void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p, 65536);
}

static void *nothing(void *arg)
{
    return arg;
}

static void one_thread(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL))
        abort();
}

static void *echo(void *arg)
{
    char c;
    while (read(g_pipes[0], &c, 1) == 1 && c)
        if (write(g_pipes[3], &c, 1) != 1)
            abort();
    return arg;
}

static void one_pipe(void)
{
    char c = 1;
    if (write(g_pipes[1], &c, 1) != 1 || read(g_pipes[2], &c, 1) != 1)
        abort();
}

static void one_epoll(void)
{
    struct epoll_event event;
    if (epoll_wait(g_epoll, &event, 1, -1) != 1)
        abort();
}

static void pipes(void)
{
    pthread_t t;
    char end = 0;
    if (pipe(g_pipes) || pipe(g_pipes + 2) || pthread_create(&t, NULL, echo, NULL))
        abort();
    measure("pipe ping-pong", one_pipe, 1000);
    if (write(g_pipes[1], &end, 1) != 1)
        abort();
    pthread_join(t, NULL);
}

static void epolls(int count)
{
    char name[32];
    g_epoll = epoll_create1(0);
    for (int n = 0; n < count; n++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(g_epoll, EPOLL_CTL_ADD, eventfd(n == 0, 0), &event))
            break;
    }
    snprintf(name, sizeof name, "epoll 1 of %d", count);
    measure(name, one_epoll, 10000);
}

int main(void)
{
    g_file = open("/tmp/bench-calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (g_file < 0 || write(g_file, g_buffer, sizeof g_buffer) < 0)
        return 1;
    unlink("/tmp/bench-calls");
    measure("getppid", one_getppid, 20000);
    measure("raw syscall", one_raw, 5000);
    measure("clock_gettime", one_clock, 20000);
    measure("lseek+read 4K", one_read, 10000);
    measure("pread 4K", one_pread, 10000);
    measure("pwrite 4K", one_pwrite, 10000);
    measure("open+close", one_open, 5000);
    measure("stat", one_stat, 5000);
    measure("mmap+munmap 64K", one_mmap, 2000);
    measure("thread+join", one_thread, 100);
    pipes();
    epolls(1);
    epolls(900);
    return 0;
}
