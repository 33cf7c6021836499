/* SPDX-License-Identifier: Apache-2.0
 * trap.c: what interrupts a thread goes to the kernel at once, on the exception stack.  Vector
 * state, FS and GS stay in the SSA frame, which ERESUME loads again. */
#include <stdio.h>

#include "enclave/gate.h"
#include "enclave/log.h"
#include "enclave/main.h"
#include "enclave_os/os.h"
#include "sgx/arch.h"

extern const char image_begin[] __attribute__((visibility("hidden")));

enum { EXIT_FAILED = 125, PF_BITS = 0x17 };

static void regs_in(struct platform_regs *r, const struct sgx_gpr *g)
{
    *r = (struct platform_regs){.r15 = g->r15,
                                .r14 = g->r14,
                                .r13 = g->r13,
                                .r12 = g->r12,
                                .rbp = g->rbp,
                                .rbx = g->rbx,
                                .r11 = g->r11,
                                .r10 = g->r10,
                                .r9 = g->r9,
                                .r8 = g->r8,
                                .rax = g->rax,
                                .rcx = g->rcx,
                                .rdx = g->rdx,
                                .rsi = g->rsi,
                                .rdi = g->rdi,
                                .rip = g->rip,
                                .rflags = g->rflags,
                                .rsp = g->rsp};
}

/* kernel_trap() changes these and no others. */
static void regs_out(struct sgx_gpr *g, const struct platform_regs *r)
{
    g->rip = r->rip;
    g->rsp = r->rsp;
    g->rflags = r->rflags;
}

static void last_words(uint64_t rip, uint64_t addr, uint64_t vector)
{
    if (enclave_is_debug())
        say(2, "enclave: the kernel failed: exception %lu at image offset 0x%lx, address 0x%lx",
            vector, rip - (uintptr_t)image_begin, addr);
    else
        say(2, "enclave: the kernel failed; a debug enclave would say where");
    gate_exit(EXIT_FAILED);
}

/* Goes on in last_words() on the kernel stack, which nobody needs any more. */
static void give_up(const struct platform_thread *block, struct sgx_gpr *g,
                    const struct platform_trap *trap)
{
    g->rdi = g->rip;
    g->rsi = trap->addr;
    g->rdx = trap->vector;
    g->rip = (uintptr_t)last_words;
    g->rsp = ((block->kernel_stack_top - OS_FRAME_ROOM) & ~(uint64_t)15) - 8;
}

bool os_trap(struct thread *t, struct sgx_gpr *g, uint64_t kind)
{
    struct platform_thread *block = (struct platform_thread *)(void *)t->block;
    struct platform_trap trap = {.vector = TRAP_KICK};
    if (block->self != block)
        return kind == GATE_ENTER_KICK; /* not one of the kernel's yet */
    if (kind == GATE_ENTER_EXCEPTION) {
        const struct sgx_exinfo *x = (const struct sgx_exinfo *)g - 1;
        trap.vector = g->exitinfo & 0xff;
        bool has_address = trap.vector == TRAP_PAGE_FAULT;
        trap.error = has_address ? x->errcd & PF_BITS : 0;
        trap.addr = has_address ? x->maddr : 0;
    }
    if (trap.vector == TRAP_PAGE_FAULT && g->rip >= (uintptr_t)os_copy_start &&
        g->rip < (uintptr_t)os_copy_end) {
        g->rip = (uintptr_t)os_copy_fault;
        return true;
    }
    struct platform_regs regs;
    regs_in(&regs, g);
    if (kernel_trap(&regs, &trap))
        regs_out(g, &regs);
    else
        give_up(block, g, &trap);
    return true;
}
