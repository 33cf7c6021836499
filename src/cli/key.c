/* SPDX-License-Identifier: Apache-2.0
 * key.c: `cella key new` and `cella key show`: signing keys in files. */
#include "cli/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "posix/file.h"

enum { PEM_MAX = 64 << 10 };

static const struct option_def g_options[] = {{0}};

int key_read(struct rsa_key **out, const char *path, struct err *e)
{
    uint8_t *read = NULL;
    size_t size = 0;
    int rc = file_read(&read, &size, path, PEM_MAX, e);
    if (rc)
        return rc;
    auto_free uint8_t *pem = read;
    rc = rsa_key_parse(out, span_of(pem, size), e);
    bytes_wipe(pem, size);
    return rc ? fail_at(e, rc, "%s", path) : 0;
}

static void mrsigner_print(const struct rsa_key *key)
{
    uint8_t modulus[RSA3072_SIZE];
    uint8_t mrsigner[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    rsa_key_modulus(key, modulus);
    sha256(modulus, sizeof modulus, mrsigner);
    puts(hex_write(text, span_of(mrsigner, sizeof mrsigner)));
}

/* A new file that only its owner can read; an existing one is never touched. */
static int secret_write(const char *path, struct span content, struct err *e)
{
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return fail(e, -EEXIST, "%s exists already; it is left as it is", path);
    if (fd < 0)
        return fail(e, -errno, "%s: %s", path, strerror(errno));
    int rc = fd_write_all(fd, content);
    if (!rc && fsync(fd) && errno != EINVAL)
        rc = -errno;
    if (rc) {
        unlink(path);
        return fail(e, rc, "%s: %s", path, strerror(-rc));
    }
    return 0;
}

static int run_new(const void *options, char *const *args, int arg_count, struct err *e)
{
    struct rsa_key *key = NULL;
    char *written = NULL;
    size_t size = 0;
    (void)options;
    (void)arg_count;
    int rc = rsa_key_new(&key, e);
    if (!rc)
        rc = rsa_key_write(key, &written, &size, e);
    auto_free char *pem = written;
    if (!rc)
        rc = secret_write(args[0], span_of(pem, size), e);
    if (!rc)
        mrsigner_print(key);
    if (pem)
        bytes_wipe(pem, size);
    rsa_key_free(key);
    return rc;
}

static int run_show(const void *options, char *const *args, int arg_count, struct err *e)
{
    struct rsa_key *key = NULL;
    (void)options;
    (void)arg_count;
    int rc = key_read(&key, args[0], e);
    if (!rc)
        mrsigner_print(key);
    rsa_key_free(key);
    return rc;
}

const struct command command_key_new = {
    .name = "key new",
    .arguments = "FILE",
    .summary = "Make a signing key and print its MRSIGNER",
    .more = "FILE must not exist; it is readable by its owner alone (mode 0600) and not encrypted.",
    .options = g_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_new,
};

const struct command command_key_show = {
    .name = "key show",
    .arguments = "PEM",
    .summary = "Print the MRSIGNER of a signing key",
    .options = g_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
};
