/* SPDX-License-Identifier: Apache-2.0
 * runner.c: runs an enclave image that nobody signed: `runner [OPTION]... IMAGE [ARGUMENT]...`,
 * options in prepare.h.  For the tests of the runtime; people use `cella enclave run`. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/run.h"
#include "prepare.h"

static atomic_ulong g_signals;

static void on_timer(int signal)
{
    (void)signal;
    atomic_fetch_add(&g_signals, 1);
}

/* Signals at a high rate: an AEX at any instruction of the enclave, and of its entry code. */
static int start_timer(const struct prepared *p, struct err *e)
{
    const struct itimerval interval = {{0, p->timer_us}, {0, p->timer_us}};
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    int rc = p->timer_us ? p->platform.sigaction(SIGALRM, &action, NULL) : 0;
    if (rc || setitimer(ITIMER_REAL, &interval, NULL))
        return fail(e, -EINVAL, "runner: cannot start a timer of %ld us", p->timer_us);
    return 0;
}

int main(int argc, char **argv)
{
    struct prepared p;
    struct err e;
    prepare_options(&p, argc, argv);
    int rc = prepare_enclave(&p, &e);
    if (!rc)
        rc = start_timer(&p, &e);
    if (!rc)
        rc = host_run(&p.enclave, host_serve, p.argc, p.argv, &e);
    if (rc < 0)
        fprintf(stderr, "%s\n", e.text);
    if (p.timer_us)
        printf("%lu signals\n", atomic_load(&g_signals));
    fflush(NULL);
    _exit(rc < 0 ? 125 : rc);
}
