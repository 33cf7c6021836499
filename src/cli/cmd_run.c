/* SPDX-License-Identifier: Apache-2.0
 * cmd_run.c: `cella run`: runs a program of a root file system in an enclave. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "cli/run_image.h"
#include "cli/values.h"
#include "host/run.h"
#include "posix/file.h"
#include "rootfs/rootfs.h"
#include "sgx/sigstruct.h"

enum { ENV_MAX = 1024, ARGS_MAX = 4096, EXIT_ENGINE = 125, LOG_WARNINGS = 1, PATH_ROOM = 4096 };

struct mounts {
    char host[HOST_MOUNTS_MAX][PATH_ROOM];
    const char *path[HOST_MOUNTS_MAX];
    int path_size[HOST_MOUNTS_MAX]; /* without the :ro */
    size_t count;
};

struct envs {
    const char *text[ENV_MAX];
    size_t count;
};

struct run_command {
    struct run_shape shape;
    struct host_options host;
    struct mounts mounts;
    struct envs envs;
    const char *key;
    const char *cwd;
    uint32_t log_level;
    char root[2 * ROOTFS_HASH_SIZE + 1]; /* the root hash, or "host" */
};

static int value_emu(void *field, const char *text, struct err *e)
{
    return host_choice_parse(field, text, e);
}

static int value_env(void *field, const char *text, struct err *e)
{
    struct envs *v = field;
    if (!strchr(text, '=') || text[0] == '=')
        return fail(e, -EINVAL, "'%.60s' is not NAME=VALUE", text);
    if (v->count == ENV_MAX)
        return fail(e, -EINVAL, "more than %d variables", ENV_MAX);
    v->text[v->count++] = text;
    return 0;
}

static int value_volume(void *field, const char *text, struct err *e)
{
    (void)field;
    return fail(e, -EINVAL,
                "volumes are not there yet; --mount HOSTDIR:/PATH:ro shows a folder of the host "
                "(unprotected), for '%.60s' there is no way to write so far",
                text);
}

/* HOSTDIR:/PATH[:ro] */
static int value_mount(void *field, const char *text, struct err *e)
{
    struct mounts *m = field;
    const char *colon = strchr(text, ':');
    if (m->count == HOST_MOUNTS_MAX - 1)
        return fail(e, -EINVAL, "more than %d mounts", HOST_MOUNTS_MAX - 1);
    if (!colon || colon[1] != '/' || colon - text >= PATH_ROOM)
        return fail(e, -EINVAL, "'%.60s' is not HOSTDIR:/PATH[:ro]", text);
    size_t path_size = strlen(colon + 1);
    bool read_only = path_size > 3 && strcmp(colon + 1 + path_size - 3, ":ro") == 0;
    if (!read_only)
        return fail(e, -EINVAL, "only read-only mounts are there yet: append :ro to '%.60s'", text);
    memcpy(m->host[m->count], text, (size_t)(colon - text));
    m->host[m->count][colon - text] = 0;
    m->path_size[m->count] = (int)path_size - 3;
    m->path[m->count++] = colon + 1;
    return 0;
}

static const struct option_def g_options[] = {
    {.name = "env",
     .argument = "NAME=VALUE",
     .help = "add to the environment; may be repeated",
     .at = offsetof(struct run_command, envs),
     .parse = value_env,
     .letter = 'e'},
    {.name = "volume",
     .argument = "NAME:/PATH",
     .help = "an encrypted volume (not there yet)",
     .at = 0,
     .parse = value_volume,
     .letter = 'v'},
    OPTION(struct run_command, mounts, "mount", "HOSTDIR:/PATH:ro", value_mount,
           "show a folder of the host, UNPROTECTED: the host reads and changes it as it likes"),
    OPTION(struct run_command, shape.memory_size, "memory", "SIZE", value_size,
           "memory of the program (default: 1G)"),
    OPTION(struct run_command, shape.thread_count, "threads", "N", value_u32,
           "threads at once (default: 128)"),
    {.name = "workdir",
     .argument = "PATH",
     .help = "working folder (default: /)",
     .at = offsetof(struct run_command, cwd),
     .parse = value_text,
     .letter = 'w'},
    OPTION(struct run_command, host.choice, "emu", "trap|fast|off", value_emu,
           "the emulator in that mode, or the device only (default: the device, else fast)"),
    OPTION(struct run_command, host.epc_size, "epc", "SIZE", value_size,
           "EPC of the emulator (default: 64G)"),
    OPTION(struct run_command, key, "key", "PEM", value_text,
           "signing key (default: one of this user's own, made when missing)"),
    OPTION(struct run_command, shape.image, "image", "FILE", value_text,
           "the Enclave OS (default: the one that belongs to this cella)"),
    OPTION(struct run_command, shape.debug, "debug", NULL, NULL,
           "a debug enclave: no secrets, but it says where it failed"),
    OPTION(struct run_command, log_level, "log", "0-3", value_u32,
           "what the kernel says: errors, warnings (default), more, every call"),
    {0},
};

static void defaults(void *options)
{
    struct run_command *c = options;
    c->shape.memory_size = 1ull << 30;
    c->shape.thread_count = 128;
    c->log_level = LOG_WARNINGS;
    c->cwd = "/";
}

