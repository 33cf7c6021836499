/* SPDX-License-Identifier: Apache-2.0
 * title_raw.c: see title.h.  [Linux prctl(2) PR_SET_MM_MAP, proc(5) stat] */
#include "launch/title.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launch/sys_raw.h"
#include "posix/file.h"

/* Numbers in /proc/self/stat, counted from 1. */
enum {
    STAT_START_CODE = 26,
    STAT_END_CODE = 27,
    STAT_START_STACK = 28,
    STAT_START_DATA = 45,
    STAT_END_DATA = 46,
    STAT_START_BRK = 47,
    STAT_ARG_START = 48,
    STAT_ARG_END = 49,
    STAT_ENV_START = 50,
    STAT_ENV_END = 51,
    STAT_COUNT = 52,
};

static uint64_t take_number(const char **p)
{
    uint64_t n = 0;
    while (**p >= '0' && **p <= '9')
        n = n * 10 + (uint64_t)(*(*p)++ - '0');
    return n;
}

/* The name in parentheses is the second word and may hold anything but the last ')'. */
static bool read_stat(uint64_t words[STAT_COUNT])
{
    char text[2048];
    auto_fd fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size <= 0)
        return false;
    text[size] = 0;
    const char *p = strrchr(text, ')');
    for (int i = 3; p && i < STAT_COUNT; i++) {
        p = strchr(p, ' ');
        if (!p)
            return false;
        p++;
        words[i] = take_number(&p);
    }
    return p != NULL;
}

void title_set(const char *first, const char *last, const uint64_t *auxv, size_t auxv_size)
{
    uint64_t words[STAT_COUNT] = {0};
    if (!read_stat(words))
        return;
    struct prctl_mm_map map = {
        .start_code = words[STAT_START_CODE],
        .end_code = words[STAT_END_CODE],
        .start_data = words[STAT_START_DATA],
        .end_data = words[STAT_END_DATA],
        .start_brk = words[STAT_START_BRK],
        .brk = (uint64_t)as_long(sbrk(0)),
        .start_stack = words[STAT_START_STACK],
        .arg_start = (uint64_t)as_long(first),
        .arg_end = (uint64_t)as_long(last) + strlen(last) + 1,
        .env_start = words[STAT_ENV_START],
        .env_end = words[STAT_ENV_END],
        .auxv = program_at((uint64_t)as_long(auxv)),
        .auxv_size = (uint32_t)auxv_size,
        .exe_fd = ~0u,
    };
    if (map.arg_start < words[STAT_ARG_START] || map.arg_end > words[STAT_ARG_END])
        return; /* not where the kernel put the arguments */
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
