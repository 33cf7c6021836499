/* SPDX-License-Identifier: Apache-2.0
 * manifest.h: the JSON documents of an image: index, manifest, configuration; OCI's and Docker's
 * spelling. [OCI-IMAGE image-index.md, manifest.md, config.md; Docker "Image Manifest V2, Schema
 * 2"] */
#ifndef CELLA_OCI_MANIFEST_H
#define CELLA_OCI_MANIFEST_H

#include "base/err.h"
#include "base/span.h"
#include "oci/registry.h"

enum oci_compression { OCI_TAR, OCI_TAR_GZIP, OCI_TAR_ZSTD };

enum { OCI_MAX_LAYERS = 512 };

struct oci_layer {
    struct oci_descriptor blob;
    enum oci_compression compression;
};

struct oci_manifest {
    struct oci_descriptor config;
    struct oci_layer *layers; /* lowest first */
    size_t layer_count;
    bool is_docker; /* Docker's media types, which an output should keep */
};

enum oci_document { OCI_DOCUMENT_MANIFEST, OCI_DOCUMENT_INDEX };

/* Which of the two the text is: by its mediaType, else `media_type` (the HTTP header; may be
 * empty), else by its members. -EBADMSG when it is neither; Docker's schema 1 is named in the
 * sentence. */
int oci_document_kind(struct span text, const char *media_type, enum oci_document *kind,
                      struct err *e) MUST_USE;

/* The caller ends it with oci_manifest_fini(), also after a failure.  -EBADMSG for what the
 * specification does not allow, -ENOTSUP for foreign (non-distributable) and unknown layer types.
 */
int oci_manifest_parse(struct oci_manifest *m, struct span text, struct err *e) MUST_USE;
void oci_manifest_fini(struct oci_manifest *m);

/* The manifest for linux/amd64; of several the first without a variant, or the first.  -ENOENT,
 * with the platforms that there are, when there is none.  Nested indexes are not followed. */
int oci_index_choose(struct oci_descriptor *d, struct span text, struct err *e) MUST_USE;

#endif
