/* SPDX-License-Identifier: Apache-2.0
 * table.c: see table.h. */
#include "emu/table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/create.h"
#include "emu/model_priv.h"

enum { FILES_MAX = 4096, FD_ROOM = 256 };

struct entry {
    enum emu_file_kind kind;
    dev_t device;
    ino_t inode;
    int watch; /* -1: the program has closed it */
    struct emu_enclave *enclave;
    /* For emu_enclave_at(), which reads without the lock: 0 and 0 when there is no enclave. */
    _Atomic uint64_t base;
    _Atomic uint64_t end;
    struct emu_enclave *_Atomic found;
};

static struct emu_lock g_lock;
static struct entry g_entries[FILES_MAX]; /* guarded by g_lock, but for the atomic fields */
static _Atomic size_t g_entry_count;      /* entries ever used */

void emu_table_lock(void)
{
    emu_lock_take(&g_lock);
}

void emu_table_unlock(void)
{
    emu_lock_drop(&g_lock);
}

static uint64_t g_fork_mask; /* guarded by g_lock */

void emu_fork_begin(void)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    g_fork_mask = mask;
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++)
        if (g_entries[i].enclave)
            emu_lock_take(&g_entries[i].enclave->lock);
}

void emu_fork_end(void)
{
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++)
        if (g_entries[i].enclave)
            emu_lock_drop(&g_entries[i].enclave->lock);
    uint64_t mask = g_fork_mask;
    emu_table_unlock();
    emu_signals_restore(mask);
}

/* Moves a descriptor of ours out of the way of programs that expect the lowest number next, or that
 * close a range of small numbers. */
static int move_high(int fd)
{
    struct rlimit limit;
    rlim_t most = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
    int floor = most > 65536 ? 65536 : (int)most;
    floor = floor > 2 * FD_ROOM ? floor - FD_ROOM : floor / 2;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, floor);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

int emu_fd_keep(int fd)
{
    return fd < 0 ? -errno : move_high(fd);
}

static struct entry *free_entry(void)
{
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++)
        if (g_entries[i].kind == EMU_FILE_NONE)
            return &g_entries[i];
    if (count == FILES_MAX)
        return NULL;
    atomic_store(&g_entry_count, count + 1);
    return &g_entries[count];
}

int emu_file_open(enum emu_file_kind kind, int flags, struct emu_enclave *enclave)
{
    struct entry *entry = free_entry();
    if (!entry)
        return -ENFILE;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    struct stat st;
    if (fstat(ends[1], &st) != 0) {
        int rc = -errno;
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    int watch = move_high(ends[0]);
    /* The lowest free number, as open() gives it. */
    int fd = fcntl(ends[1], flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
    if (fd >= 0 && fd < ends[1])
        close(ends[1]);
    else {
        if (fd >= 0)
            close(fd);
        fd = ends[1];
        fcntl(fd, F_SETFD, flags & O_CLOEXEC ? FD_CLOEXEC : 0);
    }
    entry->kind = kind;
    entry->device = st.st_dev;
    entry->inode = st.st_ino;
    entry->watch = watch;
    entry->enclave = enclave;
    return fd;
}

enum emu_file_kind emu_file_of(int fd, struct emu_enclave **enclave)
{
    struct stat st;
    size_t count = atomic_load(&g_entry_count);
    if (count == 0 || fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
        return EMU_FILE_NONE;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &g_entries[i];
        if (entry->kind == EMU_FILE_NONE || entry->watch < 0 || entry->inode != st.st_ino ||
            entry->device != st.st_dev)
            continue;
        if (enclave)
            *enclave = entry->enclave;
        return entry->kind;
    }
    return EMU_FILE_NONE;
}

void emu_table_publish(struct emu_enclave *enclave)
{
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &g_entries[i];
        if (entry->enclave != enclave)
            continue;
        atomic_store(&entry->found, enclave);
        atomic_store(&entry->base, enclave->base);
        atomic_store(&entry->end, enclave->base + enclave->size);
    }
}

/* Two enclaves may claim one range as long as only one is mapped there; the mapped one is meant. */
struct emu_enclave *emu_enclave_at(uint64_t addr)
{
    struct emu_enclave *unmapped = NULL;
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &g_entries[i];
        if (addr >= atomic_load(&entry->end) || addr < atomic_load(&entry->base))
            continue;
        struct emu_enclave *enclave = atomic_load(&entry->found);
        if (enclave && enclave->vma_count)
            return enclave;
        if (enclave)
            unmapped = enclave;
    }
    return unmapped;
}

static bool has_no_writer(int watch)
{
    struct pollfd poller = {.fd = watch, .events = 0};
    return poll(&poller, 1, 0) == 1 && poller.revents & (POLLHUP | POLLNVAL);
}

static bool is_in_use(const struct emu_enclave *enclave)
{
    return enclave->vma_count || atomic_load(&enclave->busy) || emu_has_threads(enclave);
}

void emu_table_sweep(void)
{
    size_t count = atomic_load(&g_entry_count);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &g_entries[i];
        if (entry->kind == EMU_FILE_NONE)
            continue;
        if (entry->watch >= 0 && has_no_writer(entry->watch)) {
            close(entry->watch);
            entry->watch = -1;
        }
        if (entry->watch >= 0 || (entry->enclave && is_in_use(entry->enclave)))
            continue;
        atomic_store(&entry->end, 0);
        atomic_store(&entry->base, 0);
        atomic_store(&entry->found, NULL);
        emu_enclave_free(entry->enclave);
        entry->enclave = NULL;
        entry->kind = EMU_FILE_NONE;
    }
}
