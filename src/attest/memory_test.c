/* SPDX-License-Identifier: Apache-2.0
 * memory_test.c: the n-th allocation fails, for each n: no leak (ASan looks), no half state, and
 * the answer is -ENOMEM, never another verdict. */
#include <errno.h>
#include <stdlib.h>

#include "attest/forge.h"
#include "base/test.h"

/* The linker sends this room's malloc and calloc here (--wrap), and names them so. */
/* NOLINTBEGIN(readability-identifier-naming) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static long g_left = -1; /* allocations until one fails; negative: none fails */
static bool g_fired;

static bool fails_now(void)
{
    if (g_left < 0 || g_left-- > 0)
        return false;
    g_fired = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

/* NOLINTEND(readability-identifier-naming) */

static struct attest_result g_r;

/* Collateral and verdict; NULL `known` remembers nothing. */
static int verify_all(const struct kit *k, struct platform_cache *known)
{
    struct collateral_files f = {
        .tcb_info = span_of(k->file[KIT_TCB_INFO].data, k->file[KIT_TCB_INFO].size),
        .tcb_info_chain =
            span_of(k->file[KIT_TCB_INFO_CHAIN].data, k->file[KIT_TCB_INFO_CHAIN].size),
        .qe_identity = span_of(k->file[KIT_QE_IDENTITY].data, k->file[KIT_QE_IDENTITY].size),
        .pck_crl = span_of(k->file[KIT_PCK_CRL].data, k->file[KIT_PCK_CRL].size),
        .pck_crl_chain = span_of(k->file[KIT_PCK_CRL_CHAIN].data, k->file[KIT_PCK_CRL_CHAIN].size),
        .root_crl = span_of(k->file[KIT_ROOT_CRL].data, k->file[KIT_ROOT_CRL].size),
        .root_ca = span_of(k->file[KIT_ROOT_CA].data, k->file[KIT_ROOT_CA].size),
    };
    struct collateral *c;
    struct err e;
    int rc = collateral_new(&c, &f, &k->trust, &e);
    if (rc)
        return rc;
    struct attest_input in = {.quote = span_of(k->file[KIT_QUOTE].data, k->file[KIT_QUOTE].size),
                              .collateral = c,
                              .policy = &k->policy,
                              .at = k->at,
                              .known = known};
    rc = attest_verify(&g_r, &in, &e);
    collateral_free(c);
    return rc;
}

static void exhaust(const struct kit *k, enum attest_verdict want)
{
    long n = 0;
    for (;; n++) {
        g_fired = false;
        g_left = n;
        int rc = verify_all(k, NULL);
        g_left = -1;
        if (!g_fired)
            break;
        if (rc != -ENOMEM)
            test_failed(__FILE__, __LINE__, "allocation %ld failed: %d, %s", n, rc,
                        attest_verdict_word(g_r.verdict));
    }
    EXPECT(n > 10);
    EXPECT_EQ(g_r.verdict, want);
}

TEST(memory_that_runs_out_is_an_error_and_no_verdict)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    exhaust(&k, ATTEST_ACCEPTED);
    trust_init(&k.trust); /* another path: the authority is checked anew */
    exhaust(&k, ATTEST_REFUSED);
    kit_fini(&k);
    f.revoke_ca = true;
    f.cert_type = 4;
    forge_make(&f, &k);
    exhaust(&k, ATTEST_REFUSED);
    kit_fini(&k);
}

TEST(memory_that_runs_out_in_the_cache_only_costs_time)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    struct platform_cache *known = platform_cache_new(4);
    REQUIRE(known);
    bool accepted = false;
    for (long n = 0; n < 1000; n++) {
        g_fired = false;
        g_left = n;
        int rc = verify_all(&k, known);
        g_left = -1;
        if (!g_fired)
            break;
        EXPECT(rc == -ENOMEM || g_r.verdict == ATTEST_ACCEPTED);
        accepted |= rc == 0;
    }
    EXPECT(accepted); /* the last allocation is the cache's own */
    platform_cache_free(known);
    kit_fini(&k);
}
