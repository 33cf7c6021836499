/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include <errno.h>

#include "base/test.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define CONFIG                                                                                \
    "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"" D1 \
    "\",\"size\":7}"
#define LAYER(type, digest, size) \
    "{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define PLATFORM(os, arch, variant, digest)                            \
    "{\"mediaType\":\"application/"                                    \
    "vnd.oci.image.manifest.v1+json\",\"size\":5,\"digest\":\"" digest \
    "\",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"" variant "}}"

static int parse(struct oci_manifest *m, const char *text)
{
    int rc = oci_manifest_parse(m, span_text(text), NULL);
    if (rc)
        oci_manifest_fini(m);
    return rc;
}

TEST(manifest_lists_its_layers_lowest_first)
{
    struct oci_manifest m;
    EXPECT_EQ(parse(&m, "{\"schemaVersion\":2," CONFIG
                        ",\"layers\":[" LAYER(GZIP, D1, "10") "," LAYER(ZSTD, D2, "11") "]}"),
              0);
    EXPECT_EQ(m.layer_count, 2);
    EXPECT_STR(m.layers[0].blob.digest, D1);
    EXPECT_EQ(m.layers[1].blob.size, 11);
    EXPECT_EQ(m.layers[1].compression, OCI_TAR_ZSTD);
    EXPECT_EQ(m.config.size, 7);
    EXPECT(!m.is_docker);
    oci_manifest_fini(&m);
}

TEST(manifest_of_docker_is_known)
{
    struct oci_manifest m;
    EXPECT_EQ(parse(&m, "{\"config\":{\"mediaType\":\"application/"
                        "vnd.docker.container.image.v1+json\",\"digest\":\"" D1
                        "\",\"size\":7},\"layers\":[" LAYER(
                            "application/vnd.docker.image.rootfs.diff.tar.gzip", D2, "3") "]}"),
              0);
    EXPECT(m.is_docker);
    EXPECT_EQ(m.layers[0].compression, OCI_TAR_GZIP);
    oci_manifest_fini(&m);
}

TEST(manifest_that_the_specification_does_not_allow_is_refused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{}",
        "{" CONFIG "}",
        "{" CONFIG ",\"layers\":3}",
        "{" CONFIG ",\"layers\":[3]}",
        "{\"layers\":[]}",
        "{" CONFIG "," CONFIG ",\"layers\":[]}",
        "{" CONFIG ",\"layers\":[" LAYER(GZIP, D1, "-1") "]}",
        "{" CONFIG ",\"layers\":[" LAYER(GZIP, D1, "1.5") "]}",
        "{" CONFIG ",\"layers\":[" LAYER(GZIP, D1, "99999999999999") "]}",
        "{" CONFIG ",\"layers\":[" LAYER(GZIP, "sha256:11", "1") "]}",
        "{" CONFIG ",\"layers\":[" LAYER("text/plain", D1, "1") "]}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct oci_manifest m;
        if (parse(&m, bad[i]) == 0)
            test_failed(__FILE__, __LINE__, "accepted: %s", bad[i]);
    }
}

TEST(document_kind_comes_from_media_type_or_members)
{
    enum oci_document kind = OCI_DOCUMENT_MANIFEST;
    EXPECT_EQ(oci_document_kind(span_text("{\"manifests\":[]}"), "", &kind, NULL), 0);
    EXPECT_EQ(kind, OCI_DOCUMENT_INDEX);
    EXPECT_EQ(oci_document_kind(span_text("{\"layers\":[]}"), "", &kind, NULL), 0);
    EXPECT_EQ(kind, OCI_DOCUMENT_MANIFEST);
    EXPECT_EQ(
        oci_document_kind(span_text("{}"), "application/vnd.oci.image.index.v1+json", &kind, NULL),
        0);
    EXPECT_EQ(kind, OCI_DOCUMENT_INDEX);
    struct err e;
    EXPECT_EQ(oci_document_kind(span_text("{\"schemaVersion\":1}"), "", &kind, &e), -EBADMSG);
    EXPECT(strstr(e.text, "schema 1"));
    EXPECT_EQ(oci_document_kind(span_text("{}"), "text/html", &kind, &e), -EBADMSG);
}

TEST(index_gives_linux_amd64)
{
    struct oci_descriptor d;
    EXPECT_EQ(oci_index_choose(
                  &d,
                  span_text("{\"manifests\":[" PLATFORM("linux", "arm64", "", D1) "," PLATFORM(
                      "linux", "amd64", ",\"variant\":\"v3\"", D1) "," PLATFORM("linux", "amd64",
                                                                                "", D2) "]}"),
                  NULL),
              0);
    EXPECT_STR(d.digest, D2);
    struct err e;
    EXPECT_EQ(oci_index_choose(
                  &d, span_text("{\"manifests\":[" PLATFORM("linux", "arm64", "", D1) "]}"), &e),
              -ENOENT);
    EXPECT(strstr(e.text, "linux/arm64"));
    EXPECT_EQ(oci_index_choose(&d, span_text("{\"manifests\":[]}"), &e), -ENOENT);
    EXPECT_EQ(oci_index_choose(&d, span_text("{}"), &e), -EBADMSG);
}
