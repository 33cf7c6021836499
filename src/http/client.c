/* SPDX-License-Identifier: Apache-2.0
 * client.c: see client.h. */
#include "http/client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/cleanup.h"

enum {
    DEFAULT_CONNECT_MS = 10000,
    DEFAULT_STALL_S = 30,
    DEFAULT_MAX_BODY = 4 << 20,
    MAX_HEADERS = 64 << 10,
    MAX_REDIRECTS = 5,
};

struct http_client {
    CURL *curl;
    bool allow_plain;
};

/* One transfer under way. */
struct transfer {
    const struct http_request *request;
    struct http_response *response;
    CURL *curl;
    size_t headers_size;
    size_t sent;  /* of request->body */
    int failure;  /* the first negative errno of a callback */
    bool started; /* the sink has got something */
};

static bool use_tls_options(CURL *curl, const struct http_options *o)
{
    const char *allowed = o->allow_plain ? "http,https" : "https";
    bool ok = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allowed) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (ok && o->ca_file)
        ok = curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
    return ok;
}

int http_client_new(struct http_client **out, const struct http_options *o, struct err *e)
{
    *out = NULL;
    auto_free struct http_client *client = calloc(1, sizeof *client);
    if (!client)
        return fail(e, -ENOMEM, "http: out of memory");
    client->allow_plain = o->allow_plain;
    client->curl = curl_easy_init();
    if (!client->curl)
        return fail(e, -ENOMEM, "http: out of memory");
    CURL *curl = client->curl;
    long connect_ms = o->connect_ms ? (long)o->connect_ms : DEFAULT_CONNECT_MS;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "cella");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, o->stall_s ? (long)o->stall_s : DEFAULT_STALL_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)o->total_ms);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    if (!use_tls_options(curl, o)) {
        http_client_free(take_ptr(client));
        return fail(e, -EINVAL, "http: libcurl refuses the TLS options (CA file %s)",
                    o->ca_file ? o->ca_file : "none");
    }
    *out = take_ptr(client);
    return 0;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

/* Appends to a growing text with a zero byte behind it; -EFBIG past `most`. */
static int append(char **text, size_t *size, size_t most, struct span part)
{
    if (part.size > most - *size)
        return -EFBIG;
    char *bigger = realloc(*text, *size + part.size + 1);
    if (!bigger)
        return -ENOMEM;
    memcpy(bigger + *size, part.data, part.size);
    *size += part.size;
    bigger[*size] = 0;
    *text = bigger;
    return 0;
}

/* A new status line (after a redirect, or 100 Continue) begins the headers anew. */
static size_t on_header(char *data, size_t one, size_t count, void *context)
{
    struct transfer *t = context;
    size_t size = one * count;
    if (size > 5 && memcmp(data, "HTTP/", 5) == 0)
        t->headers_size = 0;
    int rc = append(&t->response->headers, &t->headers_size, MAX_HEADERS, span_of(data, size));
    if (rc && !t->failure)
        t->failure = rc;
    return rc ? 0 : size;
}

static size_t on_body(char *data, size_t one, size_t count, void *context)
{
    struct transfer *t = context;
    size_t size = one * count;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    bool is_redirect = status >= 300 && status < 400;
    if (is_redirect)
        return size;
    size_t most = t->request->max_body ? t->request->max_body : DEFAULT_MAX_BODY;
    int rc;
    bool to_sink = t->request->sink && status >= 200 && status < 300;
    if (to_sink && !t->started && t->request->start)
        t->request->start(t->request->sink_context, (int)status);
    t->started = true;
    if (to_sink)
        rc = t->request->sink(t->request->sink_context, span_of(data, size));
    else
        rc = append(&t->response->body, &t->response->body_size, most, span_of(data, size));
    if (rc && !t->failure)
        t->failure = rc;
    return rc ? 0 : size;
}

static size_t on_send(char *to, size_t one, size_t count, void *context)
{
    struct transfer *t = context;
    const struct http_request *r = t->request;
    size_t room = one * count;
    if (!r->source) {
        size_t left = r->body.size - t->sent;
        size_t size = left < room ? left : room;
        if (size)
            memcpy(to, r->body.data + t->sent, size);
        t->sent += size;
        return size;
    }
    long got = r->source(r->source_context, (uint8_t *)to, room);
    if (got < 0) {
        t->failure = (int)got;
        return CURL_READFUNC_ABORT;
    }
    return (size_t)got;
}

/* A rewind (libcurl asks for it when a kept connection had died) works for a body in memory only.
 */
