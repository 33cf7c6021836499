/* SPDX-License-Identifier: Apache-2.0
 * file.c: see file.h. */
#include "posix/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum { FIRST_CHUNK = 64 * 1024 };

static int read_some(int fd, uint8_t *to, size_t size, size_t *got)
{
    ssize_t n;
    do
        n = read(fd, to, size);
    while (n < 0 && errno == EINTR);
    *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? -errno : 0;
}

/* Reads to the end of `fd`.  One byte more than max_size is asked for, so that a longer file is
 * noticed. */
static int read_all(int fd, uint8_t **out, size_t *out_size, size_t max_size)
{
    size_t room = max_size < FIRST_CHUNK ? max_size + 1 : FIRST_CHUNK;
    size_t size = 0;
    auto_free uint8_t *buf = malloc(room + 1);
    for (;;) {
        if (!buf)
            return -ENOMEM;
        size_t got = 0;
        int rc = read_some(fd, buf + size, room - size, &got);
        if (rc)
            return rc;
        size += got;
        if (size > max_size)
            return -EFBIG;
        if (got == 0)
            break;
        if (size < room)
            continue;
        room = room > max_size / 2 ? max_size + 1 : room * 2;
        uint8_t *bigger = realloc(buf, room + 1);
        if (!bigger)
            return -ENOMEM;
        buf = bigger;
    }
    buf[size] = 0;
    *out_size = size;
    *out = take_ptr(buf);
    return 0;
}

int file_read(uint8_t **out, size_t *out_size, const char *path, size_t max_size, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    auto_fd fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(e, -errno, "%s: cannot be opened: %s", path, strerror(errno));
    int rc = read_all(fd, out, out_size, max_size);
    if (rc == -EFBIG)
        return fail(e, rc, "%s: larger than the %zu bytes that are allowed here", path, max_size);
    if (rc)
        return fail(e, rc, "%s: cannot be read: %s", path, strerror(-rc));
    return 0;
}

int fd_write_all(int fd, struct span content)
{
    size_t done = 0;
    while (done < content.size) {
        ssize_t n = write(fd, content.data + done, content.size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t)n;
    }
    return 0;
}

static int write_and_rename(int fd, const char *from, const char *to, struct span content,
                            mode_t mode)
{
    mode_t mask = umask(0);
    umask(mask);
    int rc = fd_write_all(fd, content);
    if (rc == 0 && (fchmod(fd, mode & ~mask) != 0 || fsync(fd) != 0 || rename(from, to) != 0))
        rc = -errno;
    return rc;
}

int file_write(const char *path, struct span content, mode_t mode, struct err *e)
{
    int rc;
    if (strcmp(path, "-") == 0) {
        rc = fd_write_all(STDOUT_FILENO, content);
        return rc ? fail(e, rc, "standard output: cannot be written: %s", strerror(-rc)) : 0;
    }
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return fail(e, -ENAMETOOLONG, "%s: the path is too long", path);
    auto_fd fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail(e, -errno, "%s: cannot be created: %s", path, strerror(errno));
    rc = write_and_rename(fd, temporary, path, content, mode);
    if (rc) {
        unlink(temporary);
        return fail(e, rc, "%s: cannot be written: %s", path, strerror(-rc));
    }
    return 0;
}
