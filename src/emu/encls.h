/* SPDX-License-Identifier: Apache-2.0
 * encls.h: the ENCLS leaves, ring 0's half of SGX, as functions over an enclave.
 *
 * An EPC page is the slot that an enclave has for each page of ELRANGE, so where hardware takes the
 * address of an EPC page these take the enclave and the linear address.  The SECS and VA pages have
 * slots of their own.  All need enclave->lock unless they say otherwise; EPC pages are accounted
 * for by the caller.  [SDM3D 41.3] */
#ifndef CELLA_EMU_ENCLS_H
#define CELLA_EMU_ENCLS_H

#include <stddef.h>

#include "emu/enclave.h"

/* PAGEINFO, with pointers in place of addresses; whoever calls has made sure that they can be
 * read.  [SDM3D 38.11] */
struct emu_pageinfo {
    uint64_t linaddr;
    const void *srcpge;                /* one page, aligned to a page */
    const struct sgx_secinfo *secinfo; /* aligned to 64 */
    const struct emu_enclave *secs;    /* not for ECREATE */
};

/* Makes `enclave`, which has no SECS yet, one with the SECS at srcpge.  *no_memory (may be NULL)
 * tells a #GP that no CPU would raise: there is no address space for the model's own memory. */
struct emu_outcome encls_ecreate(struct emu_enclave *enclave, const struct emu_pageinfo *info,
                                 bool *no_memory);

struct emu_outcome encls_eadd(struct emu_enclave *enclave, const struct emu_pageinfo *info);

/* EADD of up to `count` regular pages of zeroes from `linaddr` on, in one go.  *done is how many
 * were added before the outcome, which is that of the last leaf. */
struct emu_outcome encls_eadd_zeroes(struct emu_enclave *enclave, uint64_t linaddr, size_t count,
                                     const struct sgx_secinfo *secinfo, size_t *done);

/* Measures the 256 bytes at `linaddr`. */
struct emu_outcome encls_eextend(struct emu_enclave *enclave, uint64_t linaddr);

/* `sigstruct` is aligned to a page.  The EINITTOKEN has VALID 0 and IA32_SGXLEPUBKEYHASH is the
 * signer's, which is how Linux always calls it. */
struct emu_outcome encls_einit(struct emu_enclave *enclave, const struct sgx_sigstruct *sigstruct);

/* Adds a pending page of zeroes; info->srcpge and info->secinfo are NULL. */
struct emu_outcome encls_eaug(struct emu_enclave *enclave, const struct emu_pageinfo *info);

/* Takes permissions away from the page at `linaddr`. */
struct emu_outcome encls_emodpr(struct emu_enclave *enclave, uint64_t linaddr,
                                const struct sgx_secinfo *secinfo);

/* Makes the page a TCS or trims it. */
struct emu_outcome encls_emodt(struct emu_enclave *enclave, uint64_t linaddr,
                               const struct sgx_secinfo *secinfo);

struct emu_outcome encls_eremove(struct emu_enclave *enclave, uint64_t linaddr);
struct emu_outcome encls_eremove_secs(struct emu_enclave *enclave);

/* SGX_PG_INVLD comes with ZF; the other codes with CF. */
struct emu_outcome encls_eblock(struct emu_enclave *enclave, uint64_t linaddr);
struct emu_outcome encls_eblock_secs(const struct emu_enclave *enclave);
struct emu_outcome encls_eblock_va(void);
struct emu_outcome encls_etrack(struct emu_enclave *enclave);

/* What an inter-processor interrupt to every CPU does after ETRACK: all threads leave, so that the
 * tracking cycle is complete.  The emulator needs none, since it changes page tables at once. */
void encls_all_left(struct emu_enclave *enclave);

/* Reads or writes 8 bytes of a debug enclave. */
struct emu_outcome encls_edbgrd(const struct emu_enclave *enclave, uint64_t linaddr,
                                uint64_t *value);
struct emu_outcome encls_edbgwr(struct emu_enclave *enclave, uint64_t linaddr, uint64_t value);

#endif
