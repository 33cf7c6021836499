/* SPDX-License-Identifier: Apache-2.0
 * leak.c: `leak [OPTION]... exercise.enclave secrets`: the enclave fills all registers with a
 * secret and makes a host call, again and again; behind each EEXIT no register may hold anything of
 * it, and those that carry nothing must be clear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "direct.h"
#include "faults.h"
#include "gate/gate.h"
#include "host/run.h"
#include "prepare.h"

enum { ROUNDS = 300, ARENA_SIZE = 65536, MXCSR = 24, XSTATE_BV = 512 };

static int complain(const char *what, uint64_t value)
{
    printf("after EEXIT: %s, 0x%lx\n", what, value);
    return 1;
}

static int check_general(const struct direct *d, const uint8_t *arena)
{
    uint64_t offset = d->out[RSI] - (uintptr_t)arena;
    if (d->out[RAX] != SGX_EEXIT)
        return complain("RAX is not the leaf", d->out[RAX]);
    if (d->out[RDI] >= GATE_CALL_COUNT || offset >= ARENA_SIZE)
        return complain("RDI and RSI are not those of a host call", d->out[RSI]);
    if (d->out[RDX])
        return complain("RDX is not clear", d->out[RDX]);
    for (size_t i = R8; i < GPRS; i++)
        if (d->out[i])
            return complain("one of R8 to R15 is not clear", d->out[i]);
    if (d->flags & 0xcd5 & ~0x44ull)
        return complain("the flags are not those of a comparison of equals", d->flags);
    return 0;
}

static int check_vectors(const struct direct *d)
{
    const uint8_t *x = d->xsave;
    for (size_t i = 0; i + 8 <= XSAVE_SIZE; i++)
        if (get_le64(x + i) == SECRET_WORD)
            return complain("the secret is in the XSAVE area at byte", i);
    if (get_le16(x) != 0x37f || get_le16(x + 2) != 0 || x[4] != 0)
        return complain("the x87 unit is not in its first state", get_le64(x));
    if (get_le32(x + MXCSR) != 0x1fbf)
        return complain("MXCSR is not the runtime's", get_le32(x + MXCSR));
    if (!bytes_are_zero(x + 32, 416 - 32))
        return complain("an x87 or XMM register is not clear", 0);
    if (!bytes_are_zero(x + 576, XSAVE_SIZE - 576))
        return complain("an AVX or AVX-512 register is not clear", get_le64(x + XSTATE_BV));
    return 0;
}

/* Once as the CPU is, once as if it could not say what is in use. */
static int run(const struct prepared *p, uint64_t features)
{
    static struct direct d;
    static _Alignas(4096) uint8_t arena[ARENA_SIZE];
    static char args[] = "leak\0secrets";
    const struct gate_boot boot = {
        .arena = (uint64_t)(uintptr_t)arena,
        .arena_size = sizeof arena,
        .args = (uint64_t)(uintptr_t)args,
        .args_size = sizeof args,
        .features = features,
    };
    d = (struct direct){
        .tcs = p->enclave.base + measure_layout_tcs(&p->layout, 0),
        .rdi = GATE_ENTER_START,
        .rsi = (uint64_t)(uintptr_t)&boot,
        .mask = p->layout.attributes.xfrm,
    };
    for (int i = 0; i < ROUNDS; i++) {
        memset(d.xsave, 0, sizeof d.xsave);
        direct_enter(&d);
        if (check_general(&d, arena) || check_vectors(&d))
            return 1;
        d.rdi = GATE_ENTER_RETURN;
        d.rsi = 0;
    }
    /* The memory that was shared all the time must not have it either. */
    for (size_t i = 0; i + 8 <= ARENA_SIZE; i++)
        if (get_le64(arena + i) == SECRET_WORD)
            return complain("the secret is in the arena at byte", i);
    printf("ok, %d times\n", ROUNDS);
    return 0;
}

int main(int argc, char **argv)
{
    struct prepared p;
    struct err e;
    prepare_options(&p, argc, argv);
    int rc = prepare_layout(&p, &e);
    for (int i = 0; rc == 0 && i < 2; i++) {
        rc = prepare_load(&p, &e);
        if (!rc && run(&p, i ? 0 : host_features()))
            return 1;
        host_unload(&p.enclave);
    }
    if (rc)
        fprintf(stderr, "%s\n", e.text);
    return rc ? 125 : 0;
}
