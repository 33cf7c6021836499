/* SPDX-License-Identifier: Apache-2.0
 * create.h: how an enclave's memory comes and goes. */
#ifndef CELLA_EMU_CREATE_H
#define CELLA_EMU_CREATE_H

#include "base/err.h"

struct emu_enclave;

/* An enclave without SECS; NULL when there is no memory. */
struct emu_enclave *emu_enclave_new(int access);

/* Gives back its EPC pages and its memory.  NULL is fine. */
void emu_enclave_free(struct emu_enclave *enclave);

/* Takes over `fd` (a fresh one, or negative with errno set) and keeps it out of the program's way;
 * returns its number, or the negative errno. */
int emu_fd_keep(int fd) MUST_USE;

#endif
