/* SPDX-License-Identifier: Apache-2.0
 * entries.c: a host that enters in ways it should not: `entries [OPTION]... exercise.enclave`. Each
 * is refused with the right number and changes nothing: the program inside goes on as if nothing
 * had been. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "direct.h"
#include "gate/gate.h"
#include "host/run.h"
#include "prepare.h"

enum { ARENA_SIZE = 65536 };

static struct prepared g_prepared;
static _Alignas(4096) uint8_t g_arena[2][ARENA_SIZE];
static int g_failed;

static void expect(const char *what, uint64_t found, uint64_t expected)
{
    if (found == expected)
        return;
    printf("%s: expected 0x%lx, found 0x%lx\n", what, expected, found);
    g_failed++;
}

static uint64_t tcs_of(uint32_t index)
{
    return g_prepared.enclave.base + measure_layout_tcs(&g_prepared.layout, index);
}

static struct direct *enter(uint32_t thread, uint64_t rdi, uint64_t rsi)
{
    static struct direct d;
    d = (struct direct){
        .tcs = tcs_of(thread), .rdi = rdi, .rsi = rsi, .mask = 3, .poison = rsi % 2};
    direct_enter(&d);
    return &d;
}

static void expect_refusal(const char *what, uint32_t thread, uint64_t rdi, uint64_t rsi,
                           uint64_t reason)
{
    const struct direct *d = enter(thread, rdi, rsi);
    expect(what, d->out[RDI], GATE_LEAVE_REFUSED);
    expect(what, d->out[RSI], reason);
    for (size_t i = R8; i < GPRS; i++)
        expect("a register behind a refusal", d->out[i], 0);
}

static struct gate_boot good_boot(uint32_t thread, const char *args, size_t size)
{
    return (struct gate_boot){
        .arena = (uint64_t)(uintptr_t)g_arena[thread],
        .arena_size = ARENA_SIZE,
        .args = (uint64_t)(uintptr_t)args,
        .args_size = size,
        .features = host_features(),
    };
}

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Boot structs that point where they must not. */
static void refuse_boots(uint64_t kind)
{
    const uint64_t base = g_prepared.enclave.base;
    const uint64_t size = g_prepared.enclave.elrange_size;
    const struct gate_boot good = good_boot(0, "x", 2);
    struct gate_boot bad[] = {good, good, good, good, good, good, good, good};
    bad[0].arena = base + size / 2;              /* inside */
    bad[1].arena = base - ARENA_SIZE / 2;        /* reaches in */
    bad[2].arena = base + size - 8;              /* begins inside */
    bad[3].arena_size = GATE_ARENA_MIN_SIZE - 8; /* too small */
    bad[4].arena += 1;                           /* not aligned */
    bad[5].arena_size = UINT64_MAX - 7;          /* wraps around */
    bad[6].arena = 0;
    bad[7].args_size = GATE_ARGS_MAX_SIZE + 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refusal("a bad boot struct", 0, kind, address(&bad[i]), GATE_REFUSED_BOOT);
    expect_refusal("a boot struct inside", 0, kind, base + 4096, GATE_REFUSED_BOOT);
    expect_refusal("no boot struct", 0, kind, 0, GATE_REFUSED_BOOT);
    expect_refusal("a boot struct in the kernel", 0, kind, ~7ull, GATE_REFUSED_BOOT);
    expect_refusal("a boot struct off its alignment", 0, kind, address(&good) + 1,
                   GATE_REFUSED_BOOT);
}

static void refuse_kinds(uint32_t thread)
{
    static const uint64_t kinds[] = {
        0,          GATE_ENTER_EXCEPTION,           5, 1ull << 32, UINT64_MAX,
        1ull << 63, (1ull << 32) | GATE_ENTER_START};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        expect_refusal("an unknown entry", thread, kinds[i], 0, GATE_REFUSED_STATE);
        expect_refusal("an unknown entry", thread, kinds[i], 1, GATE_REFUSED_STATE);
    }
}

/* Until the program makes its first host call, and what is refused then. */
static void first_part(void)
{
    static const char args[] = "entries\0arithmetic\0004000";
    const struct gate_boot boot = good_boot(0, args, sizeof args);
    const struct gate_boot other = good_boot(1, NULL, 0);
    refuse_kinds(0);
    expect_refusal("a return to nothing", 0, GATE_ENTER_RETURN, 0, GATE_REFUSED_STATE);
    expect_refusal("a thread before the start", 1, GATE_ENTER_THREAD, address(&other),
                   GATE_REFUSED_STATE);
    refuse_boots(GATE_ENTER_START);
    const struct direct *d = enter(0, GATE_ENTER_START, address(&boot));
    expect("the first host call", d->out[RDI], GATE_NOTHING);
    refuse_kinds(0);
    refuse_kinds(1);
    expect_refusal("a second start", 0, GATE_ENTER_START, address(&boot), GATE_REFUSED_STATE);
    expect_refusal("a second start elsewhere", 1, GATE_ENTER_START, address(&other),
                   GATE_REFUSED_STATE);
    expect_refusal("a thread that is busy", 0, GATE_ENTER_THREAD, address(&boot),
                   GATE_REFUSED_STATE);
    expect_refusal("a thread that nobody asked for", 1, GATE_ENTER_THREAD, address(&other),
                   GATE_REFUSED_STATE);
    expect_refusal("a return on another thread", 1, GATE_ENTER_RETURN, 0, GATE_REFUSED_STATE);
}

