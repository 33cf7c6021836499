/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "mkroot/fault_test.h"
#include "oci/inflate.h"
#include "oci/tar_test.h"

static struct err g_err;

/* Applies one layer and frees it. */
static int apply(struct mkroot *m, struct archive_bytes *a)
{
    struct layer_stats stats;
    int rc = layer_apply(m, tar_bytes(a), 1 << 30, &stats, &g_err);
    tar_bytes_free(a);
    return rc;
}

static struct mkroot *new_tree(void)
{
    struct mkroot *m = NULL;
    if (mkroot_new(&m, NULL, &g_err))
        abort();
    return m;
}

/* The root hash stands for the tree: equal trees, equal hashes. */
static void hash_of(struct mkroot *m, struct mkroot_result *out)
{
    char path[] = "/tmp/layer_test.XXXXXX";
    int fd = mkstemp(path);
    *out = (struct mkroot_result){0};
    if (fd < 0 || mkroot_write(m, path, out, &g_err))
        test_failed(__FILE__, __LINE__, "%s", g_err.text);
    close(fd);
    unlink(path);
    mkroot_free(m);
}

static bool same_tree(struct mkroot *a, struct mkroot *b)
{
    struct mkroot_result x;
    struct mkroot_result y;
    hash_of(a, &x);
    hash_of(b, &y);
    return memcmp(x.root_hash, y.root_hash, sizeof x.root_hash) == 0;
}

TEST(layer_whiteouts_remove_what_is_below)
{
    struct mkroot *m = new_tree();
    struct archive_bytes a = {0};
    tar_put_file(&a, "keep", "k");
    tar_put_file(&a, "gone", "g");
    tar_put_file(&a, "dir/a", "a");
    tar_put_file(&a, "dir/b", "b");
    EXPECT_EQ(apply(m, &a), 0);
    tar_put_file(&a, ".wh.gone", "");
    tar_put_file(&a, "dir/c", "c");
    tar_put_file(&a, "dir/.wh..wh..opq", "");
    tar_put_file(&a, "dir/.wh..wh.aufs", "");
    tar_put_file(&a, "./none/.wh.never", "");
    EXPECT_EQ(apply(m, &a), 0);

    struct mkroot *flat = new_tree();
    tar_put_file(&a, "keep", "k");
    tar_put_file(&a, "dir/c", "c");
    EXPECT_EQ(apply(flat, &a), 0);
    EXPECT(same_tree(m, flat));
}

TEST(layer_whiteouts_spare_their_own_layer)
{
    struct mkroot *m = new_tree();
    struct archive_bytes a = {0};
    tar_put_file(&a, "x/old", "1");
    EXPECT_EQ(apply(m, &a), 0);
    tar_put_file(&a, "x/new", "2");
    tar_put_file(&a, ".wh.x", ""); /* some programs write the marker last */
    EXPECT_EQ(apply(m, &a), 0);
    struct mkroot *flat = new_tree();
    tar_put_file(&a, "x/new", "2");
    EXPECT_EQ(apply(flat, &a), 0);
    EXPECT(same_tree(m, flat));
}

