/* SPDX-License-Identifier: Apache-2.0
 * file.h: whole files in and out, and descriptors that close themselves. */
#ifndef CELLA_POSIX_FILE_H
#define CELLA_POSIX_FILE_H

#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"
#include "base/span.h"

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define auto_fd __attribute__((cleanup(cleanup_close))) int

/* Gives the descriptor away: the variable is -1 afterwards. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Reads a whole file of at most `max_size` bytes ("-" is standard input) into a new buffer with a
 * zero byte behind it; the caller frees *out with free().  -EFBIG when it is larger, else the errno
 * of open or read. */
int file_read(uint8_t **out, size_t *out_size, const char *path, size_t max_size,
              struct err *e) MUST_USE;

/* Writes a file so that a reader sees the old or the new content, never a part: a temporary file in
 * the same folder, fsync, rename.  "-" is standard output.  `mode` is the new file's, before the
 * umask. */
int file_write(const char *path, struct span content, mode_t mode, struct err *e) MUST_USE;

/* Writes all of it or fails; EINTR and short writes are handled. */
int fd_write_all(int fd, struct span content) MUST_USE;

#endif
