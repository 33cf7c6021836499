/* SPDX-License-Identifier: Apache-2.0
 * run.c: see run.h. */
#include "host/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/gate.h"
#include "host/kick.h"
#include "host/refusal.h"

enum { IDLE_WAIT_S = 5 };

struct entry {
    uint64_t rdi, rsi;
    unsigned leaf;
};

/* The argument struct of the call that the enclave left with, or NULL. */
static void *call_args(const struct host_thread *t)
{
    size_t size = host_call_size(t->rdi);
    uint64_t offset = t->rsi - (uintptr_t)t->arena;
    if (size == 0 || t->rsi % 8 != 0 || offset > HOST_ARENA_SIZE - size)
        return NULL;
    return t->arena + offset;
}

/* After an EEXIT: what to enter with next, in *next; 1 when the thread is at its end. */
static int after_exit(struct host_thread *t, struct entry *next, int *status, struct err *e)
{
    bool was_exception = next->rdi == GATE_ENTER_EXCEPTION && next->leaf == SGX_EENTER;
    void *args;
    switch (t->rdi) {
    case GATE_LEAVE_DONE:
        *status = -1;
        return 1;
    case GATE_LEAVE_RESUME:
        next->leaf = SGX_ERESUME;
        return 0;
    case GATE_LEAVE_REFUSED:
        return was_exception ? refusal_of_exception(&t->entry, t->rsi, e)
                             : refusal_of_entry(t->rsi, e);
    case GATE_LEAVE_FATAL:
        return refusal_of_enclave(t->rsi, e);
    default:
        args = call_args(t);
        if (!args)
            return fail(e, -EPROTO,
                        "host: the enclave left with RDI 0x%lx and RSI 0x%lx, which is "
                        "no host call",
                        t->rdi, t->rsi);
        if (t->rdi == GATE_EXIT) {
            *status = ((const struct gate_exit *)args)->status & 0xff;
            return 1;
        }
        *next = (struct entry){
            .rdi = GATE_ENTER_RETURN,
            .rsi = (uint64_t)t->run->serve(t, (unsigned)t->rdi, args),
            .leaf = SGX_EENTER,
        };
        return 0;
    }
}

/* From the first entry of a thread to its end.  *status is the program's, or -1 when only the
 * thread ended. */
static int stay(struct host_thread *t, uint64_t kind, const struct gate_boot *boot, int *status,
                struct err *e)
{
    struct entry next = {.rdi = kind, .rsi = (uint64_t)(uintptr_t)boot, .leaf = SGX_EENTER};
    for (;;) {
        int rc = host_enter(t, next.rdi, next.rsi, next.leaf);
        if (rc < 0)
            return fail(e, rc, "host: entering the enclave: %s", strerror(-rc));
        if (t->entry.function == SGX_EEXIT) {
            rc = after_exit(t, &next, status, e);
            if (rc)
                return rc < 0 ? rc : 0;
        } else if (t->entry.function == SGX_ERESUME) {
            next = (struct entry){.rdi = GATE_ENTER_EXCEPTION, .leaf = SGX_EENTER};
        } else {
            return refusal_of_eenter(&t->entry, e);
        }
    }
}

static int thread_init(struct host_thread *t)
{
    const struct enclave_layout *l = &t->run->enclave->info;
    t->entry = (struct sgx_enclave_run){
        .tcs =
            t->run->enclave->base + l->thread_offset + t->index * l->thread_stride + l->tcs_offset,
    };
    if (!t->arena)
        t->arena = aligned_alloc(4096, HOST_ARENA_SIZE);
    return t->arena ? 0 : -ENOMEM;
}

static void *thread_main(void *argument)
{
    struct host_thread *t = argument;
    struct gate_boot boot = {
        .arena = (uint64_t)(uintptr_t)t->arena,
        .arena_size = HOST_ARENA_SIZE,
        .features = host_features(),
    };
    struct err e;
    int status = -1;
    host_kick_enter(t);
    int rc = stay(t, GATE_ENTER_THREAD, &boot, &status, &e);
    host_kick_leave();
    if (rc < 0)
        fprintf(stderr, "%s\n", e.text);
    if (rc < 0 && rc != -EBUSY) /* a refused entry does no harm */
        _exit(125);
    if (status >= 0)
        _exit(status);
    pthread_mutex_lock(&t->run->lock);
    t->busy = false;
    pthread_cond_broadcast(&t->run->idle);
    pthread_mutex_unlock(&t->run->lock);
    return NULL;
}

static struct host_thread *find_idle(const struct host_run *run, struct host_thread *wanted)
{
    if (wanted)
        return wanted->busy ? NULL : wanted;
    for (uint32_t i = 0; i < run->enclave->info.thread_count; i++)
        if (!run->threads[i].busy)
            return &run->threads[i];
    return NULL;
}

/* Marks an idle TCS, or the wanted one, as busy.  The enclave asks for a thread only when one is
 * free or about to leave, so a short wait for the latter. */
