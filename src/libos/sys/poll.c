/* SPDX-License-Identifier: Apache-2.0
 * poll.c: poll(2), select(2) and their relatives with a signal mask. */
#include <linux/poll.h>
#include <linux/resource.h>

#include "libos/net/poll.h"
#include "libos/sys/sys.h"
#include "libos/task/wait.h"

enum { FD_SETSIZE_MAX = 1 << 20, SIGSET_SIZE = 8, FEW_ENTRIES = 16, NS_PER_MS = 1000000 };

struct user_pollfd {
    int32_t fd;
    int16_t events, revents;
};

static void put_files(struct poll_entry *entries, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (entries[n].file)
            file_put(entries[n].file);
}

static int64_t ms_deadline(int ms)
{
    return ms < 0 ? NO_DEADLINE : deadline_after((int64_t)ms * NS_PER_MS);
}

/* Waits on `fds` and writes their revents; the count of those that found something. */
static int64_t poll_fds(struct task *t, struct user_pollfd *fds, size_t count, int64_t deadline)
{
    struct poll_entry few[FEW_ENTRIES] = {0};
    struct poll_entry *entries = few;
    if (count > FEW_ENTRIES)
        entries = kalloc(count * sizeof *entries);
    if (!entries)
        return -ENOMEM;
    for (size_t n = 0; n < count; n++) {
        entries[n].wanted = (uint16_t)fds[n].events;
        if (fds[n].fd >= 0 && fd_get(t, fds[n].fd, FILE_ANY, &entries[n].file))
            entries[n].found = POLLNVAL;
    }
    int64_t found = poll_files(t, entries, count, deadline);
    for (size_t n = 0; n < count; n++)
        fds[n].revents = (int16_t)entries[n].found;
    put_files(entries, count);
    if (entries != few)
        kfree(entries);
    return found;
}

static int64_t poll_user(struct task *t, user_ptr at, size_t count, int64_t deadline)
{
    if (count > t->process->limits[RLIMIT_NOFILE].soft)
        return -EINVAL;
    struct user_pollfd few[FEW_ENTRIES];
    auto_kfree void *many = count > FEW_ENTRIES ? kalloc(count * sizeof *few) : NULL;
    struct user_pollfd *fds = count > FEW_ENTRIES ? many : few;
    if (!fds)
        return -ENOMEM;
    int rc = user_read(fds, at, count * sizeof *fds);
    if (rc)
        return rc;
    int64_t found = poll_fds(t, fds, count, deadline);
    if (found >= 0)
        rc = user_write(at, fds, count * sizeof *fds);
    return rc ? rc : found;
}

long sys_poll(struct task *t, const struct sys_args *a)
{
    int64_t n = poll_user(t, arg_ptr(a, 0), arg_size(a, 1), ms_deadline(arg_int(a, 2)));
    return n == -ERESTARTNOHAND ? -EINTR : n;
}

/* The deadline that a timespec argument gives, NO_DEADLINE for NULL. */
static int timespec_deadline(user_ptr at, int64_t *deadline)
{
    int64_t ns;
    *deadline = NO_DEADLINE;
    if (user_is_null(at))
        return 0;
    int rc = user_timespec(at, &ns);
    if (!rc)
        *deadline = deadline_after(ns);
    return rc;
}

/* Linux writes back what is left of the time; a failure to do so is nobody's business. */
static void put_left(user_ptr at, int64_t deadline, bool is_timeval)
{
    if (user_is_null(at) || deadline == NO_DEADLINE)
        return;
    int64_t left = deadline - platform_clock(PLATFORM_MONOTONIC);
    left = left > 0 ? left : 0;
    ignore(is_timeval ? user_put_timeval(at, left) : user_put_timespec(at, left));
}

/* Takes the signal mask of a p-call for the time of the call; it goes back when no handler runs. */
static int mask_take(struct task *t, user_ptr at, size_t size)
{
    uint64_t mask;
    if (user_is_null(at))
        return 0;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    int rc = user_load64(at, &mask);
    if (rc)
        return rc;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(t, mask);
    return 0;
}

/* After the call: only an interrupted one leaves the mask to the signal's delivery. */
static int64_t mask_return(struct task *t, int64_t n)
{
    if (t->restore_blocked && n != -ERESTARTNOHAND && n != -EINTR) {
        t->restore_blocked = false;
        signal_set_blocked(t, t->saved_blocked);
    }
    return n;
}

long sys_ppoll(struct task *t, const struct sys_args *a)
{
    int64_t deadline;
    int rc = timespec_deadline(arg_ptr(a, 2), &deadline);
    if (!rc)
        rc = mask_take(t, arg_ptr(a, 3), arg_size(a, 4));
    if (rc)
        return rc;
    int64_t n = poll_user(t, arg_ptr(a, 0), arg_size(a, 1), deadline);
    put_left(arg_ptr(a, 2), deadline, false);
    return mask_return(t, n);
}

