/* SPDX-License-Identifier: Apache-2.0
 * decode.c: see decode.h. */
#include "emu/decode.h"

#include "emu/cpu_raw.h"
#include "emu/enclave.h"

enum { MAX_PREFIXES = 14 };

/* Inside ELRANGE the alias is read: a page may be executable only. */
static uint8_t byte_at(const struct emu_enclave *enclave, uint64_t addr)
{
    const uint8_t *p = enclave ? emu_enclave_alias(enclave, addr) : NULL;
    return p ? *p : *(const volatile uint8_t *)cpu_ptr(addr);
}

bool decode_is_enclu(const struct emu_enclave *enclave, uint64_t rip)
{
    return byte_at(enclave, rip) == 0x0f && byte_at(enclave, rip + 1) == 0x01 &&
           byte_at(enclave, rip + 2) == 0xd7;
}

bool decode_is_cpuid(const struct emu_enclave *enclave, uint64_t rip)
{
    return byte_at(enclave, rip) == 0x0f && byte_at(enclave, rip + 1) == 0xa2;
}

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return byte >= 0x40 && byte <= 0x4f; /* REX */
    }
}

bool decode_is_illegal_inside(const struct emu_enclave *enclave, uint64_t rip)
{
    for (int i = 0; i < MAX_PREFIXES && is_prefix(byte_at(enclave, rip)); i++)
        rip++;
    uint8_t opcode = byte_at(enclave, rip);
    switch (opcode) {
    case 0x6c: /* INS, OUTS */
    case 0x6d:
    case 0x6e:
    case 0x6f:
    case 0xe4: /* IN, OUT with a port number */
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xec: /* IN, OUT with DX */
    case 0xed:
    case 0xee:
    case 0xef:
    case 0xcd: /* INT n */
    case 0xcf: /* IRET */
    case 0xca: /* far RET */
    case 0xcb:
        return true;
    case 0x0f: {
        uint8_t second = byte_at(enclave, rip + 1);
        return second == 0x33 || second == 0xa2; /* RDPMC; CPUID when it faults */
    }
    default:
        return false;
    }
}
