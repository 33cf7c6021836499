/* SPDX-License-Identifier: Apache-2.0
 * frame_raw.c: signal frames on the program's stack, as Linux builds and reads them.  [Linux
 * arch/x86/kernel/signal_64.c, fpu/signal.c; uapi asm/sigcontext.h] */
#include "launch/context.h"

#include <errno.h>
#include <string.h>

#include "launch/sys_raw.h"
#include "launch/thread.h"

enum {
    RED_ZONE = 128,
    FXSAVE_SIZE = 512,
    XSAVE_HEADER = 512, /* offset of XSTATE_BV */
    SW_BYTES = 464,     /* what only software uses of the FXSAVE area */
    SW_MAGIC1 = 0x46505853,
    SW_MAGIC2 = 0x46505845,
    MAX_FPSTATE = 32 << 10, /* AMX included */
    CS_USER = 0x33,
    SS_USER = 0x2b,
};

#define RFLAGS_DF 0x400ull
#define RFLAGS_RF 0x10000ull
#define RFLAGS_TF 0x100ull
/* Flags that sigreturn may set: AC OF DF TF SF ZF AF PF CF RF.  [Linux FIX_EFLAGS] */
#define RFLAGS_USER 0x50dd5ull
#define DEFAULT_MXCSR 0x1f80u
#define DEFAULT_FCW 0x37fu
#define SS_AUTODISARM_FLAG (1u << 31)
#define SA_RESTORER_FLAG 0x04000000ull

/* What the kernel notes at SW_BYTES. */
struct fp_sw_bytes {
    uint32_t magic1;
    uint32_t extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size;
    uint32_t padding[7];
};

struct signal_frame {
    uint64_t restorer;
    struct kernel_context context;
    siginfo_t info;
};

_Static_assert(sizeof(struct signal_frame) == 440, "struct rt_sigframe");

/* Bytes of the XSAVE area at `fp`, the trailing magic included. */
static size_t fpstate_size(const uint8_t *fp)
{
    struct fp_sw_bytes sw;
    memcpy(&sw, fp + SW_BYTES, sizeof sw);
    if (sw.magic1 != SW_MAGIC1 || sw.extended_size < FXSAVE_SIZE || sw.extended_size > MAX_FPSTATE)
        return FXSAVE_SIZE;
    return sw.extended_size;
}

/* sigreturn will load the initial state from here. */
static void fpstate_reset(uint8_t *fp)
{
    uint16_t fcw = DEFAULT_FCW;
    uint32_t mxcsr = DEFAULT_MXCSR;
    size_t size = fpstate_size(fp);
    memset(fp, 0, 24);
    memcpy(fp, &fcw, sizeof fcw);
    memcpy(fp + 24, &mxcsr, sizeof mxcsr);
    if (size > FXSAVE_SIZE)
        memset(fp + XSAVE_HEADER, 0, sizeof(uint64_t));
    else
        memset(fp + 32, 0, SW_BYTES - 48 - 32);
}

bool on_program_signal_stack(const struct launch_thread *t, uint64_t rsp)
{
    uint64_t base = (uint64_t)t->stack.ss_sp;
    if ((unsigned)t->stack.ss_flags & SS_AUTODISARM_FLAG)
        return false;
    return t->stack.ss_size != 0 && rsp > base && rsp - base <= t->stack.ss_size;
}

static bool stack_is_set(const struct launch_thread *t)
{
    return t->stack.ss_size != 0 && !((unsigned)t->stack.ss_flags & SS_DISABLE);
}

/* Where the frame goes: the address of the struct, the address of the XSAVE area in *fp. */
static uint64_t frame_place(const struct launch_thread *t, const struct kernel_context *c,
                            uint64_t flags, size_t fp_size, uint64_t *fp)
{
    uint64_t sp = c->rsp - RED_ZONE;
    bool entered = on_program_signal_stack(t, c->rsp);
    if ((flags & SA_ONSTACK) && stack_is_set(t) && !entered) {
        sp = (uint64_t)t->stack.ss_sp + t->stack.ss_size;
        entered = true;
    }
    *fp = (sp - fp_size) & ~63ull;
    uint64_t frame = ((*fp - sizeof(struct signal_frame)) & ~15ull) - 8;
    bool fits = !entered || (frame >= (uint64_t)t->stack.ss_sp && stack_is_set(t));
    return fits ? frame : 0;
}

