/* SPDX-License-Identifier: Apache-2.0
 * user_raw.c: application memory; see user.h. */
#include <asm/errno.h>

#include "libos/mm/user.h"

size_t user_copy_raw(void *to, const void *from, size_t size);
size_t user_fill_raw(void *to, int value, size_t size);
size_t user_string_raw(char *to, const char *from, size_t room);
size_t user_load32_raw(const uint32_t *from, uint32_t *to);
size_t user_store32_raw(uint32_t *to, uint32_t value);
size_t user_cas32_raw(uint32_t *at, uint32_t *expected, uint32_t desired);

void *user_raw(user_ptr p)
{
    return (void *)p.addr;
}

bool user_range_ok(user_ptr p, size_t size)
{
    const struct platform_info *info = platform_info();
    return p.addr >= info->user_start && p.addr <= info->user_end &&
           size <= info->user_end - p.addr;
}

size_t user_read_some(void *to, user_ptr from, size_t size)
{
    if (!user_range_ok(from, size))
        return 0;
    return size - user_copy_raw(to, (const void *)from.addr, size);
}

size_t user_write_some(user_ptr to, const void *from, size_t size)
{
    if (!user_range_ok(to, size))
        return 0;
    return size - user_copy_raw((void *)to.addr, from, size);
}

size_t user_zero_some(user_ptr to, size_t size)
{
    if (!user_range_ok(to, size))
        return 0;
    return size - user_fill_raw((void *)to.addr, 0, size);
}

int user_read(void *to, user_ptr from, size_t size)
{
    return user_read_some(to, from, size) == size ? 0 : -EFAULT;
}

int user_write(user_ptr to, const void *from, size_t size)
{
    return user_write_some(to, from, size) == size ? 0 : -EFAULT;
}

int64_t user_string(char *to, user_ptr from, size_t room)
{
    const struct platform_info *info = platform_info();
    if (from.addr < info->user_start || from.addr >= info->user_end)
        return -EFAULT;
    size_t limit = info->user_end - from.addr;
    size_t n = user_string_raw(to, (const char *)from.addr, room < limit ? room : limit);
    if (n == SIZE_MAX || (n == limit && limit < room))
        return -EFAULT;
    return n == room ? -ENAMETOOLONG : (int64_t)n;
}

int user_load32(user_ptr at, uint32_t *out)
{
    if (!user_range_ok(at, 4) || user_load32_raw((const uint32_t *)at.addr, out))
        return -EFAULT;
    return 0;
}

int user_store32(user_ptr at, uint32_t value)
{
    if (!user_range_ok(at, 4) || user_store32_raw((uint32_t *)at.addr, value))
        return -EFAULT;
    return 0;
}

int user_cas32(user_ptr at, uint32_t *expected, uint32_t desired)
{
    if (!user_range_ok(at, 4) || user_cas32_raw((uint32_t *)at.addr, expected, desired))
        return -EFAULT;
    return 0;
}

int user_load64(user_ptr at, uint64_t *out)
{
    return user_read(out, at, 8);
}

int user_store64(user_ptr at, uint64_t value)
{
    return user_write(at, &value, 8);
}
