/* SPDX-License-Identifier: Apache-2.0
 * target.c: what all targets share, and the registry.  See target.h. */
#include "oci/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oci/target_priv.h"
#include "oci/verify.h"

enum { CHUNK = 16 << 20 };

static int registry_put_blob(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                             void *context, struct err *e)
{
    int rc = oci_registry_has_blob(t->registry, d->digest, e);
    if (rc)
        return rc < 0 ? rc : 0;
    return oci_registry_put_blob(t->registry, d, read, context, d->size > CHUNK ? CHUNK : 0, e);
}

static int registry_put_manifest(struct oci_target *t, struct span manifest, const char *media_type,
                                 const char *digest, struct err *e)
{
    (void)digest; /* the registry computes it itself */
    return oci_registry_put_manifest(t->registry, oci_reference_version(&t->ref), media_type,
                                     manifest, e);
}

static void registry_close(struct oci_target *t)
{
    oci_registry_close(t->registry);
}

static const struct target_ops REGISTRY = {registry_put_blob, registry_put_manifest,
                                           registry_close};

static int open_registry(struct oci_target *t, const struct oci_registry_options *options,
                         struct err *e)
{
    if (t->ref.digest[0])
        return fail(e, -EINVAL, "oci: an image is pushed under a tag, not under a digest: %.80s",
                    t->ref.name);
    t->ops = &REGISTRY;
    return oci_registry_open(&t->registry, t->ref.host, t->ref.name, options, e);
}

int oci_target_open(struct oci_target **out, const struct oci_reference *ref,
                    const struct oci_registry_options *options, struct err *e)
{
    *out = NULL;
    struct oci_target *t = calloc(1, sizeof *t);
    if (!t)
        return fail(e, -ENOMEM, "oci: out of memory");
    t->ref = *ref;
    t->dir = -1;
    int rc = ref->transport == OCI_REGISTRY ? open_registry(t, options, e)
             : ref->transport == OCI_LAYOUT ? target_open_layout(t, e)
                                            : target_open_archive(t, e);
    if (rc) {
        oci_target_close(t);
        return rc;
    }
    *out = t;
    return 0;
}

void oci_target_close(struct oci_target *t)
{
    if (!t)
        return;
    if (t->ops)
        t->ops->close(t);
    free(t);
}

int oci_target_put_blob(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                        void *context, struct err *e)
{
    int rc = oci_digest_check(d->digest, e);
    return rc ? rc : t->ops->put_blob(t, d, read, context, e);
}

static int read_span(void *context, uint64_t offset, uint8_t *to, size_t size)
{
    const struct span *text = context;
    if (offset > text->size || size > text->size - offset)
        return -EINVAL;
    memcpy(to, text->data + offset, size);
    return 0;
}

int oci_target_put_text(struct oci_target *t, struct span text, struct oci_descriptor *d,
                        struct err *e)
{
    oci_digest_of(d->digest, text);
    d->size = text.size;
    return oci_target_put_blob(t, d, read_span, &text, e);
}

int oci_target_put_manifest(struct oci_target *t, struct span manifest, const char *media_type,
                            char digest[OCI_DIGEST_SIZE], struct err *e)
{
    oci_digest_of(digest, manifest);
    return t->ops->put_manifest(t, manifest, media_type, digest, e);
}
