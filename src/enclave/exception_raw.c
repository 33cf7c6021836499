/* SPDX-License-Identifier: Apache-2.0
 * exception_raw.c: see exception.h.  [SDM3D 38.9, 39.3] */
#include "enclave/exception.h"

#include <stdatomic.h>
#include <string.h>

#include "enclave/begin.h"
#include "enclave/fatal.h"
#include "enclave/gate.h"
#include "enclave/log.h"
#include "enclave/main.h"
#include "gate/entry.h"
#include "sgx/arch.h"

enum {
    RED_ZONE = 128,
    HANDLER_ROOM = 4096, /* the least a handler finds on its stack */
    XSAVE_HEADER = 512,
    XSAVE_MXCSR = 24,
    RFLAGS_START = 0x202,
};

extern const char image_begin[] __attribute__((visibility("hidden")));
extern const char enclave_entry[] __attribute__((visibility("hidden")));
extern const char enclave_entry_end[] __attribute__((visibility("hidden")));
extern const char exception_stage2[] __attribute__((visibility("hidden")));

void exception_dispatch(struct exception_context *context); /* for entry.S */

static _Atomic(exception_handler) g_handler;

void exception_handle(exception_handler handler)
{
    atomic_store(&g_handler, handler);
}

static struct leave fatal(uint64_t reason, uint64_t vector)
{
    enclave_set_dead();
    return (struct leave){GATE_LEAVE_FATAL, reason | vector << 8};
}

static bool is_entry_code(uint64_t rip)
{
    return rip >= (uintptr_t)enclave_entry && rip < (uintptr_t)enclave_entry_end;
}

static void context_fill(struct exception_context *c, const struct sgx_gpr *g)
{
    memcpy(c, g, offsetof(struct sgx_gpr, rflags)); /* same order up to R15 */
    c->rflags = g->rflags;
    c->rip = g->rip;
    c->fs_base = g->fsbase;
    c->vector = g->exitinfo & 0xff;
    c->address = 0;
    c->errcode = 0;
    if (c->vector == SGX_VECTOR_PF || c->vector == SGX_VECTOR_GP) {
        const struct sgx_exinfo *x = (const struct sgx_exinfo *)g - 1;
        c->address = x->maddr;
        c->errcode = x->errcd;
    }
}

/* Makes ERESUME continue in stage 2, with the vector state of a new function. */
static void frame_redirect(struct sgx_gpr *g, uint8_t *xsave, const struct exception_context *c)
{
    const uint32_t mxcsr = 0x1fbf;       /* as entry.S */
    memset(xsave + XSAVE_HEADER, 0, 64); /* XSTATE_BV 0: ERESUME loads the init state */
    memcpy(xsave + XSAVE_MXCSR, &mxcsr, sizeof mxcsr);
    g->rip = (uintptr_t)exception_stage2;
    g->rsp = g->rdi = (uintptr_t)c;
    g->rflags = RFLAGS_START;
    g->exitinfo = 0; /* so that this exception cannot be entered twice */
}

/* The program handles it at once.  A kick that would interrupt entry code, or an exception that was
 * not taken yet, is not needed: whoever is there looks around anyway. */
static struct leave hook_stage1(struct thread *t, struct sgx_gpr *g, uint64_t kind)
{
    bool is_exception = g->exitinfo & SGX_EXITINFO_VALID;
    bool is_kick = kind == GATE_ENTER_KICK;
    if (t->state != THREAD_INSIDE || is_exception == is_kick || enclave_is_dead())
        return (struct leave){GATE_LEAVE_REFUSED, GATE_REFUSED_STATE};
    if (is_entry_code(g->rip))
        return is_kick ? (struct leave){GATE_LEAVE_REFUSED, GATE_REFUSED_STATE}
                       : fatal(GATE_FATAL_ENTRY, g->exitinfo & 0xff);
    if (!enclave_hooks.trap(t, g, kind))
        return fatal(GATE_FATAL_HANDLER, g->exitinfo & 0xff);
    g->exitinfo = 0; /* so that this exception cannot be entered twice */
    return (struct leave){GATE_LEAVE_RESUME, 0};
}

