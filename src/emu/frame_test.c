/* SPDX-License-Identifier: Apache-2.0
 * frame_test.c: signal frames made and taken back by hand, as the launcher does; the kernel's own
 * rt_sigreturn takes them in signal_test.c. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/signal_priv.h"
#include "emu/thread.h"
#include "emu/xstate.h"

enum { STACK = 65536, UCONTEXT = 304, FLAG_AUTODISARM = (int)0x80000000u };
#define ONSTACK 0x08000000ull
#define NODEFER 0x40000000ull

static uint8_t *g_stack;
static void (*g_what)(struct emu_trap *);

/* Any context will do; this one is a real one, with vector state. */
static void in_handler(int signal, siginfo_t *info, void *context)
{
    struct emu_trap trap = {.signal = signal, .info = info, .uc = context};
    static uint8_t copy[UCONTEXT];
    static uint8_t fpstate[16384];
    size_t size = xstate_frame_size(context_fpstate(trap.uc));
    memcpy(copy, context, UCONTEXT);
    memcpy(fpstate, context_fpstate(trap.uc), size);
    context_set(trap.uc, REG_RSP, (uintptr_t)g_stack + STACK / 2);
    g_what(&trap);
    memcpy(context, copy, UCONTEXT);
    memcpy(context_fpstate(trap.uc), fpstate, size);
}

