/* SPDX-License-Identifier: Apache-2.0
 * registry_push.c: blobs and manifests into a registry.  The upload's Location changes with each
 * step and may carry state of the registry's: it is used as it comes.  [OCI-DIST "Push"] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "http/url.h"
#include "oci/registry_priv.h"

static const char *const OCTETS[] = {"Content-Type: application/octet-stream", NULL};

/* Where the upload goes on; relative Locations belong to the registry. */
static int take_location(const struct oci_registry *r, const struct http_response *response,
                         char *url, struct err *e)
{
    auto_free char *location = http_header(response, "Location");
    if (!location || !*location)
        return fail(e, -EPROTO, "oci: %s does not say where an upload goes on", r->base);
    int size = snprintf(url, REGISTRY_URL_SIZE, "%s%s", *location == '/' ? r->base : "", location);
    if (size < 0 || size >= REGISTRY_URL_SIZE)
        return fail(e, -EPROTO, "oci: %s names too long a Location", r->base);
    return 0;
}

static int append_digest(char *url, const char *digest, struct err *e)
{
    int rc = url_append(url, REGISTRY_URL_SIZE, strchr(url, '?') ? "&digest=" : "?digest=");
    if (!rc)
        rc = url_append_escaped(url, REGISTRY_URL_SIZE, digest);
    return rc ? fail(e, rc, "oci: the upload's URL is too long") : 0;
}

/* POST .../uploads/[?mount=...]: the answer's status, or a negative errno; `url` is where to go on
 * when it is 202. */
static int start_upload(struct oci_registry *r, const char *query, char *url, struct err *e)
{
    char post[REGISTRY_URL_SIZE];
    snprintf(post, sizeof post, "%s/v2/%s/blobs/uploads/%s", r->base, r->name, query);
    struct http_request request = {.method = "POST", .url = post};
    struct http_response response;
    int rc = registry_send(r, &request, &response, e);
    if (!rc && response.status == 202)
        rc = take_location(r, &response, url, e);
    else if (!rc && response.status != 201)
        rc = registry_refusal(r, &response, "an upload to", e);
    int status = response.status;
    http_response_fini(&response);
    return rc ? rc : status;
}

int oci_registry_mount_blob(struct oci_registry *r, const char *digest, const char *from_name,
                            struct err *e)
{
    char query[OCI_NAME_SIZE * 4] = "?mount=";
    char url[REGISTRY_URL_SIZE];
    if (url_append_escaped(query, sizeof query, digest) ||
        url_append(query, sizeof query, "&from=") ||
        url_append_escaped(query, sizeof query, from_name))
        return fail(e, -ENAMETOOLONG, "oci: the name %.80s is too long", from_name);
    snprintf(r->extra_scope, sizeof r->extra_scope, "repository:%s:pull", from_name);
    int rc = start_upload(r, query, url, e);
    r->extra_scope[0] = 0;
    return rc < 0 ? rc : rc == 201; /* 202 began an upload that is left to run out */
}

/* The body of one request: a window of what is uploaded. */
struct window {
    oci_reader *read;
    void *context;
    uint64_t at;
    uint64_t end;
};

static long window_source(void *context, uint8_t *to, size_t size)
{
    struct window *w = context;
    uint64_t left = w->end - w->at;
    size_t part = left < size ? (size_t)left : size;
    int rc = part ? w->read(w->context, w->at, to, part) : 0;
    if (rc < 0)
        return rc;
    w->at += part;
    return (long)part;
}

/* How many bytes the registry has: GET of the upload's URL answers 204 with Range: 0-N.  -ESTALE
 * when it does not know any more, as docker-registry does when a connection broke in the middle of
 * a PATCH. */
static int ask_progress(struct oci_registry *r, char *url, uint64_t *have, struct err *e)
{
    struct http_request request = {.method = "GET", .url = url};
    struct http_response response;
    int rc = registry_send(r, &request, &response, e);
    if (!rc && response.status != 204)
        rc = fail(e, -ESTALE, "oci: %s lost an upload that was cut", r->base);
    if (!rc) {
        auto_free char *range = http_header(&response, "Range");
        const char *dash = range ? strchr(range, '-') : NULL;
        unsigned long long last = dash ? strtoull(dash + 1, NULL, 10) : 0;
        *have = last ? last + 1 : 0;
        rc = take_location(r, &response, url, e);
    }
    http_response_fini(&response);
    return rc;
}

