/* SPDX-License-Identifier: Apache-2.0
 * syscaller.c: an enclave that does what enclaves may not; tools/check-enclave refuses the file,
 * and the CPU each of the instructions.  The argument picks one. */
#include <string.h>

#include "enclave/exception.h"
#include "enclave/log.h"
#include "enclave/main.h"
#include "sgx/arch.h"

static uint64_t g_vector;

static bool skip(struct exception_context *c)
{
    g_vector = c->vector;
    c->rip += 2; /* each of the instructions below */
    return true;
}

int enclave_main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    exception_handle(skip);
    if (strcmp(what, "syscall") == 0)
        __asm__ volatile("syscall" : : "a"(39) : "rcx", "r11", "memory");
    else if (strcmp(what, "int80") == 0)
        __asm__ volatile("int $0x80" : : "a"(20) : "memory");
    say(1, g_vector == SGX_VECTOR_UD ? "ok" : "exception %lu, not #UD", g_vector);
    return g_vector != SGX_VECTOR_UD;
}