/* The program runs to its end under poisoned flags and floating-point state. */
static void run_to_the_end(void)
{
    uint64_t calls = 0;
    const struct direct *d;
    for (uint64_t result = 0;; calls++) {
        static struct direct next;
        next = (struct direct){
            .tcs = tcs_of(0), .rdi = GATE_ENTER_RETURN, .rsi = result, .mask = 3, .poison = 1};
        direct_enter(&next);
        d = &next;
        if (d->out[RDI] != GATE_NOTHING && d->out[RDI] != GATE_CLOCK && d->out[RDI] != GATE_WRITE)
            break;
        const uint8_t *args = g_arena[0] + (d->out[RSI] - address(g_arena[0]));
        result =
            d->out[RDI] == GATE_WRITE ? ((const struct gate_write *)(const void *)args)->size : 0;
    }
    expect("the end", d->out[RDI], GATE_EXIT);
    expect("calls to the end", calls, 4000);
    const void *last = g_arena[0] + (d->out[RSI] - address(g_arena[0]));
    expect("the status", (uint64_t)((const struct gate_exit *)last)->status, 0);
    expect_refusal("a return from the end", 0, GATE_ENTER_RETURN, 0, GATE_REFUSED_DEAD);
    expect_refusal("a return from the end", 0, GATE_ENTER_RETURN, 0, GATE_REFUSED_DEAD);
    const struct gate_boot other = good_boot(1, NULL, 0);
    expect_refusal("a start after the end", 1, GATE_ENTER_START, address(&other),
                   GATE_REFUSED_DEAD);
    expect_refusal("a thread after the end", 1, GATE_ENTER_THREAD, address(&other),
                   GATE_REFUSED_DEAD);
}

/* CSSA is 1: the program has met an exception. */
static int exceptions(void)
{
    static char args[] = "entries\0faults\0001";
    static struct host_run run;
    const struct gate_boot boot = good_boot(0, args, sizeof args);
    run.enclave = &g_prepared.enclave;
    struct host_thread t = {.run = &run, .entry = {.tcs = tcs_of(0)}};
    int rc = host_enter(&t, GATE_ENTER_START, address(&boot), SGX_EENTER);
    while (rc == 0 && t.entry.function == SGX_EEXIT && t.rdi == GATE_CLOCK)
        rc = host_enter(&t, GATE_ENTER_RETURN, 0, SGX_EENTER);
    expect("an exception", t.entry.function, SGX_ERESUME);
    expect("#UD", t.entry.exception_vector, SGX_VECTOR_UD);
    static const uint64_t kinds[] = {GATE_ENTER_START, GATE_ENTER_THREAD, GATE_ENTER_RETURN, 0, 77};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        expect_refusal("an entry while in an exception", 0, kinds[i], address(&boot),
                       GATE_REFUSED_CSSA);
    const struct direct *d = enter(0, GATE_ENTER_EXCEPTION, 0);
    expect("the exception is taken", d->out[RDI], GATE_LEAVE_RESUME);
    expect_refusal("the same exception again", 0, GATE_ENTER_EXCEPTION, 0, GATE_REFUSED_STATE);
    expect_refusal("the same exception again", 0, GATE_ENTER_EXCEPTION, 1, GATE_REFUSED_STATE);
    rc = host_enter(&t, 0, 0, SGX_ERESUME);
    expect("the handler's host call", t.rdi, GATE_CLOCK);
    while (rc == 0 && t.entry.function == SGX_EEXIT && t.rdi == GATE_CLOCK)
        rc = host_enter(&t, GATE_ENTER_RETURN, 0, SGX_EENTER);
    expect("the last word", t.rdi, GATE_WRITE);
    rc = host_enter(&t, GATE_ENTER_RETURN, 2, SGX_EENTER);
    expect("the end", t.rdi, GATE_EXIT);
    return rc;
}

int main(int argc, char **argv)
{
    struct err e;
    prepare_options(&g_prepared, argc, argv);
    g_prepared.layout_options.thread_count = 2;
    if (prepare_enclave(&g_prepared, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 125;
    }
    first_part();
    run_to_the_end();
    host_unload(&g_prepared.enclave);
    if (prepare_load(&g_prepared, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 125;
    }
    memset(g_arena, 0, sizeof g_arena);
    exceptions();
    printf(g_failed ? "%d failed\n" : "ok\n", g_failed);
    return g_failed != 0;
}
