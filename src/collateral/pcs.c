/* SPDX-License-Identifier: Apache-2.0
 * pcs.c: see pcs.h. */
#include "collateral/pcs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "http/client.h"

static const char INTEL_URL[] = "https://api.trustedservices.intel.com";
static const char INTEL_ROOT_CRL[] =
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

enum { MAX_BODY = 1 << 20, TRIES = 3, DEFAULT_TOTAL_MS = 30000, DEFAULT_RETRY_S = 30 };

struct service {
    struct http_client *http;
    char base[512];
    unsigned version;
    unsigned retry_most_s;
    bool is_intel;
};

int pcs_split_url(char *base, size_t size, unsigned *version, const char *url, struct err *e)
{
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return fail(e, -EINVAL, "\"%.80s\": an address like https://host:8081 expected", url);
    const char *path = strstr(url, "/sgx/certification");
    size_t used = path ? (size_t)(path - url) : strlen(url);
    while (used && url[used - 1] == '/')
        used--;
    if (used >= size || used < 8)
        return fail(e, -EINVAL, "\"%.80s\": too long or no host in it", url);
    memcpy(base, url, used);
    base[used] = 0;
    *version = 4;
    const char *v = path ? strstr(path, "/v") : NULL;
    if (!v)
        return 0;
    if ((v[2] != '3' && v[2] != '4') || (v[3] && v[3] != '/'))
        return fail(e, -ENOTSUP, "\"%.80s\": version v3 or v4 expected", url);
    *version = (unsigned)(v[2] - '0');
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || high * 16 + low == 0)
            return -EBADMSG;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = 0;
    return to - text;
}

/* One sentence for an answer that is not 200. */
static int refuse_status(const struct http_response *r, const char *url, struct err *e)
{
    switch (r->status) {
    case 404:
        return fail(
            e, -ENOENT,
            "%s: the service has none (404): unknown processor model (FMSPC), or a PCCS that "
            "must be filled first",
            url);
    case 410:
        return fail(e, -ENOENT, "%s: this evaluation data number is no longer served (410)", url);
    case 429:
        return fail(e, -EBUSY, "%s: the service asks to come later (429); try again in a while",
                    url);
    default:
        return fail(e, -EREMOTEIO, "%s: the service answered with status %d", url, r->status);
    }
}

static void sleep_s(unsigned seconds)
{
    struct timespec t = {.tv_sec = seconds};
    while (nanosleep(&t, &t) && errno == EINTR)
        continue;
}

/* GET; waits and tries again when the service says so (429, 503 with Retry-After). */
static int get(struct service *s, const char *url, struct http_response *r, struct err *e)
{
    unsigned patience = s->retry_most_s;
    for (int i = 0;; i++) {
        struct http_request request = {.method = "GET", .url = url, .max_body = MAX_BODY};
        int rc = http_send(s->http, &request, r, e);
        if (rc)
            return rc;
        if (r->status == 200)
            return 0;
        bool later = r->status == 429 || r->status == 503;
        unsigned wait = later ? http_retry_after(r, 2, patience + 1) : 0;
        if (!later || i + 1 == TRIES || wait > patience)
            return refuse_status(r, url, e);
        http_response_fini(r);
        sleep_s(wait);
        patience -= wait;
    }
}

static int take_body(struct collateral_set *set, enum set_file f, struct http_response *r,
                     const char *url, struct err *e)
{
    if (!r->body || r->body_size == 0)
        return fail(e, -EPROTO, "%s: an empty answer", url);
    set->file[f].data = (uint8_t *)take_ptr(r->body);
    set->file[f].size = r->body_size;
    return 0;
}

static int take_chain(struct collateral_set *set, enum set_file f, const struct http_response *r,
                      const char *header, const char *url, struct err *e)
{
    auto_free char *value = http_header(r, header);
    if (!value)
        return fail(e, -EPROTO, "%s: the answer has no header %s", url, header);
    long size = percent_decode(value);
    if (size <= 0)
        return fail(e, -EPROTO, "%s: the header %s is not percent-encoded PEM", url, header);
    set->file[f].size = (size_t)size;
    set->file[f].data = (uint8_t *)take_ptr(value);
    return 0;
}

