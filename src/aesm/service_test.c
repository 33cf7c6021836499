/* SPDX-License-Identifier: Apache-2.0
 * The service over a quoting back end that the test controls; real quotes are tested end to end. */
#include "aesm/service.h"

#include <errno.h>
#include <stdlib.h>

#include "aesm/aesm.pb-c.h"
#include "base/test.h"

enum { QUOTE_SIZE = 100 };

static int g_error; /* what the back end answers */

static int target_info(void *context, struct sgx_targetinfo *out)
{
    (void)context;
    memset(out, 0x11, sizeof *out);
    return g_error;
}

static int pub_key_id(void *context, uint8_t out[AESM_PUB_KEY_ID_SIZE])
{
    (void)context;
    memset(out, 0x22, AESM_PUB_KEY_ID_SIZE);
    return g_error;
}

static int quote_size(void *context, uint32_t *size)
{
    (void)context;
    *size = QUOTE_SIZE;
    return g_error;
}

static int quote(void *context, const struct sgx_report *report, uint8_t *out, uint32_t size,
                 struct aesm_qe_report_info *info)
{
    (void)context;
    memset(out, report->mac[0], size);
    if (info)
        memset(&info->report, info->nonce[0], sizeof info->report);
    return g_error;
}

static const struct aesm_quoting g_quoting = {target_info, pub_key_id, quote_size, quote, NULL};

/* Packs the request, serves it, unpacks the answer; the caller frees it. */
static Aesm__Response *ask(const Aesm__Request *request)
{
    uint8_t *bytes = malloc(aesm__request__get_packed_size(request) + 1);
    size_t size = aesm__request__pack(request, bytes);
    uint8_t *answer = NULL;
    size_t answer_size = 0;
    EXPECT_EQ(aesm_serve(&g_quoting, span_of(bytes, size), &answer, &answer_size, NULL), 0);
    Aesm__Response *response = aesm__response__unpack(NULL, answer_size, answer);
    EXPECT(response != NULL);
    free(bytes);
    free(answer);
    return response;
}

static void drop(Aesm__Response *response)
{
    aesm__response__free_unpacked(response, NULL);
}

static uint8_t g_id[AESM_KEY_ID_SIZE];

static ProtobufCBinaryData our_id(void)
{
    aesm_key_id(g_id);
    return (ProtobufCBinaryData){sizeof g_id, g_id};
}

TEST(key_id_has_the_published_layout)
{
    our_id();
    EXPECT_EQ(get_le16(g_id + 4), 32);
    EXPECT_EQ(g_id[6], 0x8c);
    EXPECT_EQ(g_id[37], 0xff);
    EXPECT_EQ(get_le32(g_id + 54), 1);
    EXPECT_EQ(get_le32(g_id + 154), 2);
    EXPECT(bytes_are_zero(g_id + 158, sizeof g_id - 158));
}

static uint32_t init_error(ProtobufCBinaryData id, bool wants_key, uint64_t buf_size)
{
    Aesm__InitQuoteExRequest req = AESM__INIT_QUOTE_EX_REQUEST__INIT;
    req.has_att_key_id = 1;
    req.att_key_id = id;
    req.has_b_pub_key_id = 1;
    req.b_pub_key_id = wants_key;
    req.has_buf_size = 1;
    req.buf_size = buf_size;
    Aesm__Request request = AESM__REQUEST__INIT;
    request.init_quote_ex = &req;
    Aesm__Response *r = ask(&request);
    uint32_t error = r->init_quote_ex->error_code;
    if (!error) {
        EXPECT_EQ(r->init_quote_ex->target_info.len, 512);
        EXPECT_EQ(r->init_quote_ex->pub_key_id_size, 32);
        EXPECT_EQ(r->init_quote_ex->has_pub_key_id, wants_key);
    }
    drop(r);
    return error;
}

TEST(init_quote_gives_target_info_and_key_size_first_then_the_key)
{
    EXPECT_EQ(init_error(our_id(), false, 0), AESM_SUCCESS);
    EXPECT_EQ(init_error(our_id(), true, 32), AESM_SUCCESS);
    EXPECT_EQ(init_error(our_id(), true, 31), AESM_PARAMETER_ERROR);
    EXPECT_EQ(init_error((ProtobufCBinaryData){0, NULL}, false, 0), AESM_SUCCESS);
    ProtobufCBinaryData other = our_id();
    g_id[6] ^= 1;
    EXPECT_EQ(init_error(other, false, 0), AESM_UNSUPPORTED_ATT_KEY_ID);
    our_id();
    EXPECT_EQ(init_error((ProtobufCBinaryData){157, g_id}, false, 0), AESM_UNSUPPORTED_ATT_KEY_ID);
    EXPECT_EQ(init_error((ProtobufCBinaryData){158, g_id}, false, 0), AESM_SUCCESS);
    g_error = AESM_BUSY;
    EXPECT_EQ(init_error(our_id(), false, 0), AESM_BUSY);
}

