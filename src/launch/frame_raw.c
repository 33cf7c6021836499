/* SPDX-License-Identifier: Apache-2.0
 * frame_raw.c: see context.h.  [Linux uapi asm/sigcontext.h] */
#include "launch/context.h"

#include <string.h>

#include "launch/sys_raw.h"
#include "launch/thread.h"

enum {
    FXSAVE_SIZE = 512,
    SW_BYTES = 464, /* what only software uses of the FXSAVE area */
    SW_MAGIC1 = 0x46505853,
    MAX_FPSTATE = 32 << 10, /* AMX included */
};
#define SS_AUTODISARM_FLAG (1u << 31)

/* What the kernel notes at SW_BYTES. */
struct fp_sw_bytes {
    uint32_t magic1;
    uint32_t extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size;
    uint32_t padding[7];
};

/* Bytes of the XSAVE area at `fp`, the trailing magic included. */
static size_t fpstate_size(const uint8_t *fp)
{
    struct fp_sw_bytes sw;
    memcpy(&sw, fp + SW_BYTES, sizeof sw);
    if (sw.magic1 != SW_MAGIC1 || sw.extended_size < FXSAVE_SIZE || sw.extended_size > MAX_FPSTATE)
        return FXSAVE_SIZE;
    return sw.extended_size;
}

bool on_program_signal_stack(const struct launch_thread *t, uint64_t rsp)
{
    uint64_t base = (uint64_t)t->stack.ss_sp;
    if ((unsigned)t->stack.ss_flags & SS_AUTODISARM_FLAG)
        return false;
    return t->stack.ss_size != 0 && rsp > base && rsp - base <= t->stack.ss_size;
}

struct kernel_context *frame_copy(const struct kernel_context *c, uint64_t top, size_t room)
{
    const uint8_t *fpstate = program_at(c->fpstate);
    size_t fp_size = fpstate ? fpstate_size(fpstate) : 0;
    if (fp_size + sizeof *c + 256 > room)
        return NULL;
    uint64_t fp = (top - fp_size) & ~63ull;
    struct kernel_context *copy = program_at((fp - sizeof *c) & ~63ull);
    *copy = *c;
    if (fpstate) {
        memcpy(program_at(fp), fpstate, fp_size);
        copy->fpstate = fp;
    }
    return copy;
}
