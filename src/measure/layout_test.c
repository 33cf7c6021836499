/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/layout.h"

#include <errno.h>

#include "base/test.h"
#include "measure/elf_sample.h"
#include "measure/mrenclave.h"

static uint8_t g_elf[SAMPLE_SIZE];

static int make(struct measure_layout *l, const struct measure_options *o, struct err *e)
{
    sample_write(g_elf);
    return measure_layout_init(l, span_of(g_elf, sizeof g_elf), o, e);
}

static void expect_run(const struct measure_layout *l, size_t index, uint64_t offset,
                       uint64_t count, uint64_t secinfo, bool content, bool measured)
{
    REQUIRE(index < l->run_count);
    const struct measure_run *run = &l->runs[index];
    EXPECT_EQ(run->offset, offset);
    EXPECT_EQ(run->count, count);
    EXPECT_EQ(run->secinfo, secinfo);
    EXPECT(!run->content == !content);
    EXPECT_EQ(run->measured, measured);
}

TEST(layout_lists_the_pages_in_the_documented_order)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.manifest = span_text("{}");
    o.data_size = 3 * SGX_PAGE_SIZE;
    REQUIRE(make(&l, &o, &e) == 0);
    expect_run(&l, 0, 0x10000, 1, 0x201, true, true);   /* headers */
    expect_run(&l, 1, 0x11000, 1, 0x205, true, true);   /* code */
    expect_run(&l, 2, 0x12000, 2, 0x203, true, true);   /* data: 0x2e00 to 0x3500 */
    expect_run(&l, 3, 0x14000, 2, 0x203, false, true);  /* BSS */
    expect_run(&l, 4, 0x16000, 1, 0x201, true, true);   /* info */
    expect_run(&l, 5, 0x17000, 1, 0x201, true, true);   /* manifest */
    expect_run(&l, 6, 0x19000, 16, 0x203, false, true); /* stack, behind a guard */
    expect_run(&l, 7, 0x2a000, 3, 0x203, false, true);  /* SSA, behind a guard */
    expect_run(&l, 8, 0x2d000, 1, 0x100, true, true);   /* TCS */
    expect_run(&l, 9, 0x2e000, 1, 0x203, true, true);   /* data */
    expect_run(&l, 10, 0x2f000, 2, 0x203, false, true);
    expect_run(&l, 11, 0x32000, 256, 0x203, false, false); /* heap, behind a guard */
    EXPECT_EQ(l.run_count, 12);
    EXPECT_EQ(l.info.elrange_size, 0x200000);
    EXPECT_EQ(measure_layout_tcs(&l, 0), 0x2d000);
    measure_layout_fini(&l);
}

TEST(layout_fills_pages_with_the_segments_bytes_and_zeros)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.manifest = span_text("{\"a\":1}");
    REQUIRE(make(&l, &o, &e) == 0);
    const uint8_t *data = l.runs[2].content;
    EXPECT(bytes_are_zero(data, 0xe00));
    EXPECT(memcmp(data + 0xe00, g_elf + 0xa00, 0x700) == 0);
    EXPECT(bytes_are_zero(data + 0x1500, 0xb00));
    struct enclave_layout info;
    memcpy(&info, l.runs[4].content, sizeof info);
    EXPECT(memcmp(&info, &l.info, sizeof info) == 0);
    EXPECT(bytes_are_zero(l.runs[4].content + sizeof info, SGX_PAGE_SIZE - sizeof info));
    EXPECT_EQ(info.manifest_size, 7);
    EXPECT(memcmp(l.runs[5].content, "{\"a\":1}\0\0", 9) == 0);
    measure_layout_fini(&l);
}

TEST(layout_writes_a_tcs_and_thread_data_for_every_thread)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.thread_count = 3;
    REQUIRE(make(&l, &o, &e) == 0);
    for (uint32_t i = 0; i < 3; i++) {
        const struct measure_run *run = &l.runs[5 + 4 * i];
        struct sgx_tcs tcs;
        struct enclave_thread thread;
        memcpy(&tcs, run[2].content, sizeof tcs);
        memcpy(&thread, run[3].content, sizeof thread);
        EXPECT_EQ(run[2].offset, measure_layout_tcs(&l, i));
        EXPECT_EQ(tcs.oentry, 0x10000 + SAMPLE_ENTRY);
        EXPECT_EQ(tcs.ossa, run[1].offset);
        EXPECT_EQ(tcs.nssa, 3);
        EXPECT_EQ(tcs.ofsbase, run[3].offset);
        EXPECT_EQ(tcs.ogsbase, run[3].offset);
        EXPECT_EQ(tcs.fslimit & 0xfff, 0xfff);
        EXPECT_EQ(tcs.gslimit & 0xfff, 0xfff);
        EXPECT(tcs.state == 0 && tcs.flags == 0 && tcs.cssa == 0 && tcs.aep == 0);
        EXPECT_EQ(thread.self, run[3].offset);
        EXPECT_EQ(thread.tcs, run[2].offset);
        EXPECT_EQ(thread.tcs + SGX_PAGE_SIZE, thread.self);
        EXPECT_EQ(thread.stack_low, run[0].offset);
        EXPECT_EQ(thread.stack_high, run[0].offset + (64 << 10));
        EXPECT_EQ(thread.ssa, run[1].offset);
        EXPECT_EQ(thread.ssa_size, 4096);
        EXPECT_EQ(thread.info, l.info.info_offset);
        EXPECT_EQ(thread.index, i);
    }
    measure_layout_fini(&l);
}

