/* SPDX-License-Identifier: Apache-2.0
 * registry_pull.c: manifests and blobs out of a registry.  [OCI-DIST "Pull"] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/registry_priv.h"
#include "oci/verify.h"

enum { MAX_MANIFEST = 4 << 20, MAX_RESUMES = 64 };

static const char *const ACCEPT[] = {
    "Accept: application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json",
    NULL,
};

/* The media type without its parameters. */
static void copy_media_type(char *to, size_t room, const struct http_response *response)
{
    auto_free char *value = http_header(response, "Content-Type");
    snprintf(to, room, "%.*s", value ? (int)strcspn(value, "; ") : 0, value ? value : "");
}

/* The digest that was asked for binds; for a tag the registry's own header has to agree with what
 * it sent. */
static int check_manifest_digest(const char *version, const struct http_response *response,
                                 const char *found, struct err *e)
{
    auto_free char *header = http_header(response, "Docker-Content-Digest");
    const char *expected = strchr(version, ':') ? version : header;
    if (expected && strcmp(expected, found) != 0)
        return fail(e, -EBADMSG, "oci: the manifest has digest %s, expected %.71s", found,
                    expected);
    return 0;
}

int oci_registry_get_manifest(struct oci_registry *r, const char *version,
                              struct oci_manifest_text *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    char url[REGISTRY_URL_SIZE];
    snprintf(url, sizeof url, "%s/v2/%s/manifests/%s", r->base, r->name, version);
    struct http_request request = {
        .method = "GET", .url = url, .headers = ACCEPT, .max_body = MAX_MANIFEST};
    struct http_response response;
    int rc = registry_send(r, &request, &response, e);
    if (!rc && response.status != 200)
        rc = registry_refusal(r, &response, "the manifest of", e);
    if (!rc && !response.body)
        rc = fail(e, -EBADMSG, "oci: the registry's manifest is empty");
    if (!rc) {
        oci_digest_of(out->digest, span_of(response.body, response.body_size));
        rc = check_manifest_digest(version, &response, out->digest, e);
    }
    if (!rc) {
        copy_media_type(out->media_type, sizeof out->media_type, &response);
        out->size = response.body_size;
        out->text = take_ptr(response.body);
    }
    http_response_fini(&response);
    return rc;
}

/* A blob on its way: what came so far, and what has to be passed over when a server does not honour
 * Range. */
struct download {
    struct oci_verifier verifier;
    uint64_t skip;
    oci_sink *sink;
    void *context;
    int sink_failed;
};

/* A server that does not honour Range begins at the first byte again. */
static void on_start(void *context, int status)
{
    struct download *d = context;
    d->skip = status == 206 ? 0 : d->verifier.got;
}

static int on_part(void *context, struct span part)
{
    struct download *d = context;
    if (d->skip) {
        size_t passed = part.size < d->skip ? part.size : (size_t)d->skip;
        d->skip -= passed;
        part = span_of(part.data + passed, part.size - passed);
    }
    if (part.size == 0)
        return 0;
    int rc = oci_verifier_add(&d->verifier, part);
    if (rc)
        return rc;
    rc = d->sink(d->context, part);
    d->sink_failed = rc != 0;
    return rc;
}

/* One request for what is still missing. */
static int download_rest(struct oci_registry *r, struct download *d, struct http_response *response,
                         struct err *e)
{
    char url[REGISTRY_URL_SIZE];
    char range[64];
    snprintf(url, sizeof url, "%s/v2/%s/blobs/%s", r->base, r->name, d->verifier.want->digest);
    snprintf(range, sizeof range, "Range: bytes=%llu-", (unsigned long long)d->verifier.got);
    const char *const headers[] = {d->verifier.got ? range : NULL, NULL};
    struct http_request request = {.method = "GET",
                                   .url = url,
                                   .headers = headers,
                                   .start = on_start,
                                   .sink = on_part,
                                   .sink_context = d};
    d->skip = 0;
    return registry_send(r, &request, response, e);
}

int oci_registry_get_blob(struct oci_registry *r, const struct oci_descriptor *want, oci_sink *sink,
                          void *context, struct err *e)
{
    int rc = oci_digest_check(want->digest, e);
    if (rc)
        return rc;
    struct download d = {.sink = sink, .context = context};
    oci_verifier_init(&d.verifier, want);
    for (unsigned attempt = 0, total = 0;; attempt++, total++) {
        struct http_response response = {0};
        uint64_t before = d.verifier.got;
        rc = download_rest(r, &d, &response, e);
        int status = response.status;
        bool is_whole = !rc && status >= 200 && status < 300;
        if (!rc && !is_whole && !registry_is_transient(0, status))
            rc = registry_refusal(r, &response, "a blob of", e);
        if (is_whole && d.verifier.got < want->size)
            rc = -ECONNRESET; /* ended early without the connection saying so */
        bool again = !d.sink_failed && !(is_whole && !rc) && registry_is_transient(rc, status);
        if (d.verifier.got > before && total < MAX_RESUMES)
            attempt = 0; /* what moves is not stuck */
        again = again && registry_pause(r, attempt, &response);
        if (!again && !rc && !is_whole)
            rc = registry_refusal(r, &response, "a blob of", e);
        http_response_fini(&response);
        if (!again)
            return rc ? rc : oci_verifier_end(&d.verifier, e);
    }
}

int oci_registry_has_blob(struct oci_registry *r, const char *digest, struct err *e)
{
    char url[REGISTRY_URL_SIZE];
    snprintf(url, sizeof url, "%s/v2/%s/blobs/%s", r->base, r->name, digest);
    struct http_request request = {.method = "HEAD", .url = url};
    struct http_response response;
    int rc = registry_send(r, &request, &response, e);
    if (!rc && response.status == 200)
        rc = 1;
    else if (!rc && response.status != 404)
        rc = registry_refusal(r, &response, "a blob of", e);
    http_response_fini(&response);
    return rc;
}
