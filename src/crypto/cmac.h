/* SPDX-License-Identifier: Apache-2.0
 * cmac.h: AES-128-CMAC, the MAC of SGX reports and the heart of its key derivation.  One
 * implementation serves the enclave and the programs outside: it uses the CPU's AES instructions
 * (every CPU with SGX has them), takes no lock and no memory, and may run in a signal handler.
 * [SP800-38B] */
#ifndef CELLA_CRYPTO_CMAC_H
#define CELLA_CRYPTO_CMAC_H

#include <stddef.h>
#include <stdint.h>

enum { AES128_KEY_SIZE = 16, AES_BLOCK_SIZE = 16 };

/* MAC of `size` bytes.  The expanded key is wiped before it returns.  Compare MACs with
 * bytes_equal_ct(). */
void aes128_cmac(const uint8_t key[AES128_KEY_SIZE], const void *data, size_t size,
                 uint8_t mac[AES_BLOCK_SIZE]);

#endif
