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

#define REG SGX_SECINFO_TYPE(SGX_PT_REG)
#define RW (REG | SGX_SECINFO_R | SGX_SECINFO_W)
#define RX (REG | SGX_SECINFO_R | SGX_SECINFO_X)
#define RWX (RW | SGX_SECINFO_X)
#define TCS SGX_SECINFO_TYPE(SGX_PT_TCS)
#define TRIM SGX_SECINFO_TYPE(SGX_PT_TRIM)

/* How a leaf may end. */
enum { BUILDER_EPCM = 0x8000 };
void builder_expect_gp(struct emu_outcome outcome, const char *file, int line);
void builder_expect_pf(struct emu_outcome outcome, uint64_t addr, uint32_t sgx_bit,
                       const char *file, int line);
void builder_expect_code(struct emu_outcome outcome, uint64_t code, const char *file, int line);

#define EXPECT_GP(call) builder_expect_gp((call), __FILE__, __LINE__)
#define EXPECT_EPCM_PF(call, where) \
    builder_expect_pf((call), (where), BUILDER_EPCM, __FILE__, __LINE__)
#define EXPECT_PAGING_PF(call, where) builder_expect_pf((call), (where), 0, __FILE__, __LINE__)
#define EXPECT_CODE(call, code) builder_expect_code((call), (code), __FILE__, __LINE__)

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

/* A page of zeroes, aligned, for good. */
void *builder_page(void);

/* An enclave that no descriptor leads to, for leaves on their own. */
struct emu_enclave *builder_bare(void);

/* A descriptor and default contents: 64-bit, debug, XFRM 3, one page a frame. */
void builder_open(struct builder *b, uint64_t size);

int builder_create(struct builder *b);

/* ADD_PAGES of one page with b->page as content; flags as in SECINFO. */
int builder_add(struct builder *b, uint64_t offset, uint64_t secinfo_flags, bool measure);

/* Fills b->sigstruct for what was built and signs it with the test key. */
void builder_sign(struct builder *b);
void builder_sign_again(struct builder *b); /* after a test spoiled signed fields */
int builder_init(struct builder *b);

/* `count` regular pages from offset 0 with these flags and a TCS behind them, signed. */
void builder_fill(struct builder *b, size_t count, uint64_t secinfo_flags);

/* The same, initialised and mapped with those permissions. */
void builder_finish(struct builder *b, size_t count, uint64_t secinfo_flags);

#endif
