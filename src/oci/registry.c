/* SPDX-License-Identifier: Apache-2.0
 * registry.c: the connection to a registry: scheme, authorization, retries.  See registry.h. */
#include "oci/registry.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "http/url.h"
#include "oci/registry_priv.h"

enum { MAX_TOKEN_ANSWER = 256 << 10 };

bool registry_is_transient(int rc, int status)
{
    if (rc)
        return rc == -ECONNRESET || rc == -ETIMEDOUT;
    return status == 429 || status == 502 || status == 503 || status == 504;
}

bool registry_pause(const struct oci_registry *r, unsigned attempt,
                    const struct http_response *response)
{
    if (attempt >= r->retries)
        return false;
    unsigned wait = response && response->headers
                        ? http_retry_after(response, 1U << attempt, REGISTRY_MAX_WAIT_S)
                        : 1U << attempt;
    usleep(wait * 250000); /* a quarter: registries ask for whole seconds generously */
    return true;
}

static void set_authorization(struct oci_registry *r, char *value)
{
    if (r->authorization)
        bytes_wipe(r->authorization, strlen(r->authorization));
    free(r->authorization);
    r->authorization = value;
}

/* realm?service=S&scope=A[&scope=B] */
static int token_url(const struct oci_registry *r, const struct oci_challenge *c, char *url,
                     size_t room)
{
    *url = 0;
    int rc = url_append(url, room, c->realm);
    if (!rc)
        rc = url_append(url, room, strchr(c->realm, '?') ? "&service=" : "?service=");
    if (!rc)
        rc = url_append_escaped(url, room, c->service);
    const char *scopes[] = {c->scope, r->extra_scope};
    for (size_t i = 0; !rc && i < ARRAY_COUNT(scopes); i++) {
        if (!*scopes[i])
            continue;
        rc = url_append(url, room, "&scope=");
        if (!rc)
            rc = url_append_escaped(url, room, scopes[i]);
    }
    return rc;
}

/* Takes "token" or "access_token" out of the token server's answer. */
static int take_token(struct oci_registry *r, const struct http_response *response, struct err *e)
{
    json_t *root = json_loadb(response->body ? response->body : "", response->body_size, 0, NULL);
    const char *token = json_string_value(json_object_get(root, "token"));
    if (!token)
        token = json_string_value(json_object_get(root, "access_token"));
    int rc = 0;
    if (!token || strpbrk(token, "\r\n")) {
        rc = fail(e, -EBADMSG, "oci: the token server's answer has no token");
    } else {
        size_t size = strlen(token) + sizeof "Bearer ";
        char *value = malloc(size);
        if (value)
            snprintf(value, size, "Bearer %s", token);
        else
            rc = fail(e, -ENOMEM, "oci: out of memory");
        set_authorization(r, value);
    }
    json_decref(root);
    return rc;
}

static int fetch_token(struct oci_registry *r, const struct oci_challenge *c, struct err *e)
{
    char url[REGISTRY_URL_SIZE];
    if (token_url(r, c, url, sizeof url))
        return fail(e, -EBADMSG, "oci: the registry names a token server with too long a URL");
    auto_free char *basic = r->credentials.user ? oci_credentials_basic(&r->credentials) : NULL;
    struct http_request request = {
        .method = "GET", .url = url, .authorization = basic, .max_body = MAX_TOKEN_ANSWER};
    struct http_response response;
    int rc = http_send(r->http, &request, &response, e);
    if (!rc && response.status == 200)
        rc = take_token(r, &response, e);
    else if (!rc)
        rc = fail(e, -EACCES, "oci: the token server %.100s refuses%s (status %d): check --creds",
                  c->realm, r->credentials.user ? " these credentials" : "", response.status);
    http_response_fini(&response);
    return rc;
}

/* Answers a 401.  -EACCES when nothing better can be sent. */
static int authorize(struct oci_registry *r, const struct http_response *response, struct err *e)
{
    auto_free char *header = http_header(response, "WWW-Authenticate");
    struct oci_challenge c;
    int rc = oci_challenge_parse(&c, header ? header : "", e);
    if (rc)
        return rc;
    if (c.scheme == OCI_AUTH_BEARER)
        return fetch_token(r, &c, e);
    if (c.scheme != OCI_AUTH_BASIC)
        return fail(e, -EACCES, "oci: %s asks for a way to log in that is not known: \"%.80s\"",
                    r->base, header ? header : "");
    if (!r->credentials.user)
        return fail(e, -EACCES, "oci: %s wants a user and a password: give --creds or log in",
                    r->base);
    char *basic = oci_credentials_basic(&r->credentials);
    if (!basic)
        return fail(e, -ENOMEM, "oci: out of memory");
    set_authorization(r, basic);
    return 0;
}

