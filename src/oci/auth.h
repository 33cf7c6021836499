/* SPDX-License-Identifier: Apache-2.0
 * auth.h: what a registry asks for, and the credentials that a person has for it.
 * [RFC 9110 11.6.1 challenges; RFC 7617 Basic; Docker "Token Authentication Specification" for
 * Bearer] */
#ifndef CELLA_OCI_AUTH_H
#define CELLA_OCI_AUTH_H

#include "base/err.h"

enum oci_scheme { OCI_AUTH_NONE, OCI_AUTH_BASIC, OCI_AUTH_BEARER };

enum { OCI_REALM_SIZE = 1024, OCI_SERVICE_SIZE = 256, OCI_SCOPE_SIZE = 1024 };

/* What a 401 answer asks for. */
struct oci_challenge {
    enum oci_scheme scheme;
    char realm[OCI_REALM_SIZE]; /* Bearer: the token server's URL */
    char service[OCI_SERVICE_SIZE];
    char scope[OCI_SCOPE_SIZE];
};

/* Reads the value of WWW-Authenticate.  Of several challenges Bearer is taken before Basic; unknown
 * schemes are passed over and leave OCI_AUTH_NONE.  -EBADMSG for a value that is no list of
 * challenges or too long. */
int oci_challenge_parse(struct oci_challenge *c, const char *header, struct err *e) MUST_USE;

/* Both NULL: anonymous.  The password is a secret: it is wiped when freed and never logged. */
struct oci_credentials {
    char *user;
    char *password;
};

/* From "user:password"; the caller ends `c` with oci_credentials_fini(). */
int oci_credentials_parse(struct oci_credentials *c, const char *text, struct err *e) MUST_USE;

/* From the auth file of docker or podman.  `path` NULL: $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json,
 * ~/.config/containers/auth.json, ~/.docker/config.json, the first that has an entry for `host`
 * (and `name`: podman allows host/namespace keys, the longest wins).  No file or no entry: 0, and
 * anonymous. */
int oci_credentials_find(struct oci_credentials *c, const char *path, const char *host,
                         const char *name, struct err *e) MUST_USE;
void oci_credentials_fini(struct oci_credentials *c);

/* "Basic ..." for an Authorization header, in a new string that the caller frees; NULL when memory
 * is short. */
char *oci_credentials_basic(const struct oci_credentials *c);

#endif
