/* SPDX-License-Identifier: Apache-2.0
 * cpu_enclave_test.c: see cpu_enclave_test.h. */
#include "emu/cpu_enclave_test.h"

#include <stdlib.h>
#include <sys/mman.h>

static const uint64_t g_code_flags =
    SGX_SECINFO_R | SGX_SECINFO_X | (uint64_t)SGX_PT_REG << SGX_SECINFO_TYPE_SHIFT;
static const uint64_t g_data_flags =
    SGX_SECINFO_R | SGX_SECINFO_W | (uint64_t)SGX_PT_REG << SGX_SECINFO_TYPE_SHIFT;

void cpu_start(enum emu_mode mode, enum emu_guard guard)
{
    static char folder[] = "/tmp/emu-cpu-XXXXXX";
    static char secret[64];
    if (!mkdtemp(folder))
        abort();
    snprintf(secret, sizeof secret, "%s/secret", folder);
    struct emu_options options = {.mode = mode, .guard = guard, .secret_path = secret};
    struct err e = {.code = 0};
    if (emu_start(&options, &e))
        test_failed(__FILE__, __LINE__, "emu_start: %s", e.text);
    remove(secret);
    remove(folder);
}

static uint64_t group(unsigned thread)
{
    return CPU_GROUPS + (uint64_t)thread * CPU_GROUP;
}

static void add(struct cpu_enclave *enclave, uint64_t offset, uint64_t flags)
{
    EXPECT_EQ(builder_add(&enclave->b, offset, flags, false), 0);
}

static void add_code(struct cpu_enclave *enclave)
{
    size_t size = cpu_offset(cpu_code_end);
    for (size_t at = 0; at < size; at += CPU_PAGE) {
        size_t left = size - at < CPU_PAGE ? size - at : CPU_PAGE;
        memset(enclave->b.page, 0, CPU_PAGE);
        memcpy(enclave->b.page, cpu_code_start + at, left);
        add(enclave, at + CPU_CODE, g_code_flags);
    }
    memset(enclave->b.page, 0, CPU_PAGE);
}

static void add_thread(struct cpu_enclave *enclave, unsigned thread,
                       const struct cpu_options *options)
{
    uint64_t at = group(thread);
    struct sgx_tcs *tcs = (void *)enclave->b.page;
    memset(tcs, 0, sizeof *tcs);
    tcs->ossa = at + CPU_PAGE;
    tcs->nssa = enclave->nssa;
    tcs->oentry = CPU_CODE;
    tcs->ofsbase = at + CPU_FS;
    tcs->ogsbase = at + CPU_GS;
    tcs->fslimit = 0xfff;
    tcs->gslimit = 0xfff;
    if (options->spoil)
        options->spoil(tcs);
    add(enclave, at, SGX_SECINFO_TYPE(SGX_PT_TCS));
    memset(tcs, 0, sizeof *tcs);
    for (uint64_t page = CPU_PAGE; page < CPU_GROUP; page += CPU_PAGE)
        add(enclave, at + page, g_data_flags);
}

static void map(const struct cpu_enclave *enclave, uint64_t from, uint64_t to, int prot)
{
    const struct builder *b = &enclave->b;
    EXPECT_EQ(emu_mmap(b->base + from, to - from, prot, MAP_SHARED | MAP_FIXED, b->fd, 0),
              b->base + from);
}

void cpu_build(struct cpu_enclave *enclave, const struct cpu_options *options)
{
    unsigned threads = options->threads ? options->threads : 1;
    struct builder *b = &enclave->b;
    enclave->nssa = options->nssa ? options->nssa : 3;
    enclave->frame_pages = 1;
    builder_open(b, CPU_SIZE);
    if (options->is_low) {
        b->base = 0;
        b->secs->base = 0;
    }
    if (options->xfrm)
        b->secs->attributes.xfrm = options->xfrm;
    if (options->is_production)
        b->secs->attributes.flags &= ~SGX_ATTR_DEBUG;
    b->secs->miscselect = options->miscselect;
    b->secs->ssaframesize = enclave->frame_pages;
    EXPECT_EQ(builder_create(b), 0);
    add_code(enclave);
    add(enclave, CPU_DATA + CPU_CODE, g_data_flags);
    add(enclave, CPU_DATA + CPU_CODE + CPU_PAGE, g_data_flags);
    for (unsigned i = 0; i < threads; i++)
        add_thread(enclave, i, options);
    builder_sign(b);
    EXPECT_EQ(builder_init(b), 0);
    map(enclave, CPU_CODE, CPU_CODE + CPU_DATA, PROT_READ | PROT_EXEC);
    map(enclave, CPU_CODE + CPU_DATA, CPU_SIZE, PROT_READ | PROT_WRITE);
}

uint64_t cpu_tcs(const struct cpu_enclave *enclave, unsigned thread)
{
    return enclave->b.base + group(thread);
}

struct sgx_tcs *cpu_tcs_alias(const struct cpu_enclave *enclave, unsigned thread)
{
    return emu_enclave_alias(enclave->b.enclave, cpu_tcs(enclave, thread));
}

uint8_t *cpu_frame(const struct cpu_enclave *enclave, unsigned thread, unsigned frame)
{
    uint64_t at = cpu_tcs(enclave, thread) + CPU_PAGE;
    return emu_enclave_alias(enclave->b.enclave,
                             at + (uint64_t)frame * enclave->frame_pages * CPU_PAGE);
}

uint64_t cpu_gpr_addr(const struct cpu_enclave *enclave, unsigned thread, unsigned frame)
{
    return cpu_tcs(enclave, thread) + CPU_PAGE +
           (uint64_t)(frame + 1) * enclave->frame_pages * CPU_PAGE - sizeof(struct sgx_gpr);
}

struct sgx_gpr *cpu_gpr(const struct cpu_enclave *enclave, unsigned thread, unsigned frame)
{
    return emu_enclave_alias(enclave->b.enclave, cpu_gpr_addr(enclave, thread, frame));
}
