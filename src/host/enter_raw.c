/* SPDX-License-Identifier: Apache-2.0
 * enter_raw.c: see run.h. */
#include <cpuid.h>
#include <stddef.h>

#include "gate/gate.h"
#include "host/run.h"

struct host_entry { /* for enter.S */
    vdso_sgx_enter_enclave_t function;
    uint64_t rdi, rsi;
    uint64_t leaf;
    struct sgx_enclave_run *run;
};

_Static_assert(offsetof(struct host_entry, rsi) == 16, "enter.S");
_Static_assert(offsetof(struct host_entry, leaf) == 24, "enter.S");
_Static_assert(offsetof(struct host_entry, run) == 32, "enter.S");

int host_enter_call(const struct host_entry *entry);

/* Runs at each exit from the enclave; its registers are only known here.  The signature is Linux's.
 */
/* NOLINTNEXTLINE(readability-function-size) */
static int keep_registers(long rdi, long rsi, long rdx, long rsp, long r8, long r9,
                          struct sgx_enclave_run *run)
{
    (void)rdx, (void)rsp, (void)r8, (void)r9;
    struct host_thread *t = (struct host_thread *)(uintptr_t)run->user_data;
    t->rdi = (uint64_t)rdi;
    t->rsi = (uint64_t)rsi;
    return 0;
}

uint64_t host_features(void)
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (!__get_cpuid_count(0xd, 1, &eax, &ebx, &ecx, &edx))
        return 0;
    return eax & 4 ? GATE_FEATURE_XGETBV1 : 0;
}

int host_enter(struct host_thread *t, uint64_t rdi, uint64_t rsi, unsigned leaf)
{
    t->entry.user_handler = (uint64_t)(uintptr_t)keep_registers;
    t->entry.user_data = (uint64_t)(uintptr_t)t;
    struct host_entry entry = {
        .function = t->run->enclave->platform->enter,
        .rdi = rdi,
        .rsi = rsi,
        .leaf = leaf,
        .run = &t->entry,
    };
    t->inside = true;
    int rc = host_enter_call(&entry);
    t->inside = false;
    return rc;
}