/* A body and its issuer chain from a header (NULL: none). */
static int fetch(struct service *s, struct collateral_set *set, enum set_file body,
                 const char *header, const char *url, struct err *e)
{
    struct http_response r = {0};
    int rc = get(s, url, &r, e);
    if (rc == 0)
        rc = take_body(set, body, &r, url, e);
    if (rc == 0 && header)
        rc = take_chain(set, (enum set_file)(body + 1), &r, header, url, e);
    http_response_fini(&r);
    return rc;
}

/* "?" or "&" and the choice of evaluation number; "" for the standard one. */
static const char *update_query(char out[48], const struct pcs_options *o, char separator)
{
    out[0] = 0;
    if (o->evaluation_number)
        snprintf(out, 48, "%ctcbEvaluationDataNumber=%u", separator, o->evaluation_number);
    else if (o->early)
        snprintf(out, 48, "%cupdate=early", separator);
    return out;
}

static int fetch_tcb_info(struct service *s, struct collateral_set *set,
                          const struct pcs_want *want, const struct pcs_options *o, struct err *e)
{
    char url[1024];
    char update[48];
    snprintf(url, sizeof url, "%s/%s/certification/v%u/tcb?fmspc=%s%s", s->base,
             want->is_tdx ? "tdx" : "sgx", s->version, text_hex(span_of(want->fmspc, 6)).s,
             update_query(update, o, '&'));
    return fetch(s, set, SET_TCB_INFO,
                 s->version == 3 ? "SGX-TCB-Info-Issuer-Chain" : "TCB-Info-Issuer-Chain", url, e);
}

static int fetch_identity(struct service *s, struct collateral_set *set,
                          const struct pcs_want *want, const struct pcs_options *o, struct err *e)
{
    char url[1024];
    char update[48];
    snprintf(url, sizeof url, "%s/%s/certification/v%u/qe/identity%s", s->base,
             want->is_tdx ? "tdx" : "sgx", s->version, update_query(update, o, '?'));
    return fetch(s, set, SET_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain", url, e);
}

static int fetch_crls(struct service *s, struct collateral_set *set, const struct pcs_want *want,
                      struct err *e)
{
    char url[1024];
    snprintf(url, sizeof url, "%s/sgx/certification/v%u/pckcrl?ca=%s&encoding=der", s->base,
             s->version, want->is_processor_ca ? "processor" : "platform");
    int rc = fetch(s, set, SET_PCK_CRL, "SGX-PCK-CRL-Issuer-Chain", url, e);
    if (rc)
        return rc;
    if (s->is_intel)
        return fetch(s, set, SET_ROOT_CRL, NULL, INTEL_ROOT_CRL, e);
    snprintf(url, sizeof url, "%s/sgx/certification/v%u/rootcacrl", s->base, s->version);
    return fetch(s, set, SET_ROOT_CRL, NULL, url, e);
}

static int service_open(struct service *s, const struct pcs_options *o, struct err *e)
{
    const char *url = o->url ? o->url : INTEL_URL;
    int rc = pcs_split_url(s->base, sizeof s->base, &s->version, url, e);
    if (rc)
        return rc;
    s->is_intel = strcmp(s->base, INTEL_URL) == 0;
    s->retry_most_s = o->retry_most_s ? o->retry_most_s : DEFAULT_RETRY_S;
    struct http_options options = {
        .ca_file = o->ca_file,
        .allow_plain = strncmp(url, "http://", 7) == 0,
        .total_ms = o->total_ms ? o->total_ms : DEFAULT_TOTAL_MS,
    };
    return http_client_new(&s->http, &options, e);
}

int pcs_fetch(struct collateral_set *set, const struct pcs_want *want, const struct pcs_options *o,
              struct err *e)
{
    struct service s = {0};
    *set = (struct collateral_set){0};
    int rc = service_open(&s, o, e);
    if (rc)
        return rc;
    if (want->is_tdx && s.version == 3)
        rc = fail(e, -ENOTSUP, "TDX collateral needs version v4 of the service");
    if (rc == 0)
        rc = fetch_tcb_info(&s, set, want, o, e);
    if (rc == 0)
        rc = fetch_identity(&s, set, want, o, e);
    if (rc == 0)
        rc = fetch_crls(&s, set, want, e);
    http_client_free(s.http);
    return rc;
}
