/* SPDX-License-Identifier: Apache-2.0
 * poll.h: waiting for several files at once, for poll(2) and select(2). */
#ifndef CELLA_LIBOS_NET_POLL_H
#define CELLA_LIBOS_NET_POLL_H

#include "libos/vfs/file.h"

struct poll_entry {
    struct file *file; /* NULL: passed over */
    uint32_t wanted;   /* POLL* */
    uint32_t found;    /* of wanted, and POLLERR, POLLHUP, POLLNVAL (kept when set before) */
};

/* Waits until an entry has found something; how many have, 0 at the deadline (monotonic ns,
 * NO_DEADLINE), -ERESTARTNOHAND on a signal, -ENOMEM. */
int64_t poll_files(struct task *t, struct poll_entry *entries, size_t count, int64_t deadline);

#endif
