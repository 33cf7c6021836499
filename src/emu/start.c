/* SPDX-License-Identifier: Apache-2.0
 * start.c: sets the emulator up, part by part. */
#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>

#include "emu/emu.h"
#include "emu/fast.h"
#include "emu/guard.h"
#include "emu/package.h"
#include "emu/signal_priv.h"
#include "emu/start.h"
#include "emu/table.h"
#include "emu/xstate.h"

enum { HWCAP2_HAS_FSGSBASE = 1 << 1 }; /* [Linux Documentation/arch/x86/x86_64/fsgs.rst] */

int start_check_cpu(unsigned long hwcap2, struct err *e)
{
    if (!(hwcap2 & HWCAP2_HAS_FSGSBASE))
        return fail(e, -ENOTSUP,
                    "emu: the FSGSBASE instructions are not available to programs: the emulator "
                    "needs an x86-64 CPU since 2012 and Linux 5.9 or later without \"nofsgsbase\"");
    return 0;
}

static void after_fork(void)
{
    emu_fork_end();
    emu_thread_alone(emu_thread_self());
}

int emu_start_cpu(const struct emu_options *options, struct err *e)
{
    int rc = start_check_cpu(getauxval(AT_HWCAP2), e);
    if (rc)
        return rc;
    xstate_start();
    fast_start(options->mode == EMU_FAST, options->verbose);
    rc = guard_start(options, e);
    return rc ? rc : emu_package_start(options, e);
}

int emu_start(const struct emu_options *options, struct err *e)
{
    int rc = emu_start_cpu(options, e);
    if (rc)
        return rc;
    fast_use_tls();
    static bool registered; /* for good: there is no way to take it back */
    if (!registered) {
        rc = pthread_atfork(emu_fork_begin, emu_fork_end, after_fork);
        if (rc)
            return fail(e, -rc, "emu: no memory");
        registered = true;
    }
    return emu_signals_start(e);
}
