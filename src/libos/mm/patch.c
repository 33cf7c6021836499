/* SPDX-License-Identifier: Apache-2.0
 * patch.c: which `syscall` sites can be rewritten, and how.
 *
 * T1   `mov $nr, %eax` (5 bytes) before: it becomes the jump; the syscall stays as it is, so code
 *      that jumps to it traps and is right.
 * T1'  another whole instruction of 5 bytes or more before.
 * T2   a shorter one before: the jump covers the syscall too, and when it must the comparison
 * behind, which the stub repeats.  Taken only when no branch in the mapping could lead into the
 * site. The stub: the moved instruction; lea of the return address into rcx; jmp *%gs:32. */
#include "libos/mm/patch.h"

#include "libos/lib/alloc.h"
#include "libos/lib/klib_raw.h"

enum {
    JUMP = 5,    /* e9 rel32 */
    LEA = 7,     /* 48 8d 0d rel32 */
    GS_JUMP = 8, /* 65 ff 24 25 abs32 */
    NUMBER_MAX = 512,
    ENTRY_AT = 32, /* platform_thread.syscall_entry */
    CMP_SIZE = 6,  /* 48 3d imm32: cmp $imm, %rax */
};

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int n = 0; n < 4; n++, value >>= 8)
        p[n] = (uint8_t)value;
}

/* cmp $-4096 (or -4095), %rax: how every libc looks at a result. */
static bool is_compare(const uint8_t *p, size_t left)
{
    return left >= CMP_SIZE && p[0] == 0x48 && p[1] == 0x3d && (p[2] == 0 || p[2] == 1) &&
           p[3] == 0xf0 && p[4] == 0xff && p[5] == 0xff;
}

static bool is_rex(uint8_t byte)
{
    return byte >= 0x40 && byte <= 0x4f;
}

/* Length of a proven instruction of at least 5 bytes that ends at p; 0 when there is none. */
static uint8_t long_before(const uint8_t *p, size_t room)
{
    if (room >= 6 && p[-5] == 0xb8 && le32(p - 4) < NUMBER_MAX && !is_rex(p[-6]))
        return 5; /* mov $nr, %eax */
    if (room >= 7 && p[-7] == 0x48 && p[-6] == 0xc7 && p[-5] == 0xc0 && le32(p - 4) < NUMBER_MAX)
        return 7; /* mov $nr, %rax */
    if (room >= 5 && p[-5] == 0x4c && p[-4] == 0x8b && p[-3] == 0x4c && p[-2] == 0x24)
        return 5; /* mov n(%rsp), %r9: the last argument of syscall() */
    return 0;
}

/* The same for 2 and 3 bytes: mov reg, %eax/%rax; xor reg, reg. */
static uint8_t short_before(const uint8_t *p, size_t room)
{
    if (room >= 3) {
        uint8_t rex = p[-3];
        bool to_rax = p[-2] == 0x89 && (p[-1] & 0xc7) == 0xc0;
        if (to_rax && (rex == 0x44 || rex == 0x48 || rex == 0x4c))
            return 3;
        if (rex == 0x45 && p[-2] == 0x31 && (p[-1] == 0xd2 || p[-1] == 0xc0 || p[-1] == 0xc9))
            return 3; /* xor of r10d, r8d, r9d */
    }
    if (room >= 3 && !is_rex(p[-3])) {
        bool xor_self = p[-2] == 0x31 && (p[-1] & 0xc0) == 0xc0 && (p[-1] >> 3 & 7) == (p[-1] & 7);
        bool to_eax = p[-2] == 0x89 && (p[-1] & 0xc7) == 0xc0;
        if (xor_self || to_eax)
            return 2;
    }
    return 0;
}

bool patch_judge(const uint8_t *code, size_t size, size_t pos, struct patch_site *out)
{
    const uint8_t *p = code + pos;
    *out = (struct patch_site){.before = long_before(p, pos)};
    if (out->before) {
        out->at = pos - out->before;
        out->size = out->before;
        return true;
    }
    out->before = short_before(p, pos);
    if (!out->before || !is_compare(p + 2, size - pos - 2))
        return false;
    out->whole = true;
    out->at = pos - out->before;
    out->after = out->before == 2 ? CMP_SIZE : 0;
    out->size = (size_t)out->before + 2 + out->after;
    return true;
}

/* ---- could a branch lead into a site? ---- */

static bool in_map(const uint8_t *map, size_t size, int64_t target)
{
    return target >= 0 && (size_t)target < size && (map[target / 8] >> (target % 8) & 1);
}

