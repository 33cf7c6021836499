/* SPDX-License-Identifier: Apache-2.0
 * log.c: see log.h. */
#include "enclave/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "enclave/gate.h"

void say(int fd, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (size < 0)
        return;
    size_t used = (size_t)size < sizeof line - 1 ? (size_t)size : sizeof line - 2;
    line[used++] = '\n';
    gate_print(fd, line, used);
}
