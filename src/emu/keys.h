/* SPDX-License-Identifier: Apache-2.0
 * keys.h: the package's secret and the keys that are derived from it.  The derivation is
 * AES-128-CMAC over struct emu_key_material; docs/decisions has the reasons.  [SDM3D 41.4 EGETKEY]
 */
#ifndef CELLA_EMU_KEYS_H
#define CELLA_EMU_KEYS_H

#include <stdint.h>

#include "base/err.h"
#include "sgx/arch.h"

enum { EMU_KEY_SIZE = 16, EMU_SECRET_SIZE = 64 };

/* Everything that a key depends on; what a key does not depend on is zero. */
struct emu_key_material {
    uint8_t label[8]; /* "CELLAKD1" */
    uint16_t keyname;
    uint16_t keypolicy; /* the request's bits that select inputs */
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint16_t configsvn;
    uint8_t reserved[6];
    uint8_t cpusvn[16];
    uint8_t ownerepoch[16];
    struct sgx_attributes attributes;
    struct sgx_attributes attribute_mask;
    uint32_t miscselect;
    uint32_t miscmask;
    uint8_t reserved2[16];
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint8_t keyid[32];
    uint8_t configid[64];
    uint8_t isvfamilyid[16];
    uint8_t isvextprodid[16];
};

SGX_ASSERT_SIZE(emu_key_material, 304);

/* Reads the secret file, or makes it (mode 0600) when it is missing.  NULL: $XDG_STATE_HOME or
 * ~/.local/state, then cella/cpu-secret.  -EPERM when others may read it, -EBADMSG when its size is
 * wrong. */
int emu_keys_start(const char *path, struct err *e) MUST_USE;

/* Fills `label` and derives.  Needs no lock and may run in a trap handler. */
void emu_key_derive(struct emu_key_material *material, uint8_t key[EMU_KEY_SIZE]);

const uint8_t *emu_owner_epoch(void);  /* 16 bytes */
const uint8_t *emu_report_keyid(void); /* 32 bytes, new at each start, as at a boot */
const uint8_t *emu_paging_key(void);   /* 16 bytes, new at each start: EWB's */

#endif
