/* SPDX-License-Identifier: Apache-2.0
 * main_raw.c: cella-direct: runs a program of a folder in the kernel, without an enclave.  For
 * tests and debugging: nothing is protected here. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "direct/direct.h"
#include "direct/host_raw.h"
#include "libos/libos.h"

enum { EXIT_USAGE = 125, ENV_MAX = 256 };

struct options {
    uint64_t memory_size;
    uint32_t thread_max, uid, gid;
    const char *root, *cwd;
    char *env[ENV_MAX + 1];
    size_t env_count, mount_count;
    struct {
        const char *host, *path;
    } mounts[LIBOS_MOUNTS_MAX];
    char **argv;
    int log_level;
};

static const char USAGE[] =
    "usage: cella-direct [options] ROOT -- PROGRAM [ARGUMENT]...\n"
    "  -e, --env KEY=VALUE       add to the environment\n"
    "  -m, --memory MIB          memory of the application (default 4096)\n"
    "  -t, --threads N           threads at once (default 256)\n"
    "  -w, --cwd DIR             working folder (default /)\n"
    "  -u, --user UID[:GID]      user (default 0:0)\n"
    "      --mount HOSTDIR:PATH  show a folder of the host, read-only\n"
    "      --log LEVEL           0 errors, 1 warnings (default), 2 information, 3 every call\n";

static const struct option LONG[] = {
    {"env", required_argument, NULL, 'e'},
    {"memory", required_argument, NULL, 'm'},
    {"threads", required_argument, NULL, 't'},
    {"cwd", required_argument, NULL, 'w'},
    {"user", required_argument, NULL, 'u'},
    {"mount", required_argument, NULL, 'M'},
    {"log", required_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int usage(void)
{
    fputs(USAGE, stderr);
    return -EINVAL;
}

static int add_mount(struct options *o, char *text)
{
    char *colon = strchr(text, ':');
    if (!colon || colon[1] != '/' || o->mount_count == LIBOS_MOUNTS_MAX) {
        fprintf(stderr, "cella-direct: --mount wants HOSTDIR:/PATH, not %s\n", text);
        return -EINVAL;
    }
    *colon = 0;
    o->mounts[o->mount_count].host = text;
    o->mounts[o->mount_count++].path = colon + 1;
    return 0;
}

static int take_option(struct options *o, int c)
{
    char *end = NULL;
    switch (c) {
    case 'e':
        if (o->env_count == ENV_MAX)
            return usage();
        o->env[o->env_count++] = optarg;
        return 0;
    case 'm':
        o->memory_size = strtoull(optarg, &end, 10) << 20;
        return *end || !o->memory_size ? usage() : 0;
    case 't':
        o->thread_max = (uint32_t)strtoul(optarg, &end, 10);
        return *end || !o->thread_max ? usage() : 0;
    case 'u':
        o->uid = (uint32_t)strtoul(optarg, &end, 10);
        o->gid = *end == ':' ? (uint32_t)strtoul(end + 1, &end, 10) : 0;
        return *end ? usage() : 0;
    case 'w':
        o->cwd = optarg;
        return 0;
    case 'l':
        o->log_level = (int)strtol(optarg, &end, 10);
        return *end ? usage() : 0;
    case 'M':
        return add_mount(o, optarg);
    default:
        return usage();
    }
}

static int parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){.memory_size = (uint64_t)4096 << 20, .thread_max = 256, .log_level = 1};
    o->env[o->env_count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (int c; (c = getopt_long(argc, argv, "+e:m:t:w:u:h", LONG, NULL)) != -1;) {
        int rc = take_option(o, c);
        if (rc)
            return rc;
    }
    if (optind < argc)
        o->root = argv[optind++];
    if (optind < argc && !strcmp(argv[optind], "--"))
        optind++;
    if (!o->root || optind >= argc)
        return usage();
    o->argv = argv + optind;
    return 0;
}

static int open_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "cella-direct: open %s: %s\n", path, strerror(errno));
        return fd;
    }
    /* Out of the way of the application's idea of descriptors in messages. */
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    close(fd);
    return high;
}

static uint64_t outside_set(void)
{
    static const int OUTSIDE[] = {SIGTERM, SIGHUP, SIGQUIT, SIGINT, SIGUSR1, SIGUSR2, SIGALRM};
    uint64_t set = 0;
    for (size_t n = 0; n < sizeof OUTSIDE / sizeof OUTSIDE[0]; n++)
        set |= (uint64_t)1 << (OUTSIDE[n] - 1);
    return set;
}

static uint32_t count_cpus(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) ? 1 : (uint32_t)CPU_COUNT(&set);
}

static void boot(const void *config)
{
    libos_boot(config);
}

static int configure(const struct options *o, struct libos_config *config)
{
    int root = open_folder(o->root);
    if (root < 0)
        return root;
    *config = (struct libos_config){.root = lower_host_new(root),
                                    .argv = o->argv,
                                    .envp = (char **)(uintptr_t)o->env,
                                    .cwd = o->cwd,
                                    .uid = o->uid,
                                    .gid = o->gid,
                                    .log_level = o->log_level};
    for (size_t n = 0; n < o->mount_count; n++) {
        int fd = open_folder(o->mounts[n].host);
        if (fd < 0)
            return fd;
        config->mounts[n].path = o->mounts[n].path;
        config->mounts[n].lower = lower_host_new(fd);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct options o;
    static struct libos_config config;
    struct err e;
    if (parse(&o, argc, argv))
        return EXIT_USAGE;
    void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (vdso)
        *(void **)&g_vdso_clock = dlsym(vdso, "__vdso_clock_gettime");
    g_info.cpu_count = count_cpus();
    int rc = direct_init(o.memory_size, o.thread_max, &e);
    struct host_thread *th = rc ? NULL : host_thread_new();
    if (!rc && !th)
        rc = fail(&e, -ENOMEM, "direct: no memory for the first thread");
    if (!rc)
        rc = host_thread_adopt(th);
    if (!rc)
        rc = configure(&o, &config) ? fail(&e, -ENOENT, "direct: the root cannot be opened") : 0;
    if (!rc)
        rc = direct_signals(outside_set(), &e);
    if (rc) {
        fprintf(stderr, "cella-direct: %s\n", e.text);
        return EXIT_USAGE;
    }
    host_switch((void *)(th->block.kernel_stack_top - FRAME_ROOM), boot, &config);
}
