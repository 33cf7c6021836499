/* SPDX-License-Identifier: Apache-2.0
 * scan.c: the metadata of a directory on disk, as a tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkroot/mkroot_priv.h"
#include "posix/file.h"
#include "rootfs/erofs.h"

enum { XATTR_ROOM = 64 * 1024, LINK_BUCKETS = 4096 };

/* A file with several names that was met already. */
struct known {
    struct known *next;
    dev_t dev;
    ino_t ino;
    struct tree_inode *inode;
};

struct scan {
    struct mkroot *m;
    const char *const *excludes;
    size_t exclude_count;
    struct known *known[LINK_BUCKETS];
    struct arena arena;  /* of `known` */
    char path[PATH_MAX]; /* of the directory that is read, from the root: "" or "/a/b" */
    char name[NAME_MAX + 1];
    uint8_t *names; /* of attributes, XATTR_ROOM bytes */
    uint8_t *value; /* of one attribute, as many */
};

static int said(const struct scan *s, int rc, const char *what, struct err *e)
{
    return fail(e, rc, "%s%s%s%s: %s: %s", s->m->source, s->path, *s->name ? "/" : "", s->name,
                what, strerror(-rc));
}

/* Attributes that the machine put there, not the tree's owner, are left out: they would make the
 * image depend on where it was made. */
bool mkroot_keeps_xattr(struct span name)
{
    return (name.size > 5 && memcmp(name.data, "user.", 5) == 0) ||
           span_equal(name, span_text("security.capability")) ||
           span_equal(name, span_text("system.posix_acl_access")) ||
           span_equal(name, span_text("system.posix_acl_default"));
}

static int read_xattrs(struct scan *s, const char *proc_path, const struct xattr_set **out,
                       struct err *e)
{
    struct xattr_list list = {.count = 0};
    struct tree *t = &s->m->tree;
    ssize_t size = llistxattr(proc_path, (char *)s->names, XATTR_ROOM);
    if (size < 0 && errno != ENOTSUP && errno != ENOSYS)
        return said(s, -errno, "its attributes cannot be listed", e);
    for (ssize_t at = 0; at < size;) {
        const char *name = (const char *)s->names + at;
        at += (ssize_t)strlen(name) + 1;
        if (!mkroot_keeps_xattr(span_text(name)))
            continue;
        ssize_t n = lgetxattr(proc_path, name, s->value, XATTR_ROOM);
        if (n < 0)
            return said(s, -errno, "an attribute cannot be read", e);
        int rc = xattr_list_add(&list, &t->xattrs, &t->arena, span_text(name),
                                span_of(s->value, (size_t)n), e);
        if (rc)
            return fail_at(e, rc, "%s%s/%s", s->m->source, s->path, s->name);
    }
    return xattr_list_finish(&list, &t->arena, out, e);
}

static bool is_excluded(const struct scan *s, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < s->exclude_count; i++) {
        const char *pattern = s->excludes[i];
        bool whole = strchr(pattern, '/') != NULL;
        if (fnmatch(pattern, whole ? path : name, whole ? FNM_PATHNAME : 0) == 0)
            return true;
    }
    return false;
}

static struct known **find_known(struct scan *s, const struct stat *st)
{
    struct known **at = &s->known[(st->st_ino ^ st->st_dev * 31) % LINK_BUCKETS];
    while (*at && ((*at)->ino != st->st_ino || (*at)->dev != st->st_dev))
        at = &(*at)->next;
    return at;
}

static int add_inode(struct scan *s, const struct tree_entry *entry, const struct stat *st,
                     struct err *e)
{
    struct known **known = find_known(s, st);
    bool has_links = st->st_nlink > 1 && !S_ISDIR(st->st_mode);
    if (has_links && *known)
        return tree_link_inode(&s->m->tree, entry->path, (*known)->inode, e);
    struct tree_inode *inode;
    int rc = tree_add(&s->m->tree, entry, &inode, e);
    if (rc)
        return rc;
    if (S_ISREG(entry->mode) && entry->size > 0)
        inode->data = TREE_ON_DISK;
    if (!has_links)
        return 0;
    *known = arena_alloc(&s->arena, sizeof **known);
    if (!*known)
        return fail(e, -ENOMEM, "out of memory");
    **known = (struct known){.dev = st->st_dev, .ino = st->st_ino, .inode = inode};
    return 0;
}

