/* SPDX-License-Identifier: Apache-2.0
 * path.c: see path.h. */
#include "launch/path.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

enum { LONGEST = 64 }; /* of the names below */

static const struct {
    const char *name;
    enum path_kind kind;
} g_names[] = {
    {"/dev/sgx_enclave", PATH_ENCLAVE},     {"/dev/sgx/enclave", PATH_ENCLAVE},
    {"/dev/sgx_provision", PATH_PROVISION}, {"/dev/sgx/provision", PATH_PROVISION},
    {"/proc/self/exe", PATH_EXE},           {"/proc/thread-self/exe", PATH_EXE},
};

bool path_may_be_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
        if (strcmp(last, strrchr(g_names[i].name, '/') + 1) == 0)
            return true;
    return false;
}

/* Copies without doubled slashes and `.` components; false when it does not fit. */
static bool tidy(char *to, size_t room, const char *from)
{
    size_t at = 0;
    while (*from) {
        while (from[0] == '/' && (from[1] == '/' || (from[1] == '.' && from[2] == '/')))
            from += from[1] == '/' ? 1 : 2;
        if (at + 1 >= room)
            return false;
        to[at++] = *from++;
    }
    to[at] = 0;
    return true;
}

/* Reads a decimal number and goes behind it; 0 when there is none. */
static uint32_t take_number(const char **text)
{
    uint64_t n = 0;
    const char *p = *text;
    while (*p >= '0' && *p <= '9' && n < UINT32_MAX)
        n = n * 10 + (uint64_t)(*p++ - '0');
    *text = p;
    return n > UINT32_MAX ? 0 : (uint32_t)n;
}

/* /proc/PID/exe and /proc/PID/task/TID/exe */
static bool is_own_exe(const char *path, uint32_t pid)
{
    const char *p = path + strlen("/proc/");
    if (strncmp(path, "/proc/", strlen("/proc/")) != 0 || take_number(&p) != pid)
        return false;
    if (strncmp(p, "/task/", strlen("/task/")) == 0) {
        p += strlen("/task/");
        if (take_number(&p) == 0)
            return false;
    }
    return strcmp(p, "/exe") == 0;
}

enum path_kind path_kind(const char *path, uint32_t pid)
{
    char text[LONGEST];
    if (path[0] != '/' || !path_may_be_ours(path) || !tidy(text, sizeof text, path))
        return PATH_PLAIN;
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
        if (strcmp(text, g_names[i].name) == 0)
            return g_names[i].kind;
    return is_own_exe(text, pid) ? PATH_EXE : PATH_PLAIN;
}
