/* SPDX-License-Identifier: Apache-2.0
 * target_priv.h: the three kinds of target behind target.h. */
#ifndef CELLA_OCI_TARGET_PRIV_H
#define CELLA_OCI_TARGET_PRIV_H

#include "oci/target.h"

struct target_ops {
    int (*put_blob)(struct oci_target *t, const struct oci_descriptor *d, oci_reader *read,
                    void *context, struct err *e);
    int (*put_manifest)(struct oci_target *t, struct span manifest, const char *media_type,
                        const char *digest, struct err *e);
    void (*close)(struct oci_target *t);
};

struct oci_target {
    const struct target_ops *ops;
    struct oci_reference ref;
    struct oci_registry *registry;
    int dir;                            /* layout: the folder */
    struct archive *tar;                /* archive: the file under way, */
    char temporary[OCI_PATH_SIZE + 16]; /* which has this name until it is whole */
    bool done;
};

int target_open_layout(struct oci_target *t, struct err *e) MUST_USE;
int target_open_archive(struct oci_target *t, struct err *e) MUST_USE;

#endif
