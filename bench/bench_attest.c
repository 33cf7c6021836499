/* SPDX-License-Identifier: Apache-2.0
 * bench_attest.c: quotes verified per second on one core, beside the P-256 verifications per second
 * that OpenSSL does in the same run.  Nothing cached means nine signature checks for a quote,
 * collateral cached three, platform cached one; "of the floor" is how much of the time goes into
 * those.  Usage: bench_attest FOLDER TIME [SECONDS], FOLDER as a set of the test data with a quote
 * that is accepted at TIME. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest/rfc3339.h"
#include "attest/verify.h"
#include "posix/file.h"

enum { MAX_FILE = 1 << 20, ROUNDS = 9 };

struct input {
    struct collateral_files files;
    struct span quote;
    struct trust trust;
    struct policy policy;
    int64_t at;
    struct collateral *collateral;
    struct platform_cache *known;
};

/* CPU time, so that what else the machine does counts less. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void stop(const char *why)
{
    fprintf(stderr, "bench_attest: %s\n", why);
    exit(2);
}

static struct span load(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data;
    size_t size;
    struct err e;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_read(&data, &size, path, MAX_FILE, &e))
        stop(e.text);
    return span_of(data, size); /* until the program ends */
}

static void verify(const struct input *in, const struct collateral *c, struct platform_cache *known)
{
    static struct attest_result r;
    struct attest_input a = {
        .quote = in->quote, .collateral = c, .policy = &in->policy, .at = in->at, .known = known};
    struct err e;
    if (attest_verify(&r, &a, &e))
        stop(e.text);
    if (r.verdict != ATTEST_ACCEPTED)
        stop("the quote is not accepted: pass a good set and the time at which it was");
}

static void nothing_cached(const struct input *in)
{
    struct collateral *c;
    struct err e;
    if (collateral_new(&c, &in->files, &in->trust, &e))
        stop(e.text);
    verify(in, c, NULL);
    collateral_free(c);
}

static void collateral_cached(const struct input *in)
{
    verify(in, in->collateral, NULL);
}

static void platform_cached(const struct input *in)
{
    verify(in, in->collateral, in->known);
}

static EC_KEY *g_key;
static ECDSA_SIG *g_signature;
static const unsigned char g_hash[32] = {1, 2, 3};

static void bare_verification(const struct input *in)
{
    (void)in;
    if (ECDSA_do_verify(g_hash, sizeof g_hash, g_signature, g_key) != 1)
        stop("OpenSSL refuses its own signature");
}

/* Runs for `seconds` and returns how often a second. */
static double rate(void (*work)(const struct input *), const struct input *in, double seconds)
{
    double start = now();
    double end;
    long count = 0;
    do {
        for (int i = 0; i < 20; i++, count++)
            work(in);
        end = now();
    } while (end - start < seconds);
    return (double)count / (end - start);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle round's rate, and its share of the floor measured in the same round. */
static void show(const char *name, const double *quotes, const double *bare, int checks)
{
    double rates[ROUNDS];
    double shares[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        rates[i] = quotes[i];
        shares[i] = 100 * quotes[i] * checks / bare[i];
    }
    qsort(rates, ROUNDS, sizeof rates[0], by_size);
    qsort(shares, ROUNDS, sizeof shares[0], by_size);
    printf("%-20s %9.0f quotes/s   %d check%s each   %5.1f %% of the floor\n", name,
           rates[ROUNDS / 2], checks, checks == 1 ? " " : "s", shares[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
    struct input in = {0};
    struct err e;
    if (argc < 3 || rfc3339_parse(&in.at, span_text(argv[2])))
        stop("usage: bench_attest FOLDER TIME [SECONDS], like ../shared/testdata/attestation/"
             "sgx-v3-sw-hardening 2025-09-01T00:00:00Z 1");
    double seconds = (argc > 3 ? strtod(argv[3], NULL) : 2) / ROUNDS;
    const char *folder = argv[1];
    in.quote = load(folder, "quote.bin");
    in.files = (struct collateral_files){
        .tcb_info = load(folder, "tcb_info.json"),
        .tcb_info_chain = load(folder, "tcb_info_issuer_chain.pem"),
        .qe_identity = load(folder, "qe_identity.json"),
        .qe_identity_chain = load(folder, "qe_identity_issuer_chain.pem"),
        .pck_crl = load(folder, "pck_crl.der"),
        .pck_crl_chain = load(folder, "pck_crl_issuer_chain.pem"),
        .root_crl = load(folder, "root_ca_crl.der"),
    };
    trust_init(&in.trust);
    policy_init(&in.policy);
    in.known = platform_cache_new(64);
    if (!in.known || collateral_new(&in.collateral, &in.files, &in.trust, &e))
        stop("out of memory");
    g_key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    if (!g_key || EC_KEY_generate_key(g_key) != 1)
        stop("no key");
    g_signature = ECDSA_do_sign(g_hash, sizeof g_hash, g_key);
    /* Rounds are interleaved, so that a busy machine does not favour one of them. */
    double rates[4][ROUNDS];
    void (*const work[4])(const struct input *) = {bare_verification, nothing_cached,
                                                   collateral_cached, platform_cached};
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 4; i++)
            rates[i][round] = rate(work[i], &in, seconds);
    double floor[ROUNDS];
    memcpy(floor, rates[0], sizeof floor);
    qsort(floor, ROUNDS, sizeof floor[0], by_size);
    printf("%-20s %9.0f verifications/s (OpenSSL, P-256, one core)\n", "floor", floor[ROUNDS / 2]);
    show("nothing cached", rates[1], rates[0], 9);
    show("collateral cached", rates[2], rates[0], 3);
    show("platform cached", rates[3], rates[0], 1);
    return 0;
}
