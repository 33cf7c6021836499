/* SPDX-License-Identifier: Apache-2.0
 * image.h: an image to read, wherever it lies: its manifest, its configuration and its layers, each
 * checked against its digest.  A `docker save` archive has no digests of its own for layers: those
 * of the configuration (diff_ids) are used.  [OCI-IMAGE image-layout.md; Docker "Image
 * Specification v1.2", combined image JSON + filesystem changeset] */
#ifndef CELLA_OCI_IMAGE_H
#define CELLA_OCI_IMAGE_H

#include "base/err.h"
#include "oci/manifest.h"
#include "oci/registry.h"

struct oci_image {
    struct oci_manifest manifest;
    char manifest_digest[OCI_DIGEST_SIZE]; /* empty for a docker archive */
    char *config;                          /* JSON text */
    size_t config_size;
    struct oci_registry *registry; /* where the blobs come from: this, */
    struct oci_store *store;       /* or this, */
    char **layer_names;            /* and in a docker archive under these names */
};

/* `options` is used for registries only and borrowed until oci_image_close().  The caller ends
 * `image` with oci_image_close() in every case. */
int oci_image_open(struct oci_image *image, const struct oci_reference *ref,
                   const struct oci_registry_options *options, struct err *e) MUST_USE;
void oci_image_close(struct oci_image *image);

/* Streams layer `index` as it is stored (compressed or not).  Only 0 says that its digest was
 * right. */
int oci_image_layer(struct oci_image *image, size_t index, oci_sink *sink, void *context,
                    struct err *e) MUST_USE;

#endif
