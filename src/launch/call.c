/* SPDX-License-Identifier: Apache-2.0
 * call.c: see call.h. */
#include "launch/call.h"

#include <sys/syscall.h>

#include "launch/context.h"
#include "launch/sys_raw.h"

enum { CALL_COUNT = 512 };

static long (*const g_calls[CALL_COUNT])(struct call *c) = {
#define CALL(nr, name, note) [nr] = call_##name,
#include "launch/calls.def"
#undef CALL
};

long call_forward(struct call *c)
{
    return launch_forward(c->thread, c->nr, c->args);
}

void call_serve(struct call *c)
{
    c->thread->has_wait_mask = false;
    bool ours = c->nr >= 0 && c->nr < CALL_COUNT && g_calls[c->nr];
    long result = ours ? g_calls[c->nr](c) : call_forward(c);
    if (c->keeps_rax)
        return;
    if (result == CALL_AGAIN) {
        c->context->rip -= 2; /* 0f 05 */
        c->context->rax = (uint64_t)c->nr;
    } else if (result == CALL_TRAPPED) {
        c->context->rax = (uint64_t)c->nr;
    } else {
        c->context->rax = (uint64_t)result;
    }
}
