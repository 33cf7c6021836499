/* SPDX-License-Identifier: Apache-2.0
 * linux_program.c: what programs rely on in Linux's threads, processes and memory and a launcher
 * could get wrong.  No SGX.  It passes natively; sgx-emu must make no difference. */
#define _GNU_SOURCE
#include "linux_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static void *volatile g_nowhere = (void *)8;

static inline void ignored(int signal)
{
    (void)signal;
}

/* Threads and processes. */

static __thread int g_mine = 5;

static void *thread_main(void *arg)
{
    g_mine += (int)(intptr_t)arg;
    for (int i = 0; i < 50; i++) {
        sched_yield();
        free(malloc((size_t)i * 100 + 1));
    }
    return (void *)(intptr_t)g_mine;
}

static void threads(void)
{
    enum { COUNT = 40 };
    pthread_t ids[COUNT];
    long sum = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < COUNT; i++)
            pthread_create(&ids[i], NULL, thread_main, (void *)(intptr_t)i);
        for (int i = 0; i < COUNT; i++) {
            void *result;
            pthread_join(ids[i], &result);
            sum += (intptr_t)result;
        }
    }
    check("200 threads", sum, 5 * (COUNT * 5 + COUNT * (COUNT - 1) / 2));
}

static void *wait_for_cancel(void *unused)
{
    (void)unused;
    pause();
    return NULL;
}

static void cancelling(void)
{
    pthread_t id;
    void *result = NULL;
    pthread_create(&id, NULL, wait_for_cancel, NULL);
    usleep(2000);
    pthread_cancel(id);
    pthread_join(id, &result);
    check("pthread_cancel of a blocked call", result == PTHREAD_CANCELED, 1);
}

static void *fork_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            free(malloc(100));
            _exit(i);
        }
        waitpid(pid, &status, 0);
        if (WEXITSTATUS(status) != i)
            return (void *)1;
    }
    return NULL;
}

static void threads_and_forks(void)
{
    pthread_t ids[6];
    long bad = 0;
    for (int i = 0; i < 6; i++)
        pthread_create(&ids[i], NULL, i % 2 ? thread_main : fork_often, (void *)0);
    for (int i = 0; i < 6; i++) {
        void *result;
        pthread_join(ids[i], &result);
        bad += i % 2 ? 0 : (long)result;
    }
    check("forks beside threads", bad, 0);
}

static int clone_main(void *arg)
{
    *(int *)arg = (int)syscall(SYS_getpid);
    return 9;
}

static void processes(void)
{
    int status = 0;
    pid_t pid;
    volatile int shared = 0;
    pid = vfork();
    if (pid == 0) {
        shared = 3;
        _exit(4);
    }
    waitpid(pid, &status, 0);
    check("vfork shares memory", shared, 3);
    check("vfork's child ended", WEXITSTATUS(status), 4);
    char *const missing[] = {"x", NULL};
    check("spawn of nothing", posix_spawn(&pid, "/no/such/file", NULL, NULL, missing, environ),
          ENOENT);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    char *const echo[] = {"echo", "not seen", NULL};
    check("spawn", posix_spawnp(&pid, "echo", &actions, NULL, echo, environ), 0);
    waitpid(pid, &status, 0);
    check("spawned", status, 0);
    static char stack[1 << 16] __attribute__((aligned(16)));
    int seen = 0;
    pid = clone(clone_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &seen);
    check("clone with CLONE_VM", seen, pid);
    waitpid(pid, &status, 0);
    check("its status", WEXITSTATUS(status), 9);
    char *const none[] = {"x", NULL};
    check("execve of nothing", execve("/no/such/file", none, environ) == -1 && errno == ENOENT, 1);
    check("execve of a directory", execve("/tmp", none, environ) == -1 && errno == EACCES, 1);
    check("execve of text", execve("/etc/passwd", none, environ) == -1 && errno == EACCES, 1);
    check("execve of a bad address", execve(g_nowhere, none, environ) == -1 && errno == EFAULT, 1);
    check("bad arguments", execve("/bin/true", g_nowhere, environ) == -1 && errno == EFAULT, 1);
}

