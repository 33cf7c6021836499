/* SPDX-License-Identifier: Apache-2.0
 * service.c: see service.h. */
#include "aesm/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aesm/aesm.pb-c.h"
#include "base/bytes.h"
#include "base/cleanup.h"

/* sgx_att_key_id_ext_t, little-endian:
 *   0 id 2 = 0    2 version 2 = 0    4 mrsigner length 2 = 32    6 mrsigner 48    54 product 4 = 1
 *   58 extended product 16   74 config 64   138 family 16   154 algorithm 4 = 2 (ECDSA P-256)
 *   158 spid 16   174 key type 2   176 zeros to 256                        [attestation.md 5] */
enum {
    KEY_MRSIGNER_LENGTH = 4,
    KEY_MRSIGNER = 6,
    KEY_PRODUCT = 54,
    KEY_ALGORITHM = 154,
    KEY_COMPARED = 158,
    LIST_HEADER = 8, /* id 2, version 2, count 4 */
};

static const uint8_t INTEL_QE_SIGNER[32] = {
    0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f, 0x77, 0xc6, 0x8a, 0x82, 0x9a,
    0x00, 0x56, 0xac, 0x8d, 0xed, 0x70, 0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff,
};

void aesm_key_id(uint8_t out[AESM_KEY_ID_SIZE])
{
    memset(out, 0, AESM_KEY_ID_SIZE);
    put_le16(out + KEY_MRSIGNER_LENGTH, sizeof INTEL_QE_SIGNER);
    memcpy(out + KEY_MRSIGNER, INTEL_QE_SIGNER, sizeof INTEL_QE_SIGNER);
    put_le32(out + KEY_PRODUCT, 1);
    put_le32(out + KEY_ALGORITHM, 2);
}

/* Clients may send the id cut to any length from the compared part on; none at all means the
 * default. */
static bool key_is_ours(protobuf_c_boolean has, const ProtobufCBinaryData *id)
{
    uint8_t ours[AESM_KEY_ID_SIZE];
    aesm_key_id(ours);
    return !has || id->len == 0 ||
           (id->len >= KEY_COMPARED && id->len <= AESM_KEY_ID_SIZE &&
            memcmp(id->data, ours, KEY_COMPARED) == 0);
}

/* What a response borrows while it is written. */
struct scratch {
    struct sgx_targetinfo target;
    struct aesm_qe_report_info info;
    uint8_t key[AESM_PUB_KEY_ID_SIZE];
    uint8_t id[AESM_KEY_ID_SIZE];
    uint8_t *quote; /* freed after it was written */
};

static uint32_t init_quote_ex(const struct aesm_quoting *q, const Aesm__InitQuoteExRequest *req,
                              Aesm__InitQuoteExResponse *res, struct scratch *s)
{
    if (!key_is_ours(req->has_att_key_id, &req->att_key_id))
        return AESM_UNSUPPORTED_ATT_KEY_ID;
    bool wants_key = req->has_b_pub_key_id && req->b_pub_key_id;
    if (wants_key && (!req->has_buf_size || req->buf_size < AESM_PUB_KEY_ID_SIZE))
        return AESM_PARAMETER_ERROR;
    int error = q->target_info(q->context, &s->target);
    if (!error)
        error = q->pub_key_id(q->context, s->key);
    if (error)
        return (uint32_t)error;
    res->has_target_info = 1;
    res->target_info = (ProtobufCBinaryData){sizeof s->target, (uint8_t *)&s->target};
    res->has_pub_key_id_size = 1;
    res->pub_key_id_size = sizeof s->key;
    res->has_pub_key_id = wants_key;
    res->pub_key_id = (ProtobufCBinaryData){sizeof s->key, s->key};
    return AESM_SUCCESS;
}

static uint32_t get_quote_size_ex(const struct aesm_quoting *q,
                                  const Aesm__GetQuoteSizeExRequest *req,
                                  Aesm__GetQuoteSizeExResponse *res)
{
    if (!key_is_ours(req->has_att_key_id, &req->att_key_id))
        return AESM_UNSUPPORTED_ATT_KEY_ID;
    int error = q->quote_size(q->context, &res->quote_size);
    res->has_quote_size = error == AESM_SUCCESS;
    return (uint32_t)error;
}

