/* SPDX-License-Identifier: Apache-2.0
 * elf.c: see elf.h. */
#include "launch/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cursor.h"

#define ADDRESS_END (1ull << 47)
enum { PAGE = 4096, MAX_INTERP = 4096 };
#define MAX_ALIGN (1ull << 30)

int elf_parse_head(struct elf_program *p, struct span head, struct err *e)
{
    memset(p, 0, sizeof *p);
    if (head.size < SELFMAG || memcmp(head.data, ELFMAG, SELFMAG) != 0)
        return fail(e, -ENOEXEC, "it is neither an ELF program nor a script");
    struct cursor c = cursor_over(head);
    cursor_span(&c, SELFMAG);
    unsigned class = cursor_u8(&c);
    unsigned data = cursor_u8(&c);
    cursor_span(&c, 10);
    unsigned type = cursor_u16(&c);
    unsigned machine = cursor_u16(&c);
    cursor_u32(&c); /* version */
    p->entry = cursor_u64(&c);
    p->phdr_offset = cursor_u64(&c);
    cursor_u64(&c); /* sections */
    cursor_u32(&c); /* flags */
    cursor_u16(&c); /* header size */
    unsigned phdr_size = cursor_u16(&c);
    p->phdr_count = cursor_u16(&c);
    if (c.bad)
        return fail(e, -ENOEXEC, "it is cut off within the ELF header");
    if (class == ELFCLASS32)
        return fail(e, -ENOEXEC, "it is a 32-bit program; only x86-64 programs can use SGX here");
    if (class != ELFCLASS64 || data != ELFDATA2LSB || machine != EM_X86_64)
        return fail(e, -ENOEXEC, "it is for another machine (ELF machine %u), not x86-64", machine);
    if (type != ET_EXEC && type != ET_DYN)
        return fail(e, -ENOEXEC, "it is an ELF file of type %u, not a program", type);
    if (phdr_size != ELF_PHDR_SIZE || p->phdr_count == 0 || p->phdr_count > ELF_MAX_PHDRS)
        return fail(e, -ENOEXEC,
                    "it has %u program headers of %u bytes; 1 to %d of %d are expected",
                    p->phdr_count, phdr_size, ELF_MAX_PHDRS, ELF_PHDR_SIZE);
    p->is_fixed = type == ET_EXEC;
    return 0;
}

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static struct phdr read_phdr(struct cursor *c)
{
    struct phdr h;
    h.type = cursor_u32(c);
    h.flags = cursor_u32(c);
    h.offset = cursor_u64(c);
    h.vaddr = cursor_u64(c);
    h.paddr = cursor_u64(c);
    h.filesz = cursor_u64(c);
    h.memsz = cursor_u64(c);
    h.align = cursor_u64(c);
    return h;
}

static int take_load(struct elf_program *p, const struct phdr *h, uint64_t file_size, struct err *e)
{
    if (h->memsz == 0)
        return 0;
    if (p->load_count == ELF_MAX_LOADS)
        return fail(e, -ENOEXEC, "it has more than %d segments", ELF_MAX_LOADS);
    if (h->filesz > h->memsz || h->offset > file_size || h->filesz > file_size - h->offset)
        return fail(e, -ENOEXEC, "it is cut off: a segment ends behind the end of the file");
    if (h->vaddr >= ADDRESS_END || h->memsz > ADDRESS_END - h->vaddr)
        return fail(e, -ENOEXEC, "a segment lies outside the address space");
    if (h->vaddr % PAGE != h->offset % PAGE)
        return fail(e, -ENOEXEC, "a segment is not aligned to pages");
    uint64_t high = (h->vaddr + h->memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    if (p->load_count && (h->vaddr & ~(uint64_t)(PAGE - 1)) < p->high)
        return fail(e, -ENOEXEC, "its segments overlap or are not in order");
    if (p->load_count == 0)
        p->low = h->vaddr & ~(uint64_t)(PAGE - 1);
    p->high = high;
    p->break_addr = h->vaddr + h->memsz;
    if (h->align > p->align && h->align <= MAX_ALIGN && (h->align & (h->align - 1)) == 0)
        p->align = h->align;
    p->loads[p->load_count++] = (struct elf_load){
        .addr = h->vaddr,
        .mem_size = h->memsz,
        .file_offset = h->offset,
        .file_size = h->filesz,
        .prot = (h->flags & PF_R ? PROT_READ : 0) | (h->flags & PF_W ? PROT_WRITE : 0) |
                (h->flags & PF_X ? PROT_EXEC : 0),
    };
    /* Where the headers are when no PT_PHDR says it. */
    if (!p->phdr_addr && p->phdr_offset >= h->offset && p->phdr_offset - h->offset < h->filesz)
        p->phdr_addr = h->vaddr + (p->phdr_offset - h->offset);
    return 0;
}

static int take_interp(struct elf_program *p, const struct phdr *h, uint64_t file_size,
                       struct err *e)
{
    if (h->filesz < 2 || h->filesz > MAX_INTERP || h->offset > file_size ||
        h->filesz > file_size - h->offset)
        return fail(e, -ENOEXEC, "it is cut off: the interpreter's name is missing");
    p->interp_offset = h->offset;
    p->interp_size = h->filesz;
    return 0;
}

static int take_phdr(struct elf_program *p, const struct phdr *h, uint64_t file_size, struct err *e)
{
    switch (h->type) {
    case PT_LOAD:
        return take_load(p, h, file_size, e);
    case PT_INTERP:
        return take_interp(p, h, file_size, e);
    case PT_PHDR:
        p->phdr_addr = h->vaddr;
        return 0;
    case PT_GNU_STACK:
        p->has_exec_stack = h->flags & PF_X;
        return 0;
    default:
        return 0;
    }
}

int elf_parse_phdrs(struct elf_program *p, struct span phdrs, uint64_t file_size, struct err *e)
{
    struct cursor c = cursor_over(phdrs);
    p->has_exec_stack = true; /* without PT_GNU_STACK */
    p->align = PAGE;
    for (unsigned i = 0; i < p->phdr_count; i++) {
        struct phdr h = read_phdr(&c);
        if (c.bad)
            return fail(e, -ENOEXEC, "it is cut off within the program headers");
        int rc = take_phdr(p, &h, file_size, e);
        if (rc)
            return rc;
    }
    return p->load_count ? 0 : fail(e, -ENOEXEC, "it has nothing to load");
}
