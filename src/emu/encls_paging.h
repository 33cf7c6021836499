/* SPDX-License-Identifier: Apache-2.0
 * encls_paging.h: EPA, EWB, ELDB and ELDU: pages out of the EPC and back.  The driver face never
 * evicts; these are here for software that models an operating system and for the conformance
 * tests.  [SDM3D 41.3] */
#ifndef CELLA_EMU_ENCLS_PAGING_H
#define CELLA_EMU_ENCLS_PAGING_H

#include "emu/enclave.h"

/* Paging metadata.  [SDM3D 38.14] */
struct emu_pcmd {
    struct sgx_secinfo secinfo;
    uint64_t enclaveid;
    uint8_t reserved[40];
    uint8_t mac[16];
};

SGX_ASSERT_SIZE(emu_pcmd, 128);

enum { EMU_VA_SLOT_COUNT = 512 };

/* A version array: an EPC page of 512 slots, not of any enclave. */
struct emu_va {
    bool valid;
    uint64_t slot[EMU_VA_SLOT_COUNT];
};

/* PAGEINFO of these leaves, and the slot in a VA page (RDX). */
struct emu_eviction {
    uint64_t linaddr;      /* EWB: 0 on entry, the page's address afterwards */
    void *srcpge;          /* a page outside the EPC, aligned */
    struct emu_pcmd *pcmd; /* aligned to 128 */
    struct emu_va *va;
    size_t index; /* below EMU_VA_SLOT_COUNT */
};

/* `type` is what RBX holds. */
struct emu_outcome encls_epa(struct emu_va *va, uint64_t type);

/* Of a page of the enclave, of its SECS, of a VA page.  SGX_VA_SLOT_OCCUPIED goes with CF, and the
 * page is gone all the same. */
struct emu_outcome encls_ewb(struct emu_enclave *enclave, uint64_t linaddr,
                             struct emu_eviction *to);
struct emu_outcome encls_ewb_secs(struct emu_enclave *enclave, struct emu_eviction *to);
struct emu_outcome encls_ewb_va(struct emu_va *va, struct emu_eviction *to);

/* ELDB when `blocked`, else ELDU. */
struct emu_outcome encls_eld(struct emu_enclave *enclave, const struct emu_eviction *from,
                             bool blocked);
struct emu_outcome encls_eld_secs(struct emu_enclave *enclave, const struct emu_eviction *from);
struct emu_outcome encls_eld_va(struct emu_va *va, const struct emu_eviction *from);

#endif
