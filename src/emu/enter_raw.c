/* SPDX-License-Identifier: Apache-2.0
 * enter_raw.c: the addresses inside enter.S. */
#include "emu/enter.h"

#include "emu/cpu_raw.h"

extern const char emu_enter_enclu[];
extern const char emu_enter_fast[];
extern const char emu_enter_exception[];

bool enter_is_site(uint64_t rip)
{
    return rip == cpu_addr(emu_enter_enclu) || rip == cpu_addr(emu_enter_fast);
}

uint64_t enter_exception_address(void)
{
    return cpu_addr(emu_enter_exception);
}

uint64_t enter_plain_address(uint64_t aep)
{
    return aep == cpu_addr(emu_enter_fast) ? cpu_addr(emu_enter_enclu) : aep;
}