static void with_context(void (*what)(struct emu_trap *))
{
    struct sigaction action = {.sa_sigaction = in_handler, .sa_flags = SA_SIGINFO};
    xstate_start();
    g_stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_what = what;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

static void push_and_pop(struct emu_trap *trap)
{
    struct emu_action action = {.handler = 0x1234, .restorer = 0x5678, .mask = 0xf0};
    struct emu_signal_state state = {.blocked = 0x3, .altstack = {.ss_flags = SS_DISABLE}};
    ucontext_t *uc = trap->uc;
    for (int i = REG_R8; i <= REG_RIP; i++)
        if (i != REG_RSP)
            context_set(uc, i, 0x100u + (unsigned)i);
    uint64_t sp = context_get(uc, REG_RSP);
    context_set(uc, REG_EFL, 0x202 | FLAG_DF | FLAG_CF);
    memset(context_fpstate(uc) + 160, 0x77, 16); /* XMM0 */
    context_fpstate(uc)[512] |= 2;

    EXPECT(emu_frame_push(trap, &action, &state));
    uint64_t at = context_get(uc, REG_RSP);
    EXPECT(at < sp - 128 && at % 16 == 8);
    EXPECT_EQ(context_get(uc, REG_RIP), 0x1234);
    EXPECT_EQ(context_get(uc, REG_RDI), trap->signal);
    EXPECT_EQ(context_get(uc, REG_EFL) & (FLAG_DF | FLAG_CF), FLAG_CF);
    EXPECT_EQ(context_fpstate(uc)[512] & 2, 0); /* initial */
    EXPECT_EQ(state.blocked, 0xf3 | EMU_SIGNAL_BIT(trap->signal));
    uint64_t restorer;
    memcpy(&restorer, (const void *)(uintptr_t)at, sizeof restorer);
    EXPECT_EQ(restorer, 0x5678);
    const siginfo_t *info = (const siginfo_t *)(uintptr_t)context_get(uc, REG_RSI);
    EXPECT_EQ(info->si_signo, trap->signal);

    /* The handler edits what it sees, and returns. */
    ucontext_t *seen = (ucontext_t *)(uintptr_t)context_get(uc, REG_RDX);
    EXPECT_EQ(emu_uc_mask(seen), 0x3);
    context_set(seen, REG_R15, 99);
    context_set(uc, REG_RSP, at + 8);
    EXPECT(emu_frame_pop(trap, &state));
    EXPECT_EQ(context_get(uc, REG_R15), 99);
    EXPECT_EQ(context_get(uc, REG_R14), 0x100 + REG_R14);
    EXPECT_EQ(context_get(uc, REG_RSP), sp);
    EXPECT_EQ(context_get(uc, REG_EFL) & (FLAG_DF | FLAG_CF), FLAG_DF | FLAG_CF);
    EXPECT_EQ(context_fpstate(uc)[160], 0x77);
    EXPECT_EQ(context_fpstate(uc)[512] & 2, 2);
    EXPECT_EQ(state.blocked, 0x3);
}

TEST(a_frame_is_taken_back_as_it_was_made)
{
    with_context(push_and_pop);
}

static void on_alternate_stack(struct emu_trap *trap)
{
    static _Alignas(16) uint8_t alt[STACK];
    struct emu_action action = {.handler = 1, .flags = ONSTACK | NODEFER};
    struct emu_signal_state state = {
        .altstack = {.ss_sp = alt, .ss_size = sizeof alt, .ss_flags = FLAG_AUTODISARM}};
    EXPECT(emu_frame_push(trap, &action, &state));
    uint64_t at = context_get(trap->uc, REG_RSP);
    EXPECT(at > (uintptr_t)alt && at < (uintptr_t)alt + sizeof alt);
    EXPECT_EQ(state.blocked, 0); /* SA_NODEFER */
    EXPECT_EQ(state.altstack.ss_flags, SS_DISABLE);
    context_set(trap->uc, REG_RSP, at + 8);
    EXPECT(emu_frame_pop(trap, &state));
    EXPECT(state.altstack.ss_sp == alt);
    EXPECT_EQ(state.altstack.ss_flags, FLAG_AUTODISARM);

    /* Too small, or a handler that already runs on it. */
    state.altstack = (stack_t){.ss_sp = alt, .ss_size = 1024};
    EXPECT(!emu_frame_push(trap, &action, &state));
    state.altstack.ss_size = sizeof alt;
    context_set(trap->uc, REG_RSP, (uintptr_t)alt + 32768);
    EXPECT(emu_frame_push(trap, &action, &state));
    EXPECT(context_get(trap->uc, REG_RSP) < (uintptr_t)alt + 32768);
    context_set(trap->uc, REG_RSP, (uintptr_t)alt + 512);
    EXPECT(!emu_frame_push(trap, &action, &state));
}

TEST(a_frame_goes_to_the_alternate_stack_when_asked)
{
    with_context(on_alternate_stack);
}

static void bad_frames(struct emu_trap *trap)
{
    struct emu_action action = {.handler = 1};
    struct emu_signal_state state = {.altstack = {.ss_flags = SS_DISABLE}};
    uint64_t sp = context_get(trap->uc, REG_RSP);
    context_set(trap->uc, REG_RSP, 0x3000);
    EXPECT(!emu_frame_push(trap, &action, &state));
    EXPECT(!emu_frame_pop(trap, &state));
    context_set(trap->uc, REG_RSP, sp);
    EXPECT(emu_frame_push(trap, &action, &state));
    uint64_t at = context_get(trap->uc, REG_RSP);
    ucontext_t *seen = (ucontext_t *)(uintptr_t)context_get(trap->uc, REG_RDX);
    uint8_t *fpstate = context_fpstate(seen);
    context_set(trap->uc, REG_RSP, at + 8);
    fpstate[24 + 3] ^= 0x80; /* MXCSR */
    EXPECT(!emu_frame_pop(trap, &state));
    fpstate[24 + 3] ^= 0x80;
    fpstate[512 + 7] ^= 0x80; /* XSTATE_BV */
    EXPECT(!emu_frame_pop(trap, &state));
    fpstate[512 + 7] ^= 0x80;
    seen->uc_mcontext.fpregs = (fpregset_t)(uintptr_t)0x2000;
    EXPECT(!emu_frame_pop(trap, &state));
    seen->uc_mcontext.fpregs = NULL; /* the initial state, as in Linux */
    EXPECT(emu_frame_pop(trap, &state));
    EXPECT_EQ(context_fpstate(trap->uc)[512] & 3, 0);
}

TEST(a_frame_that_cannot_be_loaded_is_refused)
{
    with_context(bad_frames);
}
