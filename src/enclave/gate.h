/* SPDX-License-Identifier: Apache-2.0
 * gate.h: host calls, seen from trusted code.  Each returns 0 or a count, or a negative errno; what
 * the host says is checked here, so a caller gets nothing that Linux could not have said, but it
 * may still be a lie (data, times, counts that are too small). */
#ifndef CELLA_ENCLAVE_GATE_H
#define CELLA_ENCLAVE_GATE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/world.h"

/* Ends the process. */
void gate_exit(int status) __attribute__((noreturn));

int gate_nothing(void) MUST_USE;

/* At most the thread's arena goes through in one call, so counts may be short.  What gate_read
 * leaves in `buf` behind its count is unchanged. */
int64_t gate_read(int fd, void *buf, size_t size) MUST_USE;
int64_t gate_write(int fd, const void *buf, size_t size) MUST_USE;

/* The host's clock: a well-formed time, but not to be trusted. */
int gate_clock(clockid_t clock, struct timespec *out) MUST_USE;

/* Asks for one more thread to enter. */
int gate_spawn(void) MUST_USE;

/* A hint only: may return at any time.  `word` is host memory. */
int gate_wait(host_ptr word, uint32_t value, int64_t timeout_ns) MUST_USE;
int gate_wake(host_ptr word, uint32_t count) MUST_USE;

/* Reads until `size` bytes or the end; the count, or the errno when nothing came before it. */
int64_t gate_read_full(int fd, void *buf, size_t size) MUST_USE;

/* Writes all of it, or as much as the host takes. */
void gate_print(int fd, const char *text, size_t size);

#endif