TEST(layer_refuses_hostile_entries)
{
    static const struct {
        const char *name;
        char type;
        const char *link;
        int rc;
    } bad[] = {
        {"../etc/passwd", TAR_FILE, "", -EINVAL},
        {"a/../../b", TAR_FILE, "", -EINVAL},
        {"..", TAR_DIR, "", -EINVAL},
        {"/../x", TAR_LINK, "y", -EINVAL},
        {"hard", TAR_HARD_LINK, "../../etc/shadow", -EINVAL},
        {"hard", TAR_HARD_LINK, "/etc/shadow", -ENOENT}, /* the image's own, which there is not */
        {"hard", TAR_HARD_LINK, "", -EPERM},
        {"", TAR_FILE, "", -EINVAL},
        {".", TAR_LINK, "x", -EINVAL},
        {"link", TAR_LINK, "", -EINVAL},
        {".wh.", TAR_FILE, "", -EINVAL},
        {".wh...", TAR_FILE, "", -EINVAL},
        {"a/.wh..", TAR_FILE, "", -EINVAL},
        {"../.wh.x", TAR_FILE, "", -EINVAL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct mkroot *m = new_tree();
        struct archive_bytes a = {0};
        tar_put_header(&a, bad[i].name, bad[i].type, bad[i].link, 0);
        int rc = apply(m, &a);
        if (rc != bad[i].rc)
            test_failed(__FILE__, __LINE__, "%s: %d", bad[i].name, rc);
        mkroot_free(m);
    }
}

TEST(layer_contains_links_that_lead_out)
{
    struct mkroot *m = new_tree();
    struct archive_bytes a = {0};
    tar_put_header(&a, "out", TAR_LINK, "../../../..", 0);
    tar_put_file(&a, "out/tmp/cella-layer-test", "inside");
    tar_put_header(&a, "abs", TAR_LINK, "/tmp", 0);
    tar_put_file(&a, "abs/cella-layer-test-2", "inside");
    EXPECT_EQ(apply(m, &a), 0);
    EXPECT(access("/tmp/cella-layer-test", F_OK) != 0);
    EXPECT(access("/tmp/cella-layer-test-2", F_OK) != 0);
    struct mkroot *flat = new_tree();
    tar_put_header(&a, "out", TAR_LINK, "../../../..", 0);
    tar_put_header(&a, "abs", TAR_LINK, "/tmp", 0);
    tar_put_file(&a, "tmp/cella-layer-test", "inside");
    tar_put_file(&a, "tmp/cella-layer-test-2", "inside");
    EXPECT_EQ(apply(flat, &a), 0);
    EXPECT(same_tree(m, flat));
}

TEST(layer_ends_bombs_of_holes_and_of_entries)
{
    struct mkroot_options o = {.limits = {.max_entries = 100, .max_size = 1 << 20}};
    struct mkroot *m = NULL;
    REQUIRE(mkroot_new(&m, &o, &g_err) == 0);
    struct archive_bytes a = {0};
    static const char *const hole[] = {"GNU.sparse.size=1125899906842624", "GNU.sparse.map="};
    tar_put_pax(&a, 'x', (const char *const[]){hole[0], "GNU.sparse.numblocks=0"}, 2);
    tar_put_file(&a, "hole", "");
    EXPECT_EQ(apply(m, &a), -E2BIG);
    for (int i = 0; i < 200; i++)
        tar_put_file(&a, "same", "");
    EXPECT_EQ(apply(m, &a), -E2BIG);
    mkroot_free(m);
}

TEST(layer_leaves_out_attributes_of_the_machine)
{
    struct mkroot *m = new_tree();
    struct archive_bytes a = {0};
    static const char *const all[] = {"SCHILY.xattr.user.a=1", "SCHILY.xattr.trusted.overlay.x=y",
                                      "SCHILY.xattr.security.selinux=label",
                                      "SCHILY.xattr.com.apple.x=1"};
    tar_put_pax(&a, 'x', all, ARRAY_COUNT(all));
    tar_put_file(&a, "f", "");
    EXPECT_EQ(apply(m, &a), 0);
    struct mkroot *flat = new_tree();
    tar_put_pax(&a, 'x', all, 1);
    tar_put_file(&a, "f", "");
    EXPECT_EQ(apply(flat, &a), 0);
    EXPECT(same_tree(m, flat));
}

/* Compresses with one of libarchive's filters. */
static void compress(struct archive_bytes *a, int filter)
{
    size_t room = a->size + 100000;
    uint8_t *out = malloc(room);
    size_t used = 0;
    struct archive *w = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_add_filter(w, filter);
    archive_write_set_format_raw(w);
    archive_write_set_bytes_per_block(w, 0);
    archive_write_open_memory(w, out, room, &used);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(w, entry);
    archive_write_data(w, a->data, a->size);
    archive_entry_free(entry);
    archive_write_close(w);
    archive_write_free(w);
    free(a->data);
    a->data = out;
    a->size = used;
}

static void make_layer(struct archive_bytes *a)
{
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "dir%d/file", i);
        tar_put_file(a, name, name);
    }
    tar_put_end(a);
}