static struct host_thread *take_idle(struct host_run *run, struct host_thread *wanted)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_WAIT_S;
    pthread_mutex_lock(&run->lock);
    struct host_thread *found = find_idle(run, wanted);
    while (!found && pthread_cond_timedwait(&run->idle, &run->lock, &until) == 0)
        found = find_idle(run, wanted);
    if (found)
        found->busy = true;
    pthread_mutex_unlock(&run->lock);
    return found;
}

/* A host thread for a TCS that was taken. */
static int begin_thread(struct host_run *run, struct host_thread *t)
{
    pthread_attr_t detached;
    pthread_t id;
    int rc = thread_init(t);
    if (!rc) {
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        rc = -pthread_create(&id, &detached, thread_main, t);
        pthread_attr_destroy(&detached);
    }
    if (rc) {
        pthread_mutex_lock(&run->lock);
        t->busy = false;
        pthread_mutex_unlock(&run->lock);
    }
    return rc ? -EAGAIN : 0;
}

int host_run_spawn(struct host_run *run)
{
    struct host_thread *t = take_idle(run, NULL);
    return t ? begin_thread(run, t) : -EAGAIN;
}

int host_run_thread(struct host_run *run, uint64_t index)
{
    if (index >= run->enclave->info.thread_count)
        return -EINVAL;
    struct host_thread *t = take_idle(run, &run->threads[index]);
    return t ? begin_thread(run, t) : -EAGAIN;
}

/* The arguments one behind the other, each with its zero byte. */
static int pack_args(int argc, char *const *argv, char **out, size_t *size, struct err *e)
{
    size_t used = 0;
    for (int i = 0; i < argc; i++)
        used += strlen(argv[i]) + 1;
    if (used > GATE_ARGS_MAX_SIZE || argc > GATE_ARGS_MAX_COUNT)
        return fail(e, -E2BIG, "host: arguments of %zu bytes; at most %d fit", used,
                    GATE_ARGS_MAX_SIZE);
    char *at = *out = malloc(used + 8);
    if (!at)
        return fail(e, -ENOMEM, "host: out of memory");
    *size = used;
    for (int i = 0; i < argc; i++) {
        size_t part = strlen(argv[i]) + 1;
        memcpy(at, argv[i], part);
        at += part;
    }
    return 0;
}

/* Threads may outlive the run until the process ends, so it is never freed. */
static struct host_run *run_new(struct host_enclave *x, host_serve_fn serve)
{
    struct host_run *run = calloc(1, sizeof *run);
    struct host_thread *threads = calloc(x->info.thread_count, sizeof *threads);
    if (!run || !threads)
        return NULL;
    *run = (struct host_run){.enclave = x, .serve = serve, .threads = threads};
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->idle, NULL);
    for (uint32_t i = 0; i < x->info.thread_count; i++)
        threads[i] = (struct host_thread){.run = run, .index = i};
    memset(run->mounts, -1, sizeof run->mounts);
    return run;
}

int host_run(struct host_enclave *x, host_serve_fn serve, int argc, char *const *argv,
             struct err *e)
{
    auto_free char *args = NULL;
    size_t args_size = 0;
    int rc = pack_args(argc, argv, &args, &args_size, e);
    if (rc)
        return rc;
    struct host_run *run = run_new(x, serve);
    struct host_thread *t = run ? take_idle(run, NULL) : NULL;
    if (!t || thread_init(t))
        return fail(e, -ENOMEM, "host: out of memory");
    struct gate_boot boot = {
        .arena = (uint64_t)(uintptr_t)t->arena,
        .arena_size = HOST_ARENA_SIZE,
        .args = (uint64_t)(uintptr_t)args,
        .args_size = args_size,
        .features = host_features(),
    };
    int status = 0;
    rc = stay(t, GATE_ENTER_START, &boot, &status, e);
    return rc ? rc : status;
}

int host_run_os(struct host_enclave *x, const int *mounts, struct err *e)
{
    struct host_run *run = run_new(x, host_serve);
    struct host_thread *t = run ? take_idle(run, NULL) : NULL;
    if (!t || thread_init(t))
        return fail(e, -ENOMEM, "host: out of memory");
    memcpy(run->mounts, mounts, sizeof run->mounts);
    int rc = host_kick_start(run, e);
    if (rc)
        return rc;
    struct gate_boot boot = {.arena = (uint64_t)(uintptr_t)t->arena, .arena_size = HOST_ARENA_SIZE};
    int status = -1;
    host_kick_enter(t);
    rc = stay(t, GATE_ENTER_START, &boot, &status, e);
    host_kick_leave();
    if (rc || status >= 0)
        return rc ? rc : status;
    /* The first thread has ended, others go on, and one of them ends the process. */
    pthread_mutex_lock(&run->lock);
    t->busy = false;
    pthread_cond_broadcast(&run->idle);
    pthread_mutex_unlock(&run->lock);
    for (;;)
        pause();
}
