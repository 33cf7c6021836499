/* SPDX-License-Identifier: Apache-2.0
 * stream.c: standard input and output, and waiting for host descriptors.  What goes through in one
 * call is at most what the arena holds, so counts may be short. */
#include <errno.h>
#include <string.h>

#include "enclave/arena.h"
#include "enclave/hostmem.h"
#include "enclave_os/os.h"

enum { PART_MAX = 128 * 1024 };

static size_t total_of(const struct platform_iov *iov, size_t count)
{
    size_t total = 0;
    for (size_t n = 0; n < count; n++) {
        size_t room = PART_MAX - total;
        total += iov[n].size < room ? iov[n].size : room;
    }
    return total;
}

/* Between pieces that lie one behind the other in host memory, which may start at any byte. */
static int gather(host_ptr to, const struct platform_iov *iov, size_t count, size_t total)
{
    uint8_t part[256];
    size_t used = 0;
    size_t done = 0;
    for (size_t n = 0; n < count && done + used < total; n++) {
        const uint8_t *from = iov[n].base;
        size_t size = iov[n].size < total - done - used ? iov[n].size : total - done - used;
        if (!used) { /* the fast way: whole words of a large piece */
            size_t whole = n + 1 == count || size == total - done ? size : size & ~(size_t)7;
            int rc = os_copy_out((host_ptr){to.addr + done}, from, whole);
            if (rc)
                return rc;
            done += whole;
            from += whole;
            size -= whole;
        }
        while (size) {
            size_t piece = size < sizeof part - used ? size : sizeof part - used;
            if (os_copy_bytes_raw(part + used, from, piece))
                return -EFAULT;
            used += piece;
            from += piece;
            size -= piece;
            if (used < sizeof part)
                continue;
            int rc = os_copy_out((host_ptr){to.addr + done}, part, used);
            if (rc)
                return rc;
            done += used;
            used = 0;
        }
    }
    return os_copy_out((host_ptr){to.addr + done}, part, used);
}

static int scatter(const struct platform_iov *iov, size_t count, host_ptr from, size_t total)
{
    size_t done = 0;
    for (size_t n = 0; n < count && done < total; n++) {
        size_t size = iov[n].size < total - done ? iov[n].size : total - done;
        uint8_t *to = iov[n].base;
        size_t skip = done % 8;
        if (skip && size) { /* up to the next whole word */
            uint8_t word[8];
            size_t piece = size < 8 - skip ? size : 8 - skip;
            if (host_read(word, (host_ptr){from.addr + done - skip}, 8) ||
                os_copy_bytes_raw(to, word + skip, piece))
                return -EFAULT;
            done += piece;
            to += piece;
            size -= piece;
        }
        if (os_copy_in(to, (host_ptr){from.addr + done}, size))
            return -EFAULT;
        done += size;
    }
    return 0;
}

int os_gather(host_ptr *out, const struct platform_iov *iov, size_t count, size_t *total)
{
    *total = total_of(iov, count);
    int rc = arena_take(*total, out);
    return rc ? rc : gather(*out, iov, count, *total);
}

int os_scatter(const struct platform_iov *iov, size_t count, host_ptr from, size_t total)
{
    return scatter(iov, count, from, total);
}

int64_t platform_read(int fd, const struct platform_iov *iov, size_t count, bool block)
{
    size_t mark = arena_mark();
    size_t total = total_of(iov, count);
    host_ptr place = {0};
    int64_t rc = arena_take(total, &place);
    struct gate_stream_read args = {.fd = fd, .block = block, .buf = place.addr, .size = total};
    if (!rc)
        rc = host_count(OS_CALL_BLOCKING(GATE_STREAM_READ, args), total);
    if (rc > 0 && scatter(iov, count, place, (size_t)rc))
        rc = -EFAULT;
    arena_release(mark);
    return rc;
}

int64_t platform_write(int fd, const struct platform_iov *iov, size_t count, bool block)
{
    size_t mark = arena_mark();
    size_t total;
    host_ptr place = {0};
    int64_t rc = os_gather(&place, iov, count, &total);
    struct gate_stream_write args = {.fd = fd, .block = block, .buf = place.addr, .size = total};
    if (!rc)
        rc = host_count(OS_CALL_BLOCKING(GATE_STREAM_WRITE, args), total);
    arena_release(mark);
    return rc;
}

int platform_close(int fd)
{
    struct gate_close args = {.fd = fd};
    return host_status(OS_CALL(GATE_CLOSE, args));
}

bool platform_is_tty(int fd)
{
    struct gate_is_tty args = {.fd = fd};
    return OS_CALL(GATE_IS_TTY, args) == 1;
}

/* ---- waiting ---- */

int platform_poll(struct platform_pollfd *fds, size_t count, int64_t timeout_ns)
{
    enum { POLL_MAX = 8192 };
    size_t mark = arena_mark();
    size_t size = count * sizeof *fds;
    host_ptr place = {0};
    int64_t rc = count > POLL_MAX ? -EINVAL : os_put(&place, fds, size);
    struct gate_poll args = {.fds = place.addr, .count = count, .timeout_ns = timeout_ns};
    if (!rc && timeout_ns)
        rc = host_count(OS_CALL_BLOCKING(GATE_POLL, args), count);
    else if (!rc)
        rc = host_count(OS_CALL(GATE_POLL, args), count);
    for (size_t n = 0; rc >= 0 && n < count; n++) {
        struct platform_pollfd one;
        if (host_read(&one, (host_ptr){place.addr + n * sizeof one}, sizeof one))
            rc = -EFAULT;
        else /* what was not asked for, but for ERR, HUP and NVAL, is not told */
            fds[n].revents = (int16_t)(one.revents & (fds[n].events | 0x38));
    }
    arena_release(mark);
    return (int)rc;
}

int platform_epoll_create(void)
{
    struct gate_epoll_create args = {0};
    return (int)host_count(OS_CALL(GATE_EPOLL_CREATE, args), INT32_MAX);
}

int platform_epoll_ctl(int set, int op, int fd, const struct platform_event *event)
{
    struct gate_epoll_ctl args = {.set = set, .op = op, .fd = fd};
    if (event) {
        args.events = event->events;
        args.data = event->data;
    }
    return host_status(OS_CALL(GATE_EPOLL_CTL, args));
}

int platform_epoll_wait(int set, struct platform_event *out, size_t count, int64_t timeout_ns)
{
    enum { EVENTS_MAX = 1024 };
    size_t mark = arena_mark();
    size_t room = count < EVENTS_MAX ? count : EVENTS_MAX;
    host_ptr place = {0};
    int64_t rc = arena_take(room * sizeof *out, &place);
    struct gate_epoll_wait args = {
        .set = set, .count = (uint32_t)room, .events = place.addr, .timeout_ns = timeout_ns};
    if (!rc && timeout_ns)
        rc = host_count(OS_CALL_BLOCKING(GATE_EPOLL_WAIT, args), room);
    else if (!rc)
        rc = host_count(OS_CALL(GATE_EPOLL_WAIT, args), room);
    if (rc > 0 && host_read(out, place, (size_t)rc * sizeof *out))
        rc = -EFAULT;
    arena_release(mark);
    return (int)rc;
}
