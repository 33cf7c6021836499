/* SPDX-License-Identifier: Apache-2.0
 * spool.c: see spool.h. */
#include "mkroot/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mkroot/merkle.h"

void spool_init(struct spool *s, const char *dir)
{
    *s = (struct spool){.fd = -1, .dir = dir};
}

void spool_fini(struct spool *s)
{
    if (s->fd >= 0)
        close(s->fd);
    free(s->buffer);
    spool_init(s, s->dir);
}

uint64_t spool_at(const struct spool *s)
{
    return s->at + s->used + s->holes;
}

static int failed(const struct spool *s, int rc, struct err *e)
{
    return fail(e, rc, "%s: the temporary file cannot be written: %s", s->dir, strerror(-rc));
}

/* A file that nobody else can open, even where the file system knows no unnamed files. */
static int spool_open(struct spool *s, struct err *e)
{
    if (s->fd >= 0)
        return 0;
    s->buffer = malloc(SPOOL_BUFFER_SIZE);
    if (!s->buffer)
        return fail(e, -ENOMEM, "out of memory");
    s->fd = open(s->dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (s->fd >= 0)
        return 0;
    char name[PATH_MAX];
    int size = snprintf(name, sizeof name, "%s/.spool.XXXXXX", s->dir);
    if (size < 0 || (size_t)size >= sizeof name)
        return failed(s, -ENAMETOOLONG, e);
    s->fd = mkostemp(name, O_CLOEXEC);
    if (s->fd < 0)
        return failed(s, -errno, e);
    unlink(name);
    return 0;
}

int spool_flush(struct spool *s, struct err *e)
{
    int rc = s->used ? pwrite_all(s->fd, s->buffer, s->used, s->at) : 0;
    s->at += s->used + s->holes;
    s->used = 0;
    s->holes = 0;
    return rc ? failed(s, rc, e) : 0;
}

int spool_add(struct spool *s, struct span data, struct err *e)
{
    int rc = spool_open(s, e);
    if (rc == 0 && (s->holes || data.size > SPOOL_BUFFER_SIZE - s->used))
        rc = spool_flush(s, e);
    if (rc)
        return rc;
    if (data.size > SPOOL_BUFFER_SIZE) {
        rc = pwrite_all(s->fd, data.data, data.size, s->at);
        s->at += data.size;
        return rc ? failed(s, rc, e) : 0;
    }
    if (data.size)
        memcpy(s->buffer + s->used, data.data, data.size);
    s->used += data.size;
    return 0;
}

int spool_hole(struct spool *s, uint64_t size, struct err *e)
{
    if (size > INT64_MAX - spool_at(s))
        return failed(s, -EFBIG, e);
    s->holes += size;
    return 0;
}

int64_t spool_read(const struct spool *s, uint8_t *out, size_t size, uint64_t at, struct err *e)
{
    ssize_t n;
    do
        n = s->fd >= 0 ? pread(s->fd, out, size, (off_t)at) : 0;
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(e, -errno, "%s: the temporary file cannot be read: %s", s->dir,
                    strerror(errno));
    if (n == 0)
        memset(out, 0, size);
    return n > 0 ? n : (int64_t)size;
}
