/* SPDX-License-Identifier: Apache-2.0
 * linux_check.h: what linux_signals.c and linux_program.c share. */
#ifndef LINUX_CHECK_H
#define LINUX_CHECK_H

#include <signal.h>
#include <stdio.h>

static volatile int g_failed;

static void check(const char *name, long found, long expected)
{
    if (found == expected) {
        printf("ok %s\n", name);
        return;
    }
    printf("FAILED %s: found %ld, expected %ld\n", name, found, expected);
    g_failed = 1;
}

static inline void handle(int signal, void (*handler)(int), int flags, const sigset_t *mask)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    if (mask)
        action.sa_mask = *mask;
    sigaction(signal, &action, NULL);
}

static inline sigset_t set_of(int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    if (a)
        sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return set;
}

#endif
