/* SPDX-License-Identifier: Apache-2.0
 * builder_test.h: enclaves for this room's tests, built through the driver face.  MRENCLAVE and the
 * SIGSTRUCT are computed here with OpenSSL alone, independently of the code under test. */
#ifndef CELLA_EMU_BUILDER_TEST_H
#define CELLA_EMU_BUILDER_TEST_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "emu/emu.h"
#include "emu/enclave.h"
#include "sgx/arch.h"

struct builder {
    int fd;
    uint64_t base;
    uint64_t size;
    struct emu_enclave *enclave; /* once CREATE is done */
    struct sgx_secs *secs;       /* a page, for tests to spoil before builder_create() */
    uint8_t *page;               /* a page of content, likewise */
    struct sgx_secinfo *secinfo;
    struct sgx_sigstruct *sigstruct; /* a page */
    EVP_MD_CTX *hash;
};

/* Starts the package with a secret in a fresh temporary folder, once a process; returns the
 * secret's path. */
const char *builder_package(uint64_t epc_size);

/* A descriptor and default contents: 64-bit, debug, XFRM 3, one page a frame. */
void builder_open(struct builder *b, uint64_t size);

int builder_create(struct builder *b);

/* ADD_PAGES of one page with b->page as content; flags as in SECINFO. */
int builder_add(struct builder *b, uint64_t offset, uint64_t secinfo_flags, bool measure);

/* Fills b->sigstruct for what was built and signs it with the test key. */
void builder_sign(struct builder *b);
void builder_sign_again(struct builder *b); /* after a test spoiled signed fields */
int builder_init(struct builder *b);

/* All of it: `count` regular pages from offset 0 with these flags, TCS behind them, mapped. */
void builder_finish(struct builder *b, size_t count, uint64_t secinfo_flags);

#endif
