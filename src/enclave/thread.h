/* SPDX-License-Identifier: Apache-2.0
 * thread.h: what the runtime knows of one TCS, at GS:0, for C and for entry.S.
 *
 * It lies at the start of the TCS's data pages, after what measure/ wrote there (sgx/layout.h); the
 * rest of the first data page is the stack on which an exception is taken (stage 1).  Only its own
 * thread uses it, apart from `state` of idle ones. */
#ifndef CELLA_ENCLAVE_THREAD_H
#define CELLA_ENCLAVE_THREAD_H

#define T_TCS 8
#define T_STACK_HIGH 24
#define T_CANARY 64 /* also in meson.build: -mstack-protector-guard-offset */
#define T_STATE 72
#define T_XFRM 76
#define T_HOST_RSP 80
#define T_HOST_RBP 88
#define T_HOST_EXIT 96
#define T_RSP 104
#define T_FS_BASE 112
#define T_RESUME_RIP 120
#define T_ADDRESS 128
#define T_QUICK 136
#define T_XSAVE 144
#define T_PLACE_TCS 160
#define T_PLACE_STACK_HIGH 176

#define THREAD_IDLE 0    /* outside; may be entered with START or THREAD */
#define THREAD_INSIDE 1  /* runs enclave code */
#define THREAD_IN_HOST 2 /* outside for a host call; may be entered with RETURN */
#define THREAD_DEAD 3    /* may not be entered */

#define DATA_PAGE_SIZE 4096 /* the TCS's own page, then the data pages */

#ifndef __ASSEMBLER__
#include "sgx/layout.h"

struct thread {
    union {
        struct enclave_thread measured; /* until a program takes the room for its own */
        uint64_t block[8];              /* what %gs:0 is for the program; see exception_trap_all */
    };
    uint64_t canary;
    uint32_t state;         /* THREAD_* */
    uint32_t xfrm;          /* SECS.ATTRIBUTES.XFRM, the low half; 0 until known */
    uint64_t host_rsp;      /* as the host entered; never followed */
    uint64_t host_rbp;      /* the same */
    uint64_t host_exit;     /* where EEXIT goes to */
    uint64_t rsp;           /* ours, while in the host */
    uint64_t fs_base;       /* ours, while in the host */
    uint64_t resume_rip;    /* scratch of the way back from an exception */
    struct thread *address; /* this struct */
    uint64_t quick;         /* XGETBV with ECX 1 works */
    void *xsave;            /* vector state is kept here over host calls; NULL: it is not kept */
    struct enclave_thread place; /* a copy of `measured`; offsets from the enclave's base */
    uint64_t base;               /* of the enclave */
    uint64_t arena;              /* host memory of this thread */
    uint64_t arena_size;
    uint64_t arena_used;
};

_Static_assert(offsetof(struct thread, canary) == T_CANARY, "T_CANARY");
_Static_assert(offsetof(struct thread, state) == T_STATE, "T_STATE");
_Static_assert(offsetof(struct thread, xfrm) == T_XFRM, "T_XFRM");
_Static_assert(offsetof(struct thread, host_rsp) == T_HOST_RSP, "T_HOST_RSP");
_Static_assert(offsetof(struct thread, host_rbp) == T_HOST_RBP, "T_HOST_RBP");
_Static_assert(offsetof(struct thread, host_exit) == T_HOST_EXIT, "T_HOST_EXIT");
_Static_assert(offsetof(struct thread, rsp) == T_RSP, "T_RSP");
_Static_assert(offsetof(struct thread, fs_base) == T_FS_BASE, "T_FS_BASE");
_Static_assert(offsetof(struct thread, resume_rip) == T_RESUME_RIP, "T_RESUME_RIP");
_Static_assert(offsetof(struct thread, address) == T_ADDRESS, "T_ADDRESS");
_Static_assert(offsetof(struct thread, quick) == T_QUICK, "T_QUICK");
_Static_assert(offsetof(struct thread, xsave) == T_XSAVE, "T_XSAVE");
_Static_assert(offsetof(struct thread, place.tcs) == T_PLACE_TCS, "T_PLACE_TCS");
_Static_assert(offsetof(struct thread, place.stack_high) == T_PLACE_STACK_HIGH,
               "T_PLACE_STACK_HIGH");
_Static_assert(offsetof(struct enclave_thread, tcs) == T_TCS, "T_TCS");
_Static_assert(offsetof(struct enclave_thread, stack_high) == T_STACK_HIGH, "T_STACK_HIGH");

/* The running thread; in thread_raw.c. */
struct thread *thread_current(void);

/* The address of an offset in the enclave; in thread_raw.c. */
void *enclave_at(const struct thread *t, uint64_t offset);

/* What the measured info page says. */
const struct enclave_layout *thread_layout(const struct thread *t);
#endif

#endif
