/* SPDX-License-Identifier: Apache-2.0
 * faults_raw.c: see faults.h. */
#include "faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "enclave/heap.h"
#include "enclave/log.h"
#include "enclave/thread.h"

enum { GPRS = 15, XSAVE_SIZE = 4096, RED_WORDS = 16, XSTATE_BV = 512, MXCSR = 24 };

struct registers { /* for faults.S */
    uint64_t in[GPRS], in_flags;
    fault_fn function;
    uint64_t xfrm;
    uint64_t out[GPRS], out_flags;
    uint64_t red_in[RED_WORDS], red_out[RED_WORDS];
    uint64_t pad[6];
    _Alignas(64) uint8_t xsave_in[XSAVE_SIZE];
    uint8_t xsave_before[XSAVE_SIZE];
    uint8_t xsave_after[XSAVE_SIZE];
};

_Static_assert(offsetof(struct registers, out) == 144, "OUT");
_Static_assert(offsetof(struct registers, red_in) == 272, "RED_IN");
_Static_assert(offsetof(struct registers, red_out) == 400, "RED_OUT");
_Static_assert(offsetof(struct registers, xsave_in) == 576, "XSAVE_IN");

void fault_run(struct registers *r);

uint64_t fault_next(uint64_t rip)
{
    return rip + (rip == (uintptr_t)fault_ud ? 2 : 3);
}

/* Flags that a program can have: carry, zero, direction. */
enum { FLAGS = 0x2 | 0x1 | 0x40 | 0x400, FLAGS_COMPARED = 0xcd5 };

/* Any bits are fine in vector registers; MXCSR and the x87 control word get odd but valid values.
 */
static void fill_xsave(uint8_t *x, uint64_t word, uint64_t xfrm)
{
    for (size_t i = 32; i < 2688; i += 8)
        put_le64(x + i, word + i);
    memset(x, 0, 32);
    put_le16(x, 0x67f);          /* FCW: round up, 64-bit */
    put_le32(x + MXCSR, 0x5fa0); /* round up, all masked, precision flag set */
    put_le32(x + MXCSR + 4, 0);
    memset(x + XSTATE_BV, 0, 64);
    put_le64(x + XSTATE_BV, xfrm);
}

static void fill(struct registers *r, fault_fn fault, uint64_t argument)
{
    uint32_t xfrm = thread_current()->xfrm | 3;
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < GPRS; i++)
        r->in[i] = 0x1122334455660000 + i * 0x0101;
    r->in[0] = argument;
    r->in_flags = FLAGS;
    for (size_t i = 0; i < RED_WORDS; i++)
        r->red_in[i] = 0xfeed000000000000 + i;
    r->function = fault;
    r->xfrm = xfrm;
    fill_xsave(r->xsave_in, 0x0123456789abcdef, xfrm);
}

static int compare(const struct registers *r)
{
    for (size_t i = 0; i < GPRS; i++)
        if (r->out[i] != r->in[i]) {
            say(1, "register %zu was 0x%lx and is 0x%lx", i, r->in[i], r->out[i]);
            return 1;
        }
    if ((r->out_flags ^ r->in_flags) & FLAGS_COMPARED) {
        say(1, "the flags were 0x%lx and are 0x%lx", r->in_flags, r->out_flags);
        return 1;
    }
    if (memcmp(r->red_in, r->red_out, sizeof r->red_in) != 0) {
        say(1, "the red zone has changed");
        return 1;
    }
    for (size_t i = 0; i < XSAVE_SIZE; i++)
        if (r->xsave_before[i] != r->xsave_after[i]) {
            say(1, "the XSAVE area has changed at byte %zu", i);
            return 1;
        }
    return 0;
}

int fault_with_registers(fault_fn fault, uint64_t argument)
{
    void *room = heap_new(sizeof(struct registers) + 64);
    if (!room)
        return 1;
    struct registers *r = (struct registers *)(((uintptr_t)room + 63) & ~63ul);
    fill(r, fault, argument);
    fault_run(r);
    int rc = compare(r);
    heap_drop(room);
    return rc;
}

void secrets_then(void (*then)(void), uint64_t components)
{
    static struct registers room;
    struct registers *r = &room;
    fill(r, then, SECRET_WORD);
    r->in_flags = 0x2;
    for (size_t i = 0; i < GPRS; i++)
        r->in[i] = SECRET_WORD;
    for (size_t i = 32; i < 2688; i += 8)
        put_le64(r->xsave_in + i, SECRET_WORD);
    memset(r->xsave_in + XSTATE_BV, 0, 64);
    put_le64(r->xsave_in + XSTATE_BV, r->xfrm & components);
    fault_run(r);
}
