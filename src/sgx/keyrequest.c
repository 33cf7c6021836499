/* SPDX-License-Identifier: Apache-2.0
 * keyrequest.c: see keyrequest.h.
 *
 *    0 KEYNAME u16        24 ATTRIBUTEMASK 16
 *    2 KEYPOLICY u16      40 KEYID 32
 *    4 ISVSVN u16         72 MISCMASK u32
 *    6 CET mask 1         76 CONFIGSVN u16
 *    7 reserved 1         78 reserved 434
 *    8 CPUSVN 16                            [SDM3D 38.17] */
#include "sgx/keyrequest.h"

#include <errno.h>

#include "sgx/fields_priv.h"

#define POLICY_KNOWN                                                                \
    (SGX_KEYPOLICY_MRENCLAVE | SGX_KEYPOLICY_MRSIGNER | SGX_KEYPOLICY_NOISVPRODID | \
     SGX_KEYPOLICY_CONFIGID | SGX_KEYPOLICY_ISVFAMILYID | SGX_KEYPOLICY_ISVEXTPRODID)

int keyrequest_parse(struct sgx_keyrequest *k, struct span in, struct err *e)
{
    struct cursor c = cursor_over(in);
    k->keyname = cursor_u16(&c);
    k->keypolicy = cursor_u16(&c);
    k->isvsvn = cursor_u16(&c);
    k->cet_mask = cursor_u8(&c);
    k->reserved1 = cursor_u8(&c);
    cursor_copy(&c, k->cpusvn, sizeof k->cpusvn);
    k->attribute_mask = cursor_attributes(&c);
    cursor_copy(&c, k->keyid, sizeof k->keyid);
    k->miscmask = cursor_u32(&c);
    k->configsvn = cursor_u16(&c);
    cursor_copy(&c, k->reserved2, sizeof k->reserved2);
    return cursor_end(&c, e, "KEYREQUEST");
}

void keyrequest_write(const struct sgx_keyrequest *k, uint8_t out[KEYREQUEST_SIZE])
{
    put_le16(out, k->keyname);
    put_le16(out + 2, k->keypolicy);
    put_le16(out + 4, k->isvsvn);
    out[6] = k->cet_mask;
    out[7] = k->reserved1;
    memcpy(out + 8, k->cpusvn, sizeof k->cpusvn);
    put_attributes(out + 24, k->attribute_mask);
    memcpy(out + 40, k->keyid, sizeof k->keyid);
    put_le32(out + 72, k->miscmask);
    put_le16(out + 76, k->configsvn);
    memcpy(out + 78, k->reserved2, sizeof k->reserved2);
}

int keyrequest_check(const struct sgx_keyrequest *k, struct err *e)
{
    if (k->reserved1 || !bytes_are_zero(k->reserved2, sizeof k->reserved2))
        return fail(e, -EBADMSG, "KEYREQUEST: reserved bytes are not zero");
    if (k->keypolicy & ~POLICY_KNOWN)
        return fail(e, -EBADMSG, "KEYREQUEST: policy 0x%x has unknown bits, known are 0x%x",
                    k->keypolicy, POLICY_KNOWN);
    if (k->keyname > SGX_KEY_SEAL)
        return fail(e, -EBADMSG, "KEYREQUEST: key name %u, known are 0 to %d", k->keyname,
                    SGX_KEY_SEAL);
    return 0;
}
