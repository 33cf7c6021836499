/* SPDX-License-Identifier: Apache-2.0
 * bench.c: one table of what SGX costs here: `bench TINY.enclave EXERCISE.enclave`.  Each figure is
 * the median of several rounds, with the least and the most beside it; the native ones are measured
 * in the same run. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/run.h"
#include "prepare.h"

enum { ROUNDS = 9, MODES = 2, ROUND_NS = 20000000 };

struct figure {
    double median, least, most;
};

enum row {
    ROW_GETPID,
    ROW_SIGNAL,
    ROW_ENTER_EXIT,
    ROW_AEX_RESUME,
    ROW_REPORT,
    ROW_KEY,
    ROW_HOST_CALL,
    ROW_EXCEPTION,
    ROW_MEASURED,
    ROW_UNMEASURED,
    ROW_GIB,
    ROW_COUNT,
};

static const struct {
    const char *what;
    const char *unit;
    const char *aim;
} g_rows[ROW_COUNT] = {
    [ROW_GETPID] = {"native: getpid by system call", "ns", ""},
    [ROW_SIGNAL] = {"native: signal round trip (int3, handler, return)", "ns", ""},
    [ROW_ENTER_EXIT] = {"EENTER + EEXIT", "ns", "fast: at most 30"},
    [ROW_AEX_RESUME] = {"AEX + ERESUME", "ns", ""},
    [ROW_REPORT] = {"EREPORT", "ns", ""},
    [ROW_KEY] = {"EGETKEY", "ns", ""},
    [ROW_HOST_CALL] = {"host call that does nothing, whole runtime", "ns", ""},
    [ROW_EXCEPTION] = {"exception handled inside, whole runtime", "ns", ""},
    [ROW_MEASURED] = {"creation, per page, measured", "ns", ""},
    [ROW_UNMEASURED] = {"creation, per page, unmeasured", "ns", ""},
    [ROW_GIB] = {"creation with 1 GiB of unmeasured heap", "ms", "less than 100"},
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct figure figure_of(double *rounds, size_t count)
{
    qsort(rounds, count, sizeof *rounds, compare);
    return (struct figure){rounds[count / 2], rounds[0], rounds[count - 1]};
}

/* ns for each repetition of what `run` does, in rounds of about ROUND_NS. */
static struct figure measure(void (*run)(void *, long), void *argument)
{
    double rounds[ROUNDS];
    long count = 10;
    double spent = 0;
    for (; spent < ROUND_NS / 4.0; count *= 2) {
        double start = now_ns();
        run(argument, count);
        spent = now_ns() - start;
    }
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_ns();
        run(argument, count);
        rounds[i] = (now_ns() - start) / (double)count;
    }
    return figure_of(rounds, ROUNDS);
}

static void die(const struct err *e)
{
    fprintf(stderr, "bench: %s\n", e->text);
    exit(1);
}

static void run_getpid(void *argument, long count)
{
    (void)argument;
    for (long i = 0; i < count; i++)
        syscall(SYS_getpid);
}

static void on_trap(int signal)
{
    (void)signal;
}

static void run_signal(void *argument, long count)
{
    (void)argument;
    for (long i = 0; i < count; i++)
        __asm__ volatile("int3");
}

static void enter_or_die(struct prepared *p, struct sgx_enclave_run *run, unsigned command,
                         long count, unsigned leaf)
{
    int rc = p->platform.enter(command, (unsigned long)count, 0, leaf, 0, 0, run);
    if (rc || run->function == SGX_EENTER) {
        fprintf(stderr, "bench: entering the enclave gave %d, exception %u\n", rc,
                run->exception_vector);
        exit(1);
    }
}

struct tiny {
    struct prepared *p;
    struct sgx_enclave_run run;
    unsigned command;
};

static void run_enter(void *argument, long count)
{
    struct tiny *t = argument;
    for (long i = 0; i < count; i++)
        enter_or_die(t->p, &t->run, 0, 0, SGX_EENTER);
}

static void run_inside(void *argument, long count)
{
    struct tiny *t = argument;
    enter_or_die(t->p, &t->run, t->command, count, SGX_EENTER);
}

