/* SPDX-License-Identifier: Apache-2.0
 * image.c: see image.h. */
#include "cli/image.h"

#include <errno.h>

#include "base/cleanup.h"
#include "posix/file.h"

enum { ELF_MAX = 1 << 30, MANIFEST_MAX = 256 << 20 };

void image_defaults(struct image_options *o)
{
    *o = (struct image_options){0};
    measure_options_default(&o->measure);
}

int image_layout(struct measure_layout *l, const char *path, const struct image_options *o,
                 struct err *e)
{
    struct measure_options options = o->measure;
    uint8_t *read = NULL;
    size_t size = 0;
    *l = (struct measure_layout){0};
    int rc = file_read(&read, &size, path, ELF_MAX, e);
    if (rc)
        return rc;
    auto_free uint8_t *elf = read;
    uint8_t *manifest_read = NULL;
    size_t manifest_size = 0;
    if (o->manifest)
        rc = file_read(&manifest_read, &manifest_size, o->manifest, MANIFEST_MAX, e);
    if (rc)
        return rc;
    auto_free uint8_t *manifest = manifest_read;
    options.manifest = span_of(manifest, manifest_size);
    rc = measure_layout_init(l, span_of(elf, size), &options, e);
    return rc == -EBADMSG ? fail_at(e, rc, "%s", path) : rc;
}
