/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/test.h"

enum { FILE_SIZE = 0x3000 };

/* A small program: text at 0x400000, data and bss behind it, an interpreter. */
struct sample {
    Elf64_Ehdr head;
    Elf64_Phdr phdrs[4];
};

_Static_assert(sizeof(Elf64_Ehdr) == ELF_HEAD_SIZE && sizeof(Elf64_Phdr) == ELF_PHDR_SIZE, "elf.h");

static struct sample sample(void)
{
    struct sample s = {
        .head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_EXEC,
                 .e_machine = EM_X86_64,
                 .e_entry = 0x401000,
                 .e_phoff = sizeof(Elf64_Ehdr),
                 .e_phentsize = sizeof(Elf64_Phdr),
                 .e_phnum = 4},
        .phdrs = {{.p_type = PT_LOAD,
                   .p_flags = PF_R | PF_X,
                   .p_vaddr = 0x400000,
                   .p_filesz = 0x1800,
                   .p_memsz = 0x1800,
                   .p_align = 0x1000},
                  {.p_type = PT_LOAD,
                   .p_flags = PF_R | PF_W,
                   .p_offset = 0x1900,
                   .p_vaddr = 0x402900,
                   .p_filesz = 0x200,
                   .p_memsz = 0x2000,
                   .p_align = 0x200000},
                  {.p_type = PT_INTERP, .p_offset = 0x200, .p_filesz = 28},
                  {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
    };
    return s;
}

static int parse_cut(struct elf_program *p, const struct sample *s, size_t size, struct err *e)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, s, size);
    size_t head = size < ELF_HEAD_SIZE ? size : ELF_HEAD_SIZE;
    int rc = elf_parse_head(p, span_of(copy, head), e);
    if (rc == 0)
        rc = elf_parse_phdrs(p, span_of(copy + head, size - head), FILE_SIZE, e);
    free(copy);
    return rc;
}

static int parse(struct elf_program *p, const struct sample *s, struct err *e)
{
    return parse_cut(p, s, sizeof *s, e);
}

TEST(elf_gives_segments_and_bounds)
{
    struct sample s = sample();
    struct elf_program p;
    struct err e;
    REQUIRE(parse(&p, &s, &e) == 0);
    EXPECT(p.is_fixed);
    EXPECT(!p.has_exec_stack);
    EXPECT_EQ(p.entry, 0x401000);
    EXPECT_EQ(p.load_count, 2);
    EXPECT_EQ(p.low, 0x400000);
    EXPECT_EQ(p.high, 0x405000);
    EXPECT_EQ(p.break_addr, 0x404900);
    EXPECT_EQ(p.align, 0x200000);
    EXPECT_EQ(p.phdr_addr, 0x400040);
    EXPECT_EQ(p.interp_offset, 0x200);
    EXPECT_EQ(p.interp_size, 28);
    EXPECT_EQ(p.loads[1].prot, PROT_READ | PROT_WRITE);
    EXPECT_EQ(p.loads[1].file_offset, 0x1900);
}

TEST(elf_without_stack_header_has_an_executable_stack)
{
    struct sample s = sample();
    struct elf_program p;
    s.phdrs[3].p_type = PT_NULL;
    REQUIRE(parse(&p, &s, NULL) == 0);
    EXPECT(p.has_exec_stack);
}

TEST(elf_parse_refuses_every_truncation)
{
    struct sample s = sample();
    struct elf_program p;
    for (size_t size = 0; size < sizeof s; size++) {
        struct err e = {0};
        EXPECT_EQ(parse_cut(&p, &s, size, &e), -ENOEXEC);
        EXPECT(e.text[0]);
    }
}

/* Refused, and the sentence holds `words`. */
static void refused(const struct sample *s, const char *words)
{
    struct elf_program p;
    struct err e = {0};
    EXPECT_EQ(parse(&p, s, &e), -ENOEXEC);
    if (!strstr(e.text, words))
        test_failed(__FILE__, __LINE__, "\"%s\" lacks \"%s\"", e.text, words);
}

TEST(elf_for_other_machines_is_refused)
{
    struct sample s = sample();
    s.head.e_machine = EM_AARCH64;
    refused(&s, "another machine");
    s = sample();
    s.head.e_ident[EI_CLASS] = ELFCLASS32;
    refused(&s, "32-bit");
    s = sample();
    s.head.e_ident[EI_DATA] = ELFDATA2MSB;
    refused(&s, "another machine");
    s = sample();
    s.head.e_type = ET_REL;
    refused(&s, "type 1");
    s = sample();
    s.head.e_ident[0] = 'x';
    refused(&s, "neither");
}

TEST(elf_with_bad_segments_is_refused)
{
    struct sample s = sample();
    s.phdrs[1].p_filesz = 0x2001;
    s.phdrs[1].p_memsz = 0x3000;
    refused(&s, "behind the end");
    s = sample();
    s.phdrs[1].p_offset = UINT64_MAX - 0xff;
    refused(&s, "behind the end");
    s = sample();
    s.phdrs[1].p_memsz = 1;
    refused(&s, "behind the end");
    s = sample();
    s.phdrs[1].p_vaddr = 0x400900;
    refused(&s, "overlap");
    s = sample();
    s.phdrs[1].p_vaddr = 0x402901;
    refused(&s, "aligned");
    s = sample();
    s.phdrs[1].p_memsz = UINT64_MAX - 0x402900;
    refused(&s, "address space");
    s = sample();
    s.phdrs[1].p_vaddr = (1ull << 47) + 0x900;
    refused(&s, "address space");
    s = sample();
    s.phdrs[0].p_type = s.phdrs[1].p_type = PT_NULL;
    refused(&s, "nothing to load");
    s = sample();
    s.phdrs[2].p_filesz = FILE_SIZE;
    refused(&s, "interpreter");
    s = sample();
    s.head.e_phnum = 0;
    refused(&s, "program headers");
    s = sample();
    s.head.e_phentsize = 32;
    refused(&s, "program headers");
}
