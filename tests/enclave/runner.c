/* SPDX-License-Identifier: Apache-2.0
 * runner.c: runs an enclave image that nobody signed: `runner [OPTION]... IMAGE [ARGUMENT]...`,
 * options in prepare.h.  For the tests of the runtime; people use `cella enclave run`. */
#include <stdio.h>
#include <unistd.h>

#include "host/run.h"
#include "prepare.h"

int main(int argc, char **argv)
{
    struct prepared p;
    struct err e;
    prepare_options(&p, argc, argv);
    int rc = prepare_enclave(&p, &e);
    if (!rc)
        rc = host_run(&p.enclave, host_serve, p.argc, p.argv, &e);
    if (rc < 0)
        fprintf(stderr, "%s\n", e.text);
    fflush(NULL);
    _exit(rc < 0 ? 125 : rc);
}
