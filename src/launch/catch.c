/* SPDX-License-Identifier: Apache-2.0
 * catch.c: see catch.h.  [Linux Documentation/admin-guide/syscall-user-dispatch.rst, seccomp(2)] */
#include "launch/catch.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "launch/sys_raw.h"

enum { SET_DISPATCH = 59, DISPATCH_OFF = 0, DISPATCH_ON = 1 };

/* The linker's names of the launcher's first byte and of the end of its code. */
extern const char image_start[]; /* __executable_start, see meson.build */
extern const char etext[];

/* The launcher is linked to this address (meson.build), so that a filter stays right across
 * execve; 256 MiB from there are its own. */
enum { IMAGE_HIGH = 0x5500, IMAGE_SIZE = 0x10000000 };

const char *catch_name(enum launch_guard guard)
{
    return guard == LAUNCH_GUARD_SECCOMP ? "seccomp filter" : "Syscall User Dispatch";
}

static long dispatch(long mode)
{
    long offset = mode == DISPATCH_ON ? as_long(image_start) : 0;
    long size = mode == DISPATCH_ON ? as_long(etext) - as_long(image_start) : 0;
    return sys_call6(SYS_prctl, SET_DISPATCH, mode, offset, size, 0, 0);
}

int catch_choose(const struct launch_options *options, enum launch_guard *chosen, struct err *why,
                 struct err *e)
{
    *chosen = options->guard;
    if (options->guard == LAUNCH_GUARD_SECCOMP)
        return 0;
    long rc = dispatch(DISPATCH_ON);
    if (rc == 0) {
        dispatch(DISPATCH_OFF);
        *chosen = LAUNCH_GUARD_SUD;
        return 0;
    }
    if (options->guard == LAUNCH_GUARD_SUD)
        return fail(
            e, (int)rc,
            "Syscall User Dispatch is not available here (%s); it needs Linux 5.11 and must "
            "not be forbidden, try --guard seccomp",
            strerror((int)-rc));
    ignore(
        fail(why, (int)rc, "Syscall User Dispatch is not available here (%s)", strerror((int)-rc)));
    *chosen = LAUNCH_GUARD_SECCOMP;
    return 0;
}

static int filter_load(struct err *e)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IMAGE_HIGH, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, IMAGE_SIZE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(e, -errno, "prctl no_new_privs: %s", strerror(errno));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return fail(e, -errno,
                    "the seccomp filter is refused here (%s), so system calls cannot be caught",
                    strerror(errno));
    return 0;
}

int catch_arm(enum launch_guard guard, bool inherited, struct err *e)
{
    if (guard == LAUNCH_GUARD_SECCOMP)
        return inherited ? 0 : filter_load(e);
    long rc = dispatch(DISPATCH_ON);
    return rc ? fail(e, (int)rc, "Syscall User Dispatch: %s", strerror((int)-rc)) : 0;
}

bool catch_is_own(uint64_t rip)
{
    return rip >= (uint64_t)as_long(image_start) && rip <= (uint64_t)as_long(etext);
}

bool catch_disarm(enum launch_guard guard)
{
    return guard == LAUNCH_GUARD_SUD && dispatch(DISPATCH_OFF) == 0;
}

void catch_arm_again(enum launch_guard guard)
{
    if (guard == LAUNCH_GUARD_SUD)
        dispatch(DISPATCH_ON);
}
