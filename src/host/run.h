/* SPDX-License-Identifier: Apache-2.0
 * run.h: runs a loaded enclave: enters it, serves its host calls, passes exceptions back in.  One
 * host thread for each TCS in use. */
#ifndef CELLA_HOST_RUN_H
#define CELLA_HOST_RUN_H

#include <pthread.h>

#include "host/load.h"

enum { HOST_ARENA_SIZE = 256 * 1024, HOST_MOUNTS_MAX = 16 };

struct host_run;

/* One TCS and the memory in which its host calls pass their arguments. */
struct host_thread {
    struct host_run *run;
    uint32_t index;
    bool busy; /* guarded by run->lock */
    uint8_t *arena;
    struct sgx_enclave_run entry; /* for the vDSO */
    uint64_t rdi, rsi;            /* as the enclave left */
    pid_t tid;                    /* while it stays on the TCS */
    bool inside;                  /* in host_enter(); for the handlers of kick.c */
};

/* Answers one host call.  `args` lies in the thread's arena and has the size of its struct. */
typedef int64_t (*host_serve_fn)(struct host_thread *t, unsigned call, void *args);

struct host_run {
    struct host_enclave *enclave;
    host_serve_fn serve; /* host_serve, or a test's own */
    pthread_mutex_t lock;
    pthread_cond_t idle;         /* some thread has become idle */
    struct host_thread *threads; /* enclave->info.thread_count */
    int mounts[HOST_MOUNTS_MAX]; /* descriptors for GATE_MOUNT, -1: none */
};

/* Runs the program with these arguments to its end and returns its exit status (0 to 255), or a
 * negative errno with a sentence when the enclave could not be entered or gave up. When the program
 * ends on another thread than the caller's, the process ends there. Threads of the enclave may
 * still run when it returns and use `x`: end the process with _exit(). */
int host_run(struct host_enclave *x, host_serve_fn serve, int argc, char *const *argv,
             struct err *e) MUST_USE;

/* The honest server: does what gate/calls.def says. */
int64_t host_serve(struct host_thread *t, unsigned call, void *args);

/* For host_serve: enters one more TCS.  -EAGAIN when there is none. */
int host_run_spawn(struct host_run *run) MUST_USE;

/* Enters TCS number `index` on a host thread of its own; waits a little for one that is about to
 * leave it. */
int host_run_thread(struct host_run *run, uint64_t index) MUST_USE;

/* For the Enclave OS: host_run() with host_serve(), signals handed on to the enclave, and these
 * descriptors for its mounts (HOST_MOUNTS_MAX, -1: none). */
int host_run_os(struct host_enclave *x, const int *mounts, struct err *e) MUST_USE;

/* One EENTER (leaf 2) or ERESUME (leaf 3): 0, and t->entry, t->rdi, t->rsi say how it ended; or a
 * negative errno of the vDSO. */
int host_enter(struct host_thread *t, uint64_t rdi, uint64_t rsi, unsigned leaf) MUST_USE;

/* GATE_FEATURE_* of this CPU. */
uint64_t host_features(void);

/* Bytes of `call`'s argument struct, or 0 when there is no such call. */
size_t host_call_size(uint64_t call);

#endif
