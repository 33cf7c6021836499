/* SPDX-License-Identifier: Apache-2.0
 * target.h: where an image goes: a registry, an OCI layout folder or a `docker save` archive.
 * Nothing becomes visible before its manifest: blobs first, the manifest last and in one step, so
 * that whoever reads meanwhile sees the old image or the new one. */
#ifndef CELLA_OCI_TARGET_H
#define CELLA_OCI_TARGET_H

#include "base/err.h"
#include "oci/reference.h"
#include "oci/registry.h"

struct oci_target;

/* `options` is used for registries only and borrowed until oci_target_close().  A layout's folder
 * is made when it is missing; an archive's file must not exist yet. */
int oci_target_open(struct oci_target **out, const struct oci_reference *ref,
                    const struct oci_registry_options *options, struct err *e) MUST_USE;
/* Ends it; what has no manifest yet stays invisible or is removed. */
void oci_target_close(struct oci_target *t);

/* Puts a blob unless it is there already.  The content is checked against its digest before it
 * counts. */
int oci_target_put_blob(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                        void *context, struct err *e) MUST_USE;

/* Puts a blob that is in memory and fills its descriptor. */
int oci_target_put_text(struct oci_target *t, struct span text, struct oci_descriptor *d,
                        struct err *e) MUST_USE;

/* Makes the image visible under the reference's tag ("latest" without one).  `manifest` is the JSON
 * text, `media_type` its type; its digest is returned in `digest`. */
int oci_target_put_manifest(struct oci_target *t, struct span manifest, const char *media_type,
                            char digest[OCI_DIGEST_SIZE], struct err *e) MUST_USE;

#endif
