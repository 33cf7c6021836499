/* SPDX-License-Identifier: Apache-2.0
 * load.c: see load.h.  [Linux Documentation/arch/x86/sgx.rst] */
#include "host/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "host/refusal.h"
#include "host/system_raw.h"

enum {
    ROOM_SIZE = 64 * 1024,
    ZEROES_SIZE = 64 << 20,
    LOWEST = 0x10000, /* vm.mmap_min_addr of every distribution is at most this */
};

static uint64_t number(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Reserves ELRANGE: naturally aligned anywhere, or from LOWEST to its end when it starts at 0. */
static int reserve(struct host_enclave *x, struct err *e)
{
    const struct host_platform *p = x->platform;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    size_t size = x->elrange_size;
    if (x->info.base == 0) {
        intptr_t at = p->mmap(LOWEST, size - LOWEST, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
        if (at != LOWEST)
            return fail(e, at == -EPERM ? -EPERM : -EBUSY,
                        "host: the enclave needs the addresses from 0x%x to 0x%zx, but %s", LOWEST,
                        size,
                        at == -EPERM ? "vm.mmap_min_addr forbids it (65536 or less is needed)"
                                     : "something lies there already");
        x->low = LOWEST;
        return 0;
    }
    intptr_t at = p->mmap(0, 2 * size, PROT_NONE, flags, -1, 0);
    if (at < 0)
        return fail(e, (int)at, "host: no %zu bytes of address space for the enclave: %s", 2 * size,
                    strerror((int)-at));
    uintptr_t start = (uintptr_t)at;
    uintptr_t base = (start + size - 1) & ~(size - 1);
    if (base > start)
        ignore(p->munmap(start, base - start));
    if (start + 2 * size > base + size)
        ignore(p->munmap(base + size, start + size - base));
    x->base = x->low = base;
    return 0;
}

static int create(struct host_enclave *x, const struct measure_layout *l, struct err *e)
{
    _Alignas(SGX_PAGE_SIZE) static const struct sgx_secs blank;
    auto_free struct sgx_secs *secs = aligned_alloc(SGX_PAGE_SIZE, sizeof *secs);
    if (!secs)
        return fail(e, -ENOMEM, "host: out of memory");
    *secs = blank;
    secs->size = x->elrange_size;
    secs->base = x->base;
    secs->ssaframesize = l->info.ssaframesize;
    secs->miscselect = l->miscselect;
    secs->attributes = l->attributes;
    struct sgx_enclave_create arg = {.src = number(secs)};
    int rc = x->platform->ioctl(x->fd, SGX_IOC_ENCLAVE_CREATE, &arg);
    if (rc)
        return refusal_of_create(rc, x->platform, secs, e);
    return 0;
}

/* Adds `size` bytes from `src`, page-aligned; the driver may stop early. */
static int add_part(struct host_enclave *x, const struct measure_run *run, uint64_t offset,
                    uint64_t src, uint64_t size)
{
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = run->secinfo};
    struct sgx_enclave_add_pages arg = {.secinfo = number(&secinfo),
                                        .flags = run->measured ? SGX_PAGE_MEASURE : 0};
    for (uint64_t done = 0; done < size; done += arg.count) {
        arg.src = src + done;
        arg.offset = offset + done;
        arg.length = size - done;
        arg.count = 0;
        int rc = x->platform->ioctl(x->fd, SGX_IOC_ENCLAVE_ADD_PAGES, &arg);
        if (rc && rc != -EINTR)
            return rc;
        if (!rc && (arg.count == 0 || arg.count > size - done))
            return -EIO;
    }
    return 0;
}

/* Where the bytes of a run come from.  Both are page-aligned. */
struct source {
    uint8_t *room; /* ROOM_SIZE bytes, for content that is not aligned itself */
    uintptr_t
        zeroes; /* ZEROES_SIZE bytes that nobody has touched, so a driver need not copy them */
};

static int source_init(struct source *s, struct err *e)
{
    intptr_t at =
        system_mmap(0, ZEROES_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    s->zeroes = at > 0 ? (uintptr_t)at : 0;
    s->room = aligned_alloc(SGX_PAGE_SIZE, ROOM_SIZE);
    return s->room && s->zeroes ? 0 : fail(e, -ENOMEM, "host: out of memory");
}

static void source_fini(struct source *s)
{
    free(s->room);
    if (s->zeroes)
        ignore(system_munmap(s->zeroes, ZEROES_SIZE));
}

/* The bytes from `offset` of the run on; *size is cut to what is there in one piece. */
static uint64_t source_of(const struct source *s, const struct measure_run *run, uint64_t offset,
                          uint64_t *size)
{
    uint64_t most = run->content ? ROOM_SIZE : ZEROES_SIZE;
    if (*size > most)
        *size = most;
    if (!run->content)
        return s->zeroes;
    if (number(run->content) % SGX_PAGE_SIZE == 0)
        return number(run->content) + offset;
    memcpy(s->room, run->content + offset, *size);
    return number(s->room);
}

static int add_run(struct host_enclave *x, const struct measure_run *run, const struct source *s,
                   struct err *e)
{
    uint64_t size = run->count * SGX_PAGE_SIZE;
    uint64_t part;
    for (uint64_t done = 0; done < size; done += part) {
        part = size - done;
        uint64_t src = source_of(s, run, done, &part);
        int rc = add_part(x, run, run->offset + done, src, part);
        if (rc)
            return refusal_of_pages(rc, x->platform, run->offset + done, e);
    }
    return 0;
}

static int add_all(struct host_enclave *x, const struct measure_layout *l, struct err *e)
{
    struct source s = {0};
    int rc = source_init(&s, e);
    for (size_t i = 0; !rc && i < l->run_count; i++)
        rc = add_run(x, &l->runs[i], &s, e);
    source_fini(&s);
    return rc;
}

static int prot_of(uint64_t secinfo)
{
    if ((secinfo & SGX_SECINFO_TYPE_MASK) == SGX_SECINFO_TYPE(SGX_PT_TCS))
        return PROT_READ | PROT_WRITE;
    return (secinfo & SGX_SECINFO_R ? PROT_READ : 0) | (secinfo & SGX_SECINFO_W ? PROT_WRITE : 0) |
           (secinfo & SGX_SECINFO_X ? PROT_EXEC : 0);
}

static int map_range(struct host_enclave *x, uint64_t offset, uint64_t size, int prot,
                     struct err *e)
{
    intptr_t at = x->platform->mmap(x->base + offset, size, prot, MAP_SHARED | MAP_FIXED, x->fd, 0);
    if (at < 0)
        return fail(e, (int)at, "host: mapping %lu bytes of the enclave at 0x%lx: %s%s", size,
                    x->base + offset, strerror((int)-at),
                    at == -EACCES  ? " (more rights than its pages were measured with)"
                    : at == -EPERM ? " (is the device on a file system that was mounted noexec?)"
                                   : "");
    return 0;
}

/* Runs that touch and have the same protection become one mapping. */
static int map_all(struct host_enclave *x, const struct measure_layout *l, struct err *e)
{
    for (size_t i = 0; i < l->run_count;) {
        uint64_t start = l->runs[i].offset;
        uint64_t end = start;
        int prot = prot_of(l->runs[i].secinfo);
        while (i < l->run_count && l->runs[i].offset == end && prot_of(l->runs[i].secinfo) == prot)
            end += l->runs[i++].count * SGX_PAGE_SIZE;
        int rc = map_range(x, start, end - start, prot, e);
        if (rc)
            return rc;
    }
    if (l->info.heap_kind == ENCLAVE_HEAP_DYNAMIC && l->info.heap_size > 0)
        return map_range(x, l->info.heap_offset, l->info.heap_size, prot_of(l->info.heap_perm), e);
    return 0;
}

static int init(struct host_enclave *x, const struct measure_layout *l, struct span sigstruct,
                struct err *e)
{
    _Alignas(SGX_PAGE_SIZE) struct sgx_sigstruct copy;
    if (sigstruct.size != sizeof copy)
        return fail(e, -EBADMSG, "host: a SIGSTRUCT has %zu bytes, this one %zu", sizeof copy,
                    sigstruct.size);
    memcpy(&copy, sigstruct.data, sizeof copy);
    struct sgx_enclave_init arg = {.sigstruct = number(&copy)};
    int rc = x->platform->ioctl(x->fd, SGX_IOC_ENCLAVE_INIT, &arg);
    return rc ? refusal_of_init(rc, x->platform, l, sigstruct, e) : 0;
}

/* PROVISIONKEY is given only to those who may open the provisioning device. */
static int allow_provisioning(struct host_enclave *x, struct err *e)
{
    int fd = x->platform->open_provision(O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail(e, fd,
                    "host: the enclave has PROVISIONKEY, so /dev/sgx_provision is needed: %s",
                    strerror(-fd));
    struct sgx_enclave_provision arg = {.fd = (__u64)fd};
    int rc = x->platform->ioctl(x->fd, SGX_IOC_ENCLAVE_PROVISION, &arg);
    ignore(x->platform->close(fd));
    return rc ? fail(e, rc, "host: the kernel did not allow PROVISIONKEY: %s", strerror(-rc)) : 0;
}

int host_load(struct host_enclave *x, const struct host_platform *p,
              const struct measure_layout *layout, struct span sigstruct, struct err *e)
{
    *x = (struct host_enclave){
        .platform = p, .info = layout->info, .elrange_size = layout->info.elrange_size};
    x->fd = p->open_enclave(O_RDWR | O_CLOEXEC);
    if (x->fd < 0)
        return fail(e, x->fd, "host: open %s: %s", p->name, strerror(-x->fd));
    int rc = reserve(x, e);
    if (!rc)
        rc = create(x, layout, e);
    if (!rc && layout->attributes.flags & SGX_ATTR_PROVISIONKEY)
        rc = allow_provisioning(x, e);
    if (!rc)
        rc = add_all(x, layout, e);
    if (!rc)
        rc = map_all(x, layout, e);
    if (!rc)
        rc = init(x, layout, sigstruct, e);
    return rc;
}

void host_unload(struct host_enclave *x)
{
    if (!x->platform)
        return;
    if (x->low)
        ignore(x->platform->munmap(x->low, x->base + x->elrange_size - x->low));
    if (x->fd >= 0)
        ignore(x->platform->close(x->fd));
    *x = (struct host_enclave){.fd = -1};
}
