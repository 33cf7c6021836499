/* SPDX-License-Identifier: Apache-2.0
 * model_priv.h: what an enclave consists of, for the files of this room that carry out leaves and
 * driver calls.
 *
 * Lock order: the table lock (table.h), then enclave->lock. */
#ifndef CELLA_EMU_MODEL_PRIV_H
#define CELLA_EMU_MODEL_PRIV_H

#include <stddef.h>

#include "base/err.h"
#include "crypto/sha256.h"
#include "emu/enclave.h"
#include "emu/lock_raw.h"

/* What the driver knows about a page, beside the EPCM: it has it at all, and the protection that a
 * mapping of it may have at most. */
enum {
    EMU_DRIVER_R = SGX_SECINFO_R,
    EMU_DRIVER_W = SGX_SECINFO_W,
    EMU_DRIVER_X = SGX_SECINFO_X,
    EMU_DRIVER_KNOWN = 0x8,
};

/* One page of ELRANGE.  8 bytes, so that an array for 64 GiB is 128 MiB of address space that costs
 * memory only where pages are. */
struct emu_slot {
    struct emu_epcm epcm;
    uint8_t driver : 4;      /* EMU_DRIVER_* */
    uint8_t driver_type : 4; /* enum sgx_page_type, as the driver last asked for it */
    uint32_t epoch;          /* of the last EBLOCK, EMODPR or EMODT; see emu_tracked() */
};

_Static_assert(sizeof(struct emu_slot) == 8, "struct emu_slot");

enum {
    EMU_CHUNK_PAGES = 512,   /* slots that share one page of memory and one flag in `chunks` */
    EMU_VA_SLOTS = 512,      /* version slots in a VA page; Linux takes one for as many pages */
    EMU_MEASURE_SIZE = 4096, /* bytes collected before SHA-256 sees them */
};

/* The running MRENCLAVE. */
struct emu_measure {
    struct sha256 hash;
    size_t filled;
    uint8_t buffer[EMU_MEASURE_SIZE];
};

/* The fields of SECS that hardware keeps in reserved space. */
struct emu_secs_hidden {
    uint8_t isvfamilyid[16];
    uint8_t isvextprodid[16];
};

struct emu_enclave {
    struct emu_lock lock;

    /* Set by ECREATE; constant from then on. */
    bool created; /* the SECS is valid */
    uint64_t base;
    uint64_t size;
    uint8_t *alias; /* all of ELRANGE, read-write */
    struct emu_slot *slots;
    uint8_t *chunks; /* 1: some slot of the chunk was ever used */
    size_t page_count;

    struct fast_enclave *fast; /* fast.h; NULL before EINIT and without the fast mode */

    /* Guarded by lock. */
    struct sgx_secs secs; /* constant after EINIT */
    struct emu_secs_hidden hidden;
    uint64_t eid; /* unique in the package */
    struct emu_measure measure;
    uint64_t child_count;         /* valid pages */
    uint32_t epoch;               /* of ETRACK */
    bool cycle_done;              /* every thread from before the last ETRACK has left */
    _Atomic uint32_t inside[2];   /* see emu_enclave_entered() */
    _Atomic uint32_t entry_epoch; /* copy of epoch for those who enter without the lock */

    /* The driver's. */
    int memfd;
    int watch;  /* read end of the pipe whose write end the program holds; -1 when gone */
    int access; /* O_RDONLY, O_WRONLY or O_RDWR */
    uint64_t attributes_mask;
    uint64_t driver_pages; /* Linux's page_cnt: decides when a VA page is needed */
    uint64_t va_pages;
    _Atomic bool busy;        /* an ioctl runs */
    _Atomic size_t vma_count; /* changed under the table lock */
};

/* The slot of the page that holds `addr`, NULL outside ELRANGE. */
struct emu_slot *emu_slot_at(const struct emu_enclave *enclave, uint64_t addr);

static inline uint8_t *emu_page_alias(const struct emu_enclave *enclave, uint64_t addr)
{
    return enclave->alias + ((addr - enclave->base) & ~(uint64_t)(SGX_PAGE_SIZE - 1));
}

/* Somebody is inside; or entered while the lowest bit of the epoch was `parity`, and still is. */
bool emu_has_threads(const struct emu_enclave *enclave);
bool emu_has_threads_since(const struct emu_enclave *enclave, unsigned parity);

/* Marks [first, first + count) as used, so that walks find it. */
void emu_chunks_use(struct emu_enclave *enclave, size_t first, size_t count);

/* Memory for an ELRANGE of enclave->secs.size; -ENOMEM. */
int emu_enclave_reserve(struct emu_enclave *enclave) MUST_USE;
void emu_enclave_unreserve(struct emu_enclave *enclave);

/* Gives the memory of pages back; they read as zero afterwards. */
void emu_content_drop(struct emu_enclave *enclave, uint64_t addr, uint64_t size);

/* True when a change made in epoch `then` can no longer be in any TLB: ETRACK ran after it and all
 * threads that were inside have left.  Needs: enclave->lock. */
bool emu_tracked(const struct emu_enclave *enclave, uint32_t then);

void emu_measure_start(struct emu_measure *m);
void emu_measure_add(struct emu_measure *m, const void *data, size_t size);
void emu_measure_end(struct emu_measure *m, uint8_t mrenclave[SHA256_SIZE]);

#endif
