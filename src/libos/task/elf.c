/* SPDX-License-Identifier: Apache-2.0
 * elf.c: see elf.h. */
#include "libos/task/elf.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "libos/lib/alloc.h"
#include "libos/mm/mm.h"
#include "libos/mm/user.h"
#include "libos/vfs/file.h"

static int read_exact(struct file *f, void *out, size_t size, uint64_t off)
{
    int64_t n = file_read_kernel(f, out, size, off);
    return n < 0 ? (int)n : n == (int64_t)size ? 0 : -ENOEXEC;
}

static int read_interpreter(struct elf *elf, struct file *f, const struct elf64_phdr *p)
{
    if (p->p_filesz < 2 || p->p_filesz > INTERPRETER_MAX)
        return -ENOEXEC;
    int rc = read_exact(f, elf->interpreter, p->p_filesz, p->p_offset);
    return rc ? rc : elf->interpreter[p->p_filesz - 1] ? -ENOEXEC : 0;
}

static bool segment_ok(const struct elf64_phdr *p)
{
    const struct platform_info *info = platform_info();
    return p->p_memsz >= p->p_filesz && p->p_vaddr < info->user_end &&
           p->p_memsz < info->user_end - p->p_vaddr &&
           (p->p_vaddr & (PAGE_SIZE - 1)) == (p->p_offset & (PAGE_SIZE - 1));
}

int elf_parse(struct elf *elf, struct file *f)
{
    struct elf64_hdr *h = &elf->header;
    elf->interpreter[0] = 0;
    int rc = read_exact(f, h, sizeof *h, 0);
    if (rc)
        return rc;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_X86_64 ||
        (h->e_type != ET_EXEC && h->e_type != ET_DYN) || h->e_phnum == 0 ||
        h->e_phnum > ELF_SEGMENTS_MAX || h->e_phentsize != sizeof elf->segments[0])
        return -ENOEXEC;
    rc = read_exact(f, elf->segments, h->e_phnum * sizeof elf->segments[0], h->e_phoff);
    bool any = false;
    for (unsigned n = 0; !rc && n < h->e_phnum; n++) {
        const struct elf64_phdr *p = &elf->segments[n];
        if (p->p_type == PT_INTERP)
            rc = read_interpreter(elf, f, p);
        if (p->p_type == PT_LOAD && !segment_ok(p))
            rc = -ENOEXEC;
        any |= p->p_type == PT_LOAD;
    }
    return rc ? rc : any ? 0 : -ENOEXEC;
}

static uint32_t prot_of(uint32_t flags)
{
    return (flags & PF_R ? PROT_READ : 0u) | (flags & PF_W ? PROT_WRITE : 0u) |
           (flags & PF_X ? PROT_EXEC : 0u);
}

static int map_at(struct mm *mm, uint64_t at, uint64_t size, uint32_t prot, struct file *f,
                  uint64_t off)
{
    struct mm_map m = {.addr = at,
                       .size = size,
                       .prot = prot,
                       .flags = MAP_PRIVATE | MAP_FIXED | (f ? 0u : (uint32_t)MAP_ANONYMOUS),
                       .file = f,
                       .offset = off};
    int64_t rc = mm_mmap(mm, &m);
    return rc < 0 ? (int)rc : 0;
}

/* The part from the file, the zeros behind it, and whole zero pages. */
static int map_segment(struct mm *mm, struct file *f, const struct elf64_phdr *p, uint64_t base)
{
    uint64_t start = page_down(base + p->p_vaddr);
    uint64_t file_end = base + p->p_vaddr + p->p_filesz;
    uint64_t end = page_up(base + p->p_vaddr + p->p_memsz);
    uint32_t prot = prot_of(p->p_flags);
    int rc = 0;
    if (p->p_filesz)
        rc = map_at(mm, start, page_up(file_end) - start, prot, f, page_down(p->p_offset));
    if (!rc && (prot & PROT_WRITE) && p->p_filesz && (file_end & (PAGE_SIZE - 1)))
        user_zero_some(user_at(file_end), page_up(file_end) - file_end);
    uint64_t zeros = p->p_filesz ? page_up(file_end) : start;
    if (!rc && end > zeros)
        rc = map_at(mm, zeros, end - zeros, prot, NULL, 0);
    return rc;
}

static void note_segment(const struct elf64_phdr *p, uint64_t base, struct elf_image *out)
{
    uint64_t end = base + p->p_vaddr + p->p_memsz;
    if (end > out->end)
        out->end = end;
    if (p->p_flags & PF_X) {
        out->code_start = base + p->p_vaddr;
        out->code_end = base + p->p_vaddr + p->p_filesz;
    }
    if (p->p_flags & PF_W) {
        out->data_start = base + p->p_vaddr;
        out->data_end = base + p->p_vaddr + p->p_filesz;
    }
}

/* Room for all segments of an ET_DYN at once; the distance to its own addresses. */
static int place(struct mm *mm, const struct elf *elf, uint64_t where, uint64_t *base)
{
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    for (unsigned n = 0; n < elf->header.e_phnum; n++) {
        const struct elf64_phdr *p = &elf->segments[n];
        if (p->p_type != PT_LOAD)
            continue;
        low = page_down(p->p_vaddr) < low ? page_down(p->p_vaddr) : low;
        high = page_up(p->p_vaddr + p->p_memsz) > high ? page_up(p->p_vaddr + p->p_memsz) : high;
    }
    struct mm_map m = {
        .addr = where, .size = high - low, .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE};
    int64_t at = mm_mmap(mm, &m);
    if (at < 0)
        return (int)at;
    *base = (uint64_t)at - low;
    return 0;
}

int elf_map(struct mm *mm, struct file *f, const struct elf *elf, uint64_t where,
            struct elf_image *out)
{
    *out = (struct elf_image){0};
    int rc = elf->header.e_type == ET_DYN ? place(mm, elf, where, &out->base) : 0;
    for (unsigned n = 0; !rc && n < elf->header.e_phnum; n++) {
        const struct elf64_phdr *p = &elf->segments[n];
        if (p->p_type == PT_LOAD && p->p_memsz) {
            rc = map_segment(mm, f, p, out->base);
            note_segment(p, out->base, out);
            if (elf->header.e_phoff >= p->p_offset &&
                elf->header.e_phoff < p->p_offset + p->p_filesz)
                out->headers = out->base + p->p_vaddr + (elf->header.e_phoff - p->p_offset);
        }
        if (p->p_type == PT_PHDR)
            out->headers = out->base + p->p_vaddr;
    }
    out->entry = out->base + elf->header.e_entry;
    return rc;
}
