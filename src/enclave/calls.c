/* SPDX-License-Identifier: Apache-2.0
 * calls.c: one function for each line of gate/calls.def.  See gate.h.
 *
 * The arena is this thread's memory in the host: arguments first, then data.  Everything in it may
 * change at any moment, so it is written, and read back once. */
#include <errno.h>

#include "enclave/arena.h"
#include "enclave/fatal.h"
#include "enclave/gate.h"
#include "enclave/hostmem.h"
#include "enclave/thread.h"
#include "gate/gate.h"

int64_t enclave_leave(uint64_t call, uint64_t argument); /* entry.S */

/* After the end nothing goes on, whatever the host tries. */
static int64_t leave_alive(uint64_t call, uint64_t argument)
{
    int64_t result = enclave_leave(call, argument);
    while (enclave_is_dead())
        enclave_leave(GATE_LEAVE_REFUSED, GATE_REFUSED_DEAD);
    return result;
}

/* Copies the arguments out and calls; their place in the arena goes to *place. */
static int64_t call_host(enum gate_call call, const void *args, size_t size, host_ptr *place)
{
    int rc = arena_take(size, place);
    if (!rc)
        rc = host_write(*place, args, size);
    return rc ? rc : leave_alive(call, place->addr);
}

/* For calls whose argument struct is only read by the host. */
static int64_t call_in(enum gate_call call, const void *args, size_t size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int64_t result = call_host(call, args, size, &place);
    arena_release(mark);
    return result;
}

void gate_exit(int status)
{
    struct gate_exit args = {.status = status};
    enclave_set_dead();
    for (;;)
        ignore(call_in(GATE_EXIT, &args, sizeof args));
}

int gate_nothing(void)
{
    struct gate_nothing args = {0};
    return host_status(call_in(GATE_NOTHING, &args, sizeof args));
}

int64_t gate_read(int fd, void *buf, size_t size)
{
    size_t mark = arena_mark();
    size_t part = arena_limit(size, sizeof(struct gate_read));
    host_ptr data = {0};
    int64_t rc = arena_take(part, &data);
    struct gate_read args = {.fd = fd, .buf = data.addr, .size = part};
    if (!rc)
        rc = host_count(call_in(GATE_READ, &args, sizeof args), part);
    if (rc > 0 && host_read(buf, data, (size_t)rc))
        rc = -EFAULT;
    arena_release(mark);
    return rc;
}

int64_t gate_write(int fd, const void *buf, size_t size)
{
    size_t mark = arena_mark();
    size_t part = arena_limit(size, sizeof(struct gate_write));
    host_ptr data = {0};
    int64_t rc = arena_take(part, &data);
    struct gate_write args = {.fd = fd, .buf = data.addr, .size = part};
    if (!rc)
        rc = host_write(data, buf, part);
    if (!rc)
        rc = host_count(call_in(GATE_WRITE, &args, sizeof args), part);
    arena_release(mark);
    return rc;
}

int gate_clock(clockid_t clock, struct timespec *out)
{
    size_t mark = arena_mark();
    struct gate_clock args = {.clock = clock};
    host_ptr place = {0};
    int rc = host_status(call_host(GATE_CLOCK, &args, sizeof args, &place));
    if (!rc)
        rc = host_read(&args, place, sizeof args);
    arena_release(mark);
    if (rc)
        return rc;
    if (args.sec < 0 || args.nsec < 0 || args.nsec > 999999999)
        return -EPROTO;
    *out = (struct timespec){.tv_sec = args.sec, .tv_nsec = args.nsec};
    return 0;
}

int gate_spawn(void)
{
    struct gate_spawn args = {0};
    return host_status(call_in(GATE_SPAWN, &args, sizeof args));
}

int gate_wait(host_ptr word, uint32_t value, int64_t timeout_ns)
{
    struct gate_wait args = {.word = word.addr, .value = value, .timeout_ns = timeout_ns};
    return host_status(call_in(GATE_WAIT, &args, sizeof args));
}

int gate_wake(host_ptr word, uint32_t count)
{
    struct gate_wake args = {.word = word.addr, .count = count};
    int64_t rc = host_count(call_in(GATE_WAKE, &args, sizeof args), count);
    return rc < 0 ? (int)rc : 0;
}

void gate_print(int fd, const char *text, size_t size)
{
    while (size > 0) {
        int64_t done = gate_write(fd, text, size);
        if (done == -EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

int64_t gate_read_full(int fd, void *buf, size_t size)
{
    size_t used = 0;
    while (used < size) {
        int64_t part = gate_read(fd, (uint8_t *)buf + used, size - used);
        if (part == -EINTR)
            continue;
        if (part < 0 && used == 0)
            return part;
        if (part <= 0)
            break;
        used += (size_t)part;
    }
    return (int64_t)used;
}
