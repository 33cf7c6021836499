/* SPDX-License-Identifier: Apache-2.0
 * prepare.h: from an image file to a loaded enclave in one call, signed with a key made on the
 * spot; for tests and benchmarks. */
#ifndef CELLA_TESTS_ENCLAVE_PREPARE_H
#define CELLA_TESTS_ENCLAVE_PREPARE_H

#include "host/load.h"

struct prepared {
    struct measure_options layout_options;
    struct host_options host_options;
    struct host_platform platform;
    struct measure_layout layout;
    struct sgx_sigstruct sigstruct;
    struct host_enclave enclave;
    uint64_t gap;  /* bytes behind the heap that are mapped and empty, for EAUG */
    long timer_us; /* a signal in this interval, 0: none */
    int argc;      /* what is behind the options: image and its arguments */
    char **argv;
};

/* Reads --emu trap|fast|off, --epc, --heap, --threads, --stack (bytes), --xfrm, --debug,
 * --base-zero,
 * --dynamic, --measured-heap, --timer (microseconds), --gap, --elrange; ends the process with a
 * sentence when they are wrong. */
void prepare_options(struct prepared *p, int argc, char **argv);

/* Platform, layout, signature, enclave: from p->argv[0] and the options. */
int prepare_enclave(struct prepared *p, struct err *e) MUST_USE;

/* Layout and signature once more, after the options have changed; the platform stays. */
int prepare_sign(struct prepared *p, struct err *e) MUST_USE;

/* The parts of it: everything up to the platform and the signature; then an enclave, any number of
 * times after host_unload(). */
int prepare_layout(struct prepared *p, struct err *e) MUST_USE;
int prepare_load(struct prepared *p, struct err *e) MUST_USE;

#endif
