/* SPDX-License-Identifier: Apache-2.0
 * run_image.h: for `cella run`: the Enclave OS with a manifest becomes a signed layout. */
#ifndef CELLA_CLI_RUN_IMAGE_H
#define CELLA_CLI_RUN_IMAGE_H

#include "crypto/rsa.h"
#include "measure/layout.h"
#include "sgx/arch.h"

/* The manifest while it is written: texts KEY=VALUE, see enclave_os/manifest.h. */
struct run_manifest {
    char *bytes;
    size_t size, room;
};

int run_manifest_add(struct run_manifest *m, struct err *e, const char *format, ...) MUST_USE
    PRINTF_LIKE(3, 4);
void run_manifest_fini(struct run_manifest *m);

struct run_shape {
    uint64_t memory_size; /* of the application, bytes */
    uint32_t thread_count;
    bool debug;
    const char *image; /* the Enclave OS; NULL: where it was installed or built */
};

/* Lays out the image; the caller ends it with measure_layout_fini(), also when this failed. */
int run_image_layout(struct measure_layout *l, const struct run_shape *shape,
                     const struct run_manifest *manifest, struct err *e) MUST_USE;

/* Signs it with the key of that file, or with this user's own, which is made the first time. */
int run_image_sign(struct sgx_sigstruct *out, const struct measure_layout *l, const char *key,
                   struct err *e) MUST_USE;

/* The root hash of an image that `cella rootfs` made, from the top of its hash tree; what lies
 * below is checked by the enclave when it is read. */
int run_root_hash(int fd, uint8_t out[SHA256_SIZE], struct err *e) MUST_USE;

#endif
