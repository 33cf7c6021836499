/* SPDX-License-Identifier: Apache-2.0
 * stack_raw.c: see stack.h. */
#include "launch/stack.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launch/sys_raw.h"

enum { PAGE = 4096, SLACK = 65536 /* for the launcher's own frames until it jumps */ };

/* What the kernel told the launcher, with what is the program's instead. */
static uint64_t auxv_value(const Elf64_auxv_t *a, const struct stack_plan *p)
{
    switch (a->a_type) {
    case AT_PHDR:
        return p->phdrs;
    case AT_PHNUM:
        return p->phdr_count;
    case AT_ENTRY:
        return p->entry;
    case AT_BASE:
        return p->base;
    case AT_SYSINFO_EHDR:
        return p->vdso;
    case AT_EXECFN:
        return (uint64_t)as_long(p->execfn);
    default:
        return a->a_un.a_val;
    }
}

static const Elf64_auxv_t *auxv_find(char **envp)
{
    while (*envp)
        envp++;
    return (const Elf64_auxv_t *)(envp + 1);
}

static uint64_t *put_strings(uint64_t *to, char **strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *to++ = (uint64_t)as_long(strings[i]);
    *to++ = 0;
    return to;
}

static size_t count_strings(char **strings)
{
    size_t count = 0;
    while (strings[count])
        count++;
    return count;
}

static int make_exec(uint64_t at, uint64_t end, struct err *e)
{
    int prot = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN;
    uint64_t start = at & ~(uint64_t)(PAGE - 1);
    if (mprotect(program_at(start), end - start, prot) != 0)
        return fail(e, -errno, "it wants an executable stack: %s", strerror(errno));
    return 0;
}

int stack_build(struct stack_made *made, const struct stack_plan *p, struct err *e)
{
    const Elf64_auxv_t *auxv = auxv_find(environ);
    size_t aux_count = 1;
    while (auxv[aux_count - 1].a_type != AT_NULL)
        aux_count++;
    size_t env_count = count_strings(p->envp);
    size_t words = 1 + (size_t)p->argc + 1 + env_count + 1 + 2 * aux_count;
    uint64_t top = stack_pointer() - SLACK;
    made->sp = (top - words * sizeof(uint64_t)) & ~15ull;
    if (p->is_exec && make_exec(made->sp, (uint64_t)as_long(auxv), e))
        return e->code;

    uint64_t *to = program_at(made->sp);
    *to++ = (uint64_t)p->argc;
    to = put_strings(to, p->argv, (size_t)p->argc);
    to = put_strings(to, p->envp, env_count);
    made->auxv = to;
    made->auxv_size = aux_count * sizeof *auxv;
    for (size_t i = 0; i < aux_count; i++) {
        /* Without a fake vDSO the program gets none: the real one has no SGX. */
        bool drop = auxv[i].a_type == AT_SYSINFO_EHDR && !p->vdso;
        *to++ = drop ? AT_IGNORE : auxv[i].a_type;
        *to++ = auxv_value(&auxv[i], p);
    }
    return 0;
}
