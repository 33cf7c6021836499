/* SPDX-License-Identifier: Apache-2.0
 * manifest.c: see manifest.h. */
#include "oci/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define OCI_TYPE "application/vnd.oci.image."
#define DOCKER_TYPE "application/vnd.docker.distribution."

enum { MAX_PLATFORMS = 256 };
static const json_int_t MAX_BLOB = (json_int_t)1 << 42; /* 4 TiB */

static json_t *load(struct span text, struct err *e)
{
    json_error_t why;
    json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(root)) {
        ignore(fail(e, -EBADMSG, "oci: the manifest is not a JSON object: line %d: %.100s",
                    why.line, root ? "another type" : why.text));
        json_decref(root);
        return NULL;
    }
    return root;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

int oci_document_kind(struct span text, const char *media_type, enum oci_document *kind,
                      struct err *e)
{
    json_t *root = load(text, e);
    if (!root)
        return -EBADMSG;
    const char *own = text_of(root, "mediaType");
    const char *type = *own ? own : media_type;
    int rc = 0;
    if (strcmp(type, OCI_TYPE "index.v1+json") == 0 ||
        strcmp(type, DOCKER_TYPE "manifest.list.v2+json") == 0)
        *kind = OCI_DOCUMENT_INDEX;
    else if (strcmp(type, OCI_TYPE "manifest.v1+json") == 0 ||
             strcmp(type, DOCKER_TYPE "manifest.v2+json") == 0)
        *kind = OCI_DOCUMENT_MANIFEST;
    else if (json_integer_value(json_object_get(root, "schemaVersion")) == 1)
        rc = fail(e, -EBADMSG,
                  "oci: the image has Docker's schema 1, which ended in 2017: push it again with a "
                  "current tool");
    else if (json_is_array(json_object_get(root, "manifests")))
        *kind = OCI_DOCUMENT_INDEX;
    else if (json_is_array(json_object_get(root, "layers")))
        *kind = OCI_DOCUMENT_MANIFEST;
    else
        rc = fail(e, -EBADMSG, "oci: neither a manifest nor an index: media type \"%.80s\"", type);
    json_decref(root);
    return rc;
}

static int read_descriptor(struct oci_descriptor *d, const json_t *object, const char *what,
                           struct err *e)
{
    const char *digest = text_of(object, "digest");
    const json_t *size = json_object_get(object, "size");
    int rc = oci_digest_check(digest, e);
    if (rc)
        return fail_at(e, -EBADMSG, "oci: the manifest's %s", what);
    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        json_integer_value(size) > MAX_BLOB)
        return fail(e, -EBADMSG, "oci: the manifest's %s has no valid size", what);
    memcpy(d->digest, digest, strlen(digest) + 1);
    d->size = (uint64_t)json_integer_value(size);
    return 0;
}

static int read_layer(struct oci_layer *layer, const json_t *object, struct err *e)
{
    static const struct {
        const char *type;
        enum oci_compression compression;
    } known[] = {
        {OCI_TYPE "layer.v1.tar", OCI_TAR},
        {OCI_TYPE "layer.v1.tar+gzip", OCI_TAR_GZIP},
        {OCI_TYPE "layer.v1.tar+zstd", OCI_TAR_ZSTD},
        {"application/vnd.docker.image.rootfs.diff.tar", OCI_TAR},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", OCI_TAR_GZIP},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", OCI_TAR_ZSTD},
    };
    const char *type = text_of(object, "mediaType");
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (strcmp(type, known[i].type) == 0) {
            layer->compression = known[i].compression;
            return read_descriptor(&layer->blob, object, "layer", e);
        }
    return fail(e, -ENOTSUP,
                "oci: a layer has media type \"%.100s\"; tar, tar+gzip and tar+zstd "
                "are known",
                type);
}

static int read_manifest(struct oci_manifest *m, const json_t *root, struct err *e)
{
    const json_t *layers = json_object_get(root, "layers");
    size_t count = json_array_size(layers);
    if (!json_is_array(layers) || count > OCI_MAX_LAYERS)
        return fail(e, -EBADMSG, "oci: the manifest has %s layers, at most %d are allowed",
                    json_is_array(layers) ? "too many" : "no list of", OCI_MAX_LAYERS);
    const json_t *config = json_object_get(root, "config");
    m->is_docker = strncmp(text_of(config, "mediaType"), "application/vnd.docker.", 23) == 0;
    int rc = read_descriptor(&m->config, config, "configuration", e);
    if (rc)
        return rc;
    m->layers = calloc(count ? count : 1, sizeof *m->layers);
    if (!m->layers)
        return fail(e, -ENOMEM, "oci: out of memory");
    for (; m->layer_count < count && !rc; m->layer_count++)
        rc = read_layer(&m->layers[m->layer_count], json_array_get(layers, m->layer_count), e);
    return rc;
}

int oci_manifest_parse(struct oci_manifest *m, struct span text, struct err *e)
{
    memset(m, 0, sizeof *m);
    json_t *root = load(text, e);
    if (!root)
        return -EBADMSG;
    int rc = read_manifest(m, root, e);
    json_decref(root);
    return rc;
}

void oci_manifest_fini(struct oci_manifest *m)
{
    free(m->layers);
    memset(m, 0, sizeof *m);
}

/* Higher is better; 0 does not fit. */
static int platform_fit(const json_t *platform)
{
    if (strcmp(text_of(platform, "os"), "linux") != 0 ||
        strcmp(text_of(platform, "architecture"), "amd64") != 0)
        return 0;
    const char *variant = text_of(platform, "variant");
    return !*variant || strcmp(variant, "v1") == 0 ? 2 : 1;
}

static void list_platforms(const json_t *manifests, char *text, size_t room)
{
    size_t used = 0;
    size_t i;
    const json_t *entry;
    *text = 0;
    json_array_foreach(manifests, i, entry)
    {
        const json_t *p = json_object_get(entry, "platform");
        int n = snprintf(text + used, room - used, "%s%.16s/%.16s", i ? ", " : "", text_of(p, "os"),
                         text_of(p, "architecture"));
        if (n < 0 || (size_t)n >= room - used)
            return;
        used += (size_t)n;
    }
}

static int choose(struct oci_descriptor *d, const json_t *root, struct err *e)
{
    const json_t *manifests = json_object_get(root, "manifests");
    if (!json_is_array(manifests) || json_array_size(manifests) > MAX_PLATFORMS)
        return fail(e, -EBADMSG, "oci: the index has no list of at most %d manifests",
                    MAX_PLATFORMS);
    const json_t *best = NULL;
    int best_fit = 0;
    size_t i;
    const json_t *entry;
    json_array_foreach(manifests, i, entry)
    {
        int fit = platform_fit(json_object_get(entry, "platform"));
        if (fit > best_fit) {
            best = entry;
            best_fit = fit;
        }
    }
    if (best)
        return read_descriptor(d, best, "linux/amd64 entry", e);
    char there[120];
    list_platforms(manifests, there, sizeof there);
    return fail(e, -ENOENT, "oci: the image is not made for linux/amd64, only for %s",
                *there ? there : "nothing");
}

int oci_index_choose(struct oci_descriptor *d, struct span text, struct err *e)
{
    memset(d, 0, sizeof *d);
    json_t *root = load(text, e);
    if (!root)
        return -EBADMSG;
    int rc = choose(d, root, e);
    json_decref(root);
    return rc;
}
