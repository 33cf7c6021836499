/* SPDX-License-Identifier: Apache-2.0
 * exec.c: replaces the program in place: the other threads end, the address space is emptied, the
 * new image, its interpreter and its stack are made. */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/user.h"
#include "libos/task/elf.h"
#include "libos/task/task.h"
#include "libos/vdso/vdso.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

enum {
    STACK_SIZE = 8 << 20,
    SCRIPT_DEPTH = 5,
    SCRIPT_LINE = 256,
    ARGS_MAX = 2 << 20,
    AUX_MAX = 24,
    PIE_BASE_SHIFT = 32,
};

struct program {
    struct file *file;
    struct file *interpreter;
    struct elf *elf, *interpreter_elf;
    struct elf_image image, interpreter_image;
    uint32_t uid, gid; /* effective, after set-user-ID */
};

static size_t count_of(char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

/* ---- the stack ---- */

struct stack {
    uint64_t sp;
    int rc;
};

static uint64_t push(struct stack *s, const void *data, size_t size)
{
    s->sp -= size;
    if (!s->rc)
        s->rc = user_write(user_at(s->sp), data, size);
    return s->sp;
}

/* Pushes the strings, the last first; their addresses go to `at`. */
static void push_strings(struct stack *s, char *const *list, uint64_t *at)
{
    for (size_t n = count_of(list); n-- > 0;)
        at[n] = push(s, list[n], strlen(list[n]) + 1);
}

static size_t fill_aux(struct task *t, const struct program *p, uint64_t *aux, uint64_t random,
                       uint64_t name, uint64_t platform)
{
    const struct platform_info *info = platform_info();
    const struct cred *c = &t->process->cred;
    const uint64_t pairs[][2] = {
        {AT_SYSINFO_EHDR, vdso_address()},
        {AT_HWCAP, info->hwcap},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, 100},
        {AT_PHDR, p->image.headers},
        {AT_PHENT, sizeof(struct elf64_phdr)},
        {AT_PHNUM, p->elf->header.e_phnum},
        {AT_BASE, p->interpreter ? p->interpreter_image.base : 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, p->image.entry},
        {AT_UID, c->uid},
        {AT_EUID, c->euid},
        {AT_GID, c->gid},
        {AT_EGID, c->egid},
        {AT_SECURE, c->uid != c->euid || c->gid != c->egid},
        {AT_RANDOM, random},
        {AT_HWCAP2, info->hwcap2},
        {AT_EXECFN, name},
        {AT_PLATFORM, platform},
        {AT_MINSIGSTKSZ, info->xsave_size + 1024},
        {AT_NULL, 0},
    };
    size_t out = 0;
    for (size_t n = 0; n < sizeof pairs / sizeof pairs[0]; n++) {
        if (pairs[n][0] == AT_SYSINFO_EHDR && !pairs[n][1])
            continue;
        aux[out++] = pairs[n][0];
        aux[out++] = pairs[n][1];
    }
    return out;
}

/* Strings, then argc, argv, envp and the auxiliary vector; rsp at argc.  [SysV AMD64 ABI 3.4.1] */
static int build_stack(struct task *t, const struct program *p, const char *path,
                       const struct exec_args *args, uint64_t top, uint64_t *sp)
{
    struct mm *mm = &t->process->mm;
    size_t argc = count_of(args->argv);
    size_t envc = count_of(args->envp);
    size_t words = 1 + argc + 1 + envc + 1 + 2 * AUX_MAX;
    auto_kfree uint64_t *w = kalloc(words * sizeof *w);
    uint8_t seed[16];
    if (!w)
        return -ENOMEM;
    struct stack s = {.sp = top};
    uint64_t zero = 0;
    push(&s, &zero, sizeof zero);
    uint64_t name = push(&s, path, strlen(path) + 1);
    mm->env_end = s.sp;
    push_strings(&s, args->envp, w + 1 + argc + 1);
    mm->env_start = mm->arg_end = s.sp;
    push_strings(&s, args->argv, w + 1);
    mm->arg_start = s.sp;
    platform_random(seed, sizeof seed);
    uint64_t random = push(&s, seed, sizeof seed);
    uint64_t platform = push(&s, "x86_64", 7);
    w[0] = argc;
    size_t used = 1 + argc + 1 + envc + 1;
    used += fill_aux(t, p, w + used, random, name, platform);
    s.sp = ((s.sp - used * 8) & ~(uint64_t)15) + used * 8;
    *sp = push(&s, w, used * 8);
    mm->stack_start = *sp;
    return s.rc;
}

