/* SPDX-License-Identifier: Apache-2.0
 * target_archive.c: an image into a file as `docker save` writes it since it keeps an OCI layout
 * inside: blobs/sha256, index.json, oci-layout, and Docker's own manifest.json.  The file gets
 * its name when it is whole. [Docker "Image Specification v1.2"; OCI-IMAGE image-layout.md] */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/manifest.h"
#include "oci/target_priv.h"
#include "oci/verify.h"
#include "posix/file.h"

enum { CHUNK = 1 << 20 };

static int tar_failure(const struct oci_target *t, struct err *e)
{
    const char *why = archive_error_string(t->tar);
    int code = archive_errno(t->tar);
    return fail(e, code > 0 ? -code : -EIO, "%s: cannot be written: %.100s", t->ref.path,
                why ? why : "unknown error");
}

static int begin_member(struct oci_target *t, const char *name, uint64_t size, struct err *e)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return fail(e, -ENOMEM, "oci: out of memory");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    int rc = archive_write_header(t->tar, entry);
    archive_entry_free(entry);
    return rc == ARCHIVE_OK ? 0 : tar_failure(t, e);
}

static int add_member(struct oci_target *t, const char *name, struct span content, struct err *e)
{
    int rc = begin_member(t, name, content.size, e);
    if (rc)
        return rc;
    return archive_write_data(t->tar, content.data, content.size) == (la_ssize_t)content.size
               ? 0
               : tar_failure(t, e);
}

static int archive_put_blob(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                            void *context, struct err *e)
{
    char name[128];
    snprintf(name, sizeof name, "blobs/sha256/%s", d->digest + strlen("sha256:"));
    auto_free uint8_t *buf = malloc(CHUNK);
    if (!buf)
        return fail(e, -ENOMEM, "oci: out of memory");
    int rc = begin_member(t, name, d->size, e);
    struct oci_verifier v;
    oci_verifier_init(&v, d);
    for (uint64_t at = 0; !rc && at < d->size;) {
        size_t part = d->size - at < CHUNK ? (size_t)(d->size - at) : CHUNK;
        rc = read(context, at, buf, part);
        if (!rc)
            rc = oci_verifier_add(&v, span_of(buf, part));
        if (rc)
            return fail(e, rc, "oci: a blob cannot be read: %s", strerror(-rc));
        if (archive_write_data(t->tar, buf, part) != (la_ssize_t)part)
            rc = tar_failure(t, e);
        at += part;
    }
    return rc ? rc : oci_verifier_end(&v, e);
}

/* Docker's manifest.json for one image. */
static char *docker_manifest(const struct oci_target *t, const struct oci_manifest *m)
{
    char name[128];
    json_t *layers = json_array();
    for (size_t i = 0; i < m->layer_count; i++) {
        snprintf(name, sizeof name, "blobs/sha256/%s", m->layers[i].blob.digest + 7);
        json_array_append_new(layers, json_string(name));
    }
    snprintf(name, sizeof name, "blobs/sha256/%s", m->config.digest + 7);
    json_t *tags = json_array();
    if (*t->ref.name) {
        char tag[OCI_HOST_SIZE + OCI_NAME_SIZE + OCI_TAG_SIZE + 2];
        bool is_hub = strcmp(t->ref.host, "docker.io") == 0;
        const char *hub = "library/";
        bool is_official = is_hub && strncmp(t->ref.name, hub, strlen(hub)) == 0;
        snprintf(tag, sizeof tag, "%s%s%s:%s", is_hub ? "" : t->ref.host, is_hub ? "" : "/",
                 t->ref.name + (is_official ? strlen(hub) : 0), oci_reference_version(&t->ref));
        json_array_append_new(tags, json_string(tag));
    }
    json_t *root =
        json_pack("[{s:s, s:o, s:o}]", "Config", name, "RepoTags", tags, "Layers", layers);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static int add_text(struct oci_target *t, const char *name, char *text, struct err *e)
{
    auto_free char *owned = text;
    return owned ? add_member(t, name, span_text(owned), e)
                 : fail(e, -ENOMEM, "oci: out of memory");
}

static char *oci_index(const struct oci_target *t, struct span manifest, const char *media_type,
                       const char *digest)
{
    json_t *root = json_pack("{s:i, s:[{s:s, s:s, s:I, s:{s:s}}]}", "schemaVersion", 2, "manifests",
                             "mediaType", media_type, "digest", digest, "size",
                             (json_int_t)manifest.size, "annotations",
                             "org.opencontainers.image.ref.name", oci_reference_version(&t->ref));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static int archive_put_manifest(struct oci_target *t, struct span manifest, const char *media_type,
                                const char *digest, struct err *e)
{
    struct oci_descriptor d;
    struct oci_manifest m;
    int rc = oci_target_put_text(t, manifest, &d, e);
    if (rc)
        return rc;
    rc = oci_manifest_parse(&m, manifest, e);
    char *docker = rc ? NULL : docker_manifest(t, &m);
    oci_manifest_fini(&m);
    if (!rc)
        rc = add_text(t, "manifest.json", docker, e);
    if (!rc)
        rc = add_text(t, "index.json", oci_index(t, manifest, media_type, digest), e);
    if (!rc)
        rc = add_member(t, "oci-layout", span_text("{\"imageLayoutVersion\":\"1.0.0\"}"), e);
    if (!rc && archive_write_close(t->tar) != ARCHIVE_OK)
        rc = tar_failure(t, e);
    if (!rc && rename(t->temporary, t->ref.path))
        rc = fail(e, -errno, "%s: cannot be written: %s", t->ref.path, strerror(errno));
    t->done = rc == 0;
    return rc;
}

static void archive_close(struct oci_target *t)
{
    archive_write_free(t->tar);
    if (!t->done && t->temporary[0])
        unlink(t->temporary);
}

static const struct target_ops ARCHIVE = {archive_put_blob, archive_put_manifest, archive_close};

int target_open_archive(struct oci_target *t, struct err *e)
{
    t->ops = &ARCHIVE;
    if (access(t->ref.path, F_OK) == 0)
        return fail(e, -EEXIST, "%s: exists already; name another file or remove it", t->ref.path);
    t->tar = archive_write_new();
    if (!t->tar)
        return fail(e, -ENOMEM, "oci: out of memory");
    snprintf(t->temporary, sizeof t->temporary, "%s.%d.part", t->ref.path, getpid());
    archive_write_set_format_pax_restricted(t->tar);
    if (archive_write_open_filename(t->tar, t->temporary) == ARCHIVE_OK)
        return 0;
    int rc = tar_failure(t, e);
    t->temporary[0] = 0;
    return rc;
}
