/* SPDX-License-Identifier: Apache-2.0
 * main.h: what a program inside the enclave has around it. */
#ifndef CELLA_ENCLAVE_MAIN_H
#define CELLA_ENCLAVE_MAIN_H

#include <stdbool.h>

/* The program.  The arguments come from the host: check them.  Its result is the exit status. */
int enclave_main(int argc, char **argv);

/* True when the enclave was created with the DEBUG attribute, that is without secrets. */
bool enclave_is_debug(void);

#endif
