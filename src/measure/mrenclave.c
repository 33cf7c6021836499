/* SPDX-License-Identifier: Apache-2.0
 * mrenclave.c: see mrenclave.h.  Each record has 64 bytes; numbers are little-endian.
 *
 *   ECREATE   0 "ECREATE\0"    8 SSAFRAMESIZE u32  12 SIZE u64   20 zeros
 *   EADD      0 "EADD\0\0\0\0" 8 page offset u64   16 SECINFO, its first 48 bytes
 *   EEXTEND   0 "EEXTEND\0"    8 chunk offset u64  16 zeros; then the chunk's 256 bytes
 *
 * [SDM3D 41.3 ECREATE, EADD, EEXTEND: operation] */
#include "measure/mrenclave.h"

#include "base/bytes.h"
#include "measure/layout.h"

enum { RECORD_SIZE = 64 };

void mrenclave_create(struct mrenclave *m, uint64_t size, uint32_t ssaframesize)
{
    uint8_t record[RECORD_SIZE] = "ECREATE";
    put_le32(record + 8, ssaframesize);
    put_le64(record + 12, size);
    sha256_init(&m->hash);
    sha256_update(&m->hash, record, sizeof record);
}

void mrenclave_add(struct mrenclave *m, uint64_t offset, uint64_t secinfo)
{
    uint8_t record[RECORD_SIZE] = "EADD";
    if ((secinfo & SGX_SECINFO_TYPE_MASK) == SGX_SECINFO_TYPE(SGX_PT_TCS))
        secinfo &= ~(SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X);
    put_le64(record + 8, offset);
    put_le64(record + 16, secinfo);
    sha256_update(&m->hash, record, sizeof record);
}

void mrenclave_extend(struct mrenclave *m, uint64_t offset, const uint8_t chunk[SGX_EEXTEND_SIZE])
{
    uint8_t record[RECORD_SIZE] = "EEXTEND";
    put_le64(record + 8, offset);
    sha256_update(&m->hash, record, sizeof record);
    sha256_update(&m->hash, chunk, SGX_EEXTEND_SIZE);
}

void mrenclave_final(struct mrenclave *m, uint8_t out[SHA256_SIZE])
{
    sha256_final(&m->hash, out);
}

void mrenclave_of_layout(const struct measure_layout *l, uint8_t out[SHA256_SIZE])
{
    static const uint8_t zeros[SGX_PAGE_SIZE];
    struct mrenclave m;
    mrenclave_create(&m, l->info.elrange_size, l->info.ssaframesize);
    for (size_t i = 0; i < l->run_count; i++) {
        const struct measure_run *run = &l->runs[i];
        for (uint64_t page = 0; page < run->count; page++) {
            uint64_t offset = run->offset + page * SGX_PAGE_SIZE;
            const uint8_t *content = run->content ? run->content + page * SGX_PAGE_SIZE : zeros;
            mrenclave_add(&m, offset, run->secinfo);
            for (size_t at = 0; run->measured && at < SGX_PAGE_SIZE; at += SGX_EEXTEND_SIZE)
                mrenclave_extend(&m, offset + at, content + at);
        }
    }
    mrenclave_final(&m, out);
}
