/* SPDX-License-Identifier: Apache-2.0
 * mrenclave_test.c: the published vectors (testdata/attestation/mrenclave). */
#include "measure/mrenclave.h"

#include <jansson.h>

#include "base/hex.h"
#include "base/test.h"

/* The content pattern: SHA-256 over "NAME:INDEX:I" for I from 0 to 127, one after the other. */
static void pattern_page(uint8_t page[SGX_PAGE_SIZE], const char *name, unsigned index)
{
    for (unsigned i = 0; i < SGX_PAGE_SIZE / SHA256_SIZE; i++) {
        char text[128];
        int size = snprintf(text, sizeof text, "%s:%u:%u", name, index, i);
        sha256(text, (size_t)size, page + i * SHA256_SIZE);
    }
}

static bool chunk_is_measured(const json_t *measure, size_t chunk)
{
    if (json_is_string(measure))
        return strcmp(json_string_value(measure), "all") == 0;
    size_t i;
    json_t *number;
    json_array_foreach(measure, i,
                       number) if ((size_t)json_integer_value(number) == chunk) return true;
    return false;
}

static void measure_page(struct mrenclave *m, const char *name, const json_t *p)
{
    uint8_t page[SGX_PAGE_SIZE] = {0};
    uint64_t offset = (uint64_t)json_integer_value(json_object_get(p, "offset"));
    mrenclave_add(m, offset, (uint64_t)json_integer_value(json_object_get(p, "secinfo_flags")));
    if (strcmp(json_string_value(json_object_get(p, "content")), "pattern") == 0)
        pattern_page(page, name, (unsigned)json_integer_value(json_object_get(p, "index")));
    for (size_t chunk = 0; chunk < SGX_PAGE_SIZE / SGX_EEXTEND_SIZE; chunk++)
        if (chunk_is_measured(json_object_get(p, "measure"), chunk))
            mrenclave_extend(m, offset + chunk * SGX_EEXTEND_SIZE, page + chunk * SGX_EEXTEND_SIZE);
}

/* "big-1024-pages" is described in words: flags 0x205 for the first half, 0x203 from there. */
static void measure_big(struct mrenclave *m, const char *name)
{
    for (unsigned i = 0; i < 1024; i++) {
        uint8_t page[SGX_PAGE_SIZE];
        uint64_t offset = (uint64_t)i * SGX_PAGE_SIZE;
        pattern_page(page, name, i);
        mrenclave_add(m, offset, i < 512 ? 0x205 : 0x203);
        for (size_t at = 0; at < SGX_PAGE_SIZE; at += SGX_EEXTEND_SIZE)
            mrenclave_extend(m, offset + at, page + at);
    }
}

TEST(mrenclave_of_every_published_vector)
{
    json_t *file = json_load_file(test_data("attestation/mrenclave/vectors.json"), 0, NULL);
    json_t *vectors = json_object_get(file, "vectors");
    REQUIRE(json_array_size(vectors) == 7);
    size_t i;
    json_t *v;
    json_array_foreach(vectors, i, v)
    {
        struct mrenclave m;
        const char *name = json_string_value(json_object_get(v, "name"));
        json_t *pages = json_object_get(v, "pages");
        mrenclave_create(&m, (uint64_t)json_integer_value(json_object_get(v, "size")),
                         (uint32_t)json_integer_value(json_object_get(v, "ssaframesize")));
        size_t k;
        json_t *page;
        json_array_foreach(pages, k, page) measure_page(&m, name, page);
        if (json_is_string(pages))
            measure_big(&m, name);
        uint8_t digest[SHA256_SIZE];
        char text[2 * SHA256_SIZE + 1];
        mrenclave_final(&m, digest);
        EXPECT_STR(hex_write(text, span_of(digest, sizeof digest)),
                   json_string_value(json_object_get(v, "mrenclave")));
    }
    json_decref(file);
}

TEST(mrenclave_ignores_the_permissions_of_a_tcs)
{
    uint8_t with[SHA256_SIZE];
    uint8_t without[SHA256_SIZE];
    struct mrenclave m;
    mrenclave_create(&m, 0x10000, 1);
    mrenclave_add(&m, 0x1000, SGX_SECINFO_TYPE(SGX_PT_TCS));
    mrenclave_final(&m, without);
    mrenclave_create(&m, 0x10000, 1);
    mrenclave_add(&m, 0x1000, SGX_SECINFO_TYPE(SGX_PT_TCS) | SGX_SECINFO_R | SGX_SECINFO_W);
    mrenclave_final(&m, with);
    EXPECT(memcmp(with, without, sizeof with) == 0);
}
