/* SPDX-License-Identifier: Apache-2.0
 * log.h: sentences for the person who runs the enclave.  Never the program's data, never keys. */
#ifndef CELLA_ENCLAVE_LOG_H
#define CELLA_ENCLAVE_LOG_H

#include "base/err.h"

/* A line on the host's standard output or error, cut at 1 KiB. */
void say(int fd, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