int registry_send(struct oci_registry *r, struct http_request *request,
                  struct http_response *response, struct err *e)
{
    bool asked = false;
    for (unsigned attempt = 0;; attempt++) {
        request->authorization = r->authorization;
        int rc = http_send(r->http, request, response, e);
        bool again = false;
        if (!rc && response->status == 401 && !asked && !request->source) {
            rc = authorize(r, response, e);
            asked = again = true;
            if (rc)
                return rc;
        } else if (registry_is_transient(rc, response->status) && !request->source &&
                   !request->sink) {
            again = registry_pause(r, attempt, response);
        }
        if (!again)
            return rc;
        http_response_fini(response);
    }
}

/* The first entry of {"errors": [{"code", "message"}]} as "CODE: message".  [OCI-DIST "Error
 * Codes"] */
static void first_error(const struct http_response *response, char *text, size_t room)
{
    *text = 0;
    if (!response->body)
        return;
    json_t *root = json_loadb(response->body, response->body_size, 0, NULL);
    const json_t *entry = json_array_get(json_object_get(root, "errors"), 0);
    const char *code = json_string_value(json_object_get(entry, "code"));
    const char *message = json_string_value(json_object_get(entry, "message"));
    if (code)
        snprintf(text, room, ", %.40s: %.80s", code, message ? message : "");
    json_decref(root);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

int registry_refusal(const struct oci_registry *r, const struct http_response *response,
                     const char *doing, struct err *e)
{
    static const struct {
        int status;
        int code;
        const char *advice;
    } known[] = {
        {400, -EINVAL, "the request was not understood"},
        {401, -EACCES, "log in, or give --creds with an account that may do this"},
        {403, -EACCES, "this account may not do that"},
        {404, -ENOENT, "check the name and the tag"},
        {413, -EFBIG, "the registry's size limit is smaller"},
        {429, -EBUSY, "too many requests; try again later"},
    };
    char said[160];
    first_error(response, said, sizeof said);
    int code = -EIO;
    const char *advice = "the registry has a problem; try again later";
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (known[i].status == response->status) {
            code = known[i].code;
            advice = known[i].advice;
        }
    return fail(e, code, "oci: %s %.60s at %.60s: status %d%s: %s", doing, r->name, r->base,
                response->status, said, advice);
}

static const char *address_of(const char *host)
{
    return strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

/* GET /v2/ by one scheme: 0 when somebody answers, whatever the status. */
static int try_scheme(struct oci_registry *r, const char *scheme, const char *host, struct err *e)
{
    snprintf(r->base, sizeof r->base, "%s://%s", scheme, address_of(host));
    char url[sizeof r->base + 8];
    snprintf(url, sizeof url, "%s/v2/", r->base);
    struct http_request request = {.method = "GET", .url = url};
    struct http_response response;
    int rc = -ECONNRESET;
    for (unsigned attempt = 0; registry_is_transient(rc, 0); attempt++) {
        rc = http_send(r->http, &request, &response, e);
        http_response_fini(&response);
        if (registry_is_transient(rc, 0) && !registry_pause(r, attempt, NULL))
            break;
    }
    return rc;
}

/* A loopback registry that does not speak TLS at all may be spoken to plainly; one whose
 * certificate is wrong may not. */
static int find_scheme(struct oci_registry *r, const char *host, bool plain, struct err *e)
{
    if (plain)
        return try_scheme(r, "http", host, e);
    int rc = try_scheme(r, "https", host, e);
    if (oci_host_is_loopback(host) && (rc == -EPROTO || rc == -ECONNRESET))
        return try_scheme(r, "http", host, e);
    return rc;
}

int oci_registry_open(struct oci_registry **out, const char *host, const char *name,
                      const struct oci_registry_options *o, struct err *e)
{
    *out = NULL;
    struct oci_registry *r = calloc(1, sizeof *r);
    if (!r)
        return fail(e, -ENOMEM, "oci: out of memory");
    r->credentials = o->credentials;
    r->retries = o->retries ? o->retries : REGISTRY_RETRIES;
    snprintf(r->name, sizeof r->name, "%s", name);
    struct http_options options = {.ca_file = o->ca_file,
                                   .allow_plain = o->plain_http || oci_host_is_loopback(host)};
    int rc = http_client_new(&r->http, &options, e);
    if (!rc)
        rc = find_scheme(r, host, o->plain_http, e);
    if (rc) {
        oci_registry_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

void oci_registry_close(struct oci_registry *r)
{
    if (!r)
        return;
    set_authorization(r, NULL);
    http_client_free(r->http);
    free(r);
}
