/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a request: no crash, and whatever unpacks gets an answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aesm/service.h"

static int target_info(void *context, struct sgx_targetinfo *out)
{
    (void)context;
    memset(out, 1, sizeof *out);
    return AESM_SUCCESS;
}

static int pub_key_id(void *context, uint8_t out[AESM_PUB_KEY_ID_SIZE])
{
    (void)context;
    memset(out, 2, AESM_PUB_KEY_ID_SIZE);
    return AESM_SUCCESS;
}

static int quote_size(void *context, uint32_t *size)
{
    (void)context;
    *size = 100;
    return AESM_SUCCESS;
}

static int quote(void *context, const struct sgx_report *report, uint8_t *out, uint32_t size,
                 struct aesm_qe_report_info *info)
{
    (void)context;
    memset(out, report->mac[0], size);
    if (info)
        memset(&info->report, 3, sizeof info->report);
    return AESM_SUCCESS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aesm_quoting quoting = {target_info, pub_key_id, quote_size, quote, NULL};
    uint8_t *answer = NULL;
    size_t answer_size = 0;
    int rc = aesm_serve(&quoting, span_of(data, size), &answer, &answer_size, NULL);
    if (rc == 0 && answer_size == 0)
        abort();
    free(answer);
    return 0;
}
