/* SPDX-License-Identifier: Apache-2.0
 * memory.c: the layout's heap: the application's range first, then the kernel's pages.
 *
 * All pages were added before the enclave started (SGX1 can do no more), readable, writable and
 * executable, with a content that the host chose; so a page is zeroed whenever it is handed out.
 * What the application may do with a page is kept by the host's page tables: a host that does not
 * keep it helps an application that has a bug to go on, but learns and changes nothing.
 * g_rights knows what the host was told, so that it is told only once. */
#include <errno.h>
#include <string.h>

#include "enclave/hostmem.h"
#include "enclave/lock.h"
#include "enclave_os/os.h"

struct run { /* at the start of free kernel pages */
    size_t size;
    struct run *next; /* at a higher address */
};

static uint8_t *g_rights;  /* of each page of the application */
static struct run *g_free; /* guarded by g_lock */
static struct lock g_lock;

enum { ALL = PLATFORM_READ | PLATFORM_WRITE | PLATFORM_EXEC };

/* ---- the kernel's ---- */

void *platform_pages_alloc(size_t size)
{
    void *found = NULL;
    size = (size + OS_PAGE - 1) & ~(size_t)(OS_PAGE - 1);
    lock_take(&g_lock);
    for (struct run **at = &g_free; *at && size; at = &(*at)->next) {
        struct run *r = *at;
        if (r->size < size)
            continue;
        if (r->size == size) {
            *at = r->next;
            found = r;
        } else {
            r->size -= size;
            found = (uint8_t *)r + r->size;
        }
        break;
    }
    lock_give(&g_lock);
    return found ? memset(found, 0, size) : NULL;
}

static uint8_t *end_of(struct run *r)
{
    return (uint8_t *)r + r->size;
}

void platform_pages_free(void *pages, size_t size)
{
    struct run *r = pages;
    lock_take(&g_lock);
    struct run *before = NULL;
    struct run **at = &g_free;
    while (*at && *at < r) {
        before = *at;
        at = &before->next;
    }
    *r = (struct run){.size = (size + OS_PAGE - 1) & ~(size_t)(OS_PAGE - 1), .next = *at};
    *at = r;
    if (r->next && end_of(r) == (uint8_t *)r->next) {
        r->size += r->next->size;
        r->next = r->next->next;
    }
    if (before && end_of(before) == (uint8_t *)r) {
        before->size += r->size;
        before->next = r->next;
    }
    lock_give(&g_lock);
}

/* ---- the application's ---- */

static void *user_pages(uintptr_t addr)
{
    return (void *)addr; /* NOLINT(performance-no-int-to-ptr): within the heap */
}

static uint8_t *rights_of(uintptr_t addr)
{
    return g_rights + (addr - os_info.user_start) / OS_PAGE;
}

static bool is_ours(uintptr_t addr, size_t size)
{
    return addr % OS_PAGE == 0 && size % OS_PAGE == 0 && addr >= os_info.user_start &&
           addr <= os_info.user_end && size <= os_info.user_end - addr;
}

/* Callers hold the kernel's lock of the address space. */
static int set_rights(uintptr_t addr, size_t size, unsigned rights)
{
    uint8_t *first = rights_of(addr);
    size_t count = size / OS_PAGE;
    size_t same = 0;
    while (same < count && first[same] == rights)
        same++;
    while (count > same && first[count - 1] == rights)
        count--;
    if (same == count)
        return 0;
    struct gate_protect args = {
        .addr = addr + same * OS_PAGE, .size = (count - same) * OS_PAGE, .rights = rights};
    int rc = host_status(OS_CALL(GATE_PROTECT, args));
    if (!rc)
        memset(first + same, (int)rights, count - same);
    return rc;
}

int platform_mem_map(uintptr_t addr, size_t size, unsigned rights)
{
    if (!is_ours(addr, size))
        return -ENOMEM;
    int rc = set_rights(addr, size, PLATFORM_READ | PLATFORM_WRITE);
    if (rc)
        return rc;
    memset(user_pages(addr), 0, size);
    return set_rights(addr, size, rights);
}

int platform_mem_reserve(uintptr_t addr, size_t size)
{
    if (addr < os_info.user_start) { /* the kernel drops everything at once */
        size -= os_info.user_start - addr;
        addr = os_info.user_start;
    }
    if (addr < os_info.user_end && size > os_info.user_end - addr)
        size = os_info.user_end - addr;
    return is_ours(addr, size) ? set_rights(addr, size, 0) : -EINVAL;
}

int platform_mem_protect(uintptr_t addr, size_t size, unsigned rights)
{
    return is_ours(addr, size) ? set_rights(addr, size, rights) : -ENOMEM;
}

int platform_mem_discard(uintptr_t addr, size_t size)
{
    if (!is_ours(addr, size))
        return -ENOMEM;
    for (size_t n = 0; n < size; n += OS_PAGE) {
        unsigned rights = *rights_of(addr + n);
        int rc = set_rights(addr + n, OS_PAGE, rights | PLATFORM_READ | PLATFORM_WRITE);
        if (rc)
            return rc;
        memset(user_pages(addr + n), 0, OS_PAGE);
        rc = set_rights(addr + n, OS_PAGE, rights);
        if (rc)
            return rc;
    }
    return 0;
}

int platform_mem_move(uintptr_t from, uintptr_t to, size_t size)
{
    (void)from;
    (void)to;
    (void)size;
    return -ENOSYS;
}

int os_memory_start(const struct thread *t, uint64_t user_size)
{
    const struct enclave_layout *l = thread_layout(t);
    uint8_t *heap = enclave_at(t, l->heap_offset);
    if (user_size % OS_PAGE || l->heap_size <= OS_RUNTIME_HEAP ||
        user_size >= l->heap_size - OS_RUNTIME_HEAP)
        return -EINVAL;
    os_info.user_start = (uintptr_t)heap;
    os_info.user_end = (uintptr_t)heap + user_size;
    os_info.memory_size = user_size;
    g_free = (struct run *)(void *)(heap + user_size);
    *g_free = (struct run){.size = l->heap_size - user_size - OS_RUNTIME_HEAP};
    size_t pages = user_size / OS_PAGE;
    g_rights = platform_pages_alloc(pages);
    if (!g_rights)
        return -ENOMEM;
    memset(g_rights, ALL, pages); /* as the loader mapped them */
    return set_rights(os_info.user_start, user_size, 0);
}