/* The quote field has exactly the size that the client asked for, zeros behind the quote. */
static uint32_t get_quote_ex(const struct aesm_quoting *q, const Aesm__GetQuoteExRequest *req,
                             Aesm__GetQuoteExResponse *res, struct scratch *s)
{
    if (!key_is_ours(req->has_att_key_id, &req->att_key_id))
        return AESM_UNSUPPORTED_ATT_KEY_ID;
    bool wants_info = req->has_qe_report_info && req->qe_report_info.len > 0;
    if (req->report.len != sizeof(struct sgx_report) ||
        (wants_info && req->qe_report_info.len != sizeof s->info))
        return AESM_PARAMETER_ERROR;
    uint32_t size = 0;
    int error = q->quote_size(q->context, &size);
    if (error)
        return (uint32_t)error;
    if (req->buf_size < size || req->buf_size > AESM_MAX_BUFFER)
        return AESM_PARAMETER_ERROR;
    s->quote = calloc(1, req->buf_size);
    if (!s->quote)
        return AESM_OUT_OF_MEMORY;
    struct sgx_report report;
    memcpy(&report, req->report.data, sizeof report);
    if (wants_info)
        memcpy(&s->info, req->qe_report_info.data, sizeof s->info);
    error = q->quote(q->context, &report, s->quote, size, wants_info ? &s->info : NULL);
    if (error)
        return (uint32_t)error;
    res->has_quote = 1;
    res->quote = (ProtobufCBinaryData){req->buf_size, s->quote};
    res->has_qe_report_info = wants_info;
    res->qe_report_info = (ProtobufCBinaryData){sizeof s->info, (uint8_t *)&s->info};
    return AESM_SUCCESS;
}

/* The first of the client's ids that is ours. */
static uint32_t select_key(const Aesm__SelectKeyRequest *req, Aesm__SelectKeyResponse *res,
                           struct scratch *s)
{
    if (req->list.len < LIST_HEADER)
        return AESM_PARAMETER_ERROR;
    size_t count = get_le32(req->list.data + 4);
    if (req->list.len - LIST_HEADER != count * AESM_KEY_ID_SIZE)
        return AESM_PARAMETER_ERROR;
    for (size_t i = 0; i < count; i++) {
        ProtobufCBinaryData id = {AESM_KEY_ID_SIZE,
                                  req->list.data + LIST_HEADER + i * AESM_KEY_ID_SIZE};
        if (!key_is_ours(1, &id))
            continue;
        memcpy(s->id, id.data, id.len);
        res->has_selected = 1;
        res->selected = (ProtobufCBinaryData){sizeof s->id, s->id};
        return AESM_SUCCESS;
    }
    return AESM_UNSUPPORTED_ATT_KEY_ID;
}

static uint32_t key_ids(const Aesm__KeyIdsRequest *req, Aesm__KeyIdsResponse *res,
                        struct scratch *s)
{
    if (req->buf_size != AESM_KEY_ID_SIZE)
        return AESM_PARAMETER_ERROR;
    aesm_key_id(s->id);
    res->has_ids = 1;
    res->ids = (ProtobufCBinaryData){sizeof s->id, s->id};
    return AESM_SUCCESS;
}

/* One request under way. */
struct call {
    const struct aesm_quoting *quoting;
    Aesm__Request *request;
    struct scratch scratch;
    uint8_t *answer;
    size_t answer_size;
};

static int write_response(struct call *c, const Aesm__Response *response)
{
    c->answer_size = aesm__response__get_packed_size(response);
    c->answer = malloc(c->answer_size ? c->answer_size : 1);
    if (!c->answer)
        return -ENOMEM;
    aesm__response__pack(response, c->answer);
    return 0;
}