TEST(layer_reads_gzip_and_zstd)
{
    static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD};
    for (size_t i = 0; i < ARRAY_COUNT(filters); i++) {
        struct mkroot *m = new_tree();
        struct mkroot *plain = new_tree();
        struct archive_bytes a = {.step = 777};
        make_layer(&a);
        size_t whole = a.size;
        compress(&a, filters[i]);
        EXPECT(a.size < whole / 2);
        EXPECT_EQ(apply(m, &a), 0);
        make_layer(&a);
        EXPECT_EQ(apply(plain, &a), 0);
        EXPECT(same_tree(m, plain));
    }
}

static void refuses_truncations(int filter)
{
    struct archive_bytes a = {0};
    make_layer(&a);
    compress(&a, filter);
    size_t whole = a.size;
    for (size_t size = 5; size < whole; size += 97) {
        struct mkroot *m = new_tree();
        struct layer_stats stats;
        a.size = size;
        EXPECT_EQ(layer_apply(m, tar_bytes(&a), 0, &stats, &g_err), -EBADMSG);
        mkroot_free(m);
    }
    tar_bytes_free(&a);
}

TEST(layer_refuses_damaged_compression)
{
    refuses_truncations(ARCHIVE_FILTER_GZIP);
    refuses_truncations(ARCHIVE_FILTER_ZSTD);
}

TEST(layer_ends_bombs_of_compression)
{
    struct mkroot *m = new_tree();
    struct archive_bytes a = {0};
    struct layer_stats stats;
    tar_put_file(&a, "f", "");
    static uint8_t zeros[1 << 20];
    for (int i = 0; i < 3; i++)
        tar_put_data(&a, zeros, sizeof zeros);
    compress(&a, ARCHIVE_FILTER_GZIP);
    EXPECT_EQ(layer_apply(m, tar_bytes(&a), 1 << 20, &stats, &g_err), -EFBIG);
    tar_bytes_free(&a);
    mkroot_free(m);
}

static int64_t broken(void *ctx, void *out, size_t size, struct err *e)
{
    (void)ctx;
    (void)size;
    memcpy(out, "\x1f\x8b\x08\x00", 4);
    return *(int *)ctx ? fail(e, -ECONNRESET, "the registry hung up") : ++*(int *)ctx * 4;
}

TEST(layer_passes_on_why_its_source_failed)
{
    struct mkroot *m = new_tree();
    struct layer_stats stats;
    int calls = 0;
    struct byte_source in = {.read = broken, .ctx = &calls};
    EXPECT_EQ(layer_apply(m, in, 0, &stats, &g_err), -ECONNRESET);
    EXPECT(strstr(g_err.text, "the registry hung up"));
    mkroot_free(m);
}

static void make_odd_layer(struct archive_bytes *a)
{
    char list[2000];
    size_t size = (size_t)snprintf(list, sizeof list, "GNU.sparse.map=0,1");
    for (int i = 1; i < 200; i++) /* more pieces than the first room for them */
        size += (size_t)snprintf(list + size, sizeof list - size, ",%d,0", i + 1);
    tar_put_pax(a, 'g', (const char *const[]){"gid=5"}, 1);
    tar_put_pax(a, 'x', (const char *const[]){"path=long", "SCHILY.xattr.user.a=b"}, 2);
    tar_put_file(a, "x", "data");
    tar_put_pax(a, 'x', (const char *const[]){"GNU.sparse.size=1000", list}, 2);
    tar_put_file(a, "sparse", "x");
    tar_put_header(a, "soft", TAR_LINK, "x", 0);
    tar_put_header(a, "hard", TAR_HARD_LINK, "long", 0);
    tar_put_end(a);
}

TEST(layer_survives_the_failure_of_every_allocation)
{
    struct archive_bytes a = {0};
    make_odd_layer(&a);
    compress(&a, ARCHIVE_FILTER_GZIP);
    for (long n = 0;; n++) {
        struct mkroot *m = NULL;
        struct layer_stats stats;
        struct err e;
        fault_arm(n);
        int rc = mkroot_new(&m, NULL, &e);
        if (rc == 0)
            rc = layer_apply(m, tar_bytes(&a), 0, &stats, &e);
        bool fired = fault_fired();
        fault_arm(-1);
        mkroot_free(m);
        EXPECT_EQ(rc, fired ? -ENOMEM : 0);
        REQUIRE(n < 1000);
        if (!fired)
            break;
    }
    tar_bytes_free(&a);
}
