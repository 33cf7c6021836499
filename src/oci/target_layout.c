/* SPDX-License-Identifier: Apache-2.0
 * target_layout.c: an image into an OCI layout folder.  Blobs are written beside their place and
 * renamed when their digest is right; index.json is replaced as a whole.  [OCI-IMAGE
 * image-layout.md] */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "oci/target_priv.h"
#include "oci/verify.h"
#include "posix/file.h"

enum { CHUNK = 1 << 20, MAX_INDEX = 4 << 20 };

static void blob_path(char *path, size_t room, const char *digest)
{
    snprintf(path, room, "blobs/sha256/%s", digest + strlen("sha256:"));
}

/* Copies what `read` gives into `fd` and checks it. */
static int write_checked(int fd, const struct oci_descriptor *d, oci_reader *read, void *context,
                         struct err *e)
{
    auto_free uint8_t *buf = malloc(CHUNK);
    if (!buf)
        return fail(e, -ENOMEM, "oci: out of memory");
    struct oci_verifier v;
    oci_verifier_init(&v, d);
    for (uint64_t at = 0; at < d->size;) {
        size_t part = d->size - at < CHUNK ? (size_t)(d->size - at) : CHUNK;
        int rc = read(context, at, buf, part);
        if (rc)
            return fail(e, rc, "oci: a blob cannot be read: %s", strerror(-rc));
        rc = oci_verifier_add(&v, span_of(buf, part));
        if (!rc)
            rc = fd_write_all(fd, span_of(buf, part));
        if (rc)
            return fail(e, rc, "oci: a blob cannot be written: %s", strerror(-rc));
        at += part;
    }
    return oci_verifier_end(&v, e);
}

static int layout_put_blob(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                           void *context, struct err *e)
{
    char path[128];
    char temporary[160];
    blob_path(path, sizeof path, d->digest);
    struct stat st;
    if (fstatat(t->dir, path, &st, 0) == 0 && (uint64_t)st.st_size == d->size)
        return 0;
    snprintf(temporary, sizeof temporary, "blobs/sha256/.%d.part", getpid());
    auto_fd fd = openat(t->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(e, -errno, "%s: no blob can be made there: %s", t->ref.path, strerror(errno));
    int rc = write_checked(fd, d, read, context, e);
    if (!rc && (fsync(fd) || renameat(t->dir, temporary, t->dir, path)))
        rc = fail(e, -errno, "%s: cannot be written: %s", t->ref.path, strerror(errno));
    if (rc)
        unlinkat(t->dir, temporary, 0);
    return rc;
}

/* index.json as it is, or an empty one. */
static json_t *load_index(const struct oci_target *t, struct err *e)
{
    char path[OCI_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/index.json", t->ref.path);
    if (access(path, F_OK) != 0)
        return json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
                         "application/vnd.oci.image.index.v1+json", "manifests");
    uint8_t *text = NULL;
    size_t size = 0;
    if (file_read(&text, &size, path, MAX_INDEX, e))
        return NULL;
    json_t *index = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (json_is_array(json_object_get(index, "manifests")))
        return index;
    json_decref(index);
    ignore(fail(e, -EBADMSG, "%s: is not an index of images; it is left as it is", path));
    return NULL;
}

/* Takes the tag away from whatever had it. */
static void drop_tag(json_t *manifests, const char *tag)
{
    for (size_t i = json_array_size(manifests); i-- > 0;) {
        const json_t *notes = json_object_get(json_array_get(manifests, i), "annotations");
        const char *name =
            json_string_value(json_object_get(notes, "org.opencontainers.image.ref.name"));
        if (name && strcmp(name, tag) == 0)
            json_array_remove(manifests, i);
    }
}

static int layout_put_manifest(struct oci_target *t, struct span manifest, const char *media_type,
                               const char *digest, struct err *e)
{
    struct oci_descriptor d;
    int rc = oci_target_put_text(t, manifest, &d, e);
    if (rc)
        return rc;
    json_t *index = load_index(t, e);
    if (!index)
        return e ? e->code : -EBADMSG;
    const char *tag = oci_reference_version(&t->ref);
    json_t *manifests = json_object_get(index, "manifests");
    drop_tag(manifests, tag);
    json_array_append_new(manifests,
                          json_pack("{s:s, s:s, s:I, s:{s:s}}", "mediaType", media_type, "digest",
                                    digest, "size", (json_int_t)manifest.size, "annotations",
                                    "org.opencontainers.image.ref.name", tag));
    char *text = json_dumps(index, JSON_COMPACT);
    json_decref(index);
    auto_free char *owned = text;
    if (!owned)
        return fail(e, -ENOMEM, "oci: out of memory");
    char path[OCI_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/index.json", t->ref.path);
    return file_write(path, span_text(owned), 0666, e);
}

static void layout_close(struct oci_target *t)
{
    if (t->dir >= 0)
        close(t->dir);
}

static const struct target_ops LAYOUT = {layout_put_blob, layout_put_manifest, layout_close};

static bool make_dir(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

int target_open_layout(struct oci_target *t, struct err *e)
{
    t->ops = &LAYOUT;
    char path[OCI_PATH_SIZE + 32];
    static const char *const dirs[] = {"", "/blobs", "/blobs/sha256"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", t->ref.path, dirs[i]);
        if (!make_dir(path))
            return fail(e, -errno, "%s: cannot be made: %s", path, strerror(errno));
    }
    snprintf(path, sizeof path, "%s/oci-layout", t->ref.path);
    if (access(path, F_OK) != 0) {
        int rc = file_write(path, span_text("{\"imageLayoutVersion\":\"1.0.0\"}"), 0666, e);
        if (rc)
            return rc;
    }
    t->dir = open(t->ref.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return t->dir >= 0 ? 0
                       : fail(e, -errno, "%s: cannot be opened: %s", t->ref.path, strerror(errno));
}