static int in_child(int (*body)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int exec_memfd(void)
{
    char buffer[65536];
    ssize_t size;
    int from = open("/bin/true", O_RDONLY);
    int fd = memfd_create("program", MFD_CLOEXEC);
    while ((size = read(from, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, (size_t)size) != size)
            return 2;
    char *const argv[] = {"true", NULL};
    fexecve(fd, argv, environ);
    return 3;
}

static int exec_environment(void)
{
    char *const argv[] = {"sh", "-c", "test \"$A\" = b -a -z \"$HOME\" -a \"$0\" = c", "c", NULL};
    char *const env[] = {"A=b", NULL};
    execve("/bin/sh", argv, env);
    return 3;
}

static volatile int g_trapped;

static void on_filter(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
    (void)signal;
    if (info->si_code == 1 && info->si_syscall == SYS_getppid &&
        (uintptr_t)info->si_call_addr == rip && uc->uc_mcontext.gregs[REG_RAX] == SYS_getppid)
        g_trapped++;
    uc->uc_mcontext.gregs[REG_RAX] = 4711;
}

/* A sandbox: getppid() traps, getsid() is refused, the rest is allowed. */
static int own_filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    struct sigaction action = {.sa_sigaction = on_filter, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return 100;
    if (getppid() != 4711 || getppid() != 4711 || g_trapped != 2)
        return 101;
    return getsid(0) == -1 && errno == ENOTTY ? 0 : 102;
}

static int die_by_fault(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    return *(volatile int *)g_nowhere;
}

static int die_blocked(void)
{
    sigset_t segv = set_of(SIGSEGV, 0);
    prctl(PR_SET_DUMPABLE, 0);
    handle(SIGSEGV, ignored, 0, NULL);
    sigprocmask(SIG_BLOCK, &segv, NULL);
    return *(volatile int *)g_nowhere;
}

static int die_without_stack(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    handle(SIGUSR1, ignored, 0, NULL);
    long pid = getpid();
    __asm__ volatile("mov $8, %%esp; mov $62, %%eax; mov $10, %%esi; syscall; ud2"
                     :
                     : "D"(pid)
                     : "memory");
    return 0;
}

static void *exit_in_thread(void *unused)
{
    (void)unused;
    _exit(6);
    return NULL;
}

_Noreturn static int exit_from_thread(void)
{
    pthread_t id;
    pthread_create(&id, NULL, exit_in_thread, NULL);
    for (;;)
        pause();
}

_Noreturn static int leave_main_thread(void)
{
    pthread_t id;
    pthread_create(&id, NULL, thread_main, NULL);
    pthread_exit(NULL);
}

static void ends(void)
{
    check("fexecve of a memfd", in_child(exec_memfd), 0);
    check("execve's environment", in_child(exec_environment), 0);
    check("a seccomp filter of its own", in_child(own_filter), 0);
    check("death by a fault", in_child(die_by_fault), -SIGSEGV);
    check("death by a blocked fault", in_child(die_blocked), -SIGSEGV);
    check("death without a stack for the handler", in_child(die_without_stack), -SIGSEGV);
    check("exit from a thread", in_child(exit_from_thread), 6);
    check("the last thread ends it", in_child(leave_main_thread), 0);
}

/* Memory, and what the process knows of itself. */

static void memory(void)
{
    char *start = sbrk(0);
    check("brk grows", sbrk(100000) == start, 1);
    memset(start, 1, 100000);
    check("brk shrinks", sbrk(-100000) == start + 100000 && sbrk(0) == start, 1);
    void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    at = mremap(at, 1 << 20, 4 << 20, MREMAP_MAYMOVE);
    check("mremap", at != MAP_FAILED, 1);
    check("munmap", munmap(at, 4 << 20), 0);
    check("write from nowhere", write(1, g_nowhere, 1) == -1 && errno == EFAULT, 1);
    check("sigaction to nowhere",
          syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8) == -1 && errno == EFAULT, 1);
    check("no such system call", syscall(511) == -1 && errno == ENOSYS, 1);
    check("a negative one", syscall(-1) == -1 && errno == ENOSYS, 1);
}

static void self(const char *argv0)
{
    char path[PATH_MAX], real[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    check("/proc/self/exe", realpath(argv0, real) && strcmp(real, path) == 0, 1);
    int fd = open("/proc/self/exe", O_RDONLY);
    char magic[4] = "";
    check("opens", read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0, 1);
    close(fd);
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    const char *slash = strrchr(argv0, '/');
    check("its name", strncmp(name, slash ? slash + 1 : argv0, 15), 0);
    check("AT_EXECFN", strcmp((const char *)getauxval(AT_EXECFN), argv0), 0);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
    check("vDSO clock", b.tv_sec - a.tv_sec <= 1 && b.tv_sec >= a.tv_sec, 1);
    struct timeval tv;
    check("vDSO gettimeofday", gettimeofday(&tv, NULL) == 0 && labs(tv.tv_sec - time(NULL)) <= 1,
          1);
    check("getcpu", sched_getcpu() >= 0, 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setvbuf(stdout, NULL, _IOLBF, 0);
    self(argv[0]);
    threads();
    cancelling();
    threads_and_forks();
    processes();
    ends();
    memory();
    puts(g_failed ? "some failed" : "all passed");
    return g_failed;
}
