/* SPDX-License-Identifier: Apache-2.0
 * What is written into each target is read back by skopeo. */
#include "oci/target.h"

#include <errno.h>
#include <stdlib.h>

#include "base/test.h"
#include "oci/fixture_test.h"
#include "oci/image.h"
#include "oci/verify.h"

#define TYPE "application/vnd.oci.image.manifest.v1+json"

/* A tar of two zero blocks: an empty layer. */
static const uint8_t EMPTY_LAYER[1024];

static void make_config(char *text, size_t room)
{
    char diff[OCI_DIGEST_SIZE];
    oci_digest_of(diff, span_of(EMPTY_LAYER, sizeof EMPTY_LAYER));
    snprintf(
        text, room,
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/x\"]},\"rootfs\":"
        "{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
        diff);
}

static int put_image(const char *name, struct err *e)
{
    struct oci_reference ref;
    struct oci_target *t = NULL;
    EXPECT_EQ(oci_reference_parse(&ref, name, NULL), 0);
    int rc = oci_target_open(&t, &ref, &(struct oci_registry_options){0}, e);
    if (rc)
        return rc;
    char config[1024];
    char manifest[2048];
    char digest[OCI_DIGEST_SIZE];
    struct oci_descriptor layer = {0};
    struct oci_descriptor c = {0};
    make_config(config, sizeof config);
    rc = oci_target_put_text(t, span_of(EMPTY_LAYER, sizeof EMPTY_LAYER), &layer, e);
    if (!rc)
        rc = oci_target_put_text(t, span_text(config), &c, e);
    snprintf(manifest, sizeof manifest,
             "{\"schemaVersion\":2,\"mediaType\":\"" TYPE "\",\"config\":{\"mediaType\":"
             "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%llu},"
             "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":"
             "\"%s\",\"size\":%llu}]}",
             c.digest, (unsigned long long)c.size, layer.digest, (unsigned long long)layer.size);
    if (!rc)
        rc = oci_target_put_manifest(t, span_text(manifest), TYPE, digest, e);
    oci_target_close(t);
    return rc;
}

static void expect_put(const char *format, const char *skopeo)
{
    char name[256];
    struct err e = {0};
    snprintf(name, sizeof name, format, strstr(format, "%s/") == format ? g_host : g_dir);
    if (put_image(name, &e))
        test_failed(__FILE__, __LINE__, "%s: %s", name, e.text);
    run(skopeo);
}

TEST(target_layout_is_read_by_skopeo_and_keeps_other_tags)
{
    fixture_dir();
    expect_put("oci:%s/l:a", "skopeo inspect --config oci:$D/l:a | grep -q /x");
    expect_put("oci:%s/l:b", "skopeo inspect --config oci:$D/l:b | grep -q /x");
    expect_put("oci:%s/l:a", "skopeo inspect oci:$D/l:b >/dev/null");
    run("test $(grep -o ref.name $D/l/index.json | wc -l) = 2");
    run("test -z \"$(find $D/l -name '*.part')\"");
}

TEST(target_archive_is_read_by_skopeo_and_by_us)
{
    fixture_dir();
    expect_put("docker-archive:%s/a.tar:team/app:v1",
               "skopeo inspect --config docker-archive:$D/a.tar:team/app:v1 | grep -q /x");
    struct err e = {0};
    char name[256];
    snprintf(name, sizeof name, "docker-archive:%s/a.tar:team/app:v1", g_dir);
    EXPECT_EQ(put_image(name, &e), -EEXIST);
    struct oci_reference ref;
    struct oci_image image;
    EXPECT_EQ(oci_reference_parse(&ref, name, NULL), 0);
    EXPECT_EQ(oci_image_open(&image, &ref, &(struct oci_registry_options){0}, &e), 0);
    EXPECT_EQ(image.manifest.layer_count, 1);
    oci_image_close(&image);
    run("test -z \"$(find $D -name '*.part')\"");
}

TEST(target_registry_is_read_by_skopeo)
{
    fixture_dir();
    registry_start("", "");
    setenv("H", g_host, 1);
    expect_put("%s/team/app:v1",
               "skopeo inspect --tls-verify=false --config docker://$H/team/app:v1 | grep -q /x");
}

static int lying_reader(void *context, uint64_t offset, uint8_t *to, size_t size)
{
    (void)context;
    (void)offset;
    memset(to, 1, size);
    return 0;
}

TEST(target_refuses_content_that_is_not_its_digest)
{
    fixture_dir();
    char name[256];
    snprintf(name, sizeof name, "oci:%s/l:a", g_dir);
    struct oci_reference ref;
    struct oci_target *t = NULL;
    struct err e = {0};
    EXPECT_EQ(oci_reference_parse(&ref, name, NULL), 0);
    REQUIRE(oci_target_open(&t, &ref, NULL, &e) == 0);
    struct oci_descriptor d = {.size = 100};
    oci_digest_of(d.digest, span_of(EMPTY_LAYER, 100));
    EXPECT_EQ(oci_target_put_blob(t, &d, lying_reader, NULL, &e), -EBADMSG);
    oci_target_close(t);
    run("test -z \"$(find $D/l/blobs -type f)\"");
}

TEST(target_that_cannot_be_written_says_so)
{
    struct err e = {0};
    EXPECT(put_image("oci:/proc/nowhere/l:a", &e) < 0);
    EXPECT(strstr(e.text, "/proc/nowhere"));
    EXPECT(put_image("docker-archive:/proc/nowhere/a.tar", &e) < 0);
    EXPECT(put_image("127.0.0.1:1/a@sha256:"
                     "1111111111111111111111111111111111111111111111111111111111111111",
                     &e) == -EINVAL);
}
