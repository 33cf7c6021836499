/* SPDX-License-Identifier: Apache-2.0
 * cpu_state_test.c: see cpu_state_test.h. */
#include "emu/cpu_state_test.h"

#include <string.h>

#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/cpu_raw.h"

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void cpu_state_fill(struct cpu_state *state, uint64_t seed, unsigned level)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15ull + 1;
    uint64_t words[sizeof state->in / 8] = {0};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        words[i] = next(&random);
    memcpy(&state->in, words, sizeof state->in);
    memset(&state->out, 0x5a, sizeof state->out);
    for (int i = 0; i < 8; i++) { /* numbers that FLD and FSTP keep: normal, exponent near 1 */
        state->in.x87[i][7] |= 0x80;
        state->in.x87[i][8] = 0xff;
        state->in.x87[i][9] = 0x3f;
    }
    state->in.flags = (state->in.flags & (FLAGS_STATUS | FLAG_DF)) | 0x202;
    state->in.mxcsr =
        0x1f80 | (state->in.mxcsr & 0xe03f); /* rounding, FZ, DAZ off; exceptions seen */
    (void)level;
}

static size_t vector_bytes(unsigned level)
{
    return level == 0 ? 16 : level == 1 ? 32 : 64;
}

const char *cpu_state_difference(const struct cpu_state *state, unsigned level, uint64_t tcs_group)
{
    const struct cpu_registers *in = &state->in;
    const struct cpu_registers *out = &state->out;
    for (int i = 0; i < (level == 2 ? 32 : 16); i++)
        if (memcmp(in->vector[i], out->vector[i], vector_bytes(level)) != 0)
            return "a vector register";
    if (level == 2 && memcmp(in->mask, out->mask, sizeof in->mask) != 0)
        return "a mask register";
    for (int i = 0; i < 8; i++)
        if (memcmp(in->x87[i], out->x87[i], 10) != 0)
            return "an x87 register";
    if (memcmp(in->gpr, out->gpr, sizeof in->gpr) != 0)
        return "a general register";
    if (memcmp(in->red_zone, out->red_zone, sizeof in->red_zone) != 0)
        return "the red zone";
    if ((in->flags ^ out->flags) & (FLAGS_STATUS | FLAG_DF))
        return "RFLAGS";
    if (in->mxcsr != out->mxcsr)
        return "MXCSR";
    if (out->fs != tcs_group + CPU_FS)
        return "the FS base";
    if (out->gs != tcs_group + CPU_GS)
        return "the GS base";
    return out->sp == out->gs + 2048 ? NULL : "RSP";
}

unsigned cpu_state_level(void)
{
    uint64_t xcr0 = cpu_xcr0();
    if ((xcr0 & SGX_XFRM_AVX512) == SGX_XFRM_AVX512)
        return 2;
    return xcr0 & SGX_XFRM_AVX ? 1 : 0;
}

uint64_t cpu_state_xfrm(unsigned level)
{
    static const uint64_t xfrm[] = {SGX_XFRM_LEGACY, SGX_XFRM_LEGACY | SGX_XFRM_AVX,
                                    SGX_XFRM_LEGACY | SGX_XFRM_AVX | SGX_XFRM_AVX512};
    return xfrm[level];
}
