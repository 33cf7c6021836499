/* SPDX-License-Identifier: Apache-2.0
 * call_exec.c: execve becomes an execve of sgx-emu with the program as its argument.  Whether the
 * program can run is found out before, because afterwards nobody is left to be told. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launch/call.h"
#include "launch/context.h"
#include "launch/launch.h"
#include "launch/options.h"
#include "launch/path.h"
#include "launch/resolve.h"
#include "launch/sys_raw.h"
#include "launch/text.h"

enum { PAGE = 4096, MAX_WORDS = 1 << 22 };

struct exec_plan {
    struct launch_thread *thread;
    char path[PATH_MAX];
    char execfn[PATH_MAX]; /* what the program asked for */
    char argv0[PATH_MAX];
    uint64_t argv, envp; /* in the program */
    int fd;              /* the program itself, or -1 */
    struct resolved resolved;
};

static int count_words(uint64_t list)
{
    for (int n = 0; n < MAX_WORDS; n++) {
        uint64_t word;
        if (program_read(&word, list + 8 * (uint64_t)n, sizeof word))
            return -EFAULT;
        if (!word)
            return n;
    }
    return -E2BIG;
}

/* Like any forwarded call: a signal that comes before the kernel has it is delivered first. */
static long exec_path(const struct exec_plan *p, const char *path, long argv)
{
    long args[6] = {as_long(path), argv, (long)p->envp};
    return launch_forward(p->thread, SYS_execve, args);
}

/* Only a program that the kernel starts without us. */
static long exec_native(const struct exec_plan *p)
{
    return exec_path(p, p->path, (long)p->argv);
}

static long exec_launcher(const struct exec_plan *p, const uint64_t *argv)
{
    long rc = exec_path(p, "/proc/self/exe", as_long(argv));
    return rc == -ENOENT ? exec_path(p, g_program.launcher, as_long(argv)) : rc;
}

/* sgx-emu OPTIONS -- PROGRAM [words of #! lines] argv[1..] */
static int fill_argv(const struct exec_plan *p, uint64_t *to, int argc,
                     const struct options_words *w)
{
    for (int i = 0; i < w->count; i++)
        *to++ = (uint64_t)as_long(w->words[i]);
    *to++ = (uint64_t)as_long(p->resolved.path);
    for (int i = 1; i < p->resolved.count; i++)
        *to++ = (uint64_t)as_long(p->resolved.words[i]);
    if (argc > 1 && program_read(to, p->argv + 8, 8 * (size_t)(argc - 1)))
        return -EFAULT;
    to[argc > 1 ? argc - 1 : 0] = 0;
    return 0;
}

static int read_argv0(struct exec_plan *p, int argc)
{
    uint64_t first;
    p->argv0[0] = 0;
    if (p->resolved.count) {
        memcpy(p->argv0, p->resolved.words[0], strlen(p->resolved.words[0]) + 1);
        return 0;
    }
    if (argc == 0)
        return 0;
    if (program_read(&first, p->argv, sizeof first))
        return -EFAULT;
    long size = launch_copy_string(p->argv0, program_at(first), sizeof p->argv0);
    return size == -ENAMETOOLONG ? -E2BIG : size < 0 ? -EFAULT : 0;
}

static long exec_covered(struct exec_plan *p)
{
    int argc = p->argv ? count_words(p->argv) : 0;
    int rc = argc < 0 ? argc : read_argv0(p, argc);
    if (rc)
        return rc;
    struct launch_options options = g_program.options;
    options.argv0 = p->argv0;
    options.execfn = strcmp(p->execfn, p->resolved.path) == 0 ? NULL : p->execfn;
    options.program_fd = p->fd;
    options.guard_inherited = g_program.guard == LAUNCH_GUARD_SECCOMP;
    if (options.guard_inherited)
        options.guard = LAUNCH_GUARD_SECCOMP;
    struct options_words words;
    options_write(&words, &options);

    size_t count = (size_t)words.count + RESOLVE_WORDS + (size_t)argc + 2;
    size_t size = (count * 8 + PAGE - 1) & ~(size_t)(PAGE - 1);
    uint64_t *argv = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (argv == MAP_FAILED)
        return -ENOMEM;
    long result = fill_argv(p, argv, argc, &words);
    if (result == 0)
        result = exec_launcher(p, argv);
    munmap(argv, size);
    return result;
}

static long exec_planned(struct exec_plan *p)
{
    struct err e;
    int rc = resolve_program(&p->resolved, p->path, p->fd, &e);
    if (rc == -ENOEXEC && g_program.guard == LAUNCH_GUARD_SUD && p->fd < 0)
        return exec_native(p); /* perhaps one that the kernel knows: 32-bit, binfmt_misc */
    if (rc)
        return rc;
    close(p->resolved.target.fd);
    return p->resolved.target.kind == TARGET_NATIVE ? exec_native(p) : exec_covered(p);
}

static int take_path(char *to, uint64_t from)
{
    long size = launch_copy_string(to, program_at(from), PATH_MAX);
    if (size <= 0)
        return size == 0 ? -ENOENT : (int)size;
    if (path_kind(to, (uint32_t)getpid()) == PATH_EXE)
        memcpy(to, g_program.path, strlen(g_program.path) + 1);
    return 0;
}

long call_execve(struct call *c)
{
    struct exec_plan p;
    p.thread = c->thread;
    p.argv = (uint64_t)c->args[1];
    p.envp = (uint64_t)c->args[2];
    p.fd = -1;
    int rc = take_path(p.path, (uint64_t)c->args[0]);
    if (rc)
        return rc;
    memcpy(p.execfn, p.path, sizeof p.path);
    return exec_planned(&p);
}

/* DIRECTORY/path for a path that is relative to a descriptor. */
static int from_directory(struct exec_plan *p, int at)
{
    char relative[PATH_MAX];
    char link[40] = "/proc/self/fd/";
    memcpy(relative, p->path, sizeof relative);
    text_number(link + strlen(link), (uint64_t)at);
    ssize_t size = readlink(link, p->path, sizeof p->path - 1);
    if (size < 0)
        return -EBADF;
    size_t more = strlen(relative);
    if ((size_t)size + 1 + more >= sizeof p->path)
        return -ENAMETOOLONG;
    p->path[size] = '/';
    memcpy(p->path + size + 1, relative, more + 1);
    return 0;
}

long call_execveat(struct call *c)
{
    struct exec_plan p;
    int at = (int)c->args[0];
    p.thread = c->thread;
    p.argv = (uint64_t)c->args[2];
    p.envp = (uint64_t)c->args[3];
    p.fd = -1;
    int rc = take_path(p.path, (uint64_t)c->args[1]);
    if (rc == -ENOENT && (c->args[4] & AT_EMPTY_PATH)) {
        p.fd = fcntl(at, F_DUPFD, 3); /* stays open across execve; the next sgx-emu closes it */
        if (p.fd < 0)
            return -EBADF;
        memcpy(p.path, "/dev/fd/", sizeof "/dev/fd/");
        text_number(p.path + strlen(p.path), (uint64_t)at);
        memcpy(p.execfn, p.path, sizeof p.path);
        long failed = exec_planned(&p);
        close(p.fd);
        return failed;
    }
    if (rc == 0 && p.path[0] != '/' && at != AT_FDCWD)
        rc = from_directory(&p, at);
    memcpy(p.execfn, p.path, sizeof p.path);
    return rc ? rc : exec_planned(&p);
}
