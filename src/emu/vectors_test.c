/* SPDX-License-Identifier: Apache-2.0
 * vectors_test.c: enclaves and SIGSTRUCTs that others made: the measurement and the signature check
 * agree with them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/rsa3.h"

enum { BASE = 1 << 30, PAGE = 4096, CHUNKS = 16 };

static void fill_pattern(uint8_t *page, const char *name, int index)
{
    for (int i = 0; i < PAGE / 32; i++) {
        char text[128];
        int size = snprintf(text, sizeof text, "%s:%d:%d", name, index, i);
        EVP_Digest(text, (size_t)size, page + 32L * i, NULL, EVP_sha256(), NULL);
    }
}

static bool is_measured(json_t *measure, size_t chunk)
{
    if (json_is_string(measure))
        return strcmp(json_string_value(measure), "all") == 0;
    size_t i = 0;
    json_t *wanted = NULL;
    json_array_foreach(measure, i,
                       wanted) if ((size_t)json_integer_value(wanted) == chunk) return true;
    return false;
}

/* `index` below 0: zeroes.  `measure` NULL: all of it. */
static void add_one(struct emu_enclave *enclave, const char *name, uint64_t offset, uint64_t flags,
                    int index, json_t *measure)
{
    static _Alignas(PAGE) uint8_t content[PAGE];
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = flags};
    memset(content, 0, sizeof content);
    if (index >= 0)
        fill_pattern(content, name, index);
    struct emu_pageinfo info = {
        .linaddr = BASE + offset, .srcpge = content, .secinfo = &secinfo, .secs = enclave};
    EXPECT_CODE(encls_eadd(enclave, &info), 0);
    for (size_t chunk = 0; chunk < CHUNKS; chunk++)
        if (!measure || is_measured(measure, chunk))
            EXPECT_CODE(encls_eextend(enclave, info.linaddr + chunk * SGX_EEXTEND_SIZE), 0);
}

static void add_vector_page(struct emu_enclave *enclave, const char *name, json_t *page)
{
    bool pattern = strcmp(json_string_value(json_object_get(page, "content")), "pattern") == 0;
    add_one(enclave, name, (uint64_t)json_integer_value(json_object_get(page, "offset")),
            (uint64_t)json_integer_value(json_object_get(page, "secinfo_flags")),
            pattern ? (int)json_integer_value(json_object_get(page, "index")) : -1,
            json_object_get(page, "measure"));
}

/* The vector whose pages are described in words. */
static void add_big(struct emu_enclave *enclave, const char *name)
{
    EXPECT_STR(name, "big-1024-pages");
    for (int i = 0; i < 1024; i++)
        add_one(enclave, name, 4096ull * (unsigned)i, i < 512 ? RX : RW, i, NULL);
}

static void check_vector(json_t *vector)
{
    struct emu_enclave *enclave = builder_bare();
    struct sgx_secs *secs = builder_page();
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = 0};
    secs->size = (uint64_t)json_integer_value(json_object_get(vector, "size"));
    secs->base = BASE;
    secs->ssaframesize = (uint32_t)json_integer_value(json_object_get(vector, "ssaframesize"));
    secs->attributes.flags = SGX_ATTR_MODE64BIT;
    secs->attributes.xfrm = SGX_XFRM_LEGACY;
    struct emu_pageinfo info = {.srcpge = secs, .secinfo = &secinfo};
    EXPECT_CODE(encls_ecreate(enclave, &info, NULL), 0);
    const char *name = json_string_value(json_object_get(vector, "name"));
    size_t i = 0;
    json_t *page = NULL;
    json_t *pages = json_object_get(vector, "pages");
    json_array_foreach(pages, i, page) add_vector_page(enclave, name, page);
    if (json_is_string(pages))
        add_big(enclave, name);
    uint8_t mrenclave[32];
    uint8_t expected[32];
    emu_measure_end(&enclave->measure, mrenclave);
    const char *text = json_string_value(json_object_get(vector, "mrenclave"));
    EXPECT_EQ(hex_parse(expected, sizeof expected, span_text(text)), 0);
    if (memcmp(mrenclave, expected, sizeof expected) != 0)
        test_failed(__FILE__, __LINE__, "MRENCLAVE of %s differs", name);
}

TEST(mrenclave_agrees_with_the_vectors)
{
    builder_package(0);
    json_t *root = json_load_file(test_data("attestation/mrenclave/vectors.json"), 0, NULL);
    REQUIRE(root);
    size_t i = 0;
    json_t *vector = NULL;
    json_t *vectors = json_object_get(root, "vectors");
    EXPECT(json_array_size(vectors) >= 7);
    json_array_foreach(vectors, i, vector) check_vector(vector);
    json_decref(root);
}

TEST(sigstructs_of_other_signers_verify_and_no_changed_one_does)
{
    static const char *const files[] = {"fortanix_sig1", "fortanix_test_enclave",
                                        "fortanix_em_cli"};
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        struct sgx_sigstruct s;
        char name[128];
        snprintf(name, sizeof name, "attestation/sigstruct/%s.bin", files[i]);
        FILE *file = fopen(test_data(name), "rb");
        REQUIRE(file);
        EXPECT_EQ(fread(&s, 1, sizeof s, file), sizeof s);
        fclose(file);
        EXPECT(rsa3_verify(&s));
        s.q2[0] ^= 1;
        EXPECT(!rsa3_verify(&s));
        s.q2[0] ^= 1;
        s.isvsvn ^= 1;
        EXPECT(!rsa3_verify(&s));
    }
}