static int check(const void *options, int arg_count, struct err *e)
{
    const struct run_command *c = options;
    (void)arg_count;
    if (c->shape.memory_size < 1 << 20 || c->shape.memory_size > 1ull << 40 ||
        c->shape.memory_size % SGX_PAGE_SIZE)
        return fail(e, -EINVAL, "--memory: from 1M to 1024G, whole pages of 4K");
    if (c->shape.thread_count < 1 || c->shape.thread_count > 4096)
        return fail(e, -EINVAL, "--threads: from 1 to 4096");
    return c->log_level <= 3 ? 0 : fail(e, -EINVAL, "--log: from 0 to 3");
}

static int make_manifest(struct run_manifest *m, const struct run_command *c, char *const *args,
                         int arg_count, struct err *e)
{
    static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    int rc = run_manifest_add(m, e, "cella-os=1");
    if (!rc)
        rc = run_manifest_add(m, e, "memory=%llu", (unsigned long long)c->shape.memory_size);
    if (!rc)
        rc = run_manifest_add(m, e, "threads=%u", c->shape.thread_count);
    if (!rc)
        rc = run_manifest_add(m, e, "root=%s", c->root);
    if (!rc)
        rc = run_manifest_add(m, e, "log=%u", c->log_level);
    if (!rc)
        rc = run_manifest_add(m, e, "cwd=%s", c->cwd);
    if (!rc)
        rc = run_manifest_add(m, e, "env=%s", path);
    for (size_t n = 0; !rc && n < c->mounts.count; n++)
        rc = run_manifest_add(m, e, "mount=ro:%.*s", c->mounts.path_size[n], c->mounts.path[n]);
    for (size_t n = 0; !rc && n < c->envs.count; n++)
        rc = run_manifest_add(m, e, "env=%s", c->envs.text[n]);
    for (int n = 0; !rc && n < arg_count; n++)
        rc = run_manifest_add(m, e, "arg=%s", args[n]);
    return rc;
}

static int open_folder(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? fail(e, -errno, "%s: %s", path, strerror(errno)) : fd;
}

/* A folder as it is, or an image with the hash that makes the enclave refuse any other. */
static int open_root(struct run_command *c, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st))
        return fail(e, -errno, "%s: %s", path, strerror(errno));
    snprintf(c->root, sizeof c->root, "host");
    if (S_ISDIR(st.st_mode))
        return open_folder(path, e);
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(e, -errno, "%s: %s", path, strerror(errno));
    uint8_t hash[ROOTFS_HASH_SIZE];
    int rc = run_root_hash(fd, hash, e);
    if (rc)
        return fail_at(e, rc, "%s", path);
    hex_write(c->root, span_of(hash, sizeof hash));
    return take_fd(&fd);
}

static int open_mounts(int mounts[HOST_MOUNTS_MAX], struct run_command *c, const char *root,
                       struct err *e)
{
    for (size_t n = 0; n < HOST_MOUNTS_MAX; n++)
        mounts[n] = -1;
    mounts[0] = open_root(c, root, e);
    for (size_t n = 0; n < c->mounts.count && mounts[n] >= 0; n++)
        mounts[n + 1] = open_folder(c->mounts.host[n], e);
    return mounts[c->mounts.count] < 0 ? e->code : 0;
}

/* Returns only when it could not run to its end. */
static int run_loaded(const struct run_command *c, const struct measure_layout *layout,
                      const int *mounts, struct err *e)
{
    static struct host_platform platform; /* threads of the enclave use it to the very end */
    static struct host_enclave enclave;
    struct sgx_sigstruct s;
    uint8_t bytes[SIGSTRUCT_SIZE];
    int rc = run_image_sign(&s, layout, c->key, e);
    if (rc)
        return rc;
    sigstruct_write(&s, bytes);
    rc = host_platform_find(&platform, &c->host, e);
    if (!rc)
        rc = host_load(&enclave, &platform, layout, span_of(bytes, sizeof bytes), e);
    if (!rc)
        rc = host_run_os(&enclave, mounts, e);
    if (rc >= 0) {
        fflush(NULL);
        _exit(rc);
    }
    return rc;
}

static int run(const void *options, char *const *args, int arg_count, struct err *e)
{
    struct run_command copy = *(const struct run_command *)options;
    struct run_command *c = &copy;
    struct run_manifest manifest = {0};
    struct measure_layout layout = {0};
    int mounts[HOST_MOUNTS_MAX];
    int rc = open_mounts(mounts, c, args[0], e);
    if (!rc)
        rc = make_manifest(&manifest, c, args + 1, arg_count - 1, e);
    if (!rc)
        rc = run_image_layout(&layout, &c->shape, &manifest, e);
    if (!rc)
        rc = run_loaded(c, &layout, mounts, e);
    run_manifest_fini(&manifest);
    measure_layout_fini(&layout);
    return rc;
}

const struct command command_run = {
    .name = "run",
    .arguments = "ROOT -- PROGRAM [ARGUMENT]...",
    .summary = "Run a program of a root file system in an enclave",
    .more =
        "ROOT is an image that `cella rootfs` made, or a folder. Standard input and output, TCP "
        "ports and the signals TERM, HUP,\n"
        "QUIT, INT, USR1, USR2 are the host's. The exit status is the program's, 128 + n when\n"
        "signal n ended it, 125 when the enclave could not be started, 126 or 127 when the\n"
        "program could not. Every byte that is read from an image is verified. A folder is NOT\n"
        "verified so far: the host could change what the program reads from it.",
    .options = g_options,
    .options_size = sizeof(struct run_command),
    .min_args = 2,
    .max_args = ARGS_MAX,
    .failed = EXIT_ENGINE,
    .defaults = defaults,
    .check = check,
    .run = run,
};
