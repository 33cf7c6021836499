/* SPDX-License-Identifier: Apache-2.0
 * store.c: see store.h.  A tar archive is listed once; members of an uncompressed one are read at
 * their place, of a compressed one by reading from the start again. */
#include "oci/store.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "posix/file.h"

enum { CHUNK = 256 << 10, MAX_MEMBERS = 100000, MAX_LINKS = 8, MAX_NAME = 1024 };

struct member {
    char *name;
    char *link; /* the name of another member, or NULL */
    uint64_t size;
};

struct oci_store {
    char *path;
    int dir;                /* a folder's descriptor, or -1 */
    struct member *members; /* of a tar, in its order */
    size_t member_count;
};

static void close_archive(struct archive **a)
{
    archive_read_free(*a);
}

#define auto_archive __attribute__((cleanup(close_archive))) struct archive *

/* "a/b", nothing that leads elsewhere. */
static bool name_is_safe(const char *name)
{
    if (!*name || *name == '/' || strlen(name) >= MAX_NAME)
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t size = strcspn(part, "/");
        if (size == 0 || (size == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static int refuse_name(const char *name, struct err *e)
{
    return fail(e, -EBADMSG, "oci: \"%.80s\" is not a name inside the image", name);
}

static struct oci_store *store_new(const char *path)
{
    struct oci_store *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->dir = -1;
    s->path = strdup(path);
    if (s->path)
        return s;
    free(s);
    return NULL;
}

int oci_store_open_dir(struct oci_store **out, const char *path, struct err *e)
{
    *out = store_new(path);
    if (!*out)
        return fail(e, -ENOMEM, "oci: out of memory");
    (*out)->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if ((*out)->dir >= 0)
        return 0;
    int rc = fail(e, -errno, "%s: cannot be opened as an image layout: %s", path, strerror(errno));
    oci_store_close(*out);
    *out = NULL;
    return rc;
}

void oci_store_close(struct oci_store *s)
{
    if (!s)
        return;
    if (s->dir >= 0)
        close(s->dir);
    for (size_t i = 0; i < s->member_count; i++) {
        free(s->members[i].name);
        free(s->members[i].link);
    }
    free(s->members);
    free(s->path);
    free(s);
}

static int tar_failure(const struct oci_store *s, struct archive *a, struct err *e)
{
    const char *why = archive_error_string(a);
    return fail(e, -EBADMSG, "%s: not a readable tar archive: %.100s", s->path,
                why ? why : "unknown error");
}

static int open_tar(const struct oci_store *s, struct archive **out, struct err *e)
{
    struct archive *a = archive_read_new();
    *out = a;
    if (!a)
        return fail(e, -ENOMEM, "oci: out of memory");
    archive_read_support_format_tar(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    return archive_read_open_filename(a, s->path, CHUNK) == ARCHIVE_OK ? 0 : tar_failure(s, a, e);
}

/* A leading "./" is how many tools write names. */
static const char *plain_name(const char *name)
{
    return name && name[0] == '.' && name[1] == '/' ? name + 2 : name;
}

/* The member that a link names: relative to the folder of the linking member for a symbolic link,
 * to the archive's top for a hard link.  NULL when it leads out. */
static char *resolve_link(const char *from, const char *target, bool is_symlink)
{
    char path[MAX_NAME];
    const char *slash = is_symlink ? strrchr(from, '/') : NULL;
    int size = snprintf(path, sizeof path, "%.*s", slash ? (int)(slash - from) : 0, from);
    for (const char *part = target; *part; part += strspn(part, "/")) {
        size_t length = strcspn(part, "/");
        if (length == 2 && part[0] == '.' && part[1] == '.') {
            char *up = size ? strrchr(path, '/') : NULL;
            if (!size)
                return NULL;
            size = up ? (int)(up - path) : 0;
            path[size] = 0;
        } else if (!(length == 1 && *part == '.')) {
            if ((size_t)size + length + 2 > sizeof path)
                return NULL;
            size += snprintf(path + size, sizeof path - (size_t)size, "%s%.*s", size ? "/" : "",
                             (int)length, part);
        }
        part += length;
    }
    return size && *target != '/' ? strdup(path) : NULL;
}

static int add_member(struct oci_store *s, struct archive_entry *entry, struct err *e)
{
    const char *name = plain_name(archive_entry_pathname(entry));
    const char *hard = archive_entry_hardlink(entry);
    const char *soft = archive_entry_symlink(entry);
    if (!hard && !soft && archive_entry_filetype(entry) != AE_IFREG)
        return 0;
    if (!name || !name_is_safe(name))
        return refuse_name(name ? name : "", e);
    if (s->member_count == MAX_MEMBERS)
        return fail(e, -E2BIG, "%s: more than %d members", s->path, MAX_MEMBERS);
    struct member m = {.name = strdup(name), .size = (uint64_t)archive_entry_size(entry)};
    if (hard || soft) {
        m.link = resolve_link(name, hard ? hard : soft, !hard);
        if (!m.link) {
            free(m.name);
            return refuse_name(hard ? hard : soft, e);
        }
    }
    struct member *bigger = realloc(s->members, (s->member_count + 1) * sizeof *bigger);
    if (!bigger || !m.name) {
        free(m.name);
        free(m.link);
        s->members = bigger ? bigger : s->members;
        return fail(e, -ENOMEM, "oci: out of memory");
    }
    s->members = bigger;
    s->members[s->member_count++] = m;
    return 0;
}

static int list_members(struct oci_store *s, struct err *e)
{
    auto_archive a = NULL;
    int rc = open_tar(s, &a, e);
    while (!rc) {
        struct archive_entry *entry;
        int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF)
            return 0;
        rc = got == ARCHIVE_OK ? add_member(s, entry, e) : tar_failure(s, a, e);
    }
    return rc;
}

int oci_store_open_tar(struct oci_store **out, const char *path, struct err *e)
{
    *out = store_new(path);
    if (!*out)
        return fail(e, -ENOMEM, "oci: out of memory");
    int rc = access(path, R_OK) ? fail(e, -errno, "%s: cannot be opened: %s", path, strerror(errno))
                                : list_members(*out, e);
    if (rc) {
        oci_store_close(*out);
        *out = NULL;
    }
    return rc;
}

/* The regular member that a name stands for, links followed; NULL when there is none.  The last of
 * equal names counts. */
static const struct member *find_member(const struct oci_store *s, const char *name)
{
    for (int hop = 0; hop < MAX_LINKS; hop++) {
        const struct member *found = NULL;
        for (size_t i = 0; i < s->member_count; i++)
            if (strcmp(s->members[i].name, name) == 0)
                found = &s->members[i];
        if (!found || !found->link)
            return found;
        name = found->link;
    }
    return NULL;
}

int oci_store_has(struct oci_store *s, const char *name, struct err *e)
{
    if (!name_is_safe(name))
        return refuse_name(name, e);
    if (s->dir < 0)
        return find_member(s, name) != NULL;
    struct stat st;
    return fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int stream_file(const struct oci_store *s, const char *name, oci_sink *sink, void *context,
                       struct err *e)
{
    auto_fd fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(e, -errno, "%s/%s: cannot be opened: %s", s->path, name, strerror(errno));
    auto_free uint8_t *buf = malloc(CHUNK);
    if (!buf)
        return fail(e, -ENOMEM, "oci: out of memory");
    for (;;) {
        ssize_t n = read(fd, buf, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(e, -errno, "%s/%s: cannot be read: %s", s->path, name, strerror(errno));
        int rc = n ? sink(context, span_of(buf, (size_t)n)) : 0;
        if (rc || n == 0)
            return rc;
    }
}

static int stream_data(const struct oci_store *s, struct archive *a, oci_sink *sink, void *context,
                       struct err *e)
{
    auto_free uint8_t *buf = malloc(CHUNK);
    if (!buf)
        return fail(e, -ENOMEM, "oci: out of memory");
    for (;;) {
        la_ssize_t n = archive_read_data(a, buf, CHUNK);
        if (n < 0)
            return tar_failure(s, a, e);
        int rc = n ? sink(context, span_of(buf, (size_t)n)) : 0;
        if (rc || n == 0)
            return rc;
    }
}

/* Reads from the archive's start up to the member; libarchive seeks over the others where it can.
 */
static int stream_member(const struct oci_store *s, const char *name, oci_sink *sink, void *context,
                         struct err *e)
{
    const struct member *m = find_member(s, name);
    if (!m)
        return fail(e, -ENOENT, "%s: has no member \"%.80s\"", s->path, name);
    auto_archive a = NULL;
    int rc = open_tar(s, &a, e);
    for (size_t i = 0; !rc;) {
        struct archive_entry *entry;
        if (archive_read_next_header(a, &entry) != ARCHIVE_OK)
            return tar_failure(s, a, e);
        const char *found = plain_name(archive_entry_pathname(entry));
        if (i < s->member_count && found && strcmp(found, s->members[i].name) == 0) {
            if (&s->members[i] == m)
                return stream_data(s, a, sink, context, e);
            i++;
        }
    }
    return rc;
}

int oci_store_stream(struct oci_store *s, const char *name, oci_sink *sink, void *context,
                     struct err *e)
{
    if (!name_is_safe(name))
        return refuse_name(name, e);
    return s->dir >= 0 ? stream_file(s, name, sink, context, e)
                       : stream_member(s, name, sink, context, e);
}

struct collect {
    char *text;
    size_t size;
    size_t max_size;
};

static int collect_part(void *context, struct span part)
{
    struct collect *c = context;
    if (part.size > c->max_size - c->size)
        return -EFBIG;
    char *bigger = realloc(c->text, c->size + part.size + 1);
    if (!bigger)
        return -ENOMEM;
    memcpy(bigger + c->size, part.data, part.size);
    c->text = bigger;
    c->size += part.size;
    c->text[c->size] = 0;
    return 0;
}

int oci_store_read(struct oci_store *s, const char *name, size_t max_size, char **text,
                   size_t *size, struct err *e)
{
    struct collect c = {.text = calloc(1, 1), .max_size = max_size};
    int rc = c.text ? oci_store_stream(s, name, collect_part, &c, e) : -ENOMEM;
    if (rc == -EFBIG)
        ignore(fail(e, rc, "%s/%.80s: larger than %zu bytes", s->path, name, max_size));
    if (rc) {
        free(c.text);
        return rc;
    }
    *text = c.text;
    *size = c.size;
    return 0;
}
