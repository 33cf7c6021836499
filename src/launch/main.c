/* SPDX-License-Identifier: Apache-2.0
 * main.c: sgx-emu: reads the command line, puts the program beside itself in memory, arms the guard
 * and jumps in.  Exit status as in a shell: 2 usage, 127 no such program, 126 cannot be run. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "emu/thread.h"
#include "launch/block.h"
#include "launch/catch.h"
#include "launch/cpuid.h"
#include "launch/device.h"
#include "launch/heap.h"
#include "launch/launch.h"
#include "launch/load.h"
#include "launch/options.h"
#include "launch/resolve.h"
#include "launch/signal.h"
#include "launch/stack.h"
#include "launch/sys_raw.h"
#include "launch/text.h"
#include "launch/title.h"
#include "launch/vdso.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 126, EXIT_MISSING = 127 };
#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1 << 1)
#endif

struct launch_program g_program;
static struct launch_process g_process;

static int say(int status, const char *about, const struct err *e)
{
    if (about)
        fprintf(stderr, "sgx-emu: %s: %s\n", about, e->text);
    else
        fprintf(stderr, "sgx-emu: %s\n", e->text);
    return status;
}

/* As a shell finds it: along $PATH when there is no slash in the name. */
static int find_program(char *out, size_t room, const char *name, struct err *e)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/')) {
        snprintf(out, room, "%s", name);
        return 0;
    }
    while (path && *path) {
        size_t size = strcspn(path, ":");
        struct stat st;
        int printed = size ? snprintf(out, room, "%.*s/%s", (int)size, path, name)
                           : snprintf(out, room, "%s", name);
        if (printed > 0 && (size_t)printed < room && stat(out, &st) == 0 && S_ISREG(st.st_mode) &&
            (st.st_mode & 0111))
            return 0;
        path += size + (path[size] == ':');
    }
    return fail(e, -ENOENT, "no such program in $PATH");
}

static void read_link(char *out, size_t room, const char *link)
{
    ssize_t size = readlink(link, out, room - 1);
    out[size > 0 ? size : 0] = 0;
}

static void note_names(const struct resolved *r)
{
    char link[40] = "/proc/self/fd/";
    text_number(link + strlen(link), (uint64_t)r->target.fd);
    read_link(g_program.path, sizeof g_program.path, link);
    read_link(g_program.launcher, sizeof g_program.launcher, "/proc/self/exe");
    if (!g_program.path[0]) /* /proc is not mounted */
        ignore(realpath(r->path, g_program.path));
    if (!g_program.launcher[0])
        ignore(realpath(program_at(getauxval(AT_EXECFN)), g_program.launcher));
    const char *name = g_program.options.execfn ? g_program.options.execfn : r->path;
    const char *slash = strrchr(name, '/');
    prctl(PR_SET_NAME, slash ? slash + 1 : name);
}

/* argv of the program: what #! lines say, then the arguments.  Kept for the life of the process. */
static char **program_argv(const struct resolved *r, int argc, char **argv, int *out_argc)
{
    char **list = calloc((size_t)argc + RESOLVE_WORDS + 1, sizeof *list);
    if (!list)
        return NULL;
    int n = 0;
    for (int i = 0; i < r->count; i++)
        list[n++] = strdup(r->words[i]);
    for (int i = r->count ? 1 : 0; i < argc; i++)
        list[n++] = argv[i];
    if (g_program.options.argv0)
        list[0] = strdup(g_program.options.argv0);
    *out_argc = n;
    return list;
}

static int load_interp(struct loaded *interp, const struct target *t, struct err *e)
{
    char name[PATH_MAX];
    struct target ld = {.fd = -1};
    int rc = target_interp(t, name, e);
    if (rc)
        return rc;
    rc = target_open(&ld, name, -1, e);
    if (rc == 0 && ld.kind != TARGET_PROGRAM)
        rc = fail(e, -ENOEXEC, "it is not an ELF program");
    if (rc == 0)
        rc = load_elf(interp, &ld.elf, ld.fd, true, e);
    if (ld.fd >= 0)
        close(ld.fd);
    return rc ? fail_at(e, rc, "its interpreter %s", name) : 0;
}