/* Requests of the EPID era, which ended in April 2025, and what this service does not do. */
static int serve_legacy(struct call *c)
{
    const Aesm__Request *r = c->request;
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__ErrorResponse ended = AESM__ERROR_RESPONSE__INIT;
    ended.error_code = AESM_SERVICE_UNAVAILABLE;
    if (r->init_quote)
        response.init_quote = &ended;
    else if (r->get_quote)
        response.get_quote = &ended;
    else if (r->get_launch_token)
        response.get_launch_token = &ended;
    else if (r->report_error)
        response.report_error = &ended;
    else if (r->white_list_size)
        response.white_list_size = &ended;
    else if (r->white_list)
        response.white_list = &ended;
    else if (r->get_extended_group)
        response.get_extended_group = &ended;
    else if (r->switch_extended_group)
        response.switch_extended_group = &ended;
    else if (r->register_platform)
        response.register_platform = &ended;
    else if (r->check_update_status)
        response.check_update_status = &ended;
    else
        response.unsupported = &ended;
    return write_response(c, &response);
}

static int serve_init_quote_ex(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__InitQuoteExResponse res = AESM__INIT_QUOTE_EX_RESPONSE__INIT;
    res.error_code = init_quote_ex(c->quoting, c->request->init_quote_ex, &res, &c->scratch);
    response.init_quote_ex = &res;
    return write_response(c, &response);
}

static int serve_get_quote_size_ex(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__GetQuoteSizeExResponse res = AESM__GET_QUOTE_SIZE_EX_RESPONSE__INIT;
    res.error_code = get_quote_size_ex(c->quoting, c->request->get_quote_size_ex, &res);
    response.get_quote_size_ex = &res;
    return write_response(c, &response);
}

static int serve_get_quote_ex(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__GetQuoteExResponse res = AESM__GET_QUOTE_EX_RESPONSE__INIT;
    res.error_code = get_quote_ex(c->quoting, c->request->get_quote_ex, &res, &c->scratch);
    response.get_quote_ex = &res;
    return write_response(c, &response);
}

static int serve_select_key(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__SelectKeyResponse res = AESM__SELECT_KEY_RESPONSE__INIT;
    res.error_code = select_key(c->request->select_key, &res, &c->scratch);
    response.select_key = &res;
    return write_response(c, &response);
}

static int serve_key_count(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__KeyCountResponse res = AESM__KEY_COUNT_RESPONSE__INIT;
    res.error_code = AESM_SUCCESS;
    res.has_count = 1;
    res.count = 1;
    response.key_count = &res;
    return write_response(c, &response);
}

static int serve_key_ids(struct call *c)
{
    Aesm__Response response = AESM__RESPONSE__INIT;
    Aesm__KeyIdsResponse res = AESM__KEY_IDS_RESPONSE__INIT;
    res.error_code = key_ids(c->request->key_ids, &res, &c->scratch);
    response.key_ids = &res;
    return write_response(c, &response);
}

static int serve(struct call *c)
{
    const Aesm__Request *r = c->request;
    return r->init_quote_ex       ? serve_init_quote_ex(c)
           : r->get_quote_size_ex ? serve_get_quote_size_ex(c)
           : r->get_quote_ex      ? serve_get_quote_ex(c)
           : r->select_key        ? serve_select_key(c)
           : r->key_count         ? serve_key_count(c)
           : r->key_ids           ? serve_key_ids(c)
                                  : serve_legacy(c);
}

int aesm_serve(const struct aesm_quoting *q, struct span request, uint8_t **answer,
               size_t *answer_size, struct err *e)
{
    if (request.size > AESM_MAX_REQUEST)
        return fail(e, -EBADMSG, "aesm: a request of %zu bytes; at most %d are allowed",
                    request.size, AESM_MAX_REQUEST);
    struct call c = {.quoting = q};
    c.request = aesm__request__unpack(NULL, request.size, request.data);
    if (!c.request)
        return fail(e, -EBADMSG, "aesm: %zu bytes that are no AESM request", request.size);
    int rc = serve(&c);
    free(c.scratch.quote);
    aesm__request__free_unpacked(c.request, NULL);
    if (rc)
        return fail(e, rc, "aesm: out of memory");
    *answer = c.answer;
    *answer_size = c.answer_size;
    return 0;
}
