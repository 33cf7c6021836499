/* SPDX-License-Identifier: Apache-2.0
 * user_buf.c: scattered buffers; see user.h. */
#include "libos/mm/user.h"

struct user_buf buf_kernel(void *data, size_t size)
{
    return (struct user_buf){.kernel = data, .count = 1, .left = size};
}

struct user_buf buf_user(const struct user_iov *iov, size_t count)
{
    struct user_buf b = {.iov = iov, .count = count};
    for (size_t n = 0; n < count; n++)
        b.left += iov[n].size;
    return b;
}

/* The longest piece at hand, at most `size`. */
static size_t buf_piece(struct user_buf *b, size_t size, user_ptr *at)
{
    while (b->index < b->count && b->at == b->iov[b->index].size) {
        b->index++;
        b->at = 0;
    }
    if (b->index == b->count)
        return 0;
    size_t left = b->iov[b->index].size - b->at;
    *at = user_add(b->iov[b->index].base, b->at);
    return left < size ? left : size;
}

void buf_skip(struct user_buf *b, size_t size)
{
    user_ptr at;
    if (!b->iov) {
        b->at += size;
        b->left -= size;
        return;
    }
    while (size) {
        size_t n = buf_piece(b, size, &at);
        b->at += n;
        b->left -= n;
        size -= n;
    }
}

/* Puts `from`, gets into `to`, or puts zeros when both are NULL. */
static size_t buf_move(struct user_buf *b, const uint8_t *from, uint8_t *to, size_t size)
{
    size_t done = 0;
    size = size < b->left ? size : b->left;
    if (!b->iov) {
        uint8_t *at = b->kernel + b->at;
        if (from)
            memcpy(at, from, size);
        else if (to)
            memcpy(to, at, size);
        else
            memset(at, 0, size);
        buf_skip(b, size);
        return size;
    }
    while (done < size) {
        user_ptr at;
        size_t want = buf_piece(b, size - done, &at);
        size_t n = from ? user_write_some(at, from + done, want)
                   : to ? user_read_some(to + done, at, want)
                        : user_zero_some(at, want);
        b->at += n;
        b->left -= n;
        done += n;
        if (n < want)
            break;
    }
    return done;
}

size_t buf_put(struct user_buf *b, const void *from, size_t size)
{
    return buf_move(b, from, NULL, size);
}

size_t buf_get(struct user_buf *b, void *to, size_t size)
{
    return buf_move(b, NULL, to, size);
}

size_t buf_put_zero(struct user_buf *b, size_t size)
{
    return buf_move(b, NULL, NULL, size);
}

size_t buf_iov(const struct user_buf *b, struct platform_iov *out, size_t room)
{
    if (!b->iov) {
        out[0] = (struct platform_iov){b->kernel + b->at, b->left};
        return 1;
    }
    size_t count = 0;
    size_t at = b->at;
    for (size_t n = b->index; n < b->count && count < room; n++, at = 0) {
        if (b->iov[n].size == at)
            continue;
        out[count].base = user_raw(user_add(b->iov[n].base, at));
        out[count++].size = b->iov[n].size - at;
    }
    return count;
}
