/* SPDX-License-Identifier: Apache-2.0
 * target.c: see target.h. */
#include "launch/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "posix/file.h"

static int read_at(int fd, void *out, size_t size, uint64_t offset, struct err *e)
{
    ssize_t got = pread(fd, out, size, (off_t)offset);
    if (got < 0)
        return fail(e, -errno, "read: %s", strerror(errno));
    return (int)got;
}

static int open_fd(const char *path, int fd, struct err *e)
{
    int rc = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (rc >= 0)
        return rc;
    rc = -errno;
    return fail(e, rc, "%s", rc == -ENOENT ? "no such file" : strerror(-rc));
}

static int check_mode(int fd, struct stat *st, struct err *e)
{
    char link[32];
    if (fstat(fd, st) != 0)
        return fail(e, -errno, "stat: %s", strerror(errno));
    if (S_ISDIR(st->st_mode))
        return fail(e, -EACCES, "it is a directory");
    if (!S_ISREG(st->st_mode))
        return fail(e, -EACCES, "it is not a regular file");
    if (!(st->st_mode & 0111))
        return fail(e, -EACCES, "it is not executable (chmod +x)");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (faccessat(AT_FDCWD, link, X_OK, AT_EACCESS) != 0 && errno == EACCES)
        return fail(e, -EACCES, "permission denied");
    return 0;
}

/* Execve would give privileges, unless the process has forsworn them. */
static bool is_privileged(const struct stat *st)
{
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return false;
    bool as_user = (st->st_mode & S_ISUID) && st->st_uid != geteuid();
    bool as_group = (st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != getegid();
    return as_user || as_group;
}

static bool is_launcher(const struct stat *st)
{
    struct stat own;
    return stat("/proc/self/exe", &own) == 0 && own.st_dev == st->st_dev &&
           own.st_ino == st->st_ino;
}

static int parse_elf(struct target *t, struct span head, uint64_t file_size, struct err *e)
{
    int rc = elf_parse_head(&t->elf, head, e);
    if (rc)
        return rc;
    uint8_t phdrs[ELF_MAX_PHDRS * ELF_PHDR_SIZE];
    size_t size = (size_t)t->elf.phdr_count * ELF_PHDR_SIZE;
    rc = read_at(t->fd, phdrs, size, t->elf.phdr_offset, e);
    if (rc < 0)
        return rc;
    return elf_parse_phdrs(&t->elf, span_of(phdrs, (size_t)rc), file_size, e);
}

int target_open(struct target *t, const char *path, int fd, struct err *e)
{
    uint8_t head[SCRIPT_LINE];
    struct stat st;
    memset(t, 0, sizeof *t);
    t->fd = -1;
    auto_fd opened = open_fd(path, fd, e);
    if (opened < 0)
        return opened;
    int rc = check_mode(opened, &st, e);
    if (rc)
        return rc;
    rc = read_at(opened, head, sizeof head, 0, e);
    if (rc < 0)
        return rc;
    struct span start = span_of(head, (size_t)rc);
    t->fd = opened;
    if (is_privileged(&st) || is_launcher(&st)) {
        t->kind = TARGET_NATIVE;
        rc = 0;
    } else if (is_script(start)) {
        t->kind = TARGET_SCRIPT;
        rc = script_parse(&t->script, start, e);
    } else {
        t->kind = TARGET_PROGRAM;
        start.size = start.size < ELF_HEAD_SIZE ? start.size : ELF_HEAD_SIZE;
        rc = parse_elf(t, start, (uint64_t)st.st_size, e);
    }
    t->fd = rc ? -1 : take_fd(&opened);
    return rc;
}

int target_interp(const struct target *t, char *name, struct err *e)
{
    int rc = read_at(t->fd, name, t->elf.interp_size, t->elf.interp_offset, e);
    if (rc < 0)
        return rc;
    if ((size_t)rc != t->elf.interp_size || name[rc - 1] != 0)
        return fail(e, -ENOEXEC, "its interpreter's name is cut off");
    return 0;
}
