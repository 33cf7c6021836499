/* SPDX-License-Identifier: Apache-2.0
 * mkroot.h: makes a root file system image: EROFS and its hash tree, as rootfs/ reads it.
 *
 * The image is a function of the tree alone: the same names, contents and metadata give the same
 * bytes, whatever order they came in, whoever runs it, wherever.  A tree comes from a directory, or
 * entry by entry as from the layers of a container image.  Contents that come entry by entry are
 * spooled to one temporary file and copied from there in tree order; contents of a directory are
 * read in tree order.  Memory is needed for metadata only, about 230 bytes a name.
 * docs/rootfs.md */
#ifndef CELLA_MKROOT_MKROOT_H
#define CELLA_MKROOT_MKROOT_H

#include "mkroot/tree.h"
#include "rootfs/rootfs.h"

struct mkroot;

struct mkroot_options {
    struct tree_limits limits;
    bool root_owned;       /* mkroot_scan() gives everything to user and group 0 */
    const char *spool_dir; /* for the temporary file; NULL: $TMPDIR or /tmp */
    /* Called now and then while the image is written, bytes of it; may be NULL. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
};

struct mkroot_result {
    uint8_t root_hash[ROOTFS_HASH_SIZE];
    uint64_t file_size;    /* bytes of the whole file */
    uint64_t image_size;   /* of these, the file system; the hash tree is the rest */
    uint64_t content_size; /* of all regular files */
    uint64_t inodes;
};

/* One extended attribute by its full name. */
struct mkroot_xattr {
    struct span name;
    struct span value;
};

/* `o` may be NULL; what it points to is borrowed until mkroot_free(). */
int mkroot_new(struct mkroot **out, const struct mkroot_options *o, struct err *e) MUST_USE;
void mkroot_free(struct mkroot *m);

/* Entry by entry; see tree.h for paths and errors.  After mkroot_add() of a regular file of `size`
 * bytes follow its bytes, by mkroot_data() and mkroot_hole(); mkroot_end() says that they are
 * complete, -EINVAL when they are not.  `entry->xattrs` is set here from `xattrs`. */
int mkroot_add(struct mkroot *m, const struct tree_entry *entry, const struct mkroot_xattr *xattrs,
               size_t xattr_count, struct err *e) MUST_USE;
int mkroot_data(struct mkroot *m, struct span data, struct err *e) MUST_USE;
int mkroot_hole(struct mkroot *m, uint64_t size, struct err *e) MUST_USE;
int mkroot_end(struct mkroot *m, struct err *e) MUST_USE;
int mkroot_link(struct mkroot *m, struct span path, struct span target, struct err *e) MUST_USE;
/* What a layer says about the ones below it: mkroot_next_layer() between two layers, a whiteout, an
 * opaque directory. */
void mkroot_next_layer(struct mkroot *m);
int mkroot_remove(struct mkroot *m, struct span path, struct err *e) MUST_USE;
int mkroot_clear(struct mkroot *m, struct span path, struct err *e) MUST_USE;

/* Takes the metadata of a directory and everything below it; contents are read by mkroot_write(),
 * which refuses a file that changed in between.  Once, and not together with mkroot_add().
 * Attributes: user.*, security.capability and ACLs; others belong to the machine, not to the tree.
 * `excludes` has `exclude_count` patterns of fnmatch(3): one with a slash is compared with the
 * whole path ("/tmp/x?"), one without with the last name ("*.pyc"). */
int mkroot_scan(struct mkroot *m, const char *dir, const char *const *excludes,
                size_t exclude_count, struct err *e) MUST_USE;

/* True for the attributes that an image takes, by their full names. */
bool mkroot_keeps_xattr(struct span name);

/* Writes the image to `path`, which is replaced only once it is complete. */
int mkroot_write(struct mkroot *m, const char *path, struct mkroot_result *result,
                 struct err *e) MUST_USE;

#endif
