/* SPDX-License-Identifier: Apache-2.0
 * serve_priv.h: what the parts of the server share.  The enclave is not trusted to be right either:
 * its buffers must lie in the arena that this thread was given. */
#ifndef CELLA_HOST_SERVE_PRIV_H
#define CELLA_HOST_SERVE_PRIV_H

#include "gate/gate.h"
#include "host/run.h"

/* The memory behind an address of the enclave's arguments, or NULL when it is not in the arena. */
void *serve_arena(const struct host_thread *t, uint64_t addr, uint64_t size);
/* A text there that ends within the arena, or NULL. */
const char *serve_text(const struct host_thread *t, uint64_t addr);

/* One system call that host_kick() of this thread makes return -EINTR, also when it came just
 * before. */
long serve_blocking(const struct host_thread *t, long number, long a, long b, long c, long d);
/* Waits until `fd` is ready: 0, or a negative errno. */
long serve_wait_ready(const struct host_thread *t, int fd, short events);

/* Each answers its calls; -ENOSYS for those of others. */
int64_t serve_os(struct host_thread *t, unsigned call, void *args);
int64_t serve_stream(struct host_thread *t, unsigned call, void *args);
int64_t serve_socket(struct host_thread *t, unsigned call, void *args);
int64_t serve_files(struct host_thread *t, unsigned call, void *args);

#endif
