/* SPDX-License-Identifier: Apache-2.0
 * signals.c: `wait` says "ready" and pauses until TERM comes, then exits with 3; `spin` the same
 * without a system call; `fault` gets SIGSEGV with the right address; `die` dies of SIGABRT;
 * `default` waits without a handler. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t g_got;

static void on_signal(int n)
{
    g_got = n;
}

static void on_fault(int n, siginfo_t *info, void *context)
{
    (void)context;
    printf("signal %d at %p\n", n, info->si_addr);
    fflush(stdout);
    _exit(5);
}

static void ready(void)
{
    puts("ready");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    struct sigaction action = {.sa_handler = on_signal};
    if (!strcmp(word, "fault")) {
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &action, NULL);
        *(volatile int *)0x123450 = 1;
    }
    if (!strcmp(word, "die"))
        abort();
    if (!strcmp(word, "default")) {
        ready();
        for (;;)
            pause();
    }
    sigaction(SIGTERM, &action, NULL);
    ready();
    while (!g_got)
        if (!strcmp(word, "wait"))
            pause();
    return g_got == SIGTERM ? 3 : 4;
}
