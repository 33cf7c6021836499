/* SPDX-License-Identifier: Apache-2.0
 * xstate.c: see xstate.h.  Plain copies; nothing here executes XSAVE, and none of it is secret. */
#include "emu/xstate.h"

#include <cpuid.h>
#include <string.h>

#include "base/bytes.h"

enum {
    X87 = 0,
    SSE = 1,
    FIRST_EXTENDED = 2,
    COMPONENTS = 63,
    LEGACY_SIZE = XSTATE_LEGACY_SIZE,
    HEADER_SIZE = 64,
    MXCSR_AT = 24,
    MXCSR_MASK_AT = 28,
    ST_AT = 32,
    XMM_AT = 160,
    XMM_END = 416,
    SOFTWARE_AT = 464, /* magic, size with the closing magic, features, size */
    XSTATE_BV_AT = 512,
    XCOMP_BV_AT = 520,
    FRAME_MAGIC = 0x46505853,
    FCW_INIT = 0x37f,
    MXCSR_INIT = 0x1f80,
    MXCSR_MASK_DEFAULT = 0xffbf,
    CPUID_XSAVE = 13,
};

static struct {
    uint32_t at;
    uint32_t size;
} g_component[COMPONENTS];

void xstate_start(void)
{
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++) {
        unsigned size = 0;
        unsigned at = 0;
        unsigned flags = 0;
        unsigned unused = 0;
        __cpuid_count(CPUID_XSAVE, i, size, at, flags, unused);
        if (flags & 1) /* a supervisor component */
            continue;
        g_component[i].at = at;
        g_component[i].size = size;
    }
}

size_t xstate_size(uint64_t xfrm)
{
    size_t size = LEGACY_SIZE + HEADER_SIZE;
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++)
        if (xfrm >> i & 1 && g_component[i].at + g_component[i].size > size)
            size = g_component[i].at + g_component[i].size;
    return size;
}

static bool has_header(const uint8_t *fpstate)
{
    return get_le32(fpstate + SOFTWARE_AT) == FRAME_MAGIC;
}

size_t xstate_frame_size(const uint8_t *fpstate)
{
    return has_header(fpstate) ? get_le32(fpstate + SOFTWARE_AT + 4) : LEGACY_SIZE;
}

uint32_t xstate_mxcsr_mask(const uint8_t *fpstate)
{
    uint32_t mask = get_le32(fpstate + MXCSR_MASK_AT);
    return mask ? mask : MXCSR_MASK_DEFAULT;
}

/* The features whose components the signal frame has room for. */
static uint64_t frame_features(const uint8_t *fpstate)
{
    return has_header(fpstate) ? get_le64(fpstate + SOFTWARE_AT + 8) : 3;
}

/* XSTATE_BV of a signal frame. */
static uint64_t frame_used(const uint8_t *fpstate)
{
    return has_header(fpstate) ? get_le64(fpstate + XSTATE_BV_AT) : 3;
}

static void copy_x87(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, MXCSR_AT);
    memcpy(to + ST_AT, from + ST_AT, XMM_AT - ST_AT);
}

static void reset_x87(uint8_t *area)
{
    memset(area, 0, MXCSR_AT);
    memset(area + ST_AT, 0, XMM_AT - ST_AT);
    put_le16(area, FCW_INIT);
}

void xstate_save(uint8_t *ssa, const uint8_t *fpstate, uint64_t xfrm)
{
    uint64_t used = frame_used(fpstate) & xfrm;
    if (used >> X87 & 1)
        copy_x87(ssa, fpstate);
    else
        reset_x87(ssa);
    memcpy(ssa + MXCSR_AT, fpstate + MXCSR_AT, ST_AT - MXCSR_AT);
    if (used >> SSE & 1)
        memcpy(ssa + XMM_AT, fpstate + XMM_AT, XMM_END - XMM_AT);
    else
        memset(ssa + XMM_AT, 0, XMM_END - XMM_AT);
    memset(ssa + XMM_END, 0, LEGACY_SIZE - XMM_END + HEADER_SIZE);
    put_le64(ssa + XSTATE_BV_AT, used);
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++) {
        if (!(xfrm >> i & 1))
            continue;
        uint8_t *to = ssa + g_component[i].at;
        if (used >> i & 1)
            memcpy(to, fpstate + g_component[i].at, g_component[i].size);
        else
            memset(to, 0, g_component[i].size);
    }
}

void xstate_reset(uint8_t *fpstate, uint64_t xfrm)
{
    reset_x87(fpstate);
    put_le32(fpstate + MXCSR_AT, MXCSR_INIT);
    if (has_header(fpstate))
        put_le64(fpstate + XSTATE_BV_AT, frame_used(fpstate) & ~xfrm);
    else
        memset(fpstate + XMM_AT, 0, XMM_END - XMM_AT);
}

bool xstate_is_legal(const uint8_t *ssa, uint64_t xfrm, uint32_t mxcsr_mask)
{
    return (get_le64(ssa + XSTATE_BV_AT) & ~xfrm) == 0 &&
           bytes_are_zero(ssa + XCOMP_BV_AT, 2 * sizeof(uint64_t)) &&
           (get_le32(ssa + MXCSR_AT) & ~mxcsr_mask) == 0;
}

void xstate_load(uint8_t *fpstate, const uint8_t *ssa, uint64_t xfrm)
{
    xfrm &= frame_features(fpstate);
    uint64_t used = get_le64(ssa + XSTATE_BV_AT) & xfrm;
    if (used >> X87 & 1)
        copy_x87(fpstate, ssa);
    else
        reset_x87(fpstate);
    memcpy(fpstate + MXCSR_AT, ssa + MXCSR_AT, sizeof(uint32_t));
    if (used >> SSE & 1)
        memcpy(fpstate + XMM_AT, ssa + XMM_AT, XMM_END - XMM_AT);
    else
        memset(fpstate + XMM_AT, 0, XMM_END - XMM_AT);
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++)
        if (used >> i & 1)
            memcpy(fpstate + g_component[i].at, ssa + g_component[i].at, g_component[i].size);
    if (has_header(fpstate))
        put_le64(fpstate + XSTATE_BV_AT, (frame_used(fpstate) & ~xfrm) | used);
}

bool xstate_copy(uint8_t *fpstate, const uint8_t *from)
{
    uint64_t features = frame_features(fpstate);
    uint32_t mask = xstate_mxcsr_mask(fpstate);
    if (!has_header(from)) {
        if (get_le32(from + MXCSR_AT) & ~mask)
            return false;
        xstate_reset(fpstate, ~XSTATE_PKRU);
        memcpy(fpstate, from, MXCSR_MASK_AT);
        memcpy(fpstate + ST_AT, from + ST_AT, XMM_END - ST_AT);
        if (has_header(fpstate))
            put_le64(fpstate + XSTATE_BV_AT, frame_used(fpstate) | 3);
        return true;
    }
    if (xstate_frame_size(from) < xstate_size(get_le64(from + XSTATE_BV_AT)) ||
        !xstate_is_legal(from, features, mask))
        return false;
    xstate_load(fpstate, from, features);
    return true;
}
