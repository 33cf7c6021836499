/* SPDX-License-Identifier: Apache-2.0
 * gate.h: the wall between the worlds: host call numbers and argument structs, made from calls.def,
 * and what the host hands over at the first entry.  No code. */
#ifndef CELLA_GATE_GATE_H
#define CELLA_GATE_GATE_H

#include <stdint.h>

#include "gate/entry.h"

#define CALL(number, name, ...) GATE_##number,
enum gate_call {
#include "gate/calls.def"
    GATE_CALL_COUNT
};
#undef CALL

#define CALL(number, name, ...) \
    struct gate_##name {        \
        __VA_ARGS__             \
    };
#include "gate/calls.def"
#undef CALL

/* The packed twin has the same size, so there is no padding; and whole 8-byte words, so that copies
 * to and from host memory are aligned multiples of 8 (see enclave/host_raw.h). */
#define CALL(number, name, ...)                                                                \
    struct gate_##name##_packed {                                                              \
        __VA_ARGS__                                                                            \
    } __attribute__((packed));                                                                 \
    _Static_assert(sizeof(struct gate_##name) == sizeof(struct gate_##name##_packed),          \
                   "gate_" #name " has padding, which would carry enclave bytes to the host"); \
    _Static_assert(sizeof(struct gate_##name) % 8 == 0, "gate_" #name " is not whole 8-byte "  \
                                                        "words");
#include "gate/calls.def"
#undef CALL

enum {
    GATE_ARENA_MIN_SIZE = 16384,
    GATE_ARGS_MAX_SIZE = 128 * 1024, /* as Linux's longest single argument */
    GATE_ARGS_MAX_COUNT = 1024,
};

/* A host that lies about these makes the enclave slower or lets it end at #GP. */
#define GATE_FEATURE_XGETBV1 1ull /* CPUID.(EAX=0Dh,ECX=1):EAX[2] */

/* In host memory, 8-byte aligned; all of it outside ELRANGE. */
struct gate_boot {
    uint64_t arena; /* this thread's memory for arguments and data of host calls, 8-byte aligned */
    uint64_t arena_size; /* at least GATE_ARENA_MIN_SIZE */
    uint64_t args;       /* START: the program's arguments, each ended by a zero byte */
    uint64_t args_size;  /* THREAD: both 0 */
    uint64_t features;   /* GATE_FEATURE_*: what CPUID says, which the enclave may not ask */
};

#endif