static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct transfer *t = context;
    if (t->request->source || origin != SEEK_SET || offset < 0 ||
        (uint64_t)offset > t->request->body.size)
        return CURL_SEEKFUNC_CANTSEEK;
    t->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

static int list_headers(struct curl_slist **list, const struct http_request *r)
{
    int rc = add_header(list, "Expect:"); /* no wait for 100 Continue */
    for (size_t i = 0; !rc && r->headers && r->headers[i]; i++)
        rc = add_header(list, r->headers[i]);
    if (rc || !r->authorization)
        return rc;
    size_t size = strlen(r->authorization) + sizeof "Authorization: ";
    auto_free char *line = malloc(size);
    if (!line)
        return -ENOMEM;
    snprintf(line, size, "Authorization: %s", r->authorization);
    return add_header(list, line); /* libcurl drops it on a redirect to another host */
}

static void set_method(CURL *curl, const struct http_request *r)
{
    bool has_body = r->source || r->body.size || strcmp(r->method, "PUT") == 0;
    uint64_t size = r->source ? r->source_size : r->body.size;
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(curl, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (has_body || strcmp(r->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
    }
    if (strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
}

static int errno_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return -EHOSTUNREACH;
    case CURLE_COULDNT_CONNECT:
        return -ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
        return -ECONNRESET;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return -EKEYREJECTED;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return -EPROTO;
    }
}

static int explain(const struct transfer *t, CURLcode code, const char *detail, struct err *e)
{
    const char *url = t->request->url;
    if (t->failure == -EFBIG)
        return fail(e, -EFBIG, "http: the answer of %.120s is larger than is allowed", url);
    if (t->failure)
        return e && e->code == t->failure
                   ? t->failure
                   : fail(e, t->failure, "http: %.120s: %s", url, strerror(-t->failure));
    if (code == CURLE_UNSUPPORTED_PROTOCOL)
        return fail(e, -EPERM, "http: %.120s: only https is allowed here", url);
    return fail(e, errno_of(code), "http: %.120s: %.100s", url,
                detail[0] ? detail : curl_easy_strerror(code));
}

static CURLcode perform(CURL *curl, struct transfer *t, struct curl_slist *headers, char *detail)
{
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_URL, t->request->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(curl, CURLOPT_READDATA, t);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, t);
    set_method(curl, t->request);
    bool from_tls = strncasecmp(t->request->url, "https:", 6) == 0;
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, from_tls ? "https" : "http,https");
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return code;
}

int http_send(struct http_client *client, const struct http_request *request,
              struct http_response *response, struct err *e)
{
    memset(response, 0, sizeof *response);
    if (!client->allow_plain && strncasecmp(request->url, "http:", 5) == 0)
        return fail(e, -EPERM, "http: %.120s: only https is allowed here", request->url);
    struct transfer t = {.request = request, .response = response, .curl = client->curl};
    struct curl_slist *headers = NULL;
    char detail[CURL_ERROR_SIZE] = "";
    int rc = list_headers(&headers, request);
    if (rc) {
        curl_slist_free_all(headers);
        return fail(e, rc, "http: out of memory");
    }
    CURLcode code = perform(client->curl, &t, headers, detail);
    curl_slist_free_all(headers);
    if (code != CURLE_OK || t.failure)
        return explain(&t, code, detail, e);
    long status = 0;
    const char *url = NULL;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_EFFECTIVE_URL, &url);
    response->status = (int)status;
    response->url = strdup(url ? url : request->url);
    return response->url ? 0 : fail(e, -ENOMEM, "http: out of memory");
}

void http_response_fini(struct http_response *response)
{
    free(response->body);
    free(response->headers);
    free(response->url);
    memset(response, 0, sizeof *response);
}

char *http_header(const struct http_response *response, const char *name)
{
    size_t size = strlen(name);
    const char *value = NULL;
    for (const char *line = response->headers; line && *line;) {
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            value = line + size + 1;
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : NULL;
    }
    if (!value)
        return NULL;
    value += strspn(value, " \t");
    size_t length = strcspn(value, "\r\n");
    while (length && isblank((unsigned char)value[length - 1]))
        length--;
    return strndup(value, length);
}

unsigned http_retry_after(const struct http_response *response, unsigned otherwise, unsigned most)
{
    auto_free char *text = http_header(response, "Retry-After");
    if (!text || !*text || strspn(text, "0123456789") != strlen(text))
        return otherwise < most ? otherwise : most;
    unsigned long seconds = strtoul(text, NULL, 10);
    return seconds < most ? (unsigned)seconds : most;
}
