/* SPDX-License-Identifier: Apache-2.0
 * serve.c: the host's side of gate/calls.def.  The enclave is not trusted to be right either: its
 * buffers must lie in the arena that this thread was given. */
#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "gate/gate.h"
#include "host/serve_priv.h"

#define CALL(number, name, ...) sizeof(struct gate_##name),
static const size_t g_sizes[] = {
#include "gate/calls.def"
};
#undef CALL

size_t host_call_size(uint64_t call)
{
    return call < ARRAY_COUNT(g_sizes) ? g_sizes[call] : 0;
}

/* The memory behind an address of the enclave's arguments, or NULL when it is not in the arena. */
static uint8_t *in_arena(const struct host_thread *t, uint64_t addr, uint64_t size)
{
    uint64_t offset = addr - (uintptr_t)t->arena;
    if (size > HOST_ARENA_SIZE || offset > HOST_ARENA_SIZE - size)
        return NULL;
    return t->arena + offset;
}

void *serve_arena(const struct host_thread *t, uint64_t addr, uint64_t size)
{
    return in_arena(t, addr, size);
}

const char *serve_text(const struct host_thread *t, uint64_t addr)
{
    const uint8_t *start = in_arena(t, addr, 1);
    return start && memchr(start, 0, (size_t)(t->arena + HOST_ARENA_SIZE - start))
               ? (const char *)start
               : NULL;
}

/* The word of another thread's arena may be woken too. */
static uint32_t *in_any_arena(const struct host_thread *t, uint64_t addr)
{
    for (uint32_t i = 0; addr % 4 == 0 && i < t->run->enclave->info.thread_count; i++) {
        const struct host_thread *other = &t->run->threads[i];
        uint8_t *p = other->arena ? in_arena(other, addr, 4) : NULL;
        if (p)
            return (uint32_t *)(void *)p;
    }
    return NULL;
}

static int64_t serve_read(struct host_thread *t, const struct gate_read *a)
{
    uint8_t *buf = in_arena(t, a->buf, a->size);
    if (!buf)
        return -EFAULT;
    ssize_t count = read(a->fd, buf, a->size);
    return count < 0 ? -errno : count;
}

static int64_t serve_write(struct host_thread *t, const struct gate_write *a)
{
    const uint8_t *buf = in_arena(t, a->buf, a->size);
    if (!buf)
        return -EFAULT;
    ssize_t count = write(a->fd, buf, a->size);
    return count < 0 ? -errno : count;
}

static int64_t serve_clock(struct gate_clock *a)
{
    struct timespec now;
    if (clock_gettime(a->clock, &now))
        return -errno;
    a->sec = now.tv_sec;
    a->nsec = now.tv_nsec;
    return 0;
}

static int64_t serve_wait(struct host_thread *t, const struct gate_wait *a)
{
    uint32_t *word = in_any_arena(t, a->word);
    if (!word)
        return -EFAULT;
    const struct timespec timeout = {.tv_sec = a->timeout_ns / 1000000000,
                                     .tv_nsec = a->timeout_ns % 1000000000};
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, a->value,
                      a->timeout_ns < 0 ? NULL : &timeout, NULL, 0);
    return rc < 0 ? -errno : 0;
}

static int64_t serve_wake(struct host_thread *t, const struct gate_wake *a)
{
    uint32_t *word = in_any_arena(t, a->word);
    if (!word)
        return -EFAULT;
    long rc = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, a->count, NULL, NULL, 0);
    return rc < 0 ? -errno : rc;
}

static int64_t serve_further(struct host_thread *t, unsigned call, void *args)
{
    if (call < GATE_STREAM_READ)
        return serve_os(t, call, args);
    if (call < GATE_SOCKET)
        return serve_stream(t, call, args);
    return call < GATE_MOUNT ? serve_socket(t, call, args) : serve_files(t, call, args);
}

int64_t host_serve(struct host_thread *t, unsigned call, void *args)
{
    switch (call) {
    case GATE_NOTHING:
        return 0;
    case GATE_READ:
        return serve_read(t, args);
    case GATE_WRITE:
        return serve_write(t, args);
    case GATE_CLOCK:
        return serve_clock(args);
    case GATE_SPAWN:
        return host_run_spawn(t->run);
    case GATE_WAIT:
        return serve_wait(t, args);
    case GATE_WAKE:
        return serve_wake(t, args);
    default:
        return serve_further(t, call, args);
    }
}
