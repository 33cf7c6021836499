/* SPDX-License-Identifier: Apache-2.0
 * layout.h: where everything lies in an enclave that measure/ lays out, as the enclave itself reads
 * it.  Both structs are in measured pages, so trusted code learns its layout from MRENCLAVE and
 * never from the host.  All offsets are bytes from the enclave's base (SECS.BASEADDR) and
 * page-aligned; all numbers little-endian.
 *
 *   image      the ELF's PT_LOAD segments, at image_offset
 *   info       one page R: struct enclave_layout
 *   manifest   pages R, zero-padded; absent when manifest_size is 0
 *   threads    thread_count areas of thread_stride bytes each, from thread_offset:
 *                guard  1 page, not there
 *                stack  stack_size RW
 *                guard  1 page, not there
 *                SSA    nssa frames of ssaframesize pages each, RW
 *                TCS    1 page
 *                data   data_size RW; struct enclave_thread at its start; FS and GS point to it
 *                guard  1 page, not there; never becomes part of the enclave
 *   heap       heap_size, at heap_offset: behind the threads unless the options put it elsewhere
 *
 * From TCS to data is always one page: ENTRY finds struct enclave_thread at RBX + 4096 or GS:0, and
 * the enclave's base as RBX - thread->tcs. */
#ifndef CELLA_SGX_LAYOUT_H
#define CELLA_SGX_LAYOUT_H

#include "sgx/arch.h"

#define ENCLAVE_LAYOUT_MAGIC 0x31594c414c4c4543ull /* "CELLALY1" */
enum { ENCLAVE_LAYOUT_VERSION = 1 };

#define ENCLAVE_BASE_ANY (~0ull)

/* How the heap's pages come to be there. */
enum enclave_heap_kind {
    ENCLAVE_HEAP_UNMEASURED = 0, /* EADD, no EEXTEND: present, their content is the host's choice
                                    until the enclave has zeroed them */
    ENCLAVE_HEAP_MEASURED = 1,   /* EADD and EEXTEND: present and zero */
    ENCLAVE_HEAP_DYNAMIC = 2,    /* address space only; pages come by EAUG (SGX2) */
};

/* The info page; the rest of the page is zero. */
struct enclave_layout {
    uint64_t magic;
    uint32_t version;
    uint32_t size; /* of this struct, bytes */
    uint64_t elrange_size;
    uint64_t base; /* 0 or ENCLAVE_BASE_ANY: where the enclave insists to be loaded */
    uint64_t image_offset;
    uint64_t image_size; /* bytes of address space, whole pages */
    uint64_t info_offset;
    uint64_t manifest_offset;
    uint64_t manifest_size; /* bytes, exact */
    uint64_t heap_offset;
    uint64_t heap_size;
    uint32_t heap_kind; /* enum enclave_heap_kind */
    uint32_t heap_perm; /* SGX_SECINFO_R | W | X of the heap's pages */
    uint64_t thread_offset;
    uint64_t thread_stride;
    uint32_t thread_count;
    uint32_t nssa;
    uint32_t ssaframesize; /* pages */
    uint32_t reserved;
    /* From the start of each thread's area. */
    uint64_t stack_offset;
    uint64_t stack_size;
    uint64_t ssa_offset;
    uint64_t tcs_offset;
    uint64_t data_offset;
    uint64_t data_size;
};

/* The start of each thread's data pages, at GS:0 and FS:0 when the thread enters; the rest of them
 * is zero.  The enclave may write over it once it has read it. */
struct enclave_thread {
    uint64_t self; /* offset of this struct */
    uint64_t tcs;
    uint64_t stack_low;
    uint64_t stack_high; /* first byte behind the stack, a multiple of 4096 */
    uint64_t ssa;
    uint64_t info;     /* offset of the info page */
    uint64_t index;    /* 0 to thread_count - 1 */
    uint64_t ssa_size; /* bytes of one frame */
};

SGX_ASSERT_SIZE(enclave_layout, 176);
SGX_ASSERT_AT(enclave_layout, heap_kind, 88);
SGX_ASSERT_AT(enclave_layout, stack_offset, 128);
SGX_ASSERT_SIZE(enclave_thread, 64);
SGX_ASSERT_AT(enclave_thread, stack_high, 24);

#endif
