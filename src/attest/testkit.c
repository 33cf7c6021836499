/* SPDX-License-Identifier: Apache-2.0
 * testkit.c: see testkit.h. */
#include "attest/testkit.h"

#include <stdlib.h>

#include "base/test.h"

const char *kit_name(enum kit_file f)
{
    static const char *const names[KIT_FILES] = {
        "quote.bin",
        "tcb_info.json",
        "tcb_info_issuer_chain.pem",
        "qe_identity.json",
        "qe_identity_issuer_chain.pem",
        "pck_crl.der",
        "pck_crl_issuer_chain.pem",
        "root_ca_crl.der",
        "pck_chain.pem",
        "root_ca.pem",
    };
    return names[f];
}

void kit_put(struct kit *k, enum kit_file f, const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    free(k->file[f].data);
    k->file[f].data = copy;
    k->file[f].size = size;
}

void kit_load(struct kit *k, const char *set)
{
    static uint8_t buf[1 << 16];
    memset(k, 0, sizeof *k);
    trust_init(&k->trust);
    policy_init(&k->policy);
    for (unsigned f = 0; f < KIT_FILES; f++) {
        char name[256];
        snprintf(name, sizeof name, "attestation/%s/%s", set, kit_name((enum kit_file)f));
        FILE *file = fopen(test_data(name), "rb");
        if (!file)
            continue;
        kit_put(k, (enum kit_file)f, buf, fread(buf, 1, sizeof buf, file));
        fclose(file);
    }
}

void kit_fini(struct kit *k)
{
    for (unsigned f = 0; f < KIT_FILES; f++)
        free(k->file[f].data);
    memset(k, 0, sizeof *k);
}

void kit_trust_root_ca(struct kit *k)
{
    struct err e;
    trust_init_empty(&k->trust);
    EXPECT_EQ(
        trust_add(&k->trust, span_of(k->file[KIT_ROOT_CA].data, k->file[KIT_ROOT_CA].size), &e), 0);
}

static struct span file_of(const struct kit *k, enum kit_file f)
{
    return span_of(k->file[f].data, k->file[f].size);
}

struct collateral *kit_collateral(const struct kit *k)
{
    struct collateral_files f = {
        .tcb_info = file_of(k, KIT_TCB_INFO),
        .tcb_info_chain = file_of(k, KIT_TCB_INFO_CHAIN),
        .qe_identity = file_of(k, KIT_QE_IDENTITY),
        .qe_identity_chain = file_of(k, KIT_QE_IDENTITY_CHAIN),
        .pck_crl = file_of(k, KIT_PCK_CRL),
        .pck_crl_chain = file_of(k, KIT_PCK_CRL_CHAIN),
        .root_crl = file_of(k, KIT_ROOT_CRL),
        .pck_chain = file_of(k, KIT_PCK_CHAIN),
        .root_ca = file_of(k, KIT_ROOT_CA),
    };
    struct collateral *c = NULL;
    struct err e;
    if (collateral_new(&c, &f, &k->trust, &e))
        test_failed(__FILE__, __LINE__, "collateral: %s", e.text);
    return c;
}

void kit_verify(const struct kit *k, struct attest_result *r)
{
    struct collateral *c = kit_collateral(k);
    struct attest_input in = {.quote = file_of(k, KIT_QUOTE),
                              .collateral = c,
                              .policy = &k->policy,
                              .at = k->at,
                              .with_text = true};
    struct err e;
    if (attest_verify(r, &in, &e))
        test_failed(__FILE__, __LINE__, "verify: %s", e.text);
    r->validity.begins_item = r->validity.ends_item = NULL; /* literals, but not for comparing */
    collateral_free(c);
}

enum check_state kit_check(const struct attest_result *r, const char *name)
{
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        if (strcmp(check_name((enum check_id)i), name) == 0)
            return r->checks.at[i].state;
    test_failed(__FILE__, __LINE__, "there is no check %s", name);
    return CHECK_NOT_JUDGED;
}

void kit_show(const struct attest_result *r)
{
    fprintf(stderr, "  %s, status \"%s\"%s\n", attest_verdict_word(r->verdict),
            tcb_status_word(r->status), r->status_proven ? "" : " (not proven)");
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        const struct check *c = &r->checks.at[i];
        if (c->state == CHECK_FAILED || c->state == CHECK_NOT_JUDGED)
            fprintf(stderr, "  %s: %s: expected \"%s\", found \"%s\"\n",
                    check_name((enum check_id)i), check_state_word(c->state), c->expected,
                    c->found);
    }
}