/* ---- finding out what to run ---- */

static int open_program(struct task *t, struct dentry *d, struct file **out)
{
    struct inode *inode = d->inode;
    if (!S_ISREG(inode->mode))
        return -EACCES;
    int rc = inode_permission(inode, &t->process->cred, MAY_EXEC);
    return rc ? rc : file_open(d, O_RDONLY, out);
}

static int load_headers(struct task *t, struct program *p)
{
    p->elf = kalloc(sizeof *p->elf);
    if (!p->elf)
        return -ENOMEM;
    int rc = elf_parse(p->elf, p->file);
    if (rc || !p->elf->interpreter[0])
        return rc;
    auto_dentry d = NULL;
    p->interpreter_elf = kalloc(sizeof *p->interpreter_elf);
    if (!p->interpreter_elf)
        return -ENOMEM;
    rc = vfs_find(t, AT_FDCWD, p->elf->interpreter, WALK_FOLLOW, &d);
    if (!rc)
        rc = open_program(t, d, &p->interpreter);
    if (!rc)
        rc = elf_parse(p->interpreter_elf, p->interpreter);
    if (rc)
        klog(LOG_WARN, "interpreter %s: error %d", p->elf->interpreter, -rc);
    return rc == -ENOEXEC ? -ELIBBAD : rc;
}

static void program_free(struct program *p)
{
    if (p->file)
        file_put(p->file);
    if (p->interpreter)
        file_put(p->interpreter);
    kfree(p->elf);
    kfree(p->interpreter_elf);
}

/* ---- the point of no return ---- */

static int load(struct task *t, struct program *p, const char *path, const struct exec_args *args,
                uint64_t *sp)
{
    struct mm *mm = &t->process->mm;
    uint64_t where = (uint64_t)1 << PIE_BASE_SHIFT;
    if (p->elf->header.e_type == ET_DYN && !p->interpreter)
        where = 0;
    int rc = elf_map(mm, p->file, p->elf, where, &p->image);
    if (!rc && p->interpreter)
        rc = elf_map(mm, p->interpreter, p->interpreter_elf, 0, &p->interpreter_image);
    if (rc)
        return rc;
    mm->brk_start = mm->brk_end = page_up(p->image.end);
    mm->code_start = p->image.code_start;
    mm->code_end = p->image.code_end;
    mm->data_start = p->image.data_start;
    mm->data_end = p->image.data_end;
    struct mm_map stack = {.addr = platform_info()->user_end - (16 << 20),
                           .size = STACK_SIZE,
                           .prot = PROT_READ | PROT_WRITE,
                           .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                           .name = "[stack]"};
    int64_t at = mm_mmap(mm, &stack);
    if (at < 0)
        return (int)at;
    vdso_map(mm);
    return build_stack(t, p, path, args, (uint64_t)at + STACK_SIZE, sp);
}

static void start_registers(struct task *t, const struct program *p, uint64_t sp)
{
    *t->regs =
        (struct platform_regs){.rip = p->interpreter ? p->interpreter_image.entry : p->image.entry,
                               .rsp = sp,
                               .rflags = 0x202};
    write_fs_base(0);
    t->fs_base = 0;
    t->clear_tid = user_at(0);
    t->robust_list = user_at(0);
}

static void set_ids(struct task *t, const struct inode *inode)
{
    struct cred *c = &t->process->cred;
    if (inode->mode & S_ISUID)
        c->euid = inode->uid;
    if ((inode->mode & S_ISGID) && (inode->mode & S_IXGRP))
        c->egid = inode->gid;
    c->suid = c->fsuid = c->euid;
    c->sgid = c->fsgid = c->egid;
}

