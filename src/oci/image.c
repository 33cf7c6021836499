/* SPDX-License-Identifier: Apache-2.0
 * image.c: see image.h. */
#include "oci/image.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/store.h"
#include "oci/verify.h"

enum { MAX_DOCUMENT = 4 << 20 };

/* What an index or a tag led to. */
struct document {
    char *text; /* freed by the caller */
    size_t size;
    char media_type[128];
    char digest[OCI_DIGEST_SIZE];
};

/* A blob of an OCI layout: blobs/sha256/HEX. */
static void blob_name(char *name, size_t room, const char *digest)
{
    snprintf(name, room, "blobs/sha256/%s", digest + strlen("sha256:"));
}

static int read_blob(struct oci_image *image, const struct oci_descriptor *d, struct document *out,
                     struct err *e)
{
    memset(out, 0, sizeof *out);
    char name[128];
    blob_name(name, sizeof name, d->digest);
    int rc = oci_store_read(image->store, name, MAX_DOCUMENT, &out->text, &out->size, e);
    if (rc)
        return rc;
    struct oci_verifier v;
    oci_verifier_init(&v, d);
    rc = oci_verifier_add(&v, span_of(out->text, out->size));
    if (!rc || rc == -EBADMSG)
        rc = oci_verifier_end(&v, e);
    memcpy(out->digest, d->digest, sizeof out->digest);
    return rc;
}

static int get_document(struct oci_image *image, const struct oci_descriptor *d,
                        struct document *out, struct err *e)
{
    if (image->store)
        return read_blob(image, d, out, e);
    struct oci_manifest_text m;
    int rc = oci_registry_get_manifest(image->registry, d->digest, &m, e);
    if (rc)
        return rc;
    *out = (struct document){.text = m.text, .size = m.size};
    memcpy(out->media_type, m.media_type, sizeof out->media_type);
    memcpy(out->digest, m.digest, sizeof out->digest);
    return 0;
}

/* An index is exchanged for its linux/amd64 manifest. */
static int settle_platform(struct oci_image *image, struct document *doc, struct err *e)
{
    enum oci_document kind;
    int rc = oci_document_kind(span_of(doc->text, doc->size), doc->media_type, &kind, e);
    if (rc || kind == OCI_DOCUMENT_MANIFEST)
        return rc;
    struct oci_descriptor chosen;
    rc = oci_index_choose(&chosen, span_of(doc->text, doc->size), e);
    if (rc)
        return rc;
    free(doc->text);
    doc->text = NULL;
    return get_document(image, &chosen, doc, e);
}

struct growing {
    char *text;
    size_t size;
};

static int keep_part(void *context, struct span part)
{
    struct growing *g = context;
    if (part.size > MAX_DOCUMENT - g->size)
        return -EFBIG;
    char *bigger = realloc(g->text, g->size + part.size + 1);
    if (!bigger)
        return -ENOMEM;
    memcpy(bigger + g->size, part.data, part.size);
    g->text = bigger;
    g->size += part.size;
    g->text[g->size] = 0;
    return 0;
}

static int read_config(struct oci_image *image, struct err *e)
{
    const struct oci_descriptor *d = &image->manifest.config;
    if (d->size > MAX_DOCUMENT)
        return fail(e, -EFBIG, "oci: the image's configuration is larger than 4 MiB");
    if (image->store) {
        struct document doc;
        int rc = read_blob(image, d, &doc, e);
        image->config = doc.text;
        image->config_size = doc.size;
        return rc;
    }
    struct growing g = {0};
    int rc = oci_registry_get_blob(image->registry, d, keep_part, &g, e);
    image->config = g.text;
    image->config_size = g.size;
    return rc;
}

/* From the first document (manifest or index) to manifest and configuration. */
static int settle(struct oci_image *image, struct document *doc, struct err *e)
{
    int rc = settle_platform(image, doc, e);
    if (!rc)
        rc = oci_manifest_parse(&image->manifest, span_of(doc->text, doc->size), e);
    if (!rc)
        rc = read_config(image, e);
    memcpy(image->manifest_digest, doc->digest, sizeof image->manifest_digest);
    free(doc->text);
    return rc;
}

