/* SPDX-License-Identifier: Apache-2.0
 * image_test.h: for tests: makes an image from entries and opens it from memory. */
#ifndef CELLA_MKROOT_IMAGE_TEST_H
#define CELLA_MKROOT_IMAGE_TEST_H

#include "mkroot/mkroot.h"

struct image {
    uint8_t *data;
    size_t size;
    struct mkroot_result made;
    uint8_t *memory; /* of the reader */
    char said[512];  /* the last line reported */
    int lines;
    int reads;
    uint64_t fail_at; /* reads of this offset and behind fail; 0: none */
};

struct mkroot *test_mkroot(void);
/* Adds one entry with `content` (of files) or a target (of links); ends the test when refused. */
void test_add(struct mkroot *m, const char *path, unsigned mode, const char *content);
void test_add_bytes(struct mkroot *m, const char *path, size_t size, unsigned seed);
/* What test_add_bytes() wrote. */
uint8_t test_byte(size_t at, unsigned seed);
/* Writes, loads and frees `m`. */
void test_finish(struct mkroot *m, struct image *out);
/* Opens with a cache of `blocks`; the configuration may be changed first, NULL for the usual. */
int test_open(struct image *image, size_t blocks, struct rootfs **out, struct err *e);
void test_config(struct image *image, size_t blocks, struct rootfs_config *c);
void image_fini(struct image *image);
/* Walks a path component by component without following links. */
int test_find(struct rootfs *r, const char *path, struct rootfs_inode *out);
/* True when the file holds exactly this. */
bool image_holds(struct rootfs *r, const char *path, const char *content);

#endif