/* Each fault: AEX, EENTER, EEXIT, ERESUME. */
static void run_faults(void *argument, long count)
{
    struct tiny *t = argument;
    enter_or_die(t->p, &t->run, 3, count, SGX_EENTER);
    while (t->run.function == SGX_ERESUME) {
        enter_or_die(t->p, &t->run, 0, 0, SGX_EENTER);
        enter_or_die(t->p, &t->run, 0, 0, SGX_ERESUME);
    }
}

static struct figure less(struct figure all, struct figure part)
{
    return (struct figure){all.median - part.median, all.least - part.median,
                           all.most - part.median};
}

static void prepare(struct prepared *p, const char *image, const char *mode,
                    const char *const *more)
{
    static char option[] = "--emu";
    static char *argv[16];
    argv[0] = argv[1] = option;
    argv[2] = (char *)(uintptr_t)mode;
    int argc = 3;
    while (*more)
        argv[argc++] = (char *)(uintptr_t)*more++;
    argv[argc++] = (char *)(uintptr_t)image;
    prepare_options(p, argc, argv);
}

/* How long it takes from opening the device to the end of EINIT, in ns. */
static struct figure measure_load(struct prepared *p, int count)
{
    double rounds[ROUNDS];
    struct err e;
    for (int i = 0; i < count; i++) {
        double start = now_ns();
        if (prepare_load(p, &e))
            die(&e);
        rounds[i] = now_ns() - start;
        host_unload(&p->enclave);
    }
    return figure_of(rounds, (size_t)count);
}

static struct figure scaled(struct figure f, double by)
{
    return (struct figure){f.median * by, f.least * by, f.most * by};
}

/* Another layout under the platform that was started already. */
static struct figure measure_heap(struct prepared *p, uint64_t heap, enum enclave_heap_kind kind,
                                  int rounds)
{
    struct prepared other = *p;
    struct err e;
    other.layout_options.heap_size = heap;
    other.layout_options.heap_kind = kind;
    if (prepare_sign(&other, &e))
        die(&e);
    return measure_load(&other, rounds);
}

static void measure_tiny(const char *image, const char *mode, struct figure *rows)
{
    struct prepared p;
    struct err e;
    prepare(&p, image, mode, (const char *const[]){NULL});
    if (prepare_enclave(&p, &e))
        die(&e);
    struct tiny t = {.p = &p};
    t.run.tcs = p.enclave.base + measure_layout_tcs(&p.layout, 0);
    rows[ROW_ENTER_EXIT] = measure(run_enter, &t);
    rows[ROW_AEX_RESUME] = less(measure(run_faults, &t), rows[ROW_ENTER_EXIT]);
    t.command = 1;
    rows[ROW_REPORT] = measure(run_inside, &t);
    t.command = 2;
    rows[ROW_KEY] = measure(run_inside, &t);
    host_unload(&p.enclave);

    const uint64_t mib = 1 << 20;
    struct figure none = measure_heap(&p, 0, ENCLAVE_HEAP_UNMEASURED, ROUNDS);
    rows[ROW_MEASURED] =
        scaled(less(measure_heap(&p, 16 * mib, ENCLAVE_HEAP_MEASURED, 5), none), 1.0 / 4096);
    rows[ROW_UNMEASURED] =
        scaled(less(measure_heap(&p, 64 * mib, ENCLAVE_HEAP_UNMEASURED, 5), none), 1.0 / 16384);
    rows[ROW_GIB] = scaled(measure_heap(&p, 1024 * mib, ENCLAVE_HEAP_UNMEASURED, 5), 1e-6);
}

