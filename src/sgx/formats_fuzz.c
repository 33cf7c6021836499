/* SPDX-License-Identifier: Apache-2.0
 * formats_fuzz.c: every fixed-size structure: the size decides which; writing gives the input back,
 * and so does the structure as it lies in memory. */
#include <stdlib.h>

#include "sgx/keyrequest.h"
#include "sgx/report.h"
#include "sgx/secs.h"

#define ROUND_TRIP(prefix, type, bytes)                                            \
    do {                                                                           \
        struct type value_;                                                        \
        uint8_t out_[bytes];                                                       \
        if (prefix##_parse(&value_, span_of(data, size), &e) == 0) {               \
            ignore(prefix##_check(&value_, &e));                                   \
            prefix##_write(&value_, out_);                                         \
            if (memcmp(out_, data, size) != 0 || memcmp(&value_, data, size) != 0) \
                abort();                                                           \
        }                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    ROUND_TRIP(report_body, sgx_report_body, REPORT_BODY_SIZE);
    ROUND_TRIP(report, sgx_report, REPORT_SIZE);
    ROUND_TRIP(targetinfo, sgx_targetinfo, TARGETINFO_SIZE);
    ROUND_TRIP(keyrequest, sgx_keyrequest, KEYREQUEST_SIZE);
    ROUND_TRIP(secs, sgx_secs, SECS_SIZE);
    ROUND_TRIP(tcs, sgx_tcs, TCS_SIZE);
    ROUND_TRIP(secinfo, sgx_secinfo, SECINFO_SIZE);
    return 0;
}