static void map_set(uint8_t *map, size_t pos, bool on)
{
    uint8_t bit = (uint8_t)(1u << (pos % 8));
    map[pos / 8] = on ? map[pos / 8] | bit : map[pos / 8] & (uint8_t)~bit;
}

/* Marks every position that any byte pattern of a branch reaches; only marked bytes of sites are
 * looked at, so a false hit costs a trap and no more. */
static void drop_targets(const uint8_t *code, size_t size, const uint8_t *map, uint8_t *hit)
{
    for (size_t n = 0; n + 2 <= size; n++) {
        uint8_t op = code[n];
        bool short_jump = op == 0xeb || (op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3);
        if (short_jump) {
            int64_t to = (int64_t)n + 2 + (int8_t)code[n + 1];
            if (in_map(map, size, to))
                map_set(hit, (size_t)to, true);
        }
        if (n + 6 > size)
            continue;
        size_t at = op == 0xe8 || op == 0xe9                                   ? n + 1
                    : op == 0x0f && code[n + 1] >= 0x80 && code[n + 1] <= 0x8f ? n + 2
                                                                               : 0;
        if (at) {
            int64_t to = (int64_t)at + 4 + (int32_t)le32(code + at);
            if (in_map(map, size, to))
                map_set(hit, (size_t)to, true);
        }
    }
}

static bool site_is_hit(const struct patch_site *site, size_t size, const uint8_t *hit)
{
    for (size_t n = 1; n < site->size; n++)
        if (in_map(hit, size, (int64_t)(site->at + n)))
            return true;
    return false;
}

/* Removes those sites of kind T2 that something may jump into. */
static size_t keep_safe(const uint8_t *code, size_t size, struct patch_site *sites, size_t count)
{
    size_t bytes = size / 8 + 1;
    auto_kfree uint8_t *map = kalloc(bytes);
    auto_kfree uint8_t *hit = kalloc(bytes);
    bool any = false;
    for (size_t n = 0; map && n < count; n++)
        for (size_t k = 1; sites[n].whole && k < sites[n].size; k++) {
            map_set(map, sites[n].at + k, true);
            any = true;
        }
    if (any && hit)
        drop_targets(code, size, map, hit);
    size_t kept = 0;
    for (size_t n = 0; n < count; n++)
        if (!sites[n].whole || (map && hit && !site_is_hit(&sites[n], size, hit)))
            sites[kept++] = sites[n];
    return kept;
}

size_t patch_find(const uint8_t *code, size_t size, struct patch_site *out, size_t room)
{
    size_t count = 0;
    size_t end = 0; /* of the last site */
    for (size_t pos = 6; pos + 2 <= size && count < room; pos++) {
        if (code[pos] != 0x0f || code[pos + 1] != 0x05)
            continue;
        if (patch_judge(code, size, pos, &out[count]) && out[count].at >= end) {
            end = out[count].at + out[count].size;
            count++;
        }
    }
    return count ? keep_safe(code, size, out, count) : 0;
}

/* ---- writing ---- */

size_t patch_stub_size(const struct patch_site *site)
{
    return (size_t)site->before + LEA + GS_JUMP + (site->after ? site->after + (size_t)JUMP : 0);
}

static void put_jump(uint8_t *at, uintptr_t addr, uintptr_t to)
{
    at[0] = 0xe9;
    put32(at + 1, (uint32_t)(to - (addr + JUMP)));
}

void patch_write(uint8_t *code, uintptr_t code_addr, const struct patch_site *site, uint8_t *stub,
                 uintptr_t stub_addr)
{
    static const uint8_t GS[GS_JUMP] = {0x65, 0xff, 0x24, 0x25, ENTRY_AT, 0, 0, 0};
    uint8_t *at = code + site->at;
    uintptr_t site_addr = code_addr + site->at;
    uintptr_t back = site_addr + site->size + (site->whole ? 0 : 2);
    size_t n = site->before;
    memcpy(stub, at, n);
    uintptr_t tail = stub_addr + n + LEA + GS_JUMP; /* what runs behind the call */
    uintptr_t return_to = site->after ? tail : back;
    stub[n] = 0x48;
    stub[n + 1] = 0x8d;
    stub[n + 2] = 0x0d;
    put32(stub + n + 3, (uint32_t)(return_to - (stub_addr + n + LEA)));
    n += LEA;
    memcpy(stub + n, GS, GS_JUMP);
    n += GS_JUMP;
    if (site->after) {
        memcpy(stub + n, at + site->before + 2, site->after);
        n += site->after;
        put_jump(stub + n, stub_addr + n, back);
    }
    put_jump(at, site_addr, stub_addr);
    for (size_t k = JUMP; k < site->size; k++)
        at[k] = 0x90;
}