/* ---- select: three bit sets to entries and back ---- */

struct sets {
    uint64_t *in[3]; /* read, write, except; NULL when not given */
    user_ptr at[3];
    size_t words;
};

static const uint32_t g_wanted[3] = {
    POLLIN | POLLRDNORM | POLLHUP | POLLERR,
    POLLOUT | POLLWRNORM | POLLERR,
    POLLPRI,
};

static int sets_read(struct sets *s, size_t count, const struct sys_args *a)
{
    s->words = (count + 63) / 64;
    for (unsigned k = 0; k < 3; k++) {
        s->at[k] = arg_ptr(a, k + 1);
        if (user_is_null(s->at[k]))
            continue;
        s->in[k] = kalloc(s->words * sizeof(uint64_t) + 8);
        if (!s->in[k])
            return -ENOMEM;
        int rc = user_read(s->in[k], s->at[k], s->words * sizeof(uint64_t));
        if (rc)
            return rc;
    }
    return 0;
}

static void sets_free(struct sets *s)
{
    for (unsigned k = 0; k < 3; k++)
        kfree(s->in[k]);
}

static bool sets_has(const struct sets *s, unsigned k, size_t fd)
{
    return s->in[k] && s->in[k][fd / 64] >> (fd % 64) & 1;
}

/* An entry for each descriptor below `count`; -EBADF when one that is named is not open. */
static int sets_open(struct task *t, const struct sets *s, size_t count, struct poll_entry *entries)
{
    for (size_t fd = 0; fd < count; fd++) {
        for (unsigned k = 0; k < 3; k++)
            entries[fd].wanted |= sets_has(s, k, fd) ? g_wanted[k] : 0;
        if (entries[fd].wanted && fd_get(t, (int)fd, FILE_ANY, &entries[fd].file))
            return -EBADF;
    }
    return 0;
}

/* Writes the sets with what was found; the count of bits. */
static int64_t sets_write(struct sets *s, size_t count, const struct poll_entry *entries)
{
    int64_t bits = 0;
    for (unsigned k = 0; k < 3; k++) {
        if (!s->in[k])
            continue;
        for (size_t fd = 0; fd < count; fd++) {
            bool on = sets_has(s, k, fd) && entries[fd].found & g_wanted[k];
            if (!on)
                s->in[k][fd / 64] &= ~((uint64_t)1 << (fd % 64));
            bits += on;
        }
        int rc = user_write(s->at[k], s->in[k], s->words * sizeof(uint64_t));
        if (rc)
            return rc;
    }
    return bits;
}

static int64_t select_files(struct task *t, const struct sys_args *a, int64_t deadline)
{
    int wanted = arg_int(a, 0);
    if (wanted < 0)
        return -EINVAL;
    uint64_t most = t->process->limits[RLIMIT_NOFILE].soft;
    size_t count = (size_t)wanted > most ? (size_t)most : (size_t)wanted;
    struct sets s = {0};
    struct poll_entry *entries = kalloc(count * sizeof *entries + 1);
    int64_t n = entries ? sets_read(&s, count, a) : -ENOMEM;
    if (!n)
        n = sets_open(t, &s, count, entries);
    if (!n)
        n = poll_files(t, entries, count, deadline);
    if (n >= 0)
        n = sets_write(&s, count, entries);
    if (entries)
        put_files(entries, count);
    kfree(entries);
    sets_free(&s);
    return n;
}

long sys_select(struct task *t, const struct sys_args *a)
{
    struct user_time time;
    int64_t deadline = NO_DEADLINE;
    user_ptr at = arg_ptr(a, 4);
    if (!user_is_null(at)) {
        int rc = user_read(&time, at, sizeof time);
        if (rc)
            return rc;
        if (time.s < 0 || time.ns < 0)
            return -EINVAL;
        time.s += time.ns / 1000000;
        time.s = time.s > INT32_MAX ? INT32_MAX : time.s;
        deadline = deadline_after(time.s * NS_PER_S + time.ns % 1000000 * 1000);
    }
    int64_t n = select_files(t, a, deadline);
    put_left(at, deadline, true);
    return n;
}

long sys_pselect6(struct task *t, const struct sys_args *a)
{
    int64_t deadline;
    struct {
        uint64_t mask, size;
    } packed = {0, 0};
    int rc = timespec_deadline(arg_ptr(a, 4), &deadline);
    if (!rc && a->v[5])
        rc = user_read(&packed, arg_ptr(a, 5), sizeof packed);
    if (!rc)
        rc = mask_take(t, user_at(packed.mask), packed.size);
    if (rc)
        return rc;
    int64_t n = select_files(t, a, deadline);
    put_left(arg_ptr(a, 4), deadline, false);
    return mask_return(t, n);
}