/* Maps the program; afterwards the plan lacks only its words. */
static int load_program(struct stack_plan *plan, uint64_t *entry, const struct target *t,
                        struct err *e)
{
    struct loaded program;
    struct loaded interp = {0};
    int rc = load_elf(&program, &t->elf, t->fd, false, e);
    if (rc == 0 && t->elf.interp_size)
        rc = load_interp(&interp, t, e);
    if (rc)
        return rc;
    heap_start(program.end);
    plan->phdrs = program.phdrs;
    plan->phdr_count = t->elf.phdr_count;
    plan->entry = program.entry;
    plan->base = interp.bias;
    plan->is_exec = t->elf.has_exec_stack;
    *entry = t->elf.interp_size ? interp.entry : program.entry;
    return vdso_map(&plan->vdso, e);
}

static int start_machine(struct launch_thread **thread, struct err *e)
{
    struct err why = {0};
    const struct launch_options *o = &g_program.options;
    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
        return fail(e, -ENOSYS,
                    "this kernel does not let programs set the FS base (FSGSBASE); Linux 5.9 and a "
                    "CPU of 2012 or later are needed");
    int rc = catch_choose(o, &g_program.guard, &why, e);
    if (rc)
        return rc;
    device_start(o);
    if (o->verbose && why.code)
        fprintf(stderr, "sgx-emu: %s\n", why.text);
    if (o->verbose)
        fprintf(stderr, "sgx-emu: mode %s, system calls caught by %s\n", o->fast ? "fast" : "trap",
                catch_name(g_program.guard));
    *thread = block_first(&g_process, e);
    return *thread ? 0 : e->code;
}

/* From here on there is no way back to an error message. */
static int enter(struct launch_thread *t, uint64_t sp, uint64_t entry, struct err *e)
{
    sys_call4(SYS_rt_sigprocmask, SIG_BLOCK, 0, as_long(&t->blocked), 8);
    int rc = emu_thread_start(block_emu(t));
    if (rc)
        return fail(e, rc, "signal stack: %s", strerror(-rc));
    signal_start(&g_process);
    if (!g_program.options.plain_cpuid && device_works())
        g_program.catches_cpuid = cpuid_catch();
    if (g_program.options.verbose && !g_program.catches_cpuid)
        fprintf(stderr, "sgx-emu: CPUID answers as the machine does%s\n",
                g_program.options.plain_cpuid ? "" : ", which cannot let it fault (arch_prctl(2))");
    rc = catch_arm(g_program.guard, g_program.options.guard_inherited, e);
    if (rc)
        return rc;
    launch_jump(sp, entry);
}

static int run(struct resolved *r, int argc, char **argv, struct err *e)
{
    struct stack_plan plan = {.envp = environ};
    struct launch_thread *t = NULL;
    uint64_t entry;
    struct stack_made stack;
    plan.argv = program_argv(r, argc, argv, &plan.argc);
    if (!plan.argv)
        return fail(e, -ENOMEM, "no memory for its arguments");
    note_names(r);
    plan.execfn = strdup(g_program.options.execfn ? g_program.options.execfn : r->path);
    int rc = start_machine(&t, e);
    if (rc == 0)
        rc = load_program(&plan, &entry, &r->target, e);
    if (rc == 0)
        rc = stack_build(&stack, &plan, e);
    if (rc)
        return rc;
    close(r->target.fd);
    if (g_program.options.program_fd >= 0)
        close(g_program.options.program_fd);
    title_set(argv[0], argv[argc - 1], stack.auxv, stack.auxv_size);
    return enter(t, stack.sp, entry, e);
}

int main(int argc, char **argv)
{
    static struct resolved resolved;
    char path[PATH_MAX];
    struct err e;
    int at;
    struct launch_options *o = &g_program.options;
    int rc = options_parse(o, argc, argv, &at, &e);
    if (rc < 0)
        return say(EXIT_USAGE, NULL, &e);
    if (rc == OPTIONS_HELP)
        return fputs(g_options_help, stdout) < 0;
    const char *name = argv[at];
    rc = find_program(path, sizeof path, name, &e);
    if (rc == 0)
        rc = resolve_program(&resolved, path, o->program_fd, &e);
    if (rc)
        return say(rc == -ENOENT ? EXIT_MISSING : EXIT_CANNOT, name, &e);
    if (resolved.target.kind == TARGET_NATIVE) {
        execv(path, argv + at);
        rc = fail(&e, -errno, "%s", strerror(errno));
    } else {
        rc = run(&resolved, argc - at, argv + at, &e);
    }
    return say(rc == -ENOENT ? EXIT_MISSING : EXIT_CANNOT, name, &e);
}