static int open_registry(struct oci_image *image, const struct oci_reference *ref,
                         const struct oci_registry_options *options, struct err *e)
{
    int rc = oci_registry_open(&image->registry, ref->host, ref->name, options, e);
    if (rc)
        return rc;
    struct oci_manifest_text m;
    rc = oci_registry_get_manifest(image->registry, oci_reference_version(ref), &m, e);
    if (rc)
        return rc;
    struct document doc = {.text = m.text, .size = m.size};
    memcpy(doc.media_type, m.media_type, sizeof doc.media_type);
    memcpy(doc.digest, m.digest, sizeof doc.digest);
    return settle(image, &doc, e);
}

static const char *member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The entry of index.json whose ref.name is the tag, or the only one when no tag was given. */
static const json_t *choose_entry(const json_t *index, const char *tag)
{
    const json_t *manifests = json_object_get(index, "manifests");
    size_t i;
    const json_t *entry;
    json_array_foreach(manifests, i, entry)
    {
        const json_t *notes = json_object_get(entry, "annotations");
        if (*tag && strcmp(member_text(notes, "org.opencontainers.image.ref.name"), tag) == 0)
            return entry;
    }
    return !*tag && json_array_size(manifests) == 1 ? json_array_get(manifests, 0) : NULL;
}

static int open_layout(struct oci_image *image, const struct oci_reference *ref, struct err *e)
{
    char *text = NULL;
    size_t size = 0;
    int rc = oci_store_read(image->store, "index.json", MAX_DOCUMENT, &text, &size, e);
    if (rc)
        return fail_at(e, rc, "oci: not an image layout");
    json_t *index = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    const json_t *entry = choose_entry(index, ref->tag);
    struct oci_descriptor d = {0};
    const char *digest = member_text(entry, "digest");
    if (!entry)
        rc = fail(e, -ENOENT, "%s: %s", ref->path,
                  *ref->tag ? "has no image of that tag"
                            : "holds several images or none: name one as oci:DIR:TAG");
    else
        rc = oci_digest_check(digest, e);
    if (!rc) {
        memcpy(d.digest, digest, strlen(digest) + 1);
        d.size = (uint64_t)json_integer_value(json_object_get(entry, "size"));
    }
    json_decref(index);
    struct document doc;
    if (!rc)
        rc = read_blob(image, &d, &doc, e);
    return rc ? rc : settle(image, &doc, e);
}

/* Docker's manifest.json: [{"Config": name, "RepoTags": [...], "Layers": [names]}]. */
static const json_t *choose_archived(const json_t *root, const struct oci_reference *ref)
{
    char wanted[OCI_NAME_SIZE + OCI_TAG_SIZE + 1];
    snprintf(wanted, sizeof wanted, "%s:%s", ref->name, *ref->tag ? ref->tag : "latest");
    const char *hub = "library/";
    size_t skip = strncmp(wanted, hub, strlen(hub)) == 0 ? strlen(hub) : 0;
    size_t i;
    size_t k;
    const json_t *entry;
    const json_t *tag;
    json_array_foreach(root, i, entry)
    {
        json_array_foreach(json_object_get(entry, "RepoTags"), k, tag)
        {
            const char *text = json_string_value(tag);
            size_t length = text ? strlen(text) : 0;
            size_t want = strlen(wanted + skip);
            if (length >= want && strcmp(text + length - want, wanted + skip) == 0)
                return entry;
        }
    }
    return !*ref->name && json_array_size(root) == 1 ? json_array_get(root, 0) : NULL;
}

