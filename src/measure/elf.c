/* SPDX-License-Identifier: Apache-2.0
 * elf.c: see elf.h.
 *
 *   ELF header          program header (56 bytes each, e_phentsize)
 *    0 magic 7f E L F    0 p_type   u32    1 PT_LOAD, 3 PT_INTERP
 *    4 class 2 (64 bit)  4 p_flags  u32    1 X, 2 W, 4 R
 *    5 data 1 (little)   8 p_offset u64
 *   16 e_type u16       16 p_vaddr  u64
 *   18 e_machine u16    24 p_paddr  u64
 *   20 e_version u32    32 p_filesz u64
 *   24 e_entry u64      40 p_memsz  u64
 *   32 e_phoff u64      48 p_align  u64
 *   40 e_shoff u64
 *   48 e_flags u32, 52 e_ehsize u16, 54 e_phentsize u16, 56 e_phnum u16  [ELF64 2, 5] */
#include "measure/elf.h"

#include <errno.h>

#include "base/cursor.h"
#include "sgx/arch.h"

enum { CLASS_64 = 2, DATA_LITTLE = 1, TYPE_EXEC = 2, TYPE_DYN = 3, MACHINE_X86_64 = 62 };
enum { PT_LOAD = 1, PT_INTERP = 3, PF_X = 1, PF_W = 2, PF_R = 4 };
enum { PHENT_SIZE = 56, PHNUM_MAX = 64 };

/* Addresses stay below this, so that sums of a few of them do not wrap. */
#define ADDRESS_MAX (1ull << 40)

static const uint8_t g_magic[4] = {0x7f, 'E', 'L', 'F'};

