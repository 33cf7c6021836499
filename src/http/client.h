/* SPDX-License-Identifier: Apache-2.0
 * client.h: one HTTP request and its answer, over libcurl.  TLS is checked always; plain http only
 * where the caller allows it.  Redirects are followed up to five times, never from https to http,
 * and credentials stay with the host they were meant for.  Every size and time is bounded.
 *
 * An http_client keeps connections and may be used by one thread at a time. */
#ifndef CELLA_HTTP_CLIENT_H
#define CELLA_HTTP_CLIENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct http_options {
    const char *ca_file; /* PEM, trusted beside the system's authorities; NULL: those alone */
    bool allow_plain;    /* http:// too */
    unsigned connect_ms; /* until a connection stands; 0: 10 s */
    unsigned stall_s;    /* gives up when less than 1 byte/s arrives for so long; 0: 30 s */
    unsigned long long total_ms; /* for a whole request; 0: no bound */
};

struct http_client;

/* The caller ends it with http_client_free(); strings in `options` are copied. */
int http_client_new(struct http_client **out, const struct http_options *options,
                    struct err *e) MUST_USE;
void http_client_free(struct http_client *client);

/* Takes the answer's body piece by piece; a negative errno ends the transfer and is what
 * http_send() returns. */
typedef int http_sink(void *context, struct span part);
/* Called with the status before the sink gets its first byte. */
typedef void http_start(void *context, int status);
/* Gives up to `size` bytes of the request's body; 0 at the end, or a negative errno. */
typedef long http_source(void *context, uint8_t *to, size_t size);

struct http_request {
    const char *method; /* "GET", "HEAD", "PUT", ... */
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    const char *authorization; /* the value of that header; dropped on a redirect to another host */
    struct span body;          /* sent when `source` is NULL */
    http_source *source;       /* streams `source_size` bytes instead */
    void *source_context;
    uint64_t source_size;
    http_sink *sink;   /* NULL: the body is collected in the response */
    http_start *start; /* may be NULL; gets the sink's context */
    void *sink_context;
    size_t max_body; /* of a collected body; 0: 4 MiB.  A longer one is -EFBIG */
};

struct http_response {
    int status; /* 200, 404, ... */
    char *body; /* collected, with a zero byte behind it; NULL when a sink took it */
    size_t body_size;
    char *headers; /* all header lines of the last answer, for http_header() */
    char *url;     /* where the answer came from, after redirects */
};

/* 0 when an answer arrived, whatever its status: the caller looks at it.  A sink is called only for
 * statuses 200 to 299; another answer's body is collected.  Errors: -ECONNREFUSED, -ETIMEDOUT,
 * -EKEYREJECTED (the server's
 * certificate), -EPROTO (TLS or a malformed answer), -EFBIG, -EPERM (plain http not allowed), or
 * the sink's or source's own.  The caller ends `response` with http_response_fini() in every case.
 */
int http_send(struct http_client *client, const struct http_request *request,
              struct http_response *response, struct err *e) MUST_USE;
void http_response_fini(struct http_response *response);

/* The value of a header (case-insensitive), without blanks around it, in a new string that the
 * caller frees; NULL when it is not there or memory is short.  Of several the last counts. */
char *http_header(const struct http_response *response, const char *name);

/* Seconds that Retry-After asks for, at most `most`; `otherwise` when it is missing or a date. */
unsigned http_retry_after(const struct http_response *response, unsigned otherwise, unsigned most);

#endif
