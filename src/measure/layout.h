/* SPDX-License-Identifier: Apache-2.0
 * layout.h: an enclave ELF and its options become the list of pages that make the enclave.
 * Whoever measures it and whoever loads it walk the same list in the same order, so what they do
 * cannot differ:
 *
 *     ECREATE (elrange_size, ssaframesize, attributes, miscselect)
 *     for each run, for each of its pages: EADD, and when measured 16 EEXTEND
 *     EINIT
 *
 * What lies where is described in sgx/layout.h, the order of the runs in README.md. */
#ifndef CELLA_MEASURE_LAYOUT_H
#define CELLA_MEASURE_LAYOUT_H

#include "base/err.h"
#include "base/span.h"
#include "sgx/arch.h"
#include "sgx/layout.h"

/* Everything but the ELF that decides MRENCLAVE (and what goes into SECS beside it).  Sizes and
 * offsets in bytes, whole pages. */
struct measure_options {
    uint64_t elrange_size; /* a power of two; 0: the smallest that holds everything */
    uint64_t base;         /* 0, or ENCLAVE_BASE_ANY: what the loader must do; measured */
    uint64_t image_offset; /* where the ELF's address 0 goes */
    uint64_t heap_offset;  /* 0: behind the threads */
    uint64_t heap_size;
    enum enclave_heap_kind heap_kind;
    uint32_t heap_perm; /* SGX_SECINFO_R | W | X */
    uint32_t thread_count;
    uint32_t nssa;         /* SSA frames of each thread */
    uint32_t ssaframesize; /* pages; 0: as large as XFRM and MISCSELECT need */
    uint64_t stack_size;
    uint64_t data_size; /* thread data, at least a page */
    struct sgx_attributes attributes;
    uint32_t miscselect;
    struct span manifest; /* measured, read-only bytes that the enclave finds; may be empty */
};

/* One thread, 64 KiB of stack, 1 MiB of unmeasured heap, NSSA 3, MODE64BIT, x87 and SSE, any base,
 * image at 64 KiB (the lowest address that Linux lets a program map). */
void measure_options_default(struct measure_options *o);

/* `count` pages from `offset` on, alike in all but their content. */
struct measure_run {
    uint64_t offset;        /* from the enclave's base */
    uint64_t count;         /* pages */
    uint64_t secinfo;       /* SECINFO.FLAGS: R, W, X and the page type; a TCS has no permissions */
    const uint8_t *content; /* count * 4096 bytes; NULL: zeros */
    bool measured;          /* EEXTEND of every page; else EADD alone */
};

struct measure_layout {
    struct enclave_layout info; /* as it is in the info page; elrange_size, base, threads, heap */
    struct sgx_attributes attributes; /* for SECS, without INIT */
    uint32_t miscselect;
    struct measure_run *runs; /* in the order of loading */
    size_t run_count;
    uint8_t *memory; /* what `content` points into */
};

/* Checks the ELF and the options and makes the list.  `elf` and options->manifest are not needed
 * afterwards.  The caller ends it with measure_layout_fini(), also when this failed.  -EBADMSG when
 * the ELF is no enclave image, -EINVAL for options that do not fit, -ENOMEM. */
int measure_layout_init(struct measure_layout *l, struct span elf,
                        const struct measure_options *options, struct err *e) MUST_USE;
void measure_layout_fini(struct measure_layout *l);

/* Offset of thread `index`'s TCS from the enclave's base. */
static inline uint64_t measure_layout_tcs(const struct measure_layout *l, uint32_t index)
{
    return l->info.thread_offset + index * l->info.thread_stride + l->info.tcs_offset;
}

#endif
