/* SPDX-License-Identifier: Apache-2.0
 * device.c: see device.h. */
#include "launch/device.h"

#include <errno.h>

#include "launch/launch.h"

int device_start(const struct launch_options *options, struct err *e)
{
    (void)options;
    (void)e;
    return 0;
}

bool device_fault(struct launch_thread *t, struct kernel_context *c, siginfo_t *info, uint64_t *fs)
{
    (void)t;
    (void)c;
    (void)info;
    (void)fs;
    return false;
}

bool device_syscall(struct launch_thread *t, struct kernel_context *c, siginfo_t *info,
                    uint64_t *fs)
{
    (void)t;
    (void)c;
    (void)info;
    (void)fs;
    return false;
}

void device_leave_enclave(struct launch_thread *t, struct kernel_context *c, uint64_t *fs)
{
    (void)t;
    (void)c;
    (void)fs;
}

void device_thread_begin(struct launch_thread *t)
{
    (void)t;
}

void device_thread_end(struct launch_thread *t)
{
    (void)t;
}

void device_forked(struct launch_thread *t)
{
    (void)t;
}

uint64_t device_enter_address(void)
{
    return 0;
}

long device_open(bool is_enclave, int flags)
{
    (void)is_enclave;
    (void)flags;
    return -ENODEV;
}

enum device_kind device_of(int fd)
{
    (void)fd;
    return DEVICE_NONE;
}