struct headers {
    uint16_t type, machine;
    uint64_t entry, phoff;
    uint16_t phentsize, phnum;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

bool elf_recognise(struct span in)
{
    return in.size >= sizeof g_magic && memcmp(in.data, g_magic, sizeof g_magic) == 0;
}

static int headers_check(const struct headers *h, struct err *e)
{
    if (h->machine != MACHINE_X86_64)
        return fail(e, -EBADMSG, "enclave image: made for machine %u, only x86-64 (62) can be used",
                    h->machine);
    if (h->type == TYPE_EXEC)
        return fail(e, -EBADMSG,
                    "enclave image: linked to a fixed address; link it with -static-pie");
    if (h->type != TYPE_DYN)
        return fail(e, -EBADMSG, "enclave image: ELF type %u, expected 3 (ET_DYN)", h->type);
    if (h->phentsize != PHENT_SIZE || h->phnum == 0 || h->phnum > PHNUM_MAX)
        return fail(e, -EBADMSG,
                    "enclave image: %u program headers of %u bytes, expected 1 to %d of %d",
                    h->phnum, h->phentsize, PHNUM_MAX, PHENT_SIZE);
    return 0;
}

static int headers_parse(struct headers *h, struct span in, struct err *e)
{
    if (!elf_recognise(in))
        return fail(e, -EBADMSG, "enclave image: not an ELF file");
    struct cursor c = cursor_over(in);
    cursor_span(&c, 4);
    uint8_t class = cursor_u8(&c);
    uint8_t data = cursor_u8(&c);
    cursor_span(&c, 10); /* version, ABI, padding */
    h->type = cursor_u16(&c);
    h->machine = cursor_u16(&c);
    cursor_u32(&c); /* version */
    h->entry = cursor_u64(&c);
    h->phoff = cursor_u64(&c);
    cursor_span(&c, 8 + 4 + 2); /* section headers, flags, own size */
    h->phentsize = cursor_u16(&c);
    h->phnum = cursor_u16(&c);
    int rc = cursor_check(&c, e, "enclave image: ELF header");
    if (rc)
        return rc;
    if (class != CLASS_64 || data != DATA_LITTLE)
        return fail(e, -EBADMSG, "enclave image: not a 64-bit little-endian ELF file");
    return headers_check(h, e);
}

static struct program_header program_header_read(struct cursor *c)
{
    struct program_header p;
    p.type = cursor_u32(c);
    p.flags = cursor_u32(c);
    p.offset = cursor_u64(c);
    p.vaddr = cursor_u64(c);
    cursor_u64(c); /* physical address */
    p.filesz = cursor_u64(c);
    p.memsz = cursor_u64(c);
    cursor_u64(c); /* alignment */
    return p;
}

static int load_check(const struct program_header *p, const struct elf_image *out, struct span in,
                      struct err *e)
{
    if (p->filesz > p->memsz || p->offset > in.size || p->filesz > in.size - p->offset)
        return fail(e, -EBADMSG,
                    "enclave image: truncated: a segment of 0x%llx bytes at 0x%llx does not fit a "
                    "file of 0x%zx bytes",
                    (unsigned long long)p->filesz, (unsigned long long)p->offset, in.size);
    if (p->vaddr > ADDRESS_MAX || p->memsz > ADDRESS_MAX)
        return fail(e, -EBADMSG, "enclave image: a segment of 0x%llx bytes at address 0x%llx",
                    (unsigned long long)p->memsz, (unsigned long long)p->vaddr);
    if ((p->flags & PF_W) && (p->flags & PF_X))
        return fail(e, -EBADMSG,
                    "enclave image: the segment at 0x%llx is both writable and executable",
                    (unsigned long long)p->vaddr);
    if (!(p->flags & PF_R))
        return fail(e, -EBADMSG, "enclave image: the segment at 0x%llx is not readable",
                    (unsigned long long)p->vaddr);
    if (out->count == ELF_SEGMENTS_MAX)
        return fail(e, -EBADMSG, "enclave image: more than %d segments", ELF_SEGMENTS_MAX);
    uint64_t last = out->count ? out->segments[out->count - 1].page_end : 0;
    if (p->vaddr / SGX_PAGE_SIZE * SGX_PAGE_SIZE < last)
        return fail(e, -EBADMSG,
                    "enclave image: the segment at 0x%llx shares a page with the one before, or is "
                    "not in ascending order",
                    (unsigned long long)p->vaddr);
    return 0;
}

static void load_add(const struct program_header *p, struct elf_image *out, struct span in)
{
    uint64_t pages = (p->vaddr + p->memsz + SGX_PAGE_SIZE - 1) / SGX_PAGE_SIZE;
    out->segments[out->count++] = (struct elf_segment){
        .addr = p->vaddr,
        .size = p->memsz,
        .bytes = span_of(in.data + p->offset, p->filesz),
        .page_addr = p->vaddr / SGX_PAGE_SIZE * SGX_PAGE_SIZE,
        .page_end = pages * SGX_PAGE_SIZE,
        .perm = SGX_SECINFO_R | (p->flags & PF_W ? SGX_SECINFO_W : 0) |
                (p->flags & PF_X ? SGX_SECINFO_X : 0),
    };
}

static int entry_check(const struct elf_image *image, struct err *e)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if ((s->perm & SGX_SECINFO_X) && image->entry >= s->addr &&
            image->entry - s->addr < s->bytes.size)
            return 0;
    }
    return fail(e, -EBADMSG, "enclave image: the entry 0x%llx is in no executable segment",
                (unsigned long long)image->entry);
}

int elf_parse(struct elf_image *out, struct span in, struct err *e)
{
    struct headers h = {0};
    *out = (struct elf_image){0};
    int rc = headers_parse(&h, in, e);
    if (rc)
        return rc;
    struct cursor c = cursor_over(in);
    cursor_span(&c, h.phoff);
    struct cursor table = cursor_over(cursor_span(&c, (size_t)h.phnum * PHENT_SIZE));
    rc = cursor_check(&c, e, "enclave image: program headers");
    if (rc)
        return rc;
    out->entry = h.entry;
    for (unsigned i = 0; i < h.phnum; i++) {
        struct program_header p = program_header_read(&table);
        if (p.type == PT_INTERP)
            return fail(e, -EBADMSG,
                        "enclave image: it asks for a dynamic linker; an enclave image is "
                        "freestanding, link it with -static-pie -nostdlib");
        if (p.type != PT_LOAD || p.memsz == 0)
            continue;
        rc = load_check(&p, out, in, e);
        if (rc)
            return rc;
        load_add(&p, out, in);
    }
    return entry_check(out, e);
}
