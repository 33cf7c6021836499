/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <errno.h>

#include "base/test.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(reference_of_a_registry_is_split)
{
    struct oci_reference r;
    EXPECT_EQ(oci_reference_parse(&r, "docker://127.0.0.1:5000/feas/flask_app:1.2", NULL), 0);
    EXPECT_EQ(r.transport, OCI_REGISTRY);
    EXPECT_STR(r.host, "127.0.0.1:5000");
    EXPECT_STR(r.name, "feas/flask_app");
    EXPECT_STR(r.tag, "1.2");
    EXPECT_STR(oci_reference_version(&r), "1.2");
}

TEST(reference_without_host_is_docker_hub)
{
    struct oci_reference r;
    EXPECT_EQ(oci_reference_parse(&r, "redis", NULL), 0);
    EXPECT_STR(r.host, "docker.io");
    EXPECT_STR(r.name, "library/redis");
    EXPECT_STR(oci_reference_version(&r), "latest");
    EXPECT_EQ(oci_reference_parse(&r, "bitnami/redis:7", NULL), 0);
    EXPECT_STR(r.name, "bitnami/redis");
}

TEST(reference_with_port_and_no_tag_keeps_the_port)
{
    struct oci_reference r;
    EXPECT_EQ(oci_reference_parse(&r, "localhost:5000/x", NULL), 0);
    EXPECT_STR(r.host, "localhost:5000");
    EXPECT_STR(r.tag, "");
    EXPECT_EQ(oci_reference_parse(&r, "[::1]:5000/x:t", NULL), 0);
    EXPECT_STR(r.host, "[::1]:5000");
    EXPECT_STR(r.tag, "t");
}

TEST(reference_with_a_digest_asks_for_the_digest)
{
    struct oci_reference r;
    EXPECT_EQ(oci_reference_parse(&r, "h.io/a/b:t@sha256:" HEX64, NULL), 0);
    EXPECT_STR(r.tag, "t");
    EXPECT_STR(oci_reference_version(&r), "sha256:" HEX64);
}

TEST(reference_of_layout_and_archive)
{
    struct oci_reference r;
    EXPECT_EQ(oci_reference_parse(&r, "oci:/tmp/dir:v1", NULL), 0);
    EXPECT_EQ(r.transport, OCI_LAYOUT);
    EXPECT_STR(r.path, "/tmp/dir");
    EXPECT_STR(r.tag, "v1");
    EXPECT_EQ(oci_reference_parse(&r, "docker-archive:a.tar:x/y:v2", NULL), 0);
    EXPECT_EQ(r.transport, OCI_ARCHIVE);
    EXPECT_STR(r.path, "a.tar");
    EXPECT_STR(r.name, "x/y");
    EXPECT_STR(r.tag, "v2");
}

TEST(reference_refuses_what_no_registry_accepts)
{
    static const char *const bad[] = {
        "",        "h.io/UPPER",  "h.io/a//b",       "h.io/a/",      "h.io/-a",
        "h.io/a-", "h.io/a...b",  "h.io/a:",         "h.io/a:-x",    "h.io/a:x y",
        "h.io/",   "h.io/a___b",  "h.io/a@sha256:",  "h.io/a@md5:0", "h.io/a@sha256:" HEX64 "0",
        "oci:",    "oci:dir:t/t", "docker-archive:", "h .io/a",      "docker://",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct oci_reference r;
        struct err e = {0};
        if (oci_reference_parse(&r, bad[i], &e) != -EINVAL || !e.text[0])
            test_failed(__FILE__, __LINE__, "accepted: \"%s\"", bad[i]);
    }
}

TEST(reference_refuses_names_that_are_too_long)
{
    char text[900];
    struct oci_reference r;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    EXPECT_EQ(oci_reference_parse(&r, text, NULL), -EINVAL);
    text[300] = 0;
    EXPECT_EQ(oci_reference_parse(&r, text, NULL), -EINVAL);
}

TEST(loopback_is_only_this_machine)
{
    EXPECT(oci_host_is_loopback("localhost:5000"));
    EXPECT(oci_host_is_loopback("127.9.9.9"));
    EXPECT(oci_host_is_loopback("[::1]:80"));
    EXPECT(!oci_host_is_loopback("localhost.example.com"));
    EXPECT(!oci_host_is_loopback("128.0.0.1:5000"));
    EXPECT(!oci_host_is_loopback("127.0.0.1.example.com"));
}