static void enter_handler(struct kernel_context *c, const struct kernel_action *action, int signal,
                          uint64_t frame)
{
    c->rdi = (uint64_t)signal;
    c->rsi = frame + offsetof(struct signal_frame, info);
    c->rdx = frame + offsetof(struct signal_frame, context);
    c->rax = 0;
    c->rsp = frame;
    c->rip = action->handler;
    c->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    c->cs = CS_USER;
    c->ss = SS_USER;
}

int frame_push(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info,
               const struct kernel_action *action, uint64_t saved_mask)
{
    if (!(action->flags & SA_RESTORER_FLAG))
        return -EFAULT;
    uint8_t *fpstate = program_at(c->fpstate);
    size_t fp_size = fpstate ? fpstate_size(fpstate) : 0;
    uint64_t fp;
    uint64_t at = frame_place(t, c, action->flags, fp_size, &fp);
    if (!at)
        return -EFAULT;

    struct signal_frame frame = {.restorer = action->restorer, .context = *c, .info = *info};
    frame.context.link = 0;
    frame.context.stack = t->stack;
    frame.context.sigmask = saved_mask;
    frame.context.fpstate = fpstate ? fp : 0;
    if (program_write(at, &frame, sizeof frame) || (fpstate && program_write(fp, fpstate, fp_size)))
        return -EFAULT;
    if ((unsigned)t->stack.ss_flags & SS_AUTODISARM_FLAG)
        t->stack = (stack_t){.ss_flags = SS_DISABLE};
    enter_handler(c, action, info->si_signo, at);
    if (fpstate)
        fpstate_reset(fpstate);
    return 0;
}

/* Loads the XSAVE area of our own frame from the program's, keeping our software bytes. */
static int fpstate_load(uint8_t *ours, uint64_t theirs)
{
    uint8_t own_sw[48];
    uint64_t legacy = 3; /* x87 and SSE */
    uint32_t mxcsr;
    struct fp_sw_bytes sw;
    if (program_read(&sw, theirs + SW_BYTES, sizeof sw))
        return -EFAULT;
    size_t size = fpstate_size(ours);
    bool extended = sw.magic1 == SW_MAGIC1 && sw.extended_size == size && size > FXSAVE_SIZE;
    uint32_t magic2 = 0;
    if (extended && (program_read(&magic2, theirs + size - 4, 4) || magic2 != SW_MAGIC2))
        extended = false;

    memcpy(own_sw, ours + SW_BYTES, sizeof own_sw);
    int rc = program_read(ours, theirs, extended ? size : FXSAVE_SIZE);
    memcpy(ours + SW_BYTES, own_sw, sizeof own_sw);
    if (!extended && size > FXSAVE_SIZE)
        memcpy(ours + XSAVE_HEADER, &legacy, sizeof legacy);
    memcpy(&mxcsr, ours + 24, sizeof mxcsr);
    mxcsr &= 0xffff;
    memcpy(ours + 24, &mxcsr, sizeof mxcsr);
    return rc;
}

static void load_registers(struct kernel_context *c, const struct kernel_context *from)
{
    struct kernel_context own = *c;
    *c = *from;
    c->flags = own.flags;
    c->link = own.link;
    c->stack = own.stack; /* the launcher's own signal stack stays */
    c->fpstate = own.fpstate;
    c->cs = CS_USER;
    c->ss = SS_USER;
    c->rflags = (own.rflags & ~RFLAGS_USER) | (from->rflags & RFLAGS_USER);
}

int frame_pop(struct launch_thread *t, struct kernel_context *c)
{
    struct kernel_context from;
    if (program_read(&from, c->rsp, sizeof from))
        return -EFAULT;
    uint8_t *fpstate = program_at(c->fpstate);
    if (fpstate && !from.fpstate)
        fpstate_reset(fpstate);
    else if (fpstate && fpstate_load(fpstate, from.fpstate))
        return -EFAULT;
    load_registers(c, &from);
    t->blocked = from.sigmask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    if (!on_program_signal_stack(t, c->rsp))
        t->stack = from.stack;
    return 0;
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
