/* SPDX-License-Identifier: Apache-2.0
 * One image in its three homes (layout, `docker save` archive, registry), made by umoci and skopeo.
 */
#include "oci/image.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/test.h"
#include "crypto/sha256.h"
#include "oci/fixture_test.h"

/* $D/layout:v1 with two layers, and $D/app.tar from it. */
static void make_image(void)
{
    fixture_dir();
    run("cd $D && mkdir a b && echo one > a/f && head -c 3000000 /dev/urandom > b/big && "
        "tar -C a -cf a.tar . && tar -C b -cf b.tar . && umoci init --layout layout >/dev/null && "
        "umoci new --image layout:v1 && umoci raw add-layer --image layout:v1 a.tar && "
        "umoci raw add-layer --image layout:v1 b.tar && "
        "umoci config --image layout:v1 --config.cmd /bin/x");
    run("cd $D && skopeo copy -q oci:layout:v1 docker-archive:app.tar:team/app:v1");
}

static int count_bytes(void *context, struct span part)
{
    *(size_t *)context += part.size;
    return 0;
}

static int open_image(struct oci_image *image, const char *format, struct err *e)
{
    char name[256];
    snprintf(name, sizeof name, format, g_dir);
    struct oci_reference ref;
    EXPECT_EQ(oci_reference_parse(&ref, name, NULL), 0);
    memset(e, 0, sizeof *e);
    return oci_image_open(image, &ref, &(struct oci_registry_options){0}, e);
}

static void expect_whole(struct oci_image *image, bool compressed)
{
    EXPECT_EQ(image->manifest.layer_count, 2);
    EXPECT(image->config && strstr(image->config, "/bin/x"));
    for (size_t i = 0; i < image->manifest.layer_count; i++) {
        size_t size = 0;
        struct err e = {0};
        if (oci_image_layer(image, i, count_bytes, &size, &e))
            test_failed(__FILE__, __LINE__, "layer %zu: %s", i, e.text);
        EXPECT(size > 0);
        EXPECT_EQ(image->manifest.layers[i].compression, compressed ? OCI_TAR_GZIP : OCI_TAR);
    }
}

TEST(image_is_read_from_layout_archive_and_registry)
{
    make_image();
    struct oci_image image;
    struct err e;
    EXPECT_EQ(open_image(&image, "oci:%s/layout:v1", &e), 0);
    expect_whole(&image, true);
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "docker-archive:%s/app.tar", &e), 0);
    expect_whole(&image, false);
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "docker-archive:%s/app.tar:team/app:v1", &e), 0);
    oci_image_close(&image);
    registry_start("", "");
    setenv("H", g_host, 1);
    run("skopeo copy -q --dest-tls-verify=false oci:$D/layout:v1 docker://$H/team/app:v1");
    char name[128];
    snprintf(name, sizeof name, "%s/team/app:v1", g_host);
    struct oci_reference ref;
    EXPECT_EQ(oci_reference_parse(&ref, name, NULL), 0);
    EXPECT_EQ(oci_image_open(&image, &ref, &(struct oci_registry_options){0}, &e), 0);
    expect_whole(&image, true);
    EXPECT_EQ(oci_digest_check(image.manifest_digest, NULL), 0);
    oci_image_close(&image);
}

TEST(image_that_is_not_there_is_named)
{
    make_image();
    struct oci_image image;
    struct err e;
    EXPECT_EQ(open_image(&image, "oci:%s/layout:v2", &e), -ENOENT);
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "oci:%s/nowhere", &e), -ENOENT);
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "docker-archive:%s/app.tar:other:v1", &e), -ENOENT);
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "docker-archive:%s/a/f", &e), -EBADMSG);
    EXPECT(strstr(e.text, "not a readable tar archive"));
    oci_image_close(&image);
    EXPECT_EQ(open_image(&image, "docker-archive:%s/a.tar", &e), -ENOENT);
    EXPECT(strstr(e.text, "docker save"));
    oci_image_close(&image);
}

TEST(image_with_a_changed_layer_is_refused)
{
    make_image();
    run("f=$(find $D/layout/blobs/sha256 -size +1000k) && printf X | dd of=$f bs=1 seek=5000 "
        "conv=notrunc status=none");
    struct oci_image image;
    struct err e;
    size_t size = 0;
    EXPECT_EQ(open_image(&image, "oci:%s/layout:v1", &e), 0);
    EXPECT_EQ(oci_image_layer(&image, 0, count_bytes, &size, &e), 0);
    EXPECT_EQ(oci_image_layer(&image, 1, count_bytes, &size, &e), -EBADMSG);
    oci_image_close(&image);
}

TEST(image_layout_cannot_lead_out_of_its_folder)
{
    make_image();
    struct oci_image image;
    struct err e;
    run("cd $D && mv layout/blobs/sha256 away && ln -s ../../away layout/blobs/sha256");
    EXPECT_EQ(open_image(&image, "oci:%s/layout:v1", &e),
              0); /* the user's own folder link is theirs */
    oci_image_close(&image);
    run("cd $D && mkdir evil && echo '[{\"Config\":\"../a/f\",\"Layers\":[]}]' > "
        "evil/manifest.json && "
        "tar -C evil -cf evil.tar manifest.json");
    EXPECT_EQ(open_image(&image, "docker-archive:%s/evil.tar", &e), -EBADMSG);
    EXPECT(strstr(e.text, "is not a name inside the image"));
    oci_image_close(&image);
    run("cd $D && ln -s /etc/passwd evil/x && tar -C evil -cf evil2.tar manifest.json x");
    EXPECT_EQ(open_image(&image, "docker-archive:%s/evil2.tar", &e), -EBADMSG);
    oci_image_close(&image);
}