/* The enclave measures itself by the host's clock and prints ns; its standard output is a pipe. */
static double one_exercise(const char *image, const char *mode, const char *words,
                           const char *count)
{
    int ends[2];
    char text[64] = "";
    if (pipe(ends))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        struct prepared p;
        struct err e;
        prepare(&p, image, mode, (const char *const[]){NULL});
        char *argv[] = {(char *)(uintptr_t)image, (char *)(uintptr_t)words,
                        (char *)(uintptr_t)count, NULL};
        dup2(ends[1], 1);
        if (prepare_enclave(&p, &e))
            die(&e);
        int rc = host_run(&p.enclave, host_serve, 3, argv, &e);
        if (rc < 0)
            die(&e);
        _exit(rc);
    }
    int status = 1;
    ssize_t size = read(ends[0], text, sizeof text - 1);
    waitpid(child, &status, 0);
    close(ends[0]);
    close(ends[1]);
    if (size <= 0 || status) {
        fprintf(stderr, "bench: the exercise %s failed\n", words);
        exit(1);
    }
    return strtod(text, NULL);
}

static struct figure measure_exercise(const char *image, const char *mode, const char *words,
                                      const char *count)
{
    double rounds[5];
    for (int i = 0; i < 5; i++)
        rounds[i] = one_exercise(image, mode, words, count);
    return figure_of(rounds, 5);
}

/* One mode, in a process of its own: the emulator has one mode in a process. */
static void measure_mode(const char *tiny, const char *mode, struct figure *rows)
{
    int ends[2];
    if (pipe(ends))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        struct figure own[ROW_COUNT] = {0};
        measure_tiny(tiny, mode, own);
        _exit(write(ends[1], own, sizeof own) != sizeof own);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], rows, ROW_COUNT * sizeof *rows);
    int status = 1;
    waitpid(child, &status, 0);
    close(ends[0]);
    if (size != ROW_COUNT * sizeof *rows || status)
        exit(1);
}

static void print_machine(void)
{
    struct utsname u;
    auto_free char *line = NULL;
    size_t size = 0;
    char model[200] = "unknown CPU";
    bool virtual = false;
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && getline(&line, &size, f) > 0) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':'))
            snprintf(model, sizeof model, "%s", strchr(line, ':') + 2);
        if (strncmp(line, "flags", 5) == 0)
            virtual = strstr(line, " hypervisor");
    }
    if (f)
        fclose(f);
    model[strcspn(model, "\n")] = 0;
    uname(&u);
    printf("%s, %ld cores%s, Linux %s\n", model, sysconf(_SC_NPROCESSORS_ONLN),
           virtual ? ", virtual machine" : "", u.release);
}

static void print_figure(const struct figure *f)
{
    char text[64] = "";
    int digits = f->median < 1000 ? 1 : 0;
    if (f->median != 0)
        snprintf(text, sizeof text, "%.*f (%.*f to %.*f)", digits, f->median, digits, f->least,
                 digits, f->most);
    printf(" | %-25s", text);
}

int main(int argc, char **argv)
{
    struct figure native[ROW_COUNT] = {0};
    struct figure modes[MODES][ROW_COUNT] = {0};
    static const char *const names[MODES] = {"trap", "fast"};
    if (argc != 3) {
        fprintf(stderr, "usage: bench TINY.enclave EXERCISE.enclave\n");
        return 2;
    }
    signal(SIGTRAP, on_trap);
    native[ROW_GETPID] = measure(run_getpid, NULL);
    native[ROW_SIGNAL] = measure(run_signal, NULL);
    for (int i = 0; i < MODES; i++) {
        measure_mode(argv[1], names[i], modes[i]);
        modes[i][ROW_HOST_CALL] = measure_exercise(argv[2], names[i], "host-calls", "20000");
        modes[i][ROW_EXCEPTION] = measure_exercise(argv[2], names[i], "faults", "2000");
    }
    print_machine();
    printf("CPU time of the thread, which other load on the machine hardly changes: median (least "
           "to most).\n\n| what | unit | native | trap | fast | aim "
           "|\n|---|---|---|---|---|---|\n");
    for (int row = 0; row < ROW_COUNT; row++) {
        printf("| %-48s | %s", g_rows[row].what, g_rows[row].unit);
        print_figure(&native[row]);
        print_figure(&modes[0][row]);
        print_figure(&modes[1][row]);
        printf(" | %s |\n", g_rows[row].aim);
    }
    return 0;
}
