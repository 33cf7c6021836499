/* SPDX-License-Identifier: Apache-2.0
 * measure.c: `cella measure`: MRENCLAVE of an enclave image and its options. */
#include <stdio.h>

#include "base/hex.h"
#include "cli/commands.h"
#include "cli/image.h"
#include "cli/show.h"
#include "measure/mrenclave.h"

struct measure_command {
    struct image_options image;
    bool json;
    bool layout;
};

static const struct option_def g_options[] = {
    IMAGE_OPTIONS(struct measure_command),
    OPTION(struct measure_command, layout, "layout", NULL, NULL, "print the pages as well"),
    OPTION(struct measure_command, json, "json", NULL, NULL, "print everything as JSON"),
    {0},
};

static void defaults(void *options)
{
    struct measure_command *o = options;
    image_defaults(&o->image);
}

static json_t *run_describe(const struct measure_run *run)
{
    json_t *out = show_object();
    uint64_t type = (run->secinfo & SGX_SECINFO_TYPE_MASK) >> SGX_SECINFO_TYPE_SHIFT;
    char perm[4] = {run->secinfo & SGX_SECINFO_R ? 'r' : '-',
                    run->secinfo & SGX_SECINFO_W ? 'w' : '-',
                    run->secinfo & SGX_SECINFO_X ? 'x' : '-', 0};
    show_address(out, "offset", run->offset);
    show_number(out, "pages", run->count);
    show_text(out, "type", sgx_name_of(sgx_page_type_names, type));
    show_text(out, "permissions", perm);
    show_put(out, "measured", json_boolean(run->measured));
    show_put(out, "zero", json_boolean(!run->content));
    return out;
}

static json_t *layout_describe(const struct measure_layout *l)
{
    json_t *out = show_object();
    json_t *runs = json_array();
    show_address(out, "elrange_size", l->info.elrange_size);
    show_text(out, "base", l->info.base == ENCLAVE_BASE_ANY ? "any" : "0");
    show_bits(out, "attributes", l->attributes.flags, sgx_attribute_names);
    show_bits(out, "xfrm", l->attributes.xfrm, sgx_xfrm_names);
    show_bits(out, "miscselect", l->miscselect, sgx_misc_names);
    show_number(out, "ssaframesize", l->info.ssaframesize);
    show_number(out, "threads", l->info.thread_count);
    show_put(out, "pages", runs);
    for (size_t i = 0; i < l->run_count; i++)
        json_array_append_new(runs, run_describe(&l->runs[i]));
    return out;
}

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    const struct measure_command *o = options;
    struct measure_layout l;
    uint8_t mrenclave[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    (void)arg_count;
    int rc = image_layout(&l, args[0], &o->image, e);
    if (!rc) {
        mrenclave_of_layout(&l, mrenclave);
        hex_write(text, span_of(mrenclave, sizeof mrenclave));
    }
    if (!rc && (o->json || o->layout)) {
        auto_json out = show_object();
        show_text(out, "mrenclave", text);
        show_put(out, "layout", layout_describe(&l));
        show(out, o->json);
    } else if (!rc) {
        puts(text);
    }
    measure_layout_fini(&l);
    return rc;
}

const struct command command_measure = {
    .name = "measure",
    .arguments = "ELF",
    .summary = "Print the MRENCLAVE of an enclave image",
    .more =
        "ELF is a freestanding static-pie image. MRENCLAVE depends on every option but "
        "--attributes;\n"
        "on --xfrm and --miscselect only when they need a larger SSA frame. The loader must be\n"
        "given the same options.",
    .options = g_options,
    .options_size = sizeof(struct measure_command),
    .min_args = 1,
    .max_args = 1,
    .defaults = defaults,
    .run = run,
};
