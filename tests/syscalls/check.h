/* SPDX-License-Identifier: Apache-2.0
 * check.h: numbered checks that print the same lines on every correct kernel.
 * Only what Linux promises is printed: no addresses, times or numbers of processes. */
#ifndef TESTS_SYSCALLS_CHECK_H
#define TESTS_SYSCALLS_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int g_check;

/* A condition that must hold. */
#define OK(condition) printf("%3d %s %s\n", ++g_check, (condition) ? "ok" : "WRONG", #condition)
/* A value that is compared with the native run. */
#define SHOW(value) printf("%3d %s = %lld\n", ++g_check, #value, (long long)(value))
/* A call and, when it fails, the name of its errno. */
#define CALL(call)                                                                 \
    do {                                                                           \
        errno = 0;                                                                 \
        long long result_ = (long long)(call);                                     \
        printf("%3d %s = %lld %s\n", ++g_check, #call, result_ < 0 ? -1 : result_, \
               result_ < 0 ? strerrorname_np(errno) : "");                         \
    } while (0)
/* Only whether it works, and the errno. */
#define TRY(call)                                                                             \
    do {                                                                                      \
        errno = 0;                                                                            \
        long long result_ = (long long)(call);                                                \
        printf("%3d %s %s\n", ++g_check, #call, result_ < 0 ? strerrorname_np(errno) : "ok"); \
    } while (0)

#endif
