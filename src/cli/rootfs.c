/* SPDX-License-Identifier: Apache-2.0
 * rootfs.c: `cella rootfs`: a directory becomes a root file system image. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "cli/values.h"
#include "mkroot/mkroot.h"

enum { EXCLUDES_MAX = 64 };

struct excludes {
    const char *pattern[EXCLUDES_MAX];
    size_t count;
};

struct rootfs_options {
    const char *output;
    struct excludes excludes;
    bool root_owned;
    bool json;
    bool quiet;
};

static int value_exclude(void *field, const char *text, struct err *e)
{
    struct excludes *x = field;
    if (x->count == EXCLUDES_MAX)
        return fail(e, -EINVAL, "more than %d patterns", EXCLUDES_MAX);
    x->pattern[x->count++] = text;
    return 0;
}

static const struct option_def g_options[] = {
    {.name = "output",
     .argument = "FILE",
     .help = "the image to write",
     .at = offsetof(struct rootfs_options, output),
     .parse = value_text,
     .letter = 'o'},
    OPTION(struct rootfs_options, excludes, "exclude", "PATTERN", value_exclude,
           "leave out what matches: *.pyc by name, /var/cache/* by path; may be repeated"),
    OPTION(struct rootfs_options, root_owned, "root-owned", NULL, NULL,
           "everything belongs to user and group 0"),
    OPTION(struct rootfs_options, json, "json", NULL, NULL, "print the result as JSON"),
    OPTION(struct rootfs_options, quiet, "quiet", NULL, NULL, "show no progress"),
    {0},
};

static int check(const void *options, int arg_count, struct err *e)
{
    const struct rootfs_options *o = options;
    (void)arg_count;
    return o->output ? 0 : fail(e, -EINVAL, "-o FILE is missing: where the image shall go");
}

/* An image inside the directory would contain itself, the second time if not the first. */
static int check_apart(const char *dir, const char *output, struct err *e)
{
    char top[PATH_MAX];
    char place[PATH_MAX];
    char copy[PATH_MAX];
    if (!realpath(dir, top))
        return 0; /* the scan says why */
    snprintf(copy, sizeof copy, "%s", output);
    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy] = 0;
    if (!realpath(slash ? copy : ".", place))
        return 0; /* the writer says why */
    size_t size = strlen(top);
    bool inside = strncmp(place, top, size) == 0 && (place[size] == '/' || place[size] == 0);
    return inside || strcmp(top, "/") == 0
               ? fail(e, -EINVAL, "%s lies in %s itself; choose another place", output, dir)
               : 0;
}

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    fprintf(stderr, "\rwriting the image: %3u %% of %llu MiB",
            (unsigned)(total ? done * 100 / total : 100), (unsigned long long)(total >> 20));
    if (done == total)
        fputs("\r\033[K", stderr);
}

static void print(const struct mkroot_result *r, bool json)
{
    char hash[2 * ROOTFS_HASH_SIZE + 1];
    hex_write(hash, span_of(r->root_hash, sizeof r->root_hash));
    const char *format = json
                             ? "{\"root_hash\": \"%s\", \"file_size\": %llu, \"image_size\": %llu, "
                               "\"content_size\": %llu, \"inodes\": %llu}\n"
                             : "root hash     %s\n"
                               "file size     %llu bytes\n"
                               "file system   %llu bytes, the hash tree is behind it\n"
                               "content       %llu bytes\n"
                               "inodes        %llu\n";
    printf(format, hash, (unsigned long long)r->file_size, (unsigned long long)r->image_size,
           (unsigned long long)r->content_size, (unsigned long long)r->inodes);
}

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    const struct rootfs_options *o = options;
    struct mkroot_options how = {.root_owned = o->root_owned};
    (void)arg_count;
    if (!o->quiet && isatty(STDERR_FILENO))
        how.progress = show_progress;
    struct mkroot *m = NULL;
    struct mkroot_result result;
    int rc = check_apart(args[0], o->output, e);
    if (rc == 0)
        rc = mkroot_new(&m, &how, e);
    if (rc == 0)
        rc = mkroot_scan(m, args[0], o->excludes.pattern, o->excludes.count, e);
    if (rc == 0)
        rc = mkroot_write(m, o->output, &result, e);
    mkroot_free(m);
    if (rc && how.progress)
        fputs("\r\033[K", stderr);
    if (rc == 0)
        print(&result, o->json);
    return rc;
}

const struct command command_rootfs = {
    .name = "rootfs",
    .arguments = "DIR",
    .summary = "Make a root file system image from a directory and print its root hash",
    .more =
        "The image is EROFS with a dm-verity hash tree behind it.  The same directory gives the\n"
        "same bytes everywhere.  To look inside: mount -t erofs -o loop,ro FILE /mnt, and\n"
        "veritysetup verify FILE FILE HASH --hash-offset=<size of the file system>.",
    .options = g_options,
    .options_size = sizeof(struct rootfs_options),
    .min_args = 1,
    .max_args = 1,
    .check = check,
    .run = run,
};