static uint32_t quote_error(size_t report_size, size_t info_size, uint32_t buf_size)
{
    static uint8_t report[1024];
    static uint8_t info[1024];
    memset(report, 0x33, sizeof report);
    memset(info, 0x44, sizeof info);
    Aesm__GetQuoteExRequest req = AESM__GET_QUOTE_EX_REQUEST__INIT;
    req.report = (ProtobufCBinaryData){report_size, report};
    req.has_qe_report_info = info_size > 0;
    req.qe_report_info = (ProtobufCBinaryData){info_size, info};
    req.has_buf_size = 1;
    req.buf_size = buf_size;
    Aesm__Request request = AESM__REQUEST__INIT;
    request.get_quote_ex = &req;
    Aesm__Response *r = ask(&request);
    const Aesm__GetQuoteExResponse *res = r->get_quote_ex;
    uint32_t error = res->error_code;
    if (!error) {
        EXPECT_EQ(res->quote.len, buf_size);
        EXPECT_EQ(res->quote.data[QUOTE_SIZE - 1], 0x33);
        EXPECT(bytes_are_zero(res->quote.data + QUOTE_SIZE, buf_size - QUOTE_SIZE));
        EXPECT_EQ(res->has_qe_report_info, info_size > 0);
        if (info_size)
            EXPECT_EQ(res->qe_report_info.data[959], 0x44);
    } else {
        EXPECT(!res->has_quote && !res->has_qe_report_info);
    }
    drop(r);
    return error;
}

TEST(quote_fills_exactly_the_buffer_that_was_asked_for)
{
    EXPECT_EQ(quote_error(432, 0, QUOTE_SIZE), AESM_SUCCESS);
    EXPECT_EQ(quote_error(432, 960, 8192), AESM_SUCCESS);
    EXPECT_EQ(quote_error(432, 960, QUOTE_SIZE - 1), AESM_PARAMETER_ERROR);
    EXPECT_EQ(quote_error(431, 0, QUOTE_SIZE), AESM_PARAMETER_ERROR);
    EXPECT_EQ(quote_error(432, 959, QUOTE_SIZE), AESM_PARAMETER_ERROR);
    EXPECT_EQ(quote_error(432, 0, UINT32_MAX), AESM_PARAMETER_ERROR);
    g_error = AESM_INVALID_REPORT;
    EXPECT_EQ(quote_error(432, 0, QUOTE_SIZE), AESM_INVALID_REPORT);
}

static uint32_t select_error(const uint8_t *list, size_t size)
{
    Aesm__SelectKeyRequest req = AESM__SELECT_KEY_REQUEST__INIT;
    req.list = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)list};
    Aesm__Request request = AESM__REQUEST__INIT;
    request.select_key = &req;
    Aesm__Response *r = ask(&request);
    uint32_t error = r->select_key->error_code;
    if (!error)
        EXPECT_EQ(r->select_key->selected.len, AESM_KEY_ID_SIZE);
    drop(r);
    return error;
}

TEST(select_takes_ours_from_a_list_of_exact_size)
{
    uint8_t list[8 + 2 * AESM_KEY_ID_SIZE] = {0, 0, 0, 0, 2};
    our_id();
    memcpy(list + 8 + AESM_KEY_ID_SIZE, g_id, sizeof g_id);
    EXPECT_EQ(select_error(list, sizeof list), AESM_SUCCESS);
    EXPECT_EQ(select_error(list, sizeof list - 1), AESM_PARAMETER_ERROR);
    EXPECT_EQ(select_error(list, 7), AESM_PARAMETER_ERROR);
    put_le32(list + 4, 0x01000002); /* times 256 would wrap in 32 bits */
    EXPECT_EQ(select_error(list, sizeof list), AESM_PARAMETER_ERROR);
    put_le32(list + 4, 1);
    EXPECT_EQ(select_error(list, 8 + AESM_KEY_ID_SIZE), AESM_UNSUPPORTED_ATT_KEY_ID);
}

TEST(key_count_and_ids_agree)
{
    Aesm__Request request = AESM__REQUEST__INIT;
    Aesm__KeyCountRequest count = AESM__KEY_COUNT_REQUEST__INIT;
    request.key_count = &count;
    Aesm__Response *r = ask(&request);
    EXPECT_EQ(r->key_count->error_code, AESM_SUCCESS);
    EXPECT_EQ(r->key_count->count, 1);
    drop(r);
    request.key_count = NULL;
    Aesm__KeyIdsRequest ids = AESM__KEY_IDS_REQUEST__INIT;
    request.key_ids = &ids;
    ids.buf_size = 256;
    r = ask(&request);
    EXPECT_EQ(r->key_ids->error_code, AESM_SUCCESS);
    EXPECT_EQ(r->key_ids->ids.len, 256);
    drop(r);
    ids.buf_size = 257;
    r = ask(&request);
    EXPECT_EQ(r->key_ids->error_code, AESM_PARAMETER_ERROR);
    drop(r);
}

TEST(epid_requests_are_answered_as_ended_and_unknown_ones_as_unsupported)
{
    Aesm__Request request = AESM__REQUEST__INIT;
    Aesm__LegacyRequest legacy = AESM__LEGACY_REQUEST__INIT;
    request.init_quote = &legacy;
    Aesm__Response *r = ask(&request);
    EXPECT(r->init_quote && r->init_quote->error_code == AESM_SERVICE_UNAVAILABLE);
    drop(r);
    request.init_quote = NULL;
    request.get_launch_token = &legacy;
    r = ask(&request);
    EXPECT(r->get_launch_token && r->get_launch_token->error_code == AESM_SERVICE_UNAVAILABLE);
    drop(r);
    request.get_launch_token = NULL;
    r = ask(&request);
    EXPECT(r->unsupported != NULL);
    drop(r);
}

TEST(bytes_that_are_no_request_are_refused)
{
    static const uint8_t bad[][4] = {{0xff, 0xff, 0xff, 0xff}, {0x7a, 0x7f, 0, 0}, {0x8a, 1, 2, 0}};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        uint8_t *answer = NULL;
        size_t size = 0;
        EXPECT_EQ(aesm_serve(&g_quoting, span_of(bad[i], 3), &answer, &size, NULL), -EBADMSG);
    }
}
