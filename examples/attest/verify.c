/* SPDX-License-Identifier: Apache-2.0
 * verify.c: verifies a quote with libcella-attest and a folder of collateral.
 *
 *   cc verify.c -lcella-attest -o verify
 *   ./verify quote.bin FOLDER UNIX-TIME
 *
 * Exit status 0 accepted, 1 refused, 2 could not decide. */
#include <cella_attest.h>
#include <stdio.h>
#include <stdlib.h>

static struct cella_attest_bytes load(const char *folder, const char *name)
{
    static char storage[16][65536];
    static int used;
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
    FILE *f = fopen(path, "rb");
    if (!f || used == 16) {
        perror(path);
        exit(2);
    }
    struct cella_attest_bytes b = {storage[used], fread(storage[used], 1, sizeof storage[0], f)};
    used++;
    fclose(f);
    return b;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: verify QUOTE FOLDER UNIX-TIME\n");
        return 2;
    }
    struct cella_attest_bytes quote = load("", argv[1]);
    struct cella_attest_collateral c = {
        .struct_size = sizeof c,
        .tcb_info = load(argv[2], "tcb_info.json"),
        .tcb_info_issuer_chain = load(argv[2], "tcb_info_issuer_chain.pem"),
        .qe_identity = load(argv[2], "qe_identity.json"),
        .qe_identity_issuer_chain = load(argv[2], "qe_identity_issuer_chain.pem"),
        .pck_crl = load(argv[2], "pck_crl.der"),
        .pck_crl_issuer_chain = load(argv[2], "pck_crl_issuer_chain.pem"),
        .root_ca_crl = load(argv[2], "root_ca_crl.der"),
    };
    cella_attest *v;
    cella_attest_result *r;
    if (cella_attest_new(&v))
        return 2;
    if (cella_attest_set_collateral(v, &c) ||
        cella_attest_verify(v, quote.data, quote.size, strtoll(argv[3], NULL, 10), &r)) {
        fprintf(stderr, "verify: %s\n", cella_attest_error(v));
        cella_attest_free(v);
        return 2;
    }
    enum cella_attest_verdict verdict = cella_attest_result_verdict(r);
    if (verdict == CELLA_ATTEST_ACCEPTED)
        printf("accepted, %s\n", cella_attest_result_tcb_status(r));
    const char *found;
    const char *advice;
    const char *name;
    for (size_t i = 0; (name = cella_attest_result_problem(r, i, &found, &advice)) != NULL; i++)
        printf("%s: %s\n    %s\n", name, found, advice);
    cella_attest_result_free(r);
    cella_attest_free(v);
    return verdict == CELLA_ATTEST_ACCEPTED ? 0 : verdict == CELLA_ATTEST_REFUSED ? 1 : 2;
}