static int replace(struct task *t, struct program *p, const char *path,
                   const struct exec_args *args)
{
    struct process *process = t->process;
    int rc = process_single(t);
    if (rc)
        return rc;
    const char *base = strrchr(path, '/');
    kfmt(t->name, sizeof t->name, "%s", base ? base + 1 : path);
    fds_exec(t);
    signals_exec(t);
    set_ids(t, p->file->inode);
    struct dentry *old = process->exe;
    process->exe = dentry_get(p->file->dentry);
    dentry_put(old);
    mm_clear(&process->mm);
    uint64_t sp = 0;
    rc = load(t, p, path, args, &sp);
    if (rc) {
        klog(LOG_ERROR, "%s: cannot be loaded: error %d%s", path, -rc,
             rc == -ENOMEM ? "; give the enclave more memory" : "");
        process_exit(process, 128 + SIGKILL);
    }
    process->loaded++;
    start_registers(t, p, sp);
    return 0;
}

/* ---- #! ---- */

/* Splits "#! interpreter argument" in place. */
static int parse_script(char *line, char **interpreter, char **argument)
{
    char *end = strchr(line, '\n');
    if (end)
        *end = 0;
    char *p = line + 2;
    while (*p == ' ' || *p == '\t')
        p++;
    *interpreter = p;
    while (*p && *p != ' ' && *p != '\t')
        p++;
    if (p == *interpreter)
        return -ENOEXEC;
    *argument = NULL;
    if (*p) {
        *p++ = 0;
        while (*p == ' ' || *p == '\t')
            p++;
        size_t n = strlen(p);
        while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
            p[--n] = 0;
        *argument = *p ? p : NULL;
    }
    return 0;
}

static int exec_depth(struct task *t, struct dentry *d, const char *path,
                      const struct exec_args *args, int depth);

static int exec_script(struct task *t, char *line, const char *path, const struct exec_args *args,
                       int depth)
{
    char *interpreter = NULL;
    char *argument = NULL;
    int rc = parse_script(line, &interpreter, &argument);
    if (rc)
        return rc;
    if (depth >= SCRIPT_DEPTH)
        return -ELOOP;
    size_t argc = count_of(args->argv);
    auto_kfree char **argv = kalloc((argc + 4) * sizeof *argv);
    auto_kfree char *script = kstrdup(path);
    if (!argv || !script)
        return -ENOMEM;
    size_t n = 0;
    argv[n++] = interpreter;
    if (argument)
        argv[n++] = argument;
    argv[n++] = script;
    for (size_t k = 1; k < argc; k++)
        argv[n++] = args->argv[k];
    struct exec_args more = {argv, args->envp};
    auto_dentry d = NULL;
    rc = vfs_find(t, AT_FDCWD, interpreter, WALK_FOLLOW, &d);
    return rc ? rc : exec_depth(t, d, interpreter, &more, depth + 1);
}

static int exec_depth(struct task *t, struct dentry *d, const char *path,
                      const struct exec_args *args, int depth)
{
    struct program p = {0};
    auto_kfree char *line = kalloc(SCRIPT_LINE);
    if (!line)
        return -ENOMEM;
    int rc = open_program(t, d, &p.file);
    int64_t n = rc ? rc : file_read_kernel(p.file, line, SCRIPT_LINE - 1, 0);
    if (n < 0) {
        rc = (int)n;
    } else if (n > 2 && line[0] == '#' && line[1] == '!') {
        rc = exec_script(t, line, path, args, depth);
    } else {
        rc = load_headers(t, &p);
        if (!rc)
            rc = replace(t, &p, path, args);
    }
    program_free(&p);
    return rc;
}

int process_exec(struct task *t, struct dentry *file, const char *path,
                 const struct exec_args *args)
{
    size_t total = 0;
    for (size_t n = 0; args->argv[n]; n++)
        total += strlen(args->argv[n]) + 9;
    for (size_t n = 0; args->envp[n]; n++)
        total += strlen(args->envp[n]) + 9;
    if (total > ARGS_MAX)
        return -E2BIG;
    return exec_depth(t, file, path, args, 0);
}
