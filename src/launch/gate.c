/* SPDX-License-Identifier: Apache-2.0
 * gate.c: see gate.h.  One futex word: the top bit says closed, the rest counts who is inside. */
#include "launch/gate.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>

#include "launch/sys_raw.h"

#define CLOSED 0x80000000u

static _Atomic uint32_t g_gate;

static void wait_while(uint32_t seen)
{
    sys_call4(SYS_futex, as_long(&g_gate), FUTEX_WAIT_PRIVATE, seen, 0);
}

static void wake_all(void)
{
    sys_call4(SYS_futex, as_long(&g_gate), FUTEX_WAKE_PRIVATE, INT_MAX, 0);
}

void gate_enter(void)
{
    for (;;) {
        uint32_t seen = atomic_load(&g_gate);
        if (seen & CLOSED)
            wait_while(seen);
        else if (atomic_compare_exchange_weak(&g_gate, &seen, seen + 1))
            return;
    }
}

void gate_leave(void)
{
    if (atomic_fetch_sub(&g_gate, 1) == CLOSED + 1)
        wake_all();
}

void gate_close(void)
{
    for (;;) { /* one closer at a time */
        uint32_t seen = atomic_load(&g_gate);
        if (seen & CLOSED)
            wait_while(seen);
        else if (atomic_compare_exchange_weak(&g_gate, &seen, seen | CLOSED))
            break;
    }
    for (;;) {
        uint32_t seen = atomic_load(&g_gate);
        if (seen == CLOSED)
            return;
        wait_while(seen);
    }
}

void gate_open(void)
{
    atomic_store(&g_gate, 0);
    wake_all();
}
