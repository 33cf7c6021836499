/* SPDX-License-Identifier: Apache-2.0
 * enclave.c: `cella enclave run`: creates an enclave from a signed image and runs it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/image.h"
#include "host/run.h"
#include "posix/file.h"
#include "sgx/sigstruct.h"

enum { ARGS_MAX = 1024 };

struct run_command {
    struct image_options image;
    struct host_options host;
    const char *sigstruct;
};

static int value_emu(void *field, const char *text, struct err *e)
{
    return host_choice_parse(field, text, e);
}

static const struct option_def g_options[] = {
    {.name = "sigstruct",
     .argument = "FILE",
     .help = "the image's SIGSTRUCT, as `cella sign` wrote it",
     .at = offsetof(struct run_command, sigstruct),
     .parse = value_text,
     .letter = 's'},
    OPTION(struct run_command, host.choice, "emu", "trap|fast|off", value_emu,
           "the emulator in that mode, or the device only (default: the device, else fast)"),
    OPTION(struct run_command, host.epc_size, "epc", "SIZE", value_size,
           "EPC of the emulator (default: 64G)"),
    {.name = "verbose",
     .help = "say on standard error what was chosen and why",
     .at = offsetof(struct run_command, host.verbose),
     .letter = 'v'},
    IMAGE_OPTIONS(struct run_command),
    {0},
};

static void defaults(void *options)
{
    struct run_command *c = options;
    image_defaults(&c->image);
}

static int check(const void *options, int arg_count, struct err *e)
{
    const struct run_command *c = options;
    (void)arg_count;
    return c->sigstruct ? 0 : fail(e, -EINVAL, "--sigstruct is missing");
}

/* Attributes, XFRM and MISCSELECT are those that were signed; what the signer left open, such as
 * DEBUG, may be added by --attributes. */
static int take_sigstruct(struct run_command *c, struct span file, struct err *e)
{
    struct sgx_sigstruct s;
    struct measure_options *m = &c->image.measure;
    int rc = sigstruct_parse(&s, file, e);
    if (rc)
        return fail_at(e, rc, "%s", c->sigstruct);
    m->attributes.flags = (s.attributes.flags & s.attribute_mask.flags & ~SGX_ATTR_INIT) |
                          (m->attributes.flags & ~s.attribute_mask.flags);
    m->attributes.flags |= SGX_ATTR_MODE64BIT;
    m->attributes.xfrm = s.attributes.xfrm;
    m->miscselect = s.miscselect;
    return 0;
}

/* Returns only when it could not run to its end. */
static int run_loaded(const struct run_command *c, const struct measure_layout *layout,
                      struct span sigstruct, char *const *args, int arg_count, struct err *e)
{
    static struct host_platform platform; /* threads of the enclave use it to the very end */
    static struct host_enclave enclave;
    int rc = host_platform_find(&platform, &c->host, e);
    if (!rc)
        rc = host_load(&enclave, &platform, layout, sigstruct, e);
    if (!rc)
        rc = host_run(&enclave, host_serve, arg_count, args, e);
    if (rc >= 0) {
        fflush(NULL);
        _exit(rc);
    }
    return rc;
}

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    struct run_command c = *(const struct run_command *)options;
    uint8_t *read = NULL;
    size_t size = 0;
    int rc = file_read(&read, &size, c.sigstruct, 1 << 20, e);
    if (rc)
        return rc;
    auto_free uint8_t *sigstruct = read;
    rc = take_sigstruct(&c, span_of(sigstruct, size), e);
    if (rc)
        return rc;
    struct measure_layout layout;
    rc = image_layout(&layout, args[0], &c.image, e);
    if (!rc)
        rc = run_loaded(&c, &layout, span_of(sigstruct, size), args, arg_count, e);
    measure_layout_fini(&layout);
    return rc;
}

const struct command command_enclave_run = {
    .name = "enclave run",
    .arguments = "ELF [--] [ARGUMENT]...",
    .summary = "Create an enclave from a signed image and run its program",
    .more = "Layout options must be those that the image was signed with. The exit status is the\n"
            "program's, or 128 + n when it ended by an exception that Linux calls signal n.",
    .options = g_options,
    .options_size = sizeof(struct run_command),
    .min_args = 1,
    .max_args = ARGS_MAX,
    .defaults = defaults,
    .check = check,
    .run = run,
};
