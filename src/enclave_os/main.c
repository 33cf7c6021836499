/* SPDX-License-Identifier: Apache-2.0
 * main.c: the Enclave OS: from the first entry to the application's first instruction. */
#include <errno.h>

#include "enclave/gate.h"
#include "enclave/hostmem.h"
#include "enclave/log.h"
#include "enclave/main.h"
#include "enclave_os/manifest.h"
#include "enclave_os/os.h"
#include "libos/libos.h"

enum { EXIT_CANNOT_START = 125 };

static const char *g_args[MANIFEST_LIST_MAX + 1];
static const char *g_envs[MANIFEST_LIST_MAX + 1];
static struct manifest g_manifest = {.args = g_args, .envs = g_envs, .cwd = "/"};
static struct libos_config g_config;

/* The runtime's own heap is the end of the layout's. */
static void place_heap(const struct thread *t, void **start, size_t *size)
{
    const struct enclave_layout *l = thread_layout(t);
    if (l->heap_size <= OS_RUNTIME_HEAP)
        return;
    *start = enclave_at(t, l->heap_offset + l->heap_size - OS_RUNTIME_HEAP);
    *size = OS_RUNTIME_HEAP;
}

const struct enclave_hooks enclave_hooks = {
    .heap = place_heap, .thread = os_thread_enter, .trap = os_trap};

static void die(const char *why)
{
    say(2, "%s", why);
    gate_exit(EXIT_CANNOT_START);
}

static int host_folder(uint64_t index)
{
    struct gate_mount args = {.index = index};
    return (int)host_count(OS_CALL(GATE_MOUNT, args), INT32_MAX);
}

static const struct lower *open_folder(uint64_t index)
{
    int fd = host_folder(index);
    return fd < 0 ? NULL : lower_host_new(fd);
}

static const struct lower *open_root(const struct manifest *m)
{
    struct err e = {.text = "enclave: the host gives no root"};
    int fd = m->root_is_host ? -1 : host_folder(0);
    const struct lower *root = m->root_is_host ? open_folder(0)
                               : fd < 0        ? NULL
                                               : os_root_open(fd, m->root_hash, &e);
    if (!root)
        die(e.text);
    return root;
}

static void configure(struct libos_config *config, const struct manifest *m)
{
    *config = (struct libos_config){
        .root = open_root(m),
        .argv = (char **)(void *)m->args, /* the kernel only reads them */
        .envp = (char **)(void *)m->envs,
        .cwd = m->cwd,
        .uid = m->uid,
        .gid = m->gid,
        .log_level = (int)m->log_level,
    };
    for (size_t n = 0; n < m->mount_count; n++) {
        config->mounts[n].path = m->mounts[n];
        config->mounts[n].lower = open_folder(n + 1);
        if (!config->mounts[n].lower)
            die("enclave: the host does not give a folder that is to be mounted");
    }
}

/* On the kernel stack of the first thread. */
static void start(void *argument)
{
    struct thread *t = argument;
    const struct enclave_layout *l = thread_layout(t);
    struct err e;
    if (manifest_parse(&g_manifest, span_of(enclave_at(t, l->manifest_offset), l->manifest_size),
                       &e))
        die(e.text);
    if (g_manifest.thread_max > l->thread_count)
        die("enclave: the manifest has more threads than there are TCSs");
    if (l->stack_size < OS_STACK_SIZE || l->data_size < OS_DATA_SIZE)
        die("enclave: thread areas are too small for this image");
    if (os_memory_start(t, g_manifest.memory_size))
        die("enclave: the heap is too small for the memory that the manifest names");
    if (os_facts_start(t, g_manifest.thread_max))
        die("enclave: the host does not say what machine this is");
    configure(&g_config, &g_manifest);
    libos_boot(&g_config);
}

int enclave_main(int argc, char **argv)
{
    struct thread *t = thread_current();
    (void)argc;
    (void)argv;
    os_threads_start(t);
    os_switch(((struct platform_thread *)(void *)t->block)->kernel_stack_top - OS_FRAME_ROOM, start,
              t);
}
