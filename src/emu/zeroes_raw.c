/* SPDX-License-Identifier: Apache-2.0
 * zeroes_raw.c: see zeroes_raw.h.  Linux 6.11 and later say by PROCMAP_QUERY what a range is, and
 * /proc/self/pagemap which pages of private anonymous memory were never touched.  Older kernels are
 * asked to fault the pages in, which costs about 0.2 to 1 us a page. */
#include "emu/zeroes_raw.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/create.h"
#include "emu/user_raw.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum { PAGE = 4096, BATCH = 512, NAME_SIZE = 512 };

/* [Linux uapi linux/fs.h, struct procmap_query] */
struct map_query {
    uint64_t size, flags, addr;
    uint64_t start, end, vma_flags, page_size, offset, inode;
    uint32_t dev_major, dev_minor, name_size, build_id_size;
    uint64_t name_addr, build_id_addr;
};

#define MAP_QUERY _IOWR('f', 17, struct map_query)
enum { VMA_READABLE = 0x1, VMA_SHARED = 0x8 };

/* A file of /proc/self, kept open.  After fork() it would still be the parent's, hence the pid. */
struct proc_file {
    const char *path;
    _Atomic int fd; /* 0 before the first use */
    _Atomic pid_t owner;
};

static struct proc_file g_maps = {.path = "/proc/self/maps"};
static struct proc_file g_pagemap = {.path = "/proc/self/pagemap"};

static int proc_fd(struct proc_file *file)
{
    pid_t self = getpid();
    int fd = atomic_load(&file->fd);
    if (atomic_load(&file->owner) == self)
        return fd;
    int opened = emu_fd_keep(open(file->path, O_RDONLY | O_CLOEXEC));
    if (fd > 0)
        close(fd);
    atomic_store(&file->fd, opened);
    atomic_store(&file->owner, self);
    return opened;
}

__attribute__((target("avx2"))) static bool is_zero_avx2(const void *page)
{
    typedef long long vector __attribute__((vector_size(32)));
    const vector *v = page;
    for (size_t i = 0; i < PAGE / sizeof *v; i += 8) {
        vector any = (v[i] | v[i + 1]) | (v[i + 2] | v[i + 3]) |
                     ((v[i + 4] | v[i + 5]) | (v[i + 6] | v[i + 7]));
        if (!__builtin_ia32_ptestz256(any, any))
            return false;
    }
    return true;
}

static bool is_zero_words(const void *page)
{
    const uint64_t *word = page;
    for (size_t i = 0; i < PAGE / sizeof *word; i += 8)
        if ((word[i] | word[i + 1]) | (word[i + 2] | word[i + 3]) | (word[i + 4] | word[i + 5]) |
            (word[i + 6] | word[i + 7]))
            return false;
    return true;
}

bool zeroes_page(const void *page)
{
    return __builtin_cpu_supports("avx2") ? is_zero_avx2(page) : is_zero_words(page);
}

static size_t read_prefix(uint64_t addr, size_t size)
{
    size_t at = 0;
    while (at < size && zeroes_page(raw_pointer(addr + at)))
        at += PAGE;
    return at;
}

/* Private anonymous memory: a page without any entry was never touched and is zero. */
static size_t anonymous_prefix(uint64_t addr, size_t size)
{
    uint64_t entries[BATCH];
    int fd = proc_fd(&g_pagemap);
    for (size_t at = 0; at < size;) {
        size_t count = (size - at) / PAGE < BATCH ? (size - at) / PAGE : BATCH;
        size_t bytes = count * sizeof *entries;
        off_t where = (off_t)((addr + at) / PAGE * sizeof *entries);
        if (fd < 0 || pread(fd, entries, bytes, where) != (ssize_t)bytes)
            return at + read_prefix(addr + at, size - at);
        for (size_t i = 0; i < count; i++, at += PAGE) {
            const uint64_t present_or_swapped = 3ull << 62;
            const uint64_t guard = 1ull << 58; /* MADV_GUARD_INSTALL: no access */
            if (entries[i] & guard)
                return at;
            if (entries[i] & present_or_swapped && !zeroes_page(raw_pointer(addr + at)))
                return at;
        }
    }
    return size;
}

/* Fills *query for the mapping that holds `addr`; false when there is none or the kernel is old. */
static bool query_map(uint64_t addr, struct map_query *query, char name[NAME_SIZE])
{
    name[0] = '\0';
    *query = (struct map_query){
        .size = sizeof *query, .addr = addr, .name_addr = (uintptr_t)name, .name_size = NAME_SIZE};
    int fd = proc_fd(&g_maps);
    return fd >= 0 && ioctl(fd, MAP_QUERY, query) == 0;
}

/* [vvar] and the like belong to no file either, but the kernel fills them. */
static bool is_plain_memory(const struct map_query *map, const char *name)
{
    if (map->inode || map->dev_major || map->dev_minor || map->vma_flags & VMA_SHARED)
        return false;
    return name[0] == '\0' || strncmp(name, "[heap]", 6) == 0 || strncmp(name, "[stack", 6) == 0 ||
           strncmp(name, "[anon:", 6) == 0;
}

size_t zeroes_prefix(uint64_t addr, size_t size)
{
    const uint64_t user_end = 1ull << 47;
    if (size > user_end || addr > user_end - size)
        return 0;
    struct map_query map;
    char name[NAME_SIZE];
    if (!query_map(addr, &map, name)) {
        bool readable = madvise(raw_pointer(addr), size, MADV_POPULATE_READ) == 0;
        return readable ? read_prefix(addr, size) : 0;
    }
    if (!(map.vma_flags & VMA_READABLE) || !is_plain_memory(&map, name))
        return 0; /* copied with care instead */
    if (size > map.end - addr)
        size = map.end - addr;
    return anonymous_prefix(addr, size);
}
