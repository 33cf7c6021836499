/* SPDX-License-Identifier: Apache-2.0
 * cleanup.h: variables that clean up after themselves, in ordinary programs and in the enclave.
 * An auto_ variable is set where it is declared, one per declaration, and never freed by hand;
 * take_ptr() and take_fd() hand its content over. */
#ifndef CELLA_BASE_CLEANUP_H
#define CELLA_BASE_CLEANUP_H

#include <stdlib.h>

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

#define auto_free __attribute__((cleanup(cleanup_free)))

/* Gives the pointer away: the variable is NULL afterwards. */
#define take_ptr(p)               \
    ({                            \
        __auto_type taken_ = (p); \
        (p) = NULL;               \
        taken_;                   \
    })

#endif