TEST(layout_puts_the_heap_where_asked_and_leaves_a_dynamic_one_out)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.image_offset = 0x40000000;
    o.heap_offset = 0x10000;
    o.heap_size = 0x3fff0000;
    o.base = 0;
    o.heap_perm = SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X;
    REQUIRE(make(&l, &o, &e) == 0);
    expect_run(&l, l.run_count - 1, 0x10000, 0x3fff0, 0x207, false, false);
    EXPECT_EQ(l.info.elrange_size, 0x80000000);
    measure_layout_fini(&l);
    o.heap_kind = ENCLAVE_HEAP_DYNAMIC;
    REQUIRE(make(&l, &o, &e) == 0);
    EXPECT_EQ(l.info.heap_offset, 0x10000);
    EXPECT(l.runs[l.run_count - 1].offset > o.image_offset);
    measure_layout_fini(&l);
    o.heap_kind = ENCLAVE_HEAP_MEASURED;
    REQUIRE(make(&l, &o, &e) == 0);
    expect_run(&l, l.run_count - 1, 0x10000, 0x3fff0, 0x207, false, true);
    measure_layout_fini(&l);
}

TEST(layout_of_a_dynamic_heap_may_be_as_large_as_the_address_space)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.heap_kind = ENCLAVE_HEAP_DYNAMIC;
    o.heap_size = 1ull << 46;
    EXPECT_EQ(make(&l, &o, &e), 0);
    EXPECT_EQ(l.info.elrange_size, 1ull << 47);
    measure_layout_fini(&l);
}

TEST(layout_sizes_ssa_frames_by_xfrm_and_miscselect)
{
    static const struct {
        uint64_t xfrm;
        uint32_t misc, pages;
    } cases[] = {{3, 0, 1},     {7, 1, 1},       {0xe7, 1, 1},
                 {0x2e7, 0, 1}, {0x600e7, 0, 3}, {0x602e7, 1, 3}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct measure_options o;
        struct measure_layout l;
        struct err e = {0};
        measure_options_default(&o);
        o.attributes.xfrm = cases[i].xfrm;
        o.miscselect = cases[i].misc;
        REQUIRE(make(&l, &o, &e) == 0);
        EXPECT_EQ(l.info.ssaframesize, cases[i].pages);
        EXPECT_EQ(l.info.tcs_offset - l.info.ssa_offset, 3ull * cases[i].pages * SGX_PAGE_SIZE);
        measure_layout_fini(&l);
    }
}

/* Options are plain numbers: a defect is a new value for one of them. */
struct defect {
    size_t at, size;
    uint64_t value;
    const char *words;
};

#define OPTION(field, new_value, text)                                                       \
    {                                                                                        \
        offsetof(struct measure_options, field), sizeof((struct measure_options *)0)->field, \
            (new_value), (text)                                                              \
    }

