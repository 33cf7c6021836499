/* SPDX-License-Identifier: Apache-2.0
 * decode.h: what instruction a context stands at, as far as the emulator must know.  Only for an
 * instruction that the CPU has fetched: reads no byte that it did not have to read. */
#ifndef CELLA_EMU_DECODE_H
#define CELLA_EMU_DECODE_H

#include <stdbool.h>
#include <stdint.h>

struct emu_enclave;

enum { INT3_SIZE = 1 };

/* 0f 01 d7.  `enclave` is the one the thread is inside of, NULL outside. */
bool decode_is_enclu(const struct emu_enclave *enclave, uint64_t rip);

/* An instruction that raises #GP in user mode, but #UD inside an enclave: IN, OUT, INT n, RDPMC and
 * the like.  [SDM3D 42.1] */
bool decode_is_illegal_inside(const struct emu_enclave *enclave, uint64_t rip);

/* CPUID, 0f a2. */
bool decode_is_cpuid(const struct emu_enclave *enclave, uint64_t rip);

#endif
