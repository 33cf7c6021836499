/* SPDX-License-Identifier: Apache-2.0
 * fault_test.c: every allocation of the writer fails in turn: an error, no leak, no file. */
#include "mkroot/fault_test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "mkroot/image_test.h"

/* All that allocates: a scan, attributes that are shared, a large directory, spooled data. */
static int make(const char *dir, const char *path, struct err *e)
{
    static uint8_t big[100000];
    const struct mkroot_xattr x = {span_text("user.a"), span_of(big, 5000)};
    struct mkroot *m = NULL;
    struct mkroot_result result;
    char name[32];
    int rc = mkroot_new(&m, NULL, e);
    if (rc == 0)
        rc = mkroot_scan(m, dir, NULL, 0, e);
    for (int i = 0; rc == 0 && i < 5000; i++) { /* the hash table grows */
        snprintf(name, sizeof name, "many/%d", i);
        struct tree_entry entry = {.path = span_text(name), .mode = S_IFIFO};
        rc = mkroot_add(m, &entry, &x, i < 2, e);
    }
    struct tree_entry file = {.path = span_text("new/file"), .mode = S_IFREG, .size = sizeof big};
    if (rc == 0)
        rc = mkroot_add(m, &file, NULL, 0, e);
    if (rc == 0)
        rc = mkroot_data(m, span_of(big, sizeof big), e);
    if (rc == 0)
        rc = mkroot_write(m, path, &result, e);
    mkroot_free(m);
    return rc;
}

TEST(writer_survives_the_failure_of_every_allocation)
{
    char dir[] = "/tmp/mkroot_fault.XXXXXX";
    char path[64];
    REQUIRE(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/hard", dir);
    REQUIRE(mkfifo(path, 0600) == 0);
    char other[64];
    snprintf(other, sizeof other, "%s/link", dir);
    REQUIRE(link(path, other) == 0);
    char image[] = "/tmp/mkroot_fault_image.XXXXXX";
    REQUIRE(mkdtemp(image));
    char out[64];
    snprintf(out, sizeof out, "%s/image", image);
    long n = 0;
    for (;; n++) {
        struct err e = {0};
        fault_arm(n);
        int rc = make(dir, out, &e);
        bool fired = fault_fired();
        fault_arm(-1);
        EXPECT_EQ(rc, fired ? -ENOMEM : 0);
        if (!fired)
            break;
        EXPECT(access(out, F_OK) != 0);
        REQUIRE(n < 1000);
    }
    EXPECT(n > 10);
    EXPECT(access(out, F_OK) == 0);
    unlink(out);
    EXPECT_EQ(rmdir(image), 0); /* nothing else is left there */
    unlink(path);
    unlink(other);
    rmdir(dir);
}
