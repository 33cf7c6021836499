/* SPDX-License-Identifier: Apache-2.0
 * driver_fuzz.c: sequences of ioctls, mappings, ENCLU leaves and page faults on one small enclave.
 * After each step the books must balance: EPC pages used, valid pages counted, and nothing real
 * accessible that the EPCM does not allow. */
#include <asm/sgx.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/emu.h"
#include "emu/model_priv.h"
#include "emu/package.h"
#include "emu/pages.h"
#include "emu/table.h"

enum { PAGE = 4096, PAGES = 16, SIZE = PAGES * PAGE, EPC = 24, STEPS = 64 };

static uint64_t g_base;
static _Alignas(4096) uint8_t g_secs[PAGE];
static _Alignas(4096) uint8_t g_source[4 * PAGE];
static _Alignas(4096) uint8_t g_sigstruct[PAGE];
static int g_provision;

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t next(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static void set_up(void)
{
    char folder[] = "/tmp/emu-fuzz-XXXXXX";
    char secret[64];
    if (!mkdtemp(folder))
        abort();
    snprintf(secret, sizeof secret, "%s/secret", folder);
    struct emu_options options = {.epc_size = EPC * PAGE, .secret_path = secret};
    struct err e;
    if (emu_package_start(&options, &e))
        abort();
    void *area = mmap(NULL, 2ul * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_base = ((uintptr_t)area + SIZE - 1) & ~(uint64_t)(SIZE - 1);
    g_provision = emu_open_provision(O_RDWR);
}

/* A legal SECS with up to three bytes changed. */
static void make_secs(struct input *in)
{
    struct sgx_secs *secs = (struct sgx_secs *)(void *)g_secs;
    memset(secs, 0, sizeof *secs);
    secs->size = SIZE;
    secs->base = g_base;
    secs->ssaframesize = 1;
    secs->attributes.flags = SGX_ATTR_MODE64BIT;
    secs->attributes.xfrm = SGX_XFRM_LEGACY;
    for (unsigned changes = next(in) & 3; changes; changes--) {
        unsigned at = next(in) + ((next(in) & 1u) << 8);
        g_secs[at] ^= next(in);
    }
}

static uint64_t any_offset(struct input *in)
{
    uint8_t b = next(in);
    return (uint64_t)(b & 31) * PAGE + (b & 0xe0 ? 0 : b >> 5);
}

static void add(int fd, struct input *in)
{
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = next(in) | (uint64_t)(next(in) & 7) << 8};
    uint8_t how = next(in);
    g_source[how & 0x3fff] = how & 0x10;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)g_source,
        .offset = any_offset(in),
        .length = (uint64_t)(1 + (how & 3)) * PAGE,
        .secinfo = (uintptr_t)&secinfo,
        .flags = how >> 7,
    };
    ignore(emu_ioctl(fd, SGX_IOC_ENCLAVE_ADD_PAGES, &args));
}

static void init(int fd, struct input *in)
{
    for (size_t i = 0; i < 32; i++)
        g_sigstruct[next(in) * 7u] = next(in);
    struct sgx_enclave_init args = {.sigstruct = (uintptr_t)g_sigstruct};
    ignore(emu_ioctl(fd, SGX_IOC_ENCLAVE_INIT, &args));
}

/* As if EINIT had succeeded, so that what follows it is reached. */
static void force_init(struct emu_enclave *enclave)
{
    if (!enclave->created)
        return;
    enclave->secs.attributes.flags |= SGX_ATTR_INIT;
    emu_table_lock();
    ignore(pages_sync(enclave, enclave->base, enclave->base + enclave->size));
    emu_table_unlock();
}

static void modify(int fd, struct input *in)
{
    uint64_t arg[6] = {any_offset(in), (uint64_t)(1 + (next(in) & 3)) * PAGE, next(in) & 15};
    static const unsigned long requests[] = {SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS,
                                             SGX_IOC_ENCLAVE_MODIFY_TYPES,
                                             SGX_IOC_ENCLAVE_REMOVE_PAGES};
    unsigned which = next(in) % 3;
    if (which == 2)
        arg[2] = 0;
    ignore(emu_ioctl(fd, requests[which], arg));
}

static void map(int fd, struct input *in)
{
    uintptr_t at = g_base + (any_offset(in) & ~(uint64_t)(PAGE - 1));
    size_t size = (size_t)(1 + (next(in) & 15)) * PAGE;
    if (at + size > g_base + SIZE) /* what lies behind is not ours to map over */
        return;
    uint8_t how = next(in);
    int prot = how & 7;
    if (how & 0x80)
        ignore(emu_mmap(at, size, prot, MAP_SHARED | MAP_FIXED, fd, 0));
    else if (how & 0x40)
        ignore(emu_mprotect(at, size, prot));
    else if (how & 0x20)
        ignore(emu_munmap(at, size));
    else
        ignore(emu_mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static void enclu(struct emu_enclave *enclave, struct input *in)
{
    if (!enclave->created || !emu_enclave_initialised(enclave))
        return;
    uint8_t *page = enclave->alias + (next(in) & 15) * PAGE;
    for (size_t i = 0; i < 8; i++)
        page[i] = next(in);
    struct emu_regs regs = {.rbx = enclave->base + any_offset(in),
                            .rcx = enclave->base + any_offset(in),
                            .rdx = enclave->base + any_offset(in)};
    emu_enclu(enclave, (enum sgx_enclu)(next(in) & 7), &regs);
    struct emu_outcome fault;
    emu_page_fault(enclave, regs.rcx, 1u << next(in) % 3, &fault);
}

static void check_books(const struct emu_enclave *enclave)
{
    uint64_t valid = 0;
    for (size_t i = 0; i < enclave->page_count && enclave->created; i++)
        valid += enclave->slots[i].epcm.valid;
    uint64_t expected = valid + enclave->va_pages + (enclave->created ? 1 : 0);
    if (valid != enclave->child_count || emu_epc_used() != expected)
        abort();
}

static void step(int fd, struct emu_enclave *enclave, struct input *in)
{
    struct sgx_enclave_create create = {.src = (uintptr_t)g_secs};
    struct sgx_enclave_provision provision = {.fd = (unsigned)g_provision};
    switch (next(in) % 10) {
    case 0:
        make_secs(in);
        ignore(emu_ioctl(fd, SGX_IOC_ENCLAVE_CREATE, &create));
        break;
    case 1:
    case 2:
        add(fd, in);
        break;
    case 3:
        init(fd, in);
        break;
    case 4:
        force_init(enclave);
        break;
    case 5:
        ignore(emu_ioctl(fd, SGX_IOC_ENCLAVE_PROVISION, &provision));
        break;
    case 6:
        modify(fd, in);
        break;
    case 7:
        map(fd, in);
        break;
    default:
        enclu(enclave, in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!g_base)
        set_up();
    struct input in = {data, size};
    int fd = emu_open_enclave(O_RDWR);
    struct emu_enclave *enclave = NULL;
    emu_table_lock();
    emu_file_of(fd, &enclave);
    emu_table_unlock();
    for (size_t i = 0; i < STEPS && in.size; i++) {
        step(fd, enclave, &in);
        check_books(enclave);
    }
    ignore(emu_close(fd));
    ignore(emu_munmap(g_base, SIZE));
    ignore(emu_mmap(g_base, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    if (emu_epc_used() != 0)
        abort();
    return 0;
}
