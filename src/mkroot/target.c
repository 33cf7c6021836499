/* SPDX-License-Identifier: Apache-2.0
 * target.c: see target.h. */
#include "mkroot/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 100 };

static int cannot(const struct target *t, const char *what, int error, struct err *e)
{
    return fail(e, -error, "%s: cannot be %s: %s", t->path, what, strerror(error));
}

/* The folder of a path, in `out`. */
static void folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, PATH_MAX, ".");
    else
        snprintf(out, PATH_MAX, "%.*s", (int)(slash == path ? 1 : slash - path), path);
}

int target_open(struct target *t, const char *path, struct err *e)
{
    char folder[PATH_MAX];
    t->path = path;
    t->has_name = false;
    if (strlen(path) + sizeof ".12345678" > sizeof t->temporary)
        return cannot(t, "created", ENAMETOOLONG, e);
    folder_of(path, folder);
    t->fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (t->fd >= 0)
        return 0;
    snprintf(t->temporary, sizeof t->temporary, "%s.XXXXXX", path);
    t->fd = mkostemp(t->temporary, O_CLOEXEC);
    if (t->fd < 0)
        return cannot(t, "created", errno, e);
    t->has_name = true;
    return 0;
}

/* A name beside the target, because a link cannot replace a file and a rename can. */
static int give_name(struct target *t)
{
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", t->fd);
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t random = 0;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            return -EIO;
        snprintf(t->temporary, sizeof t->temporary, "%s.%08x", t->path, random);
        if (linkat(AT_FDCWD, from, AT_FDCWD, t->temporary, AT_SYMLINK_FOLLOW) == 0) {
            t->has_name = true;
            return 0;
        }
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

int target_finish(struct target *t, struct err *e)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(t->fd, 0644 & ~mask) != 0 || fsync(t->fd) != 0)
        return cannot(t, "written", errno, e);
    int rc = t->has_name ? 0 : give_name(t);
    if (rc)
        return cannot(t, "written", -rc, e);
    if (rename(t->temporary, t->path) != 0)
        return cannot(t, "written", errno, e);
    t->has_name = false;
    return 0;
}

void target_close(struct target *t)
{
    if (t->has_name)
        unlink(t->temporary);
    close(t->fd);
}
