/* SPDX-License-Identifier: Apache-2.0
 * accept.c: SGX2 from inside: pages that the host adds on demand are taken with EACCEPT and
 * EACCEPTCOPY, permissions are widened with EMODPE.  [SDM3D 41.4] */
#include <string.h>

#include "enclave/exception.h"
#include "enclave/heap.h"
#include "enclave/leaf.h"
#include "enclave/thread.h"
#include "exercise.h"

enum { PAGE = SGX_PAGE_SIZE };

struct secinfo {
    _Alignas(64) struct sgx_secinfo s;
};

static struct secinfo secinfo_of(uint64_t flags)
{
    return (struct secinfo){.s = {.flags = flags | SGX_SECINFO_TYPE(SGX_PT_REG)}};
}

/* The first page behind the heap: in ELRANGE, mapped by the host, not there yet. */
static uint8_t *gap(size_t page)
{
    const struct enclave_layout *l = thread_layout(thread_current());
    return enclave_at(thread_current(), l->heap_offset + l->heap_size + page * PAGE);
}

static bool is_filled(const uint8_t *p, uint8_t value)
{
    for (size_t i = 0; i < PAGE; i++)
        if (p[i] != value)
            return false;
    return true;
}

int exercise_accept(int argc, char **argv)
{
    (void)argc, (void)argv;
    const struct secinfo fresh = secinfo_of(SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_PENDING);
    const struct secinfo plain = secinfo_of(SGX_SECINFO_R | SGX_SECINFO_W);
    const struct secinfo readable = secinfo_of(SGX_SECINFO_R);
    for (size_t i = 0; i < 4; i++) {
        CHECK(leaf_eaccept(&fresh.s, gap(i)) == 0);
        CHECK(is_filled(gap(i), 0));
        memset(gap(i), (int)i + 1, PAGE);
    }
    CHECK(leaf_eaccept(&fresh.s, gap(0)) ==
          SGX_PAGE_ATTRIBUTES_MISMATCH); /* not pending any more */
    CHECK(leaf_eacceptcopy(&plain.s, gap(4), gap(2)) == 0);
    CHECK(is_filled(gap(4), 3));
    leaf_emodpe(&plain.s, gap(0));
    leaf_emodpe(&readable.s, gap(0)); /* it only widens */
    memset(gap(0), 9, PAGE);
    CHECK(is_filled(gap(3), 4) && is_filled(gap(2), 3) && is_filled(gap(0), 9));
    say(1, "ok");
    return 0;
}
