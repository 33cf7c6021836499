/* SPDX-License-Identifier: Apache-2.0
 * exceptions.c: faults inside the enclave, handled inside: what a handler sees, what it may change,
 * and that nothing else changes. */
#include <string.h>

#include "enclave/exception.h"
#include "enclave/gate.h"
#include "enclave/heap.h"
#include "enclave/thread.h"
#include "exercise.h"
#include "faults.h"
#include "sgx/arch.h"

static struct {
    uint64_t count, vector, address, errcode, rip;
} g_seen;

static bool skip_fault(struct exception_context *c)
{
    g_seen.count++;
    g_seen.vector = c->vector;
    g_seen.address = c->address;
    g_seen.errcode = c->errcode;
    g_seen.rip = c->rip;
    struct timespec now;
    if (gate_clock(CLOCK_MONOTONIC, &now)) /* a host call from a handler */
        return false;
    c->rip = fault_next(c->rip);
    return true;
}

/* All faults of one kind, with registers full of known values. */
static int take(fault_fn fault, uint64_t argument, uint64_t vector)
{
    g_seen.count = 0;
    CHECK(fault_with_registers(fault, argument) == 0);
    CHECK(g_seen.count == 1);
    CHECK(g_seen.vector == vector);
    return 0;
}

/* The page below the stack is a guard. */
static uint64_t guard_address(void)
{
    const struct thread *t = thread_current();
    return t->base + t->place.stack_low - 8;
}

int exercise_exceptions(int argc, char **argv)
{
    (void)argc, (void)argv;
    uint64_t guard = guard_address();
    const struct enclave_layout *l = thread_layout(thread_current());
    uint64_t code = thread_current()->base + l->image_offset;
    exception_handle(skip_fault);
    for (int i = 0; i < 100; i++) {
        CHECK(take(fault_ud, 0, SGX_VECTOR_UD) == 0);
        CHECK(take(fault_de, 0, SGX_VECTOR_DE) == 0);
        CHECK(take(fault_read, guard, SGX_VECTOR_PF) == 0);
        CHECK((g_seen.address & ~0xfffull) == (guard & ~0xfffull));
        CHECK(!(g_seen.errcode & 2));
        CHECK(take(fault_write, guard, SGX_VECTOR_PF) == 0);
        CHECK(g_seen.errcode & 2);
        CHECK(take(fault_write, code, SGX_VECTOR_PF) == 0);
        CHECK(g_seen.errcode & 2);
    }
    say(1, "ok");
    return 0;
}

/* Faults in the handler of a fault, a few deep. */
static int g_depth;

static bool nest(struct exception_context *c)
{
    int depth = ++g_depth;
    if (depth < 5 && fault_with_registers(fault_ud, 0))
        return false;
    c->rip = fault_next(c->rip);
    return g_depth == 5;
}

int exercise_nested(int argc, char **argv)
{
    (void)argc, (void)argv;
    exception_handle(nest);
    CHECK(fault_with_registers(fault_ud, 0) == 0);
    CHECK(g_depth == 5);
    say(1, "ok");
    return 0;
}

static bool decline(struct exception_context *c)
{
    (void)c;
    return false;
}

static uint64_t overflow(uint64_t depth)
{
    volatile uint8_t room[2048];
    room[0] = (uint8_t)depth;
    return depth > 1000000 ? 0 : overflow(depth + 1) + room[0];
}

/* A buffer overrun as in real programs. */
__attribute__((noinline)) static void overrun(size_t size)
{
    char room[16];
    memset(room, 'x', size);
    __asm__ volatile("" : : "r"(room) : "memory");
}

static void double_free(void)
{
    void *p = heap_new(100);
    heap_drop(p);
    heap_drop(p);
}

/* Ends the enclave; the caller looks at how. */
int exercise_crash(int argc, char **argv)
{
    const char *how = argc > 0 ? argv[0] : "";
    if (strcmp(how, "declined") == 0)
        exception_handle(decline);
    if (strcmp(how, "ud") == 0 || strcmp(how, "declined") == 0)
        fault_with_registers(fault_ud, 0);
    else if (strcmp(how, "de") == 0)
        fault_with_registers(fault_de, 0);
    else if (strcmp(how, "pf") == 0)
        fault_with_registers(fault_read, guard_address());
    else if (strcmp(how, "stack") == 0)
        say(1, "%lu", overflow(0));
    else if (strcmp(how, "canary") == 0)
        overrun(argc > 1 ? 64 : 65);
    else if (strcmp(how, "double-free") == 0)
        double_free();
    say(1, "still here");
    return 0;
}

int exercise_faults(int argc, char **argv)
{
    long rounds = argument_number(argc, argv, 0, 1000);
    struct timespec start;
    struct timespec end;
    exception_handle(skip_fault);
    CHECK(gate_clock(CLOCK_THREAD_CPUTIME_ID, &start) == 0);
    for (long i = 0; i < rounds; i++)
        CHECK(fault_with_registers(fault_ud, 0) == 0);
    CHECK(gate_clock(CLOCK_THREAD_CPUTIME_ID, &end) == 0);
    long ns = (end.tv_sec - start.tv_sec) * 1000000000L + (end.tv_nsec - start.tv_nsec);
    say(1, "%ld", ns / rounds);
    return 0;
}
