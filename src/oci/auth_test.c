/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/auth.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "posix/file.h"

TEST(challenge_bearer_is_read)
{
    struct oci_challenge c;
    EXPECT_EQ(
        oci_challenge_parse(&c,
                            "Bearer realm=\"https://auth.example/token\",service=\"reg \\\"x\","
                            "scope=\"repository:a/b:pull,push\",error=\"invalid_token\"",
                            NULL),
        0);
    EXPECT_EQ(c.scheme, OCI_AUTH_BEARER);
    EXPECT_STR(c.realm, "https://auth.example/token");
    EXPECT_STR(c.service, "reg \"x");
    EXPECT_STR(c.scope, "repository:a/b:pull,push");
}

TEST(challenge_list_prefers_bearer_and_passes_unknown_schemes_over)
{
    struct oci_challenge c;
    EXPECT_EQ(oci_challenge_parse(&c,
                                  "Negotiate, Basic realm=\"x\", charset=\"UTF-8\", Bearer "
                                  "realm=https",
                                  NULL),
              0);
    EXPECT_EQ(c.scheme, OCI_AUTH_BEARER);
    EXPECT_STR(c.realm, "https");
    EXPECT_EQ(oci_challenge_parse(&c, "basic realm = \"My realm\"", NULL), 0);
    EXPECT_EQ(c.scheme, OCI_AUTH_BASIC);
    EXPECT_EQ(oci_challenge_parse(&c, "Negotiate", NULL), 0);
    EXPECT_EQ(c.scheme, OCI_AUTH_NONE);
}

TEST(challenge_that_is_malformed_is_refused)
{
    static const char *const bad[] = {"Bearer realm=\"no end", "Bearer", "Bearer service=\"x\"",
                                      "Basic realm=",          "=x",     "\"",
                                      "Bearer realm=\"a\" ;"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct oci_challenge c;
        if (oci_challenge_parse(&c, bad[i], NULL) != -EBADMSG)
            test_failed(__FILE__, __LINE__, "accepted: %s", bad[i]);
    }
    char longer[3000];
    snprintf(longer, sizeof longer, "Bearer realm=\"%02000d\"", 1);
    struct oci_challenge c;
    EXPECT_EQ(oci_challenge_parse(&c, longer, NULL), -EBADMSG);
}

TEST(credentials_make_the_basic_header_of_rfc_7617)
{
    struct oci_credentials c;
    EXPECT_EQ(oci_credentials_parse(&c, "Aladdin:open sesame", NULL), 0);
    auto_free char *basic = oci_credentials_basic(&c);
    EXPECT_STR(basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    oci_credentials_fini(&c);
    EXPECT_EQ(oci_credentials_parse(&c, "nocolon", NULL), -EINVAL);
    EXPECT_EQ(oci_credentials_parse(&c, ":x", NULL), -EINVAL);
}

static char g_file[] = "/tmp/auth_test.XXXXXX";

static void write_auth_file(const char *text)
{
    int fd = mkstemp(g_file);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_EQ(file_write(g_file, span_text(text), 0600, NULL), 0);
}

TEST(credentials_of_the_longest_namespace_win)
{
    write_auth_file(
        "{\"auths\":{\"r.io\":{\"auth\":\"YTpi\"},\"r.io/team\":{\"auth\":\"YzpkOmU=\"}}}");
    struct oci_credentials c;
    EXPECT_EQ(oci_credentials_find(&c, g_file, "r.io", "team/app", NULL), 0);
    EXPECT_STR(c.user, "c");
    EXPECT_STR(c.password, "d:e");
    oci_credentials_fini(&c);
    EXPECT_EQ(oci_credentials_find(&c, g_file, "r.io", "other/app", NULL), 0);
    EXPECT_STR(c.user, "a");
    oci_credentials_fini(&c);
    EXPECT_EQ(oci_credentials_find(&c, g_file, "s.io", "team/app", NULL), 0);
    EXPECT(c.user == NULL);
    unlink(g_file);
}

TEST(credentials_refuse_a_broken_file_and_do_not_mind_a_missing_one)
{
    struct oci_credentials c;
    write_auth_file("{\"auths\":{\"r.io\":{\"auth\":\"***\"}}}");
    EXPECT_EQ(oci_credentials_find(&c, g_file, "r.io", "x", NULL), -EBADMSG);
    EXPECT_EQ(file_write(g_file, span_text("{"), 0600, NULL), 0);
    EXPECT_EQ(oci_credentials_find(&c, g_file, "r.io", "x", NULL), -EBADMSG);
    EXPECT_EQ(setenv("REGISTRY_AUTH_FILE", g_file, 1), 0);
    EXPECT_EQ(oci_credentials_find(&c, NULL, "r.io", "x", NULL), -EBADMSG);
    unlink(g_file);
    EXPECT_EQ(setenv("HOME", "/nonexistent", 1), 0);
    EXPECT_EQ(unsetenv("XDG_RUNTIME_DIR"), 0);
    EXPECT_EQ(oci_credentials_find(&c, NULL, "r.io", "x", NULL), 0);
    EXPECT_EQ(oci_credentials_find(&c, g_file, "r.io", "x", NULL), -ENOENT);
}