static int take_diff_ids(struct oci_image *image, struct err *e)
{
    json_t *config = json_loadb(image->config, image->config_size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    int rc = 0;
    if (json_array_size(ids) != image->manifest.layer_count)
        rc = fail(e, -EBADMSG, "oci: the archive has %zu layers, its configuration names %zu",
                  image->manifest.layer_count, json_array_size(ids));
    for (size_t i = 0; !rc && i < image->manifest.layer_count; i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        rc = oci_digest_check(id ? id : "", e);
        if (rc)
            break;
        struct oci_layer *layer = &image->manifest.layers[i];
        memcpy(layer->blob.digest, id, strlen(id) + 1);
        layer->blob.size = UINT64_MAX; /* only the digest is known */
        layer->compression = OCI_TAR;
    }
    json_decref(config);
    return rc;
}

static int take_layer_names(struct oci_image *image, const json_t *names, struct err *e)
{
    size_t count = json_array_size(names);
    if (!json_is_array(names) || count > OCI_MAX_LAYERS)
        return fail(e, -EBADMSG, "oci: the archive's manifest.json lists no layers, or too many");
    image->manifest.layers = calloc(count ? count : 1, sizeof *image->manifest.layers);
    image->layer_names = calloc(count ? count : 1, sizeof *image->layer_names);
    if (!image->manifest.layers || !image->layer_names)
        return fail(e, -ENOMEM, "oci: out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        image->layer_names[i] = strdup(name ? name : "");
        if (!image->layer_names[i])
            return fail(e, -ENOMEM, "oci: out of memory");
        image->manifest.layer_count++;
    }
    return 0;
}

static int open_archive(struct oci_image *image, const struct oci_reference *ref, struct err *e)
{
    char *text = NULL;
    size_t size = 0;
    int rc = oci_store_read(image->store, "manifest.json", MAX_DOCUMENT, &text, &size, e);
    if (rc)
        return fail_at(e, rc, "oci: not a `docker save` archive");
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    const json_t *entry = choose_archived(root, ref);
    if (!json_is_object(entry))
        rc = fail(e, -ENOENT, "%s: %s", ref->path,
                  *ref->name ? "has no image of that name"
                             : "holds several images or none: name one as "
                               "docker-archive:FILE:NAME:TAG");
    if (!rc)
        rc = oci_store_read(image->store, member_text(entry, "Config"), MAX_DOCUMENT,
                            &image->config, &image->config_size, e);
    if (!rc)
        rc = take_layer_names(image, json_object_get(entry, "Layers"), e);
    json_decref(root);
    return rc ? rc : take_diff_ids(image, e);
}

int oci_image_open(struct oci_image *image, const struct oci_reference *ref,
                   const struct oci_registry_options *options, struct err *e)
{
    memset(image, 0, sizeof *image);
    if (ref->transport == OCI_REGISTRY)
        return open_registry(image, ref, options, e);
    int rc = ref->transport == OCI_LAYOUT ? oci_store_open_dir(&image->store, ref->path, e)
                                          : oci_store_open_tar(&image->store, ref->path, e);
    if (rc)
        return rc;
    return ref->transport == OCI_LAYOUT ? open_layout(image, ref, e) : open_archive(image, ref, e);
}

void oci_image_close(struct oci_image *image)
{
    for (size_t i = 0; image->layer_names && i < image->manifest.layer_count; i++)
        free(image->layer_names[i]);
    free(image->layer_names);
    oci_manifest_fini(&image->manifest);
    oci_registry_close(image->registry);
    oci_store_close(image->store);
    free(image->config);
    memset(image, 0, sizeof *image);
}

struct checked {
    struct oci_verifier verifier;
    oci_sink *sink;
    void *context;
};

static int pass_on(void *context, struct span part)
{
    struct checked *c = context;
    int rc = oci_verifier_add(&c->verifier, part);
    return rc ? rc : c->sink(c->context, part);
}

int oci_image_layer(struct oci_image *image, size_t index, oci_sink *sink, void *context,
                    struct err *e)
{
    const struct oci_descriptor *d = &image->manifest.layers[index].blob;
    if (image->registry)
        return oci_registry_get_blob(image->registry, d, sink, context, e);
    char name[128];
    blob_name(name, sizeof name, d->digest);
    struct checked c = {.sink = sink, .context = context};
    oci_verifier_init(&c.verifier, d);
    int rc = oci_store_stream(image->store, image->layer_names ? image->layer_names[index] : name,
                              pass_on, &c, e);
    return rc ? rc : oci_verifier_end(&c.verifier, e);
}
