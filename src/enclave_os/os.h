/* SPDX-License-Identifier: Apache-2.0
 * os.h: what the parts of this back end share. */
#ifndef CELLA_ENCLAVE_OS_OS_H
#define CELLA_ENCLAVE_OS_OS_H

#include "base/err.h"
#include "base/world.h"
#include "enclave/begin.h"
#include "enclave/thread.h"
#include "gate/gate.h"
#include "platform/platform.h"

enum {
    OS_PAGE = 4096,
    OS_DATA_SIZE = 3 * OS_PAGE,                      /* thread data that the layout must give */
    OS_STACK_SIZE = KERNEL_STACK_SIZE + 2 * OS_PAGE, /* the same; the runtime's frames lie on top */
    OS_FRAME_ROOM = 512, /* the register frame at the top of a kernel stack, and some */
    OS_XSAVE_SIZE = 2816,
    OS_RUNTIME_HEAP = 1 << 20, /* the end of the layout's heap */
};

enum os_job { OS_IDLE, OS_READY, OS_RUNNING };

/* Behind struct thread's page in the thread data. */
struct os_thread {
    _Alignas(64) uint8_t xsave[OS_XSAVE_SIZE]; /* vector state over host calls */
    uint32_t token;                            /* 1: park and blocking calls return */
    uint32_t parked;                           /* sleeps on the first word of its arena */
    uint32_t in_call;                          /* in os_call_blocking() */
    uint32_t job;                              /* enum os_job */
    void (*run)(void *);
    void *arg;
    _Alignas(4096) uint8_t hashing[OS_XSAVE_SIZE]; /* vector state over code that uses vectors */
};

_Static_assert(sizeof(struct os_thread) <= OS_DATA_SIZE - OS_PAGE, "OS_DATA_SIZE");
_Static_assert(sizeof(struct platform_thread) == sizeof((struct thread *)0)->block, "block");

static inline struct os_thread *os_of(struct thread *t)
{
    return (struct os_thread *)(void *)((uint8_t *)t + OS_PAGE);
}

static inline struct os_thread *os_self(void)
{
    return os_of(thread_current());
}

/* ---- call.c: host calls ---- */

/* One host call; args of a size that gate.h fixes go out and, when it succeeded, come back.  The
 * result is the host's; check it with host_count or host_status. */
int64_t os_call(enum gate_call call, void *args, size_t size) MUST_USE;
/* The same, but -EINTR when the thread has its token, which it takes. */
int64_t os_call_blocking(enum gate_call call, void *args, size_t size) MUST_USE;
/* The host's hint that there is a signal from outside. */
bool os_attention(void);
/* Copies between host memory (8-byte aligned) and memory that may not be accessible: -EFAULT. */
int os_copy_out(host_ptr to, const void *from, size_t size) MUST_USE;
int os_copy_in(void *to, host_ptr from, size_t size) MUST_USE;
/* Room in the arena with these bytes in it. */
int os_put(host_ptr *out, const void *from, size_t size) MUST_USE;

/* Application memory, piece by piece, to and from one place in the arena (stream.c); at most 128
 * KiB. */
int os_gather(host_ptr *out, const struct platform_iov *iov, size_t count, size_t *total) MUST_USE;
int os_scatter(const struct platform_iov *iov, size_t count, host_ptr from, size_t total) MUST_USE;

#define OS_CALL(call, args) os_call((call), &(args), sizeof(args))
#define OS_CALL_BLOCKING(call, args) os_call_blocking((call), &(args), sizeof(args))

/* ---- os_raw.S ---- */

/* Bytes that were not copied. Eight at a time as long as there are eight; host memory is aligned.
 */
size_t os_copy_raw(void *to, const void *from, size_t size);
size_t os_copy_bytes_raw(void *to, const void *from, size_t size); /* within the enclave */
extern const char os_copy_start[], os_copy_end[], os_copy_fault[];
void os_switch(uintptr_t stack_top, void (*run)(void *), void *arg) __attribute__((noreturn));
void os_vectors_save(void *area, uint32_t mask);
void os_vectors_load(const void *area, uint32_t mask);

/* Host memory that was checked. */
static inline void *host_bytes(host_ptr p)
{
    return (void *)p.addr; /* NOLINT(performance-no-int-to-ptr) */
}

/* ---- memory.c, facts.c, thread.c ---- */

/* The size of what the application gets; the rest of the layout's heap is the kernel's. */
int os_memory_start(const struct thread *t, uint64_t user_size) MUST_USE;
int os_facts_start(const struct thread *t, uint32_t thread_max) MUST_USE;
extern struct platform_info os_info;
/* Makes the calling thread one of the kernel's; all TCSs get their blocks with the first. */
void os_threads_start(struct thread *t);
bool os_thread_enter(struct thread *t);

/* ---- root.c: the verified image behind a descriptor of the host; NULL and a sentence ---- */
struct lower;
const struct lower *os_root_open(int fd, const uint8_t hash[32], struct err *e);

/* ---- trap.c ---- */
bool os_trap(struct thread *t, struct sgx_gpr *g, uint64_t kind);

#endif
