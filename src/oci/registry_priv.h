/* SPDX-License-Identifier: Apache-2.0
 * registry_priv.h: what the registry's source files share. */
#ifndef CELLA_OCI_REGISTRY_PRIV_H
#define CELLA_OCI_REGISTRY_PRIV_H

#include "http/client.h"
#include "oci/registry.h"

enum { REGISTRY_URL_SIZE = 8192, REGISTRY_RETRIES = 4, REGISTRY_MAX_WAIT_S = 20 };

struct oci_registry {
    struct http_client *http;
    char base[OCI_HOST_SIZE + 16]; /* scheme://host */
    char name[OCI_NAME_SIZE];
    struct oci_credentials credentials;
    unsigned retries;
    char *authorization;              /* the header's value, or NULL */
    char extra_scope[OCI_SCOPE_SIZE]; /* asked for beside the challenge's, for a mount */
};

/* http_send() with the registry's authorization: a 401 is answered once with fresh credentials, a
 * transient failure is tried again after a pause (unless the request streams its body from a
 * source). */
int registry_send(struct oci_registry *r, struct http_request *request,
                  struct http_response *response, struct err *e) MUST_USE;

/* Waits before try number `attempt` (from 0); false when there are no more tries. */
bool registry_pause(const struct oci_registry *r, unsigned attempt,
                    const struct http_response *response);
bool registry_is_transient(int rc, int status);

/* Turns an unexpected answer into a sentence with what the registry says; returns a negative errno.
 */
int registry_refusal(const struct oci_registry *r, const struct http_response *response,
                     const char *doing, struct err *e) MUST_USE;

#endif