/* Adds what stands at `name` of the open directory (NULL: the directory itself). */
static int add_entry(struct scan *s, int dir, const char *name, const struct stat *st,
                     struct err *e)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s%s%s", s->path, name ? "/" : "", name ? name : "");
    if (size < 0 || (size_t)size >= sizeof path)
        return fail(e, -ENAMETOOLONG, "%s%.60s…: a path longer than %d bytes", s->m->source,
                    s->path, PATH_MAX - 1);
    char target[PATH_MAX];
    char proc_path[64 + NAME_MAX];
    snprintf(proc_path, sizeof proc_path, "/proc/self/fd/%d/%s", dir, name ? name : ".");
    struct tree_entry entry = {
        .path = span_text(path),
        .mode = st->st_mode,
        .uid = s->m->options.root_owned ? 0 : st->st_uid,
        .gid = s->m->options.root_owned ? 0 : st->st_gid,
        .mtime_s = st->st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
        .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
        .device = erofs_device(major(st->st_rdev), minor(st->st_rdev)),
    };
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlinkat(dir, name, target, sizeof target);
        if (n < 0)
            return said(s, -errno, "the link cannot be read", e);
        entry.target = span_of(target, (size_t)n);
    }
    int rc = read_xattrs(s, proc_path, &entry.xattrs, e);
    return rc ? rc : add_inode(s, &entry, st, e);
}

static int scan_dir(struct scan *s, int fd, struct err *e);

static int enter(struct scan *s, int dir, const char *name, struct err *e)
{
    auto_fd fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return said(s, -errno, "the directory cannot be read", e);
    size_t size = strlen(s->path);
    snprintf(s->path + size, sizeof s->path - size, "/%s", name);
    int rc = scan_dir(s, take_fd(&fd), e);
    s->path[size] = 0;
    return rc;
}

static int scan_name(struct scan *s, int dir, const char *name, struct err *e)
{
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    if (is_excluded(s, path))
        return 0;
    snprintf(s->name, sizeof s->name, "%s", name);
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return said(s, -errno,
                    errno == ENOENT ? "vanished while the tree was read" : "cannot be examined", e);
    int rc = add_entry(s, dir, name, &st, e);
    if (rc == 0 && S_ISDIR(st.st_mode))
        rc = enter(s, dir, name, e);
    return rc;
}

/* Reads one directory, and closes `fd`.  The depth of recursion is bounded by PATH_MAX, that of
 * open descriptors by their limit. */
static int scan_dir(struct scan *s, int fd, struct err *e)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int rc = -errno;
        close(fd);
        return said(s, rc, "the directory cannot be read", e);
    }
    int rc = 0;
    while (rc == 0) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        s->name[0] = 0;
        if (!d && errno)
            rc = said(s, -errno, "the directory cannot be read", e);
        if (!d)
            break;
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            rc = scan_name(s, fd, d->d_name, e);
    }
    closedir(dir);
    return rc;
}

static int scan_root(struct scan *s, struct err *e)
{
    struct stat st;
    if (fstat(s->m->source_fd, &st) != 0)
        return said(s, -errno, "cannot be examined", e);
    int rc = add_entry(s, s->m->source_fd, NULL, &st, e);
    if (rc)
        return rc;
    int fd = openat(s->m->source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? said(s, -errno, "the directory cannot be read", e) : scan_dir(s, fd, e);
}

int mkroot_scan(struct mkroot *m, const char *dir, const char *const *excludes,
                size_t exclude_count, struct err *e)
{
    m->source = dir;
    m->source_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m->source_fd < 0)
        return fail(e, -errno, "%s: cannot be read: %s", dir, strerror(errno));
    auto_free struct scan *s = calloc(1, sizeof *s);
    auto_free uint8_t *names = malloc(XATTR_ROOM);
    auto_free uint8_t *value = malloc(XATTR_ROOM);
    if (!s || !names || !value)
        return fail(e, -ENOMEM, "out of memory");
    *s = (struct scan){.m = m,
                       .excludes = excludes,
                       .exclude_count = exclude_count,
                       .names = names,
                       .value = value};
    int rc = scan_root(s, e);
    arena_fini(&s->arena);
    return rc;
}
