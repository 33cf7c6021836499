/* SPDX-License-Identifier: Apache-2.0
 * reference.h: the name of an image, as skopeo writes it.
 *   docker://host[:port]/path[:tag][@digest]   or the same without "docker://"
 *   oci:DIR[:tag]                              an OCI image layout
 *   docker-archive:FILE[:name:tag]             what `docker save` writes
 * [OCI-DIST "Pulling manifests": name and tag grammar; OCI-IMAGE descriptor.md: digest grammar] */
#ifndef CELLA_OCI_REFERENCE_H
#define CELLA_OCI_REFERENCE_H

#include "base/err.h"

enum oci_transport { OCI_REGISTRY, OCI_LAYOUT, OCI_ARCHIVE };

enum {
    OCI_HOST_SIZE = 256,
    OCI_NAME_SIZE = 256, /* distribution limits a name to 255 characters */
    OCI_TAG_SIZE = 129,
    OCI_DIGEST_SIZE = 72, /* "sha256:" and 64 digits and the final zero byte */
    OCI_PATH_SIZE = 4096,
};

struct oci_reference {
    enum oci_transport transport;
    char host[OCI_HOST_SIZE];     /* registry: host[:port]; docker.io when the name has none */
    char name[OCI_NAME_SIZE];     /* registry: the repository; archive: the image's name or empty */
    char tag[OCI_TAG_SIZE];       /* empty: registry uses "latest" unless there is a digest */
    char digest[OCI_DIGEST_SIZE]; /* empty or sha256:... */
    char path[OCI_PATH_SIZE];     /* layout: folder; archive: file */
};

/* Fills `ref` from `text`; -EINVAL with a sentence that shows the right form. */
int oci_reference_parse(struct oci_reference *ref, const char *text, struct err *e) MUST_USE;

/* What a registry is asked for: the digest when there is one, else the tag, else "latest". */
const char *oci_reference_version(const struct oci_reference *ref);

/* True for "sha256:" and 64 lower-case digits; no other algorithm is accepted. */
int oci_digest_check(const char *text, struct err *e) MUST_USE;

/* True when the host part names this machine: localhost, 127.0.0.0/8, [::1], any port. */
int oci_host_is_loopback(const char *host);

#endif