struct leave exception_stage1(struct thread *t, uint64_t kind)
{
    uint8_t *xsave = enclave_at(t, t->place.ssa);
    struct sgx_gpr *g = (struct sgx_gpr *)(xsave + t->place.ssa_size) - 1;
    if (enclave_hooks.trap)
        return hook_stage1(t, g, kind);
    if (kind != GATE_ENTER_EXCEPTION)
        return (struct leave){GATE_LEAVE_REFUSED, GATE_REFUSED_STATE};
    const size_t xsave_size = t->place.ssa_size - sizeof *g - sizeof(struct sgx_exinfo);
    uint64_t vector = g->exitinfo & 0xff;
    if (!(g->exitinfo & SGX_EXITINFO_VALID) || t->state != THREAD_INSIDE)
        return (struct leave){GATE_LEAVE_REFUSED, GATE_REFUSED_STATE};
    if (is_entry_code(g->rip))
        return fatal(GATE_FATAL_ENTRY, vector);

    uint64_t low = t->base + t->place.stack_low;
    uint64_t high = t->base + t->place.stack_high;
    uint64_t need = RED_ZONE + sizeof(struct exception_context) + xsave_size + 64 + HANDLER_ROOM;
    if (g->rsp > high || g->rsp < low || g->rsp - low < need)
        return fatal(GATE_FATAL_STACK, vector);
    uint64_t top = g->rsp - RED_ZONE - sizeof(struct exception_context) - xsave_size;
    struct exception_context *c = (struct exception_context *)(uintptr_t)(top & ~63ull);
    context_fill(c, g);
    memcpy(c->xsave, xsave, xsave_size);
    frame_redirect(g, xsave, c);
    return (struct leave){GATE_LEAVE_RESUME, 0};
}

static const char *vector_name(uint64_t vector)
{
    switch (vector) {
    case SGX_VECTOR_DE:
        return "division error (#DE)";
    case SGX_VECTOR_UD:
        return "invalid instruction (#UD)";
    case SGX_VECTOR_GP:
        return "general protection fault (#GP)";
    case SGX_VECTOR_PF:
        return "page fault (#PF)";
    case SGX_VECTOR_MF:
    case SGX_VECTOR_XM:
        return "floating-point error";
    case SGX_VECTOR_AC:
        return "alignment check (#AC)";
    case SGX_VECTOR_BP:
        return "breakpoint (#BP)";
    default:
        return "exception";
    }
}

/* 128 + the signal that Linux would have sent. */
static int exit_status(uint64_t vector)
{
    switch (vector) {
    case SGX_VECTOR_DE:
    case SGX_VECTOR_MF:
    case SGX_VECTOR_XM:
        return 128 + 8; /* SIGFPE */
    case SGX_VECTOR_UD:
        return 128 + 4; /* SIGILL */
    case SGX_VECTOR_BP:
        return 128 + 5; /* SIGTRAP */
    default:
        return 128 + 11; /* SIGSEGV */
    }
}

/* Stage 2.  Where the program was is told only when it holds no secrets. */
void exception_dispatch(struct exception_context *c)
{
    exception_handler handler = atomic_load(&g_handler);
    if (handler && handler(c))
        return;
    const char *name = vector_name(c->vector);
    if (!enclave_is_debug())
        say(2, "enclave: %s that nothing handles; a debug enclave would say where", name);
    else if (c->vector == SGX_VECTOR_PF)
        say(2, "enclave: %s that nothing handles, at image offset 0x%lx, address 0x%lx", name,
            c->rip - (uintptr_t)image_begin, c->address);
    else
        say(2, "enclave: %s that nothing handles, at image offset 0x%lx", name,
            c->rip - (uintptr_t)image_begin);
    gate_exit(exit_status(c->vector));
}
