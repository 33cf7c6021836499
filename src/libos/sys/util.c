/* SPDX-License-Identifier: Apache-2.0
 * util.c: arguments of system calls that need more than a cast. */
#include <linux/limits.h>

#include "libos/sys/sys.h"

int user_path(user_ptr at, char **out)
{
    char *path = kalloc(PATH_MAX);
    if (!path)
        return -ENOMEM;
    int64_t n = user_string(path, at, PATH_MAX);
    if (n < 0) {
        kfree(path);
        return (int)n;
    }
    *out = path;
    return 0;
}

int user_timespec(user_ptr at, int64_t *ns)
{
    struct user_time time;
    int rc = user_read(&time, at, sizeof time);
    if (rc)
        return rc;
    if (time.s < 0 || time.ns < 0 || time.ns >= NS_PER_S)
        return -EINVAL;
    if (time.s > INT64_MAX / NS_PER_S - 1)
        *ns = INT64_MAX;
    else
        *ns = time.s * NS_PER_S + time.ns;
    return 0;
}

int user_put_timespec(user_ptr at, int64_t ns)
{
    struct user_time time = {ns / NS_PER_S, ns % NS_PER_S};
    return user_write(at, &time, sizeof time);
}

int user_put_timeval(user_ptr at, int64_t ns)
{
    struct user_time time = {ns / NS_PER_S, ns % NS_PER_S / 1000};
    return user_write(at, &time, sizeof time);
}

int64_t deadline_after(int64_t ns)
{
    int64_t now = platform_clock(PLATFORM_MONOTONIC);
    return ns > INT64_MAX - now ? INT64_MAX : now + ns;
}

int user_iovec(user_ptr at, size_t count, struct user_iov *few, struct user_iov **iov, size_t *size)
{
    if (count > USER_IOV_MAX)
        return -EINVAL;
    *iov = few;
    if (count > IOV_FEW)
        *iov = kalloc(count * sizeof **iov);
    if (!*iov)
        return -ENOMEM;
    int rc = user_read(*iov, at, count * sizeof **iov);
    size_t total = 0;
    for (size_t n = 0; !rc && n < count; n++) {
        struct user_iov *v = &(*iov)[n];
        if ((int64_t)v->size < 0)
            rc = -EINVAL;
        else if (v->size && !user_range_ok(v->base, v->size))
            rc = -EFAULT;
        else if (v->size > RW_MAX - total)
            v->size = RW_MAX - total;
        total += rc ? 0 : v->size;
    }
    if (rc && *iov != few)
        kfree(*iov);
    *size = total;
    return rc;
}
