/* SPDX-License-Identifier: Apache-2.0
 * registry.h: one repository of a container registry.  Everything that arrives is checked against
 * its digest while it streams; nothing is believed because a header says so.  Transient failures (a
 * cut connection, 429, 502, 503, 504) are tried again a few times, and a blob goes on where it
 * stopped.  [OCI-DIST 1.1; Docker token authentication] */
#ifndef CELLA_OCI_REGISTRY_H
#define CELLA_OCI_REGISTRY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "oci/auth.h"
#include "oci/reference.h"

struct oci_registry_options {
    const char *ca_file; /* PEM, trusted beside the system's; may be NULL */
    bool plain_http;     /* http instead of https; a loopback registry may speak it in any case */
    struct oci_credentials credentials; /* borrowed until oci_registry_close() */
    unsigned retries;                   /* of a transient failure; 0: 4 */
};

struct oci_registry;

/* Finds out how the registry wants to be spoken to.  `host` and `name` as in struct oci_reference.
 * The caller ends it with oci_registry_close(). */
int oci_registry_open(struct oci_registry **out, const char *host, const char *name,
                      const struct oci_registry_options *options, struct err *e) MUST_USE;
void oci_registry_close(struct oci_registry *r);

/* A content that is named by its hash.  [OCI-IMAGE descriptor.md] */
struct oci_descriptor {
    char digest[OCI_DIGEST_SIZE];
    uint64_t size; /* bytes */
};

struct oci_manifest_text {
    char *text; /* freed by the caller */
    size_t size;
    char media_type[128];
    char digest[OCI_DIGEST_SIZE]; /* computed, and equal to what was asked for by digest */
};

/* `version` is a tag or a digest.  OCI and Docker manifests and indexes are asked for; at most 4
 * MiB. */
int oci_registry_get_manifest(struct oci_registry *r, const char *version,
                              struct oci_manifest_text *out, struct err *e) MUST_USE;

typedef int oci_sink(void *context, struct span part);

/* Streams a blob into `sink`, which sees each byte once and in order, whatever was retried.  Only a
 * return of 0 says that the content had the digest and size of `d`: what the sink got before must
 * not be used on failure. */
int oci_registry_get_blob(struct oci_registry *r, const struct oci_descriptor *d, oci_sink *sink,
                          void *context, struct err *e) MUST_USE;

/* 1: it is there, 0: it is not. */
int oci_registry_has_blob(struct oci_registry *r, const char *digest, struct err *e) MUST_USE;

/* Takes a blob over from another repository of the same registry.  1: done, 0: it must be uploaded.
 */
int oci_registry_mount_blob(struct oci_registry *r, const char *digest, const char *from_name,
                            struct err *e) MUST_USE;

/* Gives `size` bytes at `offset` of what is uploaded; it may be asked for a part again. */
typedef int oci_reader(void *context, uint64_t offset, uint8_t *to, size_t size);

/* Uploads in chunks of `chunk` bytes (0: in one request), each of which is tried again by itself.
 */
int oci_registry_put_blob(struct oci_registry *r, const struct oci_descriptor *d, oci_reader *read,
                          void *context, uint64_t chunk, struct err *e) MUST_USE;

int oci_registry_put_manifest(struct oci_registry *r, const char *version, const char *media_type,
                              struct span text, struct err *e) MUST_USE;

#endif
