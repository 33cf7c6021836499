/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/elf.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "measure/elf_sample.h"
#include "sgx/arch.h"

TEST(elf_parse_reads_segments_entry_and_permissions)
{
    uint8_t elf[SAMPLE_SIZE];
    struct elf_image image;
    struct err e = {0};
    sample_write(elf);
    REQUIRE(elf_parse(&image, span_of(elf, sizeof elf), &e) == 0);
    EXPECT_EQ(image.entry, SAMPLE_ENTRY);
    REQUIRE(image.count == 3);
    const struct elf_segment *data = &image.segments[2];
    EXPECT_EQ(image.segments[0].perm, SGX_SECINFO_R);
    EXPECT_EQ(image.segments[1].perm, SGX_SECINFO_R | SGX_SECINFO_X);
    EXPECT_EQ(data->perm, SGX_SECINFO_R | SGX_SECINFO_W);
    EXPECT_EQ(data->addr, 0x2e00);
    EXPECT_EQ(data->size, 0x2700);
    EXPECT_EQ(data->page_addr, 0x2000);
    EXPECT_EQ(data->page_end, 0x6000);
    EXPECT(data->bytes.data == elf + 0xa00 && data->bytes.size == 0x700);
}

TEST(elf_parse_refuses_every_truncation)
{
    uint8_t elf[SAMPLE_SIZE];
    sample_write(elf);
    for (size_t size = 0; size < SAMPLE_SIZE; size++) {
        auto_free uint8_t *copy = malloc(size ? size : 1);
        REQUIRE(copy);
        memcpy(copy, elf, size);
        struct elf_image image;
        struct err e = {0};
        EXPECT_EQ(elf_parse(&image, span_of(copy, size), &e), -EBADMSG);
        EXPECT(e.text[0] != 0);
    }
}

/* Writes `value` as `size` bytes at `at` of the sample and expects a refusal that says `words`. */
struct defect {
    size_t at, size;
    uint64_t value;
    const char *words;
};

enum { PH0 = SAMPLE_PHOFF, PH1 = PH0 + SAMPLE_PHENT, PH2 = PH1 + SAMPLE_PHENT };

static const struct defect g_defects[] = {
    {0, 4, 0x464c4500, "not an ELF file"},
    {4, 1, 1, "64-bit little-endian"},
    {5, 1, 2, "64-bit little-endian"},
    {16, 2, 2, "fixed address"},
    {16, 2, 1, "ELF type 1"},
    {18, 2, 183, "machine 183"},
    {24, 8, 0x100, "entry 0x100"},
    {24, 8, 0x1800, "entry 0x1800"},
    {24, 8, 0x3000, "entry 0x3000"},
    {32, 8, SAMPLE_SIZE, "program headers"},
    {32, 8, ~0ull, "program headers"},
    {54, 2, 32, "32 bytes"},
    {56, 2, 0, "0 program headers"},
    {56, 2, 65, "65 program headers"},
    {PH0, 4, 3, "dynamic linker"},
    {PH1 + 4, 4, 7, "both writable and executable"},
    {PH1 + 4, 4, 1, "not readable"},
    {PH1 + 16, 8, 0, "shares a page"},
    {PH2 + 16, 8, 0x1800, "shares a page"},
    {PH2 + 8, 8, ~0ull - 0x100, "truncated"},
    {PH2 + 32, 8, 0x2701, "truncated"},
    {PH2 + 40, 8, 0x6ff, "truncated"},
    {PH2 + 40, 8, 1ull << 63, "0x8000000000000000 bytes"},
    {PH2 + 16, 8, ~0xfffull, "at address 0xfffffffffffff000"},
};

TEST(elf_parse_refuses_each_defect_by_name)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_defects); i++) {
        const struct defect *d = &g_defects[i];
        uint8_t elf[SAMPLE_SIZE];
        uint8_t value[8];
        struct elf_image image;
        struct err e = {0};
        sample_write(elf);
        put_le64(value, d->value);
        memcpy(elf + d->at, value, d->size);
        EXPECT_EQ(elf_parse(&image, span_of(elf, sizeof elf), &e), -EBADMSG);
        if (!strstr(e.text, d->words))
            test_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", e.text, d->words);
    }
}

TEST(elf_parse_refuses_an_entry_where_the_file_has_no_code)
{
    uint8_t elf[SAMPLE_SIZE];
    struct elf_image image;
    struct err e = {0};
    sample_write(elf);
    put_le64(elf + PH1 + 40, 0x900); /* memory beyond the file's 0x800 bytes */
    put_le64(elf + 24, 0x17ff);
    EXPECT_EQ(elf_parse(&image, span_of(elf, sizeof elf), &e), 0);
    put_le64(elf + 24, 0x1800);
    EXPECT_EQ(elf_parse(&image, span_of(elf, sizeof elf), &e), -EBADMSG);
}

TEST(elf_parse_refuses_more_segments_than_it_holds)
{
    enum { COUNT = ELF_SEGMENTS_MAX + 1 };
    uint8_t elf[SAMPLE_SIZE];
    struct elf_image image;
    struct err e = {0};
    sample_write(elf);
    put_le16(elf + 56, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        sample_segment_write(elf, i,
                             &(struct sample_segment){
                                 .flags = 5, .vaddr = 0x1000 * i, .filesz = 0x20, .memsz = 0x20});
    EXPECT_EQ(elf_parse(&image, span_of(elf, sizeof elf), &e), -EBADMSG);
    EXPECT_STR(e.text, "enclave image: more than 16 segments");
}
