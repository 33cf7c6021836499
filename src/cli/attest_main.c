/* SPDX-License-Identifier: Apache-2.0
 * attest_main.c: the attestation commands as a program of their own, for machines that verify and
 * do nothing else: cella-attest quote|collateral ... */
#include <stdio.h>
#include <string.h>

#include "cli/attest_common.h"

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "quote") == 0)
        return cmd_quote(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "collateral") == 0)
        return cmd_collateral(argc - 1, argv + 1);
    fputs("usage: cella-attest quote|collateral ...; --help says more\n", stderr);
    return EXIT_UNDECIDED;
}
