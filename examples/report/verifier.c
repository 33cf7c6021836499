/* SPDX-License-Identifier: Apache-2.0
 * verifier.c: enclave B of the demo.
 *
 *   target   writes its own TARGETINFO to standard output
 *   check    reads a REPORT from standard input, checks that the CPU made it for this enclave, and
 *            prints what it says: exit status 0 when the MAC is right, 1 when not  [SDM3D 40.4.2]
 */
#include <string.h>

#include "base/bytes.h"
#include "base/hex.h"
#include "crypto/cmac.h"
#include "enclave/gate.h"
#include "enclave/leaf.h"
#include "enclave/log.h"
#include "enclave/main.h"

static int write_target(void)
{
    static struct leaf_targetinfo target;
    static struct leaf_reportdata data;
    static struct leaf_report own;
    leaf_ereport(&own, &target, &data);
    const struct sgx_report_body *body = &own.r.body;
    memcpy(target.t.mrenclave, body->mrenclave, sizeof target.t.mrenclave);
    memcpy(target.t.configid, body->configid, sizeof target.t.configid);
    target.t.attributes = body->attributes;
    target.t.cet_attributes = body->cet_attributes;
    target.t.configsvn = body->configsvn;
    target.t.miscselect = body->miscselect;
    gate_print(1, (const char *)&target.t, sizeof target.t);
    return 0;
}

/* The CPU gives the key of reports made for this enclave to this enclave only. */
static bool mac_is_right(const struct sgx_report *r)
{
    static struct leaf_keyrequest request;
    struct leaf_key key;
    uint8_t mac[16];
    request.k.keyname = SGX_KEY_REPORT;
    memcpy(request.k.keyid, r->keyid, sizeof request.k.keyid);
    int rc = leaf_egetkey(&key, &request);
    if (rc) {
        say(2, "verifier: EGETKEY gave error %d", rc);
        return false;
    }
    aes128_cmac(key.bytes, &r->body, sizeof r->body, mac);
    bytes_wipe(&key, sizeof key);
    return bytes_equal_ct(mac, r->mac, sizeof mac);
}

static void print_hex(const char *name, const uint8_t *bytes, size_t size)
{
    char text[129];
    hex_write(text, span_of(bytes, size));
    say(1, "%-10s %s", name, text);
}

static int check(void)
{
    static struct sgx_report report;
    if (gate_read_full(0, &report, sizeof report) != sizeof report) {
        say(2, "verifier: expected a REPORT of %zu bytes on standard input", sizeof report);
        return 1;
    }
    if (!mac_is_right(&report)) {
        say(1, "verdict    WRONG MAC: this CPU did not make this report for this enclave");
        return 1;
    }
    const struct sgx_report_body *body = &report.body;
    say(1, "verdict    the MAC is right: an enclave on this CPU made this report for this enclave");
    print_hex("mrenclave", body->mrenclave, sizeof body->mrenclave);
    print_hex("mrsigner", body->mrsigner, sizeof body->mrsigner);
    say(1, "attributes 0x%lx%s, xfrm 0x%lx, isvprodid %u, isvsvn %u", body->attributes.flags,
        body->attributes.flags & SGX_ATTR_DEBUG ? " DEBUG" : "", body->attributes.xfrm,
        body->isvprodid, body->isvsvn);
    print_hex("reportdata", body->reportdata, sizeof body->reportdata);
    return 0;
}

int enclave_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "target") == 0)
        return write_target();
    if (argc == 2 && strcmp(argv[1], "check") == 0)
        return check();
    say(2, "verifier: expected the word target or check");
    return 1;
}