/* PATCH of one window.  A transient failure asks how far the registry got and goes on from there.
 */
static int send_chunk(struct oci_registry *r, char *url, struct window *w, struct err *e)
{
    uint64_t start = w->at;
    for (unsigned attempt = 0;; attempt++) {
        char range[80];
        snprintf(range, sizeof range, "Content-Range: %llu-%llu", (unsigned long long)w->at,
                 (unsigned long long)w->end - 1);
        const char *const headers[] = {OCTETS[0], range, NULL};
        struct http_request request = {.method = "PATCH",
                                       .url = url,
                                       .headers = headers,
                                       .source = window_source,
                                       .source_context = w,
                                       .source_size = w->end - w->at};
        struct http_response response;
        int rc = registry_send(r, &request, &response, e);
        bool again = registry_is_transient(rc, response.status) || response.status == 416;
        again = again && registry_pause(r, attempt, &response);
        if (!rc && !again)
            rc = response.status == 202 ? take_location(r, &response, url, e)
                                        : registry_refusal(r, &response, "the upload to", e);
        http_response_fini(&response);
        if (!again)
            return rc;
        uint64_t have = 0;
        rc = ask_progress(r, url, &have, e);
        if (rc)
            return rc;
        if (have < start || have > w->end)
            return fail(e, -ESTALE, "oci: %s lost its place in an upload", r->base);
        w->at = have;
        if (have == w->end)
            return 0;
    }
}

/* PUT ends the upload; with a window it carries the whole blob. */
static int finish_upload(struct oci_registry *r, char *url, const char *digest, struct window *w,
                         struct err *e)
{
    int rc = append_digest(url, digest, e);
    if (rc)
        return rc;
    struct http_request request = {.method = "PUT", .url = url, .headers = OCTETS};
    if (w) {
        request.source = window_source;
        request.source_context = w;
        request.source_size = w->end - w->at;
    }
    struct http_response response;
    rc = registry_send(r, &request, &response, e);
    if (!rc && response.status != 201)
        rc = registry_refusal(r, &response, "the upload to", e);
    http_response_fini(&response);
    return rc;
}

static int put_in_chunks(struct oci_registry *r, char *url, const struct oci_descriptor *d,
                         struct window w, uint64_t chunk, struct err *e)
{
    int rc = 0;
    while (!rc && w.at < d->size) {
        w.end = d->size - w.at < chunk ? d->size : w.at + chunk;
        rc = send_chunk(r, url, &w, e);
    }
    return rc ? rc : finish_upload(r, url, d->digest, NULL, e);
}

int oci_registry_put_blob(struct oci_registry *r, const struct oci_descriptor *d, oci_reader *read,
                          void *context, uint64_t chunk, struct err *e)
{
    for (unsigned attempt = 0;; attempt++) {
        char url[REGISTRY_URL_SIZE];
        int rc = start_upload(r, "", url, e);
        if (rc < 0)
            return rc;
        if (rc != 202)
            return fail(e, -EPROTO, "oci: %s ends an upload before it began", r->base);
        struct window w = {.read = read, .context = context, .end = d->size};
        rc =
            chunk ? put_in_chunks(r, url, d, w, chunk, e) : finish_upload(r, url, d->digest, &w, e);
        bool again = rc == -ESTALE || registry_is_transient(rc, 0);
        if (!again || !registry_pause(r, attempt, NULL))
            return rc;
    }
}

int oci_registry_put_manifest(struct oci_registry *r, const char *version, const char *media_type,
                              struct span text, struct err *e)
{
    char url[REGISTRY_URL_SIZE];
    char type[160];
    snprintf(url, sizeof url, "%s/v2/%s/manifests/%s", r->base, r->name, version);
    snprintf(type, sizeof type, "Content-Type: %s", media_type);
    const char *const headers[] = {type, NULL};
    struct http_request request = {.method = "PUT", .url = url, .headers = headers, .body = text};
    struct http_response response;
    int rc = registry_send(r, &request, &response, e);
    if (!rc && response.status != 201)
        rc = registry_refusal(r, &response, "the manifest for", e);
    http_response_fini(&response);
    return rc;
}
