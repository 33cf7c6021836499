/* SPDX-License-Identifier: Apache-2.0
 * user.h: application memory.  Everything here checks the range and survives a fault (-EFAULT). */
#ifndef CELLA_LIBOS_MM_USER_H
#define CELLA_LIBOS_MM_USER_H

#include "base/err.h"
#include "base/world.h"
#include "libos/lib/klib_raw.h"
#include "platform/platform.h"

static inline user_ptr user_at(uint64_t addr)
{
    return (user_ptr){(uintptr_t)addr};
}

static inline bool user_is_null(user_ptr p)
{
    return p.addr == 0;
}

static inline user_ptr user_add(user_ptr p, uint64_t size)
{
    return (user_ptr){p.addr + (uintptr_t)size};
}

/* True when the range is one that the application can have; says nothing about mappings. */
bool user_range_ok(user_ptr p, size_t size);
/* -EFAULT when not all of it could be copied. */
int user_read(void *to, user_ptr from, size_t size) MUST_USE;
int user_write(user_ptr to, const void *from, size_t size) MUST_USE;
/* Bytes copied before a fault. */
size_t user_read_some(void *to, user_ptr from, size_t size);
size_t user_write_some(user_ptr to, const void *from, size_t size);
size_t user_zero_some(user_ptr to, size_t size);
/* Length, without the zero byte that is written as well; -ENAMETOOLONG when `room` is not enough,
 * with the zero byte. */
int64_t user_string(char *to, user_ptr from, size_t room) MUST_USE;
int user_load32(user_ptr at, uint32_t *out) MUST_USE;
int user_store32(user_ptr at, uint32_t value) MUST_USE;
int user_cas32(user_ptr at, uint32_t *expected, uint32_t desired) MUST_USE;
int user_load64(user_ptr at, uint64_t *out) MUST_USE;
int user_store64(user_ptr at, uint64_t value) MUST_USE;
/* For the platform's I/O calls and for loading programs, after user_range_ok: the platform copes
 * with a fault there. */
void *user_raw(user_ptr p);

/* Where an I/O call takes from or puts to: pieces of application memory, or one of the kernel's. */
enum { USER_IOV_MAX = 1024 };

struct user_iov {
    user_ptr base;
    size_t size;
};

struct user_buf {
    const struct user_iov *iov; /* NULL: kernel memory */
    uint8_t *kernel;
    size_t count, index, at; /* pieces; the current one; offset in it */
    size_t left;             /* bytes */
};

struct user_buf buf_kernel(void *data, size_t size);
/* `iov` lives as long as the buffer. */
struct user_buf buf_user(const struct user_iov *iov, size_t count);
/* Copies and moves on; bytes copied, fewer only on a fault. */
size_t buf_put(struct user_buf *b, const void *from, size_t size);
size_t buf_get(struct user_buf *b, void *to, size_t size);
size_t buf_put_zero(struct user_buf *b, size_t size);
void buf_skip(struct user_buf *b, size_t size);
/* The rest as pieces for the platform; returns how many, at most `room`. */
size_t buf_iov(const struct user_buf *b, struct platform_iov *out, size_t room);

#endif
