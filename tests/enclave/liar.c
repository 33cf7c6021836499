/* SPDX-License-Identifier: Apache-2.0
 * liar.c: a host that lies: `liar [OPTION]... IMAGE lies ...` answers the enclave's calls with
 * results that no honest host gives, and changes shared memory while the enclave looks at it.  The
 * enclave must end with status 0, or give up with a sentence; it checks its own memory (lies.c). */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/gate.h"
#include "host/run.h"
#include "prepare.h"

/* The next lie about a count of `size` bytes, or about a status. */
static int64_t next_result(uint64_t size)
{
    static atomic_uint turn;
    const int64_t lies[] = {
        0,
        1,
        (int64_t)size,
        (int64_t)size + 1,
        (int64_t)size + 7,
        -EINTR,
        -4095,
        -4096,
        -4097,
        -100000,
        INT64_MIN,
        INT64_MAX,
        INT32_MAX,
        (int64_t)1 << 32,
        ((int64_t)1 << 32) + 1,
        INT32_MIN,
        -EFAULT,
        (int64_t)~0xfffull,
        0x7ffffffffff0,
        4096,
    };
    return lies[atomic_fetch_add(&turn, 1) % (sizeof lies / sizeof lies[0])];
}

static void lie_about_time(struct gate_clock *a)
{
    static atomic_uint turn;
    static const int64_t values[] = {-1,        0,         999999999, 1000000000,
                                     INT64_MIN, INT64_MAX, 123456789, -999999999};
    unsigned n = atomic_fetch_add(&turn, 1);
    a->sec = values[n % 8];
    a->nsec = values[n / 8 % 8];
}

/* Threads are entered truly every other time, whatever is answered. */
static int64_t lie_about_spawn(struct host_thread *t)
{
    static atomic_uint turn;
    unsigned n = atomic_fetch_add(&turn, 1);
    if (n % 2)
        ignore(host_run_spawn(t->run));
    if (n % 3 == 0)
        ignore(host_run_spawn(t->run)); /* and one that nobody asked for */
    return n % 2 ? 0 : next_result(0) | INT64_MIN;
}

static int64_t lie(struct host_thread *t, unsigned call, void *args)
{
    struct gate_read *io = args;
    switch (call) {
    case GATE_READ:
        memset(t->arena + (io->buf - (uintptr_t)t->arena), 0x66, io->size);
        return next_result(io->size);
    case GATE_WRITE:
        return io->fd == 3 ? next_result(io->size) : host_serve(t, call, args);
    case GATE_CLOCK:
        lie_about_time(args);
        return next_result(0) % 2;
    case GATE_SPAWN:
        return lie_about_spawn(t);
    case GATE_WAIT:
        usleep(100);
        return next_result(0);
    case GATE_WAKE:
        return next_result(1);
    default:
        return next_result(0);
    }
}

/* Arguments and data change under the enclave's feet, all the time. */
static void *scribble(void *argument)
{
    struct host_thread *t = argument;
    for (unsigned i = 1;; i = i * 1664525 + 1013904223) {
        volatile uint64_t *word = (volatile uint64_t *)(void *)t->arena;
        word[i / 8 % 128] = (uint64_t)i << 32 | i;
        if (i % 64 == 0)
            usleep(1);
    }
    return NULL;
}

static int64_t lie_and_scribble(struct host_thread *t, unsigned call, void *args)
{
    static atomic_flag started = ATOMIC_FLAG_INIT;
    pthread_t id;
    if (!atomic_flag_test_and_set(&started))
        ignore(pthread_create(&id, NULL, scribble, t));
    struct gate_read io; /* the arguments may change under ours, too */
    memcpy(&io, args, sizeof(uint64_t));
    if (call == GATE_WRITE && io.fd == 1)
        return (int64_t)((const struct gate_write *)args)->size;
    return call == GATE_READ || call == GATE_WRITE ? next_result(64) : lie(t, call, args);
}

int main(int argc, char **argv)
{
    struct prepared p;
    struct err e;
    prepare_options(&p, argc, argv);
    int rc = prepare_enclave(&p, &e);
    if (!rc)
        rc = host_run(&p.enclave, getenv("LIAR_SCRIBBLES") ? lie_and_scribble : lie, p.argc, p.argv,
                      &e);
    if (rc < 0)
        fprintf(stderr, "%s\n", e.text);
    fflush(NULL);
    _exit(rc < 0 ? 125 : rc);
}
