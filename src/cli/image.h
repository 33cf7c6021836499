/* SPDX-License-Identifier: Apache-2.0
 * image.h: the options that describe an enclave, shared by the commands that measure one. */
#ifndef CELLA_CLI_IMAGE_H
#define CELLA_CLI_IMAGE_H

#include "cli/command.h"
#include "cli/values.h"
#include "measure/layout.h"

struct image_options {
    struct measure_options measure;
    const char *manifest; /* path or NULL */
};

void image_defaults(struct image_options *o);

/* Reads the ELF (and the manifest) and lays it out; the caller ends it with measure_layout_fini(),
 * also when this failed. */
int image_layout(struct measure_layout *l, const char *path, const struct image_options *o,
                 struct err *e) MUST_USE;

/* Entries of an option table; `type` has a struct image_options named `field`. */
#define IMAGE_OPTION(type, member, name, value, parser, help) \
    OPTION(type, image.member, name, value, parser, help)
#define IMAGE_OPTIONS(type)                                                                      \
    IMAGE_OPTION(type, measure.elrange_size, "elrange", "SIZE", value_size,                      \
                 "address space, a power of two (default: the smallest that fits)"),             \
        IMAGE_OPTION(type, measure.base, "base", "0|any", value_base,                            \
                     "where the enclave insists to be loaded (default: any)"),                   \
        IMAGE_OPTION(type, measure.image_offset, "image-offset", "SIZE", value_size,             \
                     "where the ELF's address 0 goes (default: 64K)"),                           \
        IMAGE_OPTION(type, measure.heap_size, "heap", "SIZE", value_size, "heap (default: 1M)"), \
        IMAGE_OPTION(type, measure.heap_offset, "heap-offset", "SIZE", value_size,               \
                     "where the heap goes (default: behind the threads)"),                       \
        IMAGE_OPTION(type, measure.heap_kind, "heap-kind", "KIND", value_heap,                   \
                     "unmeasured (default), measured, or dynamic (SGX2)"),                       \
        IMAGE_OPTION(type, measure.heap_perm, "heap-perm", "PERM", value_perm,                   \
                     "r, rw (default), rx or rwx"),                                              \
        IMAGE_OPTION(type, measure.thread_count, "threads", "N", value_u32,                      \
                     "threads (default: 1)"),                                                    \
        IMAGE_OPTION(type, measure.stack_size, "stack", "SIZE", value_size,                      \
                     "stack of each thread (default: 64K)"),                                     \
        IMAGE_OPTION(type, measure.data_size, "thread-data", "SIZE", value_size,                 \
                     "data pages of each thread (default: 4K)"),                                 \
        IMAGE_OPTION(type, measure.nssa, "nssa", "N", value_u32,                                 \
                     "SSA frames of each thread (default: 3)"),                                  \
        IMAGE_OPTION(type, measure.ssaframesize, "ssa-pages", "N", value_u32,                    \
                     "pages of an SSA frame (default: what XFRM needs)"),                        \
        IMAGE_OPTION(type, measure.attributes.flags, "attributes", "LIST", value_attributes,     \
                     "debug, provisionkey, einittokenkey, cet, kss, aexnotify, or a number"),    \
        IMAGE_OPTION(type, measure.attributes.xfrm, "xfrm", "LIST", value_xfrm,                  \
                     "x87,sse (default), avx, opmask, ..., or a number"),                        \
        IMAGE_OPTION(type, measure.miscselect, "miscselect", "LIST", value_misc,                 \
                     "exinfo, or a number (default: 0)"),                                        \
        IMAGE_OPTION(type, manifest, "manifest", "FILE", value_text,                             \
                     "measured, read-only data that the enclave finds")

#endif
