/* SPDX-License-Identifier: Apache-2.0
 * sign.c: `cella sign`: makes the SIGSTRUCT of an enclave image or of a known MRENCLAVE. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "cli/image.h"
#include "cli/key.h"
#include "cli/show.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"
#include "posix/file.h"
#include "sgx/sigstruct.h"

struct sign_command {
    struct image_options image;
    struct sign_options sign; /* without attributes and miscselect: those are the image's */
    const char *mrenclave;
    const char *key;
    const char *output;
    bool json;
};

static const struct option_def g_options[] = {
    {.name = "key",
     .argument = "PEM",
     .help = "signing key, RSA-3072 with exponent 3",
     .at = offsetof(struct sign_command, key),
     .parse = value_text,
     .letter = 'k'},
    {.name = "output",
     .argument = "FILE",
     .help = "where the SIGSTRUCT goes ('-' is standard output)",
     .at = offsetof(struct sign_command, output),
     .parse = value_text,
     .letter = 'o'},
    OPTION(struct sign_command, mrenclave, "mrenclave", "HEX", value_text,
           "sign this measurement instead of an ELF"),
    OPTION(struct sign_command, sign.date, "date", "DATE", value_date,
           "date of signing (default: SOURCE_DATE_EPOCH, else today)"),
    OPTION(struct sign_command, sign.isvprodid, "isvprodid", "N", value_u16,
           "product id (default: 0)"),
    OPTION(struct sign_command, sign.isvsvn, "isvsvn", "N", value_u16,
           "security version (default: 0)"),
    OPTION(struct sign_command, sign.isvfamilyid, "isvfamilyid", "HEX", value_hex16,
           "family id, with the kss attribute"),
    OPTION(struct sign_command, sign.isvextprodid, "isvextprodid", "HEX", value_hex16,
           "extended product id, with the kss attribute"),
    OPTION(struct sign_command, sign.attribute_mask.flags, "attributes-mask", "NUMBER", value_u64,
           "which attributes EINIT enforces (default: all)"),
    OPTION(struct sign_command, sign.attribute_mask.xfrm, "xfrm-mask", "NUMBER", value_u64,
           "which bits of XFRM EINIT enforces (default: all)"),
    OPTION(struct sign_command, sign.miscmask, "miscselect-mask", "NUMBER", value_u32,
           "which bits of MISCSELECT EINIT enforces (default: all)"),
    OPTION(struct sign_command, sign.vendor, "vendor", "NUMBER", value_u32,
           "0 (default), or 0x8086 for Intel's enclaves"),
    OPTION(struct sign_command, sign.swdefined, "swdefined", "NUMBER", value_u32,
           "a number of the signer's own (default: 0)"),
    OPTION(struct sign_command, json, "json", NULL, NULL, "print what was signed as JSON"),
    IMAGE_OPTIONS(struct sign_command),
    {0},
};

static void defaults(void *options)
{
    struct sign_command *o = options;
    image_defaults(&o->image);
    sign_options_default(&o->sign, o->image.measure.attributes, 0);
}

static int check(const void *options, int arg_count, struct err *e)
{
    const struct sign_command *o = options;
    if (!o->key)
        return fail(e, -EINVAL, "--key is missing");
    if (!o->output)
        return fail(e, -EINVAL, "--output is missing");
    if ((arg_count == 0) == (o->mrenclave == NULL))
        return fail(e, -EINVAL, "either an ELF or --mrenclave is needed, %s",
                    arg_count ? "not both" : "there is neither");
    uint8_t digest[SHA256_SIZE];
    if (o->mrenclave && hex_parse(digest, sizeof digest, span_text(o->mrenclave)))
        return fail(e, -EINVAL, "--mrenclave: '%.70s' is not 32 bytes in 64 hexadecimal digits",
                    o->mrenclave);
    return 0;
}

/* The day of SOURCE_DATE_EPOCH (the convention of reproducible builds), else of now; UTC. */
static int date_default(uint32_t *date, struct err *e)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    uint64_t seconds = (uint64_t)time(NULL);
    struct tm day;
    int rc = epoch && *epoch ? value_u64(&seconds, epoch, e) : 0;
    if (rc)
        return fail_at(e, rc, "SOURCE_DATE_EPOCH");
    time_t then = (time_t)seconds;
    if (seconds > INT64_MAX || !gmtime_r(&then, &day) || day.tm_year > 9999 - 1900)
        return fail(e, -EINVAL, "SOURCE_DATE_EPOCH: %.40s lies beyond the year 9999", epoch);
    char text[16];
    strftime(text, sizeof text, "%Y%m%d", &day);
    return value_date(date, text, e);
}

static int mrenclave_find(uint8_t mrenclave[SHA256_SIZE], const struct sign_command *o,
                          char *const *args, struct err *e)
{
    if (o->mrenclave)
        return hex_parse(mrenclave, SHA256_SIZE, span_text(o->mrenclave));
    struct measure_layout l;
    int rc = image_layout(&l, args[0], &o->image, e);
    if (!rc)
        mrenclave_of_layout(&l, mrenclave);
    measure_layout_fini(&l);
    return rc;
}

static void report(const struct sgx_sigstruct *s, bool as_json)
{
    uint8_t mrsigner[SHA256_SIZE];
    auto_json out = show_object();
    sign_mrsigner(s, mrsigner);
    show_hex(out, "mrenclave", span_of(s->enclavehash, sizeof s->enclavehash));
    show_hex(out, "mrsigner", span_of(mrsigner, sizeof mrsigner));
    show_number(out, "isvprodid", s->isvprodid);
    show_number(out, "isvsvn", s->isvsvn);
    show_bits(out, "attributes", s->attributes.flags, sgx_attribute_names);
    show(out, as_json);
}

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    const struct sign_command *o = options;
    struct sign_options sign = o->sign;
    struct rsa_key *key = NULL;
    struct sgx_sigstruct s;
    uint8_t mrenclave[SHA256_SIZE];
    uint8_t bytes[SIGSTRUCT_SIZE];
    (void)arg_count;
    sign.attributes = o->image.measure.attributes;
    sign.miscselect = o->image.measure.miscselect;
    int rc = sign.date ? 0 : date_default(&sign.date, e);
    if (!rc)
        rc = key_read(&key, o->key, e);
    if (!rc)
        rc = mrenclave_find(mrenclave, o, args, e);
    if (!rc)
        rc = sign_make(&s, mrenclave, &sign, key, e);
    rsa_key_free(key);
    if (rc)
        return rc;
    sigstruct_write(&s, bytes);
    rc = file_write(o->output, span_of(bytes, sizeof bytes), 0644, e);
    if (!rc && strcmp(o->output, "-") != 0)
        report(&s, o->json);
    return rc;
}

const struct command command_sign = {
    .name = "sign",
    .arguments = "[ELF]",
    .summary = "Sign an enclave image: write its SIGSTRUCT",
    .more =
        "The same arguments give the same bytes on every machine. Unless a mask says otherwise,\n"
        "the enclave starts with exactly the attributes given here: without 'debug' nobody can\n"
        "start it for debugging. `cella key new` makes a key.",
    .options = g_options,
    .options_size = sizeof(struct sign_command),
    .min_args = 0,
    .max_args = 1,
    .defaults = defaults,
    .check = check,
    .run = run,
};
