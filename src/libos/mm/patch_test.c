/* SPDX-License-Identifier: Apache-2.0
 * patch_test.c: which syscall sites are rewritten, what the rewritten code is, and that a whole
 * libc is judged in line with objdump. */
#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"
#include "libos/mm/patch.h"

enum { ROOM = 4096 };

/* Instructions between two rows of nops. */
static size_t around(uint8_t *out, const void *code, size_t size)
{
    memset(out, 0x90, 64 + size);
    memcpy(out + 16, code, size);
    return 64 + size;
}

static size_t find(const void *code, size_t size, struct patch_site *site)
{
    uint8_t text[256];
    return patch_find(text, around(text, code, size), site, 1);
}

TEST(a_number_moved_into_eax_right_before_makes_a_site)
{
    static const uint8_t CODE[] = {0xb8, 0x27, 0, 0, 0, 0x0f, 0x05};
    struct patch_site site;
    REQUIRE(find(CODE, sizeof CODE, &site) == 1);
    EXPECT_EQ(site.at, 16);
    EXPECT_EQ(site.size, 5);
    EXPECT(!site.whole);
}

TEST(a_move_with_a_rex_prefix_is_another_instruction)
{
    static const uint8_t CODE[] = {0x41, 0xb8, 0x27, 0, 0, 0, 0x0f, 0x05}; /* mov $39, %r8d */
    struct patch_site site;
    EXPECT_EQ(find(CODE, sizeof CODE, &site), 0);
}

TEST(a_number_that_no_call_has_is_data)
{
    static const uint8_t CODE[] = {0xb8, 0x27, 0, 1, 0, 0x0f, 0x05};
    struct patch_site site;
    EXPECT_EQ(find(CODE, sizeof CODE, &site), 0);
}

TEST(a_bare_syscall_is_left_alone)
{
    static const uint8_t CODE[] = {0x90, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff};
    struct patch_site site;
    EXPECT_EQ(find(CODE, sizeof CODE, &site), 0);
}

/* read() of glibc: xor %eax,%eax; syscall; cmp $-4096,%rax; ja. */
static const uint8_t READ[] = {0x31, 0xc0, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0x77, 0x20};

TEST(a_short_instruction_before_takes_the_comparison_along)
{
    struct patch_site site;
    REQUIRE(find(READ, sizeof READ, &site) == 1);
    EXPECT_EQ(site.size, 10);
    EXPECT(site.whole);
    EXPECT_EQ(site.before, 2);
    EXPECT_EQ(site.after, 6);
}

TEST(a_branch_into_a_site_forbids_it)
{
    uint8_t code[sizeof READ + 2];
    struct patch_site site;
    memcpy(code, READ, sizeof READ);
    code[sizeof READ] = 0xeb; /* jmp to the comparison */
    code[sizeof READ + 1] = (uint8_t) - (int)(sizeof READ + 2 - 4);
    EXPECT_EQ(find(code, sizeof code, &site), 0);
    code[sizeof READ + 1] = (uint8_t) - (int)(sizeof READ + 2); /* to its beginning: fine */
    EXPECT_EQ(find(code, sizeof code, &site), 1);
}

TEST(a_rewritten_site_jumps_to_its_stub_and_comes_back)
{
    uint8_t text[256];
    uint8_t stub[64];
    struct patch_site site;
    size_t size = around(text, READ, sizeof READ);
    REQUIRE(patch_find(text, size, &site, 1) == 1);
    REQUIRE(patch_stub_size(&site) == 2 + 7 + 8 + 6 + 5);
    patch_write(text, 0x10000, &site, stub, 0x9000);
    EXPECT_EQ(text[16], 0xe9);
    EXPECT_EQ((int32_t)get_le32(text + 17), 0x9000 - (0x10010 + 5));
    for (int n = 21; n < 26; n++)
        EXPECT_EQ(text[n], 0x90);
    EXPECT_EQ(text[26], 0x77);
    EXPECT(stub[0] == 0x31 && stub[1] == 0xc0);
    EXPECT(stub[2] == 0x48 && stub[3] == 0x8d && stub[4] == 0x0d);
    EXPECT_EQ(get_le32(stub + 5), 8); /* the return address is behind the jump */
    EXPECT(memcmp(stub + 9, "\x65\xff\x24\x25\x20\0\0\0", 8) == 0);
    EXPECT(memcmp(stub + 17, READ + 4, 6) == 0);
    EXPECT_EQ(stub[23], 0xe9);
    EXPECT_EQ((int32_t)get_le32(stub + 24), 0x1001a - (0x9000 + 28));
}

TEST(no_length_of_text_is_read_past_its_end)
{
    for (size_t size = 0; size <= sizeof READ; size++) {
        uint8_t *exact = malloc(size ? size : 1);
        struct patch_site site;
        REQUIRE(exact);
        memcpy(exact, READ, size);
        EXPECT(patch_find(exact, size, &site, 1) <= 1);
        free(exact);
    }
}

/* The addresses of `syscall` instructions in a library, as objdump sees them. */
static size_t oracle(const char *path, uint64_t *out, size_t room)
{
    char command[256];
    char line[512];
    size_t count = 0;
    snprintf(command, sizeof command, "objdump -d --no-show-raw-insn %s", path);
    FILE *f = popen(command, "r");
    while (f && fgets(line, sizeof line, f))
        if (strstr(line, "\tsyscall") && count < room)
            out[count++] = strtoull(line, NULL, 16);
    if (f)
        pclose(f);
    return count;
}

TEST(every_site_in_libc_is_an_instruction_that_objdump_sees)
{
    static const char *const LIBC = "/lib/x86_64-linux-gnu/libc.so.6";
    static uint64_t seen[ROOM];
    static struct patch_site sites[ROOM];
    FILE *f = fopen(LIBC, "rb");
    if (!f)
        test_skip("there is no glibc at its Debian place");
    static uint8_t image[4 << 20];
    size_t size = fread(image, 1, sizeof image, f);
    fclose(f);
    size_t count = oracle(LIBC, seen, ROOM);
    size_t found = patch_find(image, size, sites, ROOM); /* text: file offset and address agree */
    EXPECT(count > 400 && found > count * 8 / 10);
    for (size_t n = 0; n < found; n++) {
        uint64_t at = sites[n].at + sites[n].before;
        size_t k = 0;
        while (k < count && seen[k] != at)
            k++;
        if (k == count)
            test_failed(__FILE__, __LINE__, "offset %llx is no syscall instruction",
                        (unsigned long long)at);
    }
}