static const struct defect g_defects[] = {
    OPTION(elrange_size, 0x3000, "power of two"),
    OPTION(elrange_size, 0x1000, "power of two"),
    OPTION(elrange_size, 1ull << 48, "power of two"),
    OPTION(elrange_size, 0x10000, "beyond the ELRANGE"),
    OPTION(base, 0x1000, "base 0x1000"),
    OPTION(image_offset, 0x10001, "image offset"),
    OPTION(image_offset, ~0xfffull, "image offset"),
    OPTION(image_offset, 1ull << 47, "beyond the ELRANGE"),
    OPTION(heap_offset, 0x11000, "overlaps"),
    OPTION(heap_offset, 0x10800, "heap offset"),
    OPTION(heap_size, 1, "heap size"),
    OPTION(heap_size, ~0xfffull, "heap size"),
    OPTION(heap_size, 1ull << 47, "beyond the ELRANGE"),
    OPTION(heap_size, (1ull << 40), "1024 are possible"),
    OPTION(stack_size, (1ull << 40), "1024 are possible"),
    OPTION(heap_kind, 3, "heap kind"),
    OPTION(heap_perm, 2, "heap permissions"),
    OPTION(heap_perm, 0x203, "heap permissions"),
    OPTION(thread_count, 0, "0 threads"),
    OPTION(thread_count, 4097, "4097 threads"),
    OPTION(nssa, 0, "0 SSA frames"),
    OPTION(nssa, 65, "65 SSA frames"),
    OPTION(ssaframesize, 65, "65 pages"),
    OPTION(stack_size, 0, "stack size"),
    OPTION(data_size, 0, "thread data"),
    OPTION(attributes.flags, 0, "MODE64BIT"),
    OPTION(attributes.flags, 5, "MODE64BIT"),
    OPTION(attributes.flags, 0x804, "MODE64BIT"),
    OPTION(attributes.xfrm, 1, "x87, SSE"),
    OPTION(attributes.xfrm, 0x103, "no CPU knows"),
    OPTION(attributes.xfrm, 0x23, "AVX-512"),
    OPTION(attributes.xfrm, 0xe3, "AVX-512"),
    OPTION(attributes.xfrm, 0x0b, "MPX"),
    OPTION(attributes.xfrm, 0x20003, "AMX"),
    OPTION(miscselect, 2, "MISCSELECT"),
};

TEST(layout_refuses_each_impossible_option_by_name)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_defects); i++) {
        const struct defect *d = &g_defects[i];
        struct measure_options o;
        struct measure_layout l;
        struct err e = {0};
        measure_options_default(&o);
        memcpy((uint8_t *)&o + d->at, &d->value, d->size);
        EXPECT_EQ(make(&l, &o, &e), -EINVAL);
        if (!strstr(e.text, d->words))
            test_failed(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", e.text, d->words);
        measure_layout_fini(&l);
    }
}

TEST(layout_refuses_ssa_frames_smaller_than_xfrm_needs)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.attributes.xfrm = 0x600e7;
    o.ssaframesize = 2;
    EXPECT_EQ(make(&l, &o, &e), -EINVAL);
    EXPECT(strstr(e.text, "need 3") != NULL);
    o.ssaframesize = 3;
    EXPECT_EQ(make(&l, &o, &e), 0);
    measure_layout_fini(&l);
}

TEST(layout_at_base_zero_stays_above_what_linux_maps)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    measure_options_default(&o);
    o.base = 0;
    o.image_offset = 0xf000;
    EXPECT_EQ(make(&l, &o, &e), -EINVAL);
    EXPECT(strstr(e.text, "below 0x10000") != NULL);
    o.image_offset = 0x10000000;
    o.heap_offset = 0x1000;
    EXPECT_EQ(make(&l, &o, &e), -EINVAL);
    o.heap_offset = 0x10000;
    EXPECT_EQ(make(&l, &o, &e), 0);
    measure_layout_fini(&l);
}

/* What every byte of the result depends on: a change of any option changes MRENCLAVE, except those
 * that go into SECS alone. */
TEST(mrenclave_of_a_layout_depends_on_each_option)
{
    static const struct defect changes[] = {
        OPTION(elrange_size, 1 << 22, ""),
        OPTION(base, 0, ""),
        OPTION(image_offset, 0x20000, ""),
        OPTION(heap_offset, 0x80000, ""),
        OPTION(heap_size, 0x1000, ""),
        OPTION(heap_kind, ENCLAVE_HEAP_MEASURED, ""),
        OPTION(heap_perm, 7, ""),
        OPTION(thread_count, 2, ""),
        OPTION(nssa, 2, ""),
        OPTION(ssaframesize, 2, ""),
        OPTION(stack_size, 0x1000, ""),
        OPTION(data_size, 0x2000, ""),
        OPTION(attributes.flags, 6, "same"),
    };
    struct measure_options o;
    struct measure_layout l;
    struct err e = {0};
    uint8_t first[SHA256_SIZE];
    uint8_t now[SHA256_SIZE];
    measure_options_default(&o);
    REQUIRE(make(&l, &o, &e) == 0);
    mrenclave_of_layout(&l, first);
    measure_layout_fini(&l);
    for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
        struct measure_options changed = o;
        memcpy((uint8_t *)&changed + changes[i].at, &changes[i].value, changes[i].size);
        REQUIRE(make(&l, &changed, &e) == 0);
        mrenclave_of_layout(&l, now);
        EXPECT_EQ(memcmp(first, now, sizeof now) == 0, changes[i].words[0] != 0);
        measure_layout_fini(&l);
    }
}
