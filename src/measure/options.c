/* SPDX-License-Identifier: Apache-2.0
 * options.c: defaults and limits of struct measure_options. */
#include "measure/options_priv.h"

#include <errno.h>

enum { NSSA_MAX = 64, SSAFRAMESIZE_MAX = 64, THREADS_MAX = 4096 };

#define XFRM_MPX 0x18ull
#define XFRM_PKRU 0x200ull
#define XFRM_AMX 0x60000ull
#define ATTR_KNOWN                                                                          \
    (SGX_ATTR_DEBUG | SGX_ATTR_MODE64BIT | SGX_ATTR_PROVISIONKEY | SGX_ATTR_EINITTOKENKEY | \
     SGX_ATTR_CET | SGX_ATTR_KSS | SGX_ATTR_AEXNOTIFY)

/* Where each state component ends in the standard XSAVE layout of Intel's CPUs.
 * [SDM1 13.4.1, 13.5; SDM2 CPUID leaf 0dh] */
static const struct {
    uint64_t bit;
    uint32_t end; /* bytes */
} g_components[] = {
    {0x01, 576},  {0x02, 576},  {0x04, 832},   {0x08, 1024},    {0x10, 1088},     {0x20, 1152},
    {0x40, 1664}, {0x80, 2688}, {0x200, 2696}, {0x20000, 2816}, {0x40000, 11008},
};

void measure_options_default(struct measure_options *o)
{
    *o = (struct measure_options){
        .base = ENCLAVE_BASE_ANY,
        .image_offset = 0x10000,
        .heap_size = 1 << 20,
        .heap_kind = ENCLAVE_HEAP_UNMEASURED,
        .heap_perm = SGX_SECINFO_R | SGX_SECINFO_W,
        .thread_count = 1,
        .nssa = 3,
        .stack_size = 64 << 10,
        .data_size = SGX_PAGE_SIZE,
        .attributes = {.flags = SGX_ATTR_MODE64BIT, .xfrm = SGX_XFRM_LEGACY},
    };
}

uint32_t measure_ssaframesize(uint64_t xfrm, uint32_t miscselect)
{
    uint32_t end = 0;
    for (size_t i = 0; i < sizeof g_components / sizeof g_components[0]; i++)
        if ((xfrm & g_components[i].bit) && g_components[i].end > end)
            end = g_components[i].end;
    end += (uint32_t)sizeof(struct sgx_gpr);
    if (miscselect & SGX_MISC_EXINFO)
        end += (uint32_t)sizeof(struct sgx_exinfo);
    return (end + SGX_PAGE_SIZE - 1) / SGX_PAGE_SIZE;
}

/* The combinations that XSETBV and ECREATE refuse.  [SDM1 13.3, SDM3D 38.7.1] */
static int xfrm_check(uint64_t xfrm, struct err *e)
{
    uint64_t known =
        XFRM_MPX | XFRM_PKRU | XFRM_AMX | SGX_XFRM_LEGACY | SGX_XFRM_AVX | SGX_XFRM_AVX512;
    uint64_t avx512 = xfrm & SGX_XFRM_AVX512;
    const char *why = NULL;
    if ((xfrm & SGX_XFRM_LEGACY) != SGX_XFRM_LEGACY)
        why = "bits 0 and 1 (x87, SSE) must be set";
    else if (xfrm & ~known)
        why = "it has bits that no CPU knows";
    else if (avx512 && (avx512 != SGX_XFRM_AVX512 || !(xfrm & SGX_XFRM_AVX)))
        why = "AVX-512 needs bits 5 to 7 and bit 2 together";
    else if ((xfrm & XFRM_MPX) && (xfrm & XFRM_MPX) != XFRM_MPX)
        why = "bits 3 and 4 (MPX) go together";
    else if ((xfrm & XFRM_AMX) && (xfrm & XFRM_AMX) != XFRM_AMX)
        why = "bits 17 and 18 (AMX) go together";
    return why ? fail(e, -EINVAL, "options: XFRM 0x%llx: %s", (unsigned long long)xfrm, why) : 0;
}

static int secs_check(const struct measure_options *o, struct err *e)
{
    uint64_t flags = o->attributes.flags;
    if (!(flags & SGX_ATTR_MODE64BIT) || (flags & ~ATTR_KNOWN))
        return fail(
            e, -EINVAL,
            "options: attributes 0x%llx: MODE64BIT (4) must be set, and nothing beside DEBUG "
            "(2), PROVISIONKEY (0x10), EINITTOKENKEY (0x20), CET (0x40), KSS (0x80), "
            "AEXNOTIFY (0x400)",
            (unsigned long long)flags);
    if (o->miscselect & ~SGX_MISC_EXINFO)
        return fail(e, -EINVAL, "options: MISCSELECT 0x%x: only bit 0 (EXINFO) is known",
                    o->miscselect);
    return xfrm_check(o->attributes.xfrm, e);
}

static int ssa_check(const struct measure_options *o, struct err *e)
{
    uint32_t needed = measure_ssaframesize(o->attributes.xfrm, o->miscselect);
    if (o->nssa < 1 || o->nssa > NSSA_MAX)
        return fail(e, -EINVAL, "options: %u SSA frames, expected 1 to %d", o->nssa, NSSA_MAX);
    if (o->ssaframesize > SSAFRAMESIZE_MAX || (o->ssaframesize && o->ssaframesize < needed))
        return fail(e, -EINVAL,
                    "options: SSA frames of %u pages; XFRM and MISCSELECT need %u, at most %d are "
                    "taken",
                    o->ssaframesize, needed, SSAFRAMESIZE_MAX);
    return 0;
}

/* A size or an offset: whole pages, and below the limit that keeps sums from wrapping. */
static int pages_check(const char *name, uint64_t value, uint64_t min, struct err *e)
{
    if (value % SGX_PAGE_SIZE || value < min || value > MEASURE_ADDRESS_MAX)
        return fail(
            e, -EINVAL,
            "options: %s is 0x%llx, expected whole pages (4096 bytes) from 0x%llx to 0x%llx", name,
            (unsigned long long)value, (unsigned long long)min,
            (unsigned long long)MEASURE_ADDRESS_MAX);
    return 0;
}

static int sizes_check(const struct measure_options *o, struct err *e)
{
    const struct {
        const char *name;
        uint64_t value, min;
    } sizes[] = {
        {"image offset", o->image_offset, 0},
        {"heap offset", o->heap_offset, 0},
        {"heap size", o->heap_size, 0},
        {"stack size", o->stack_size, SGX_PAGE_SIZE},
        {"thread data", o->data_size, SGX_PAGE_SIZE},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int rc = pages_check(sizes[i].name, sizes[i].value, sizes[i].min, e);
        if (rc)
            return rc;
    }
    if (o->elrange_size &&
        ((o->elrange_size & (o->elrange_size - 1)) || o->elrange_size < 2 * SGX_PAGE_SIZE ||
         o->elrange_size > MEASURE_ADDRESS_MAX))
        return fail(
            e, -EINVAL,
            "options: ELRANGE of 0x%llx bytes, expected a power of two from 0x2000 to 0x%llx",
            (unsigned long long)o->elrange_size, (unsigned long long)MEASURE_ADDRESS_MAX);
    return 0;
}

int measure_options_check(const struct measure_options *o, struct err *e)
{
    if (o->base != 0 && o->base != ENCLAVE_BASE_ANY)
        return fail(e, -EINVAL, "options: base 0x%llx, expected 0 or any",
                    (unsigned long long)o->base);
    if (o->thread_count < 1 || o->thread_count > THREADS_MAX)
        return fail(e, -EINVAL, "options: %u threads, expected 1 to %d", o->thread_count,
                    THREADS_MAX);
    if (o->heap_kind != ENCLAVE_HEAP_UNMEASURED && o->heap_kind != ENCLAVE_HEAP_MEASURED &&
        o->heap_kind != ENCLAVE_HEAP_DYNAMIC)
        return fail(e, -EINVAL, "options: heap kind %d is not known", (int)o->heap_kind);
    if (!(o->heap_perm & SGX_SECINFO_R) ||
        (o->heap_perm & ~(SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X)))
        return fail(e, -EINVAL,
                    "options: heap permissions 0x%x, expected R (1), W (2), X (4) with R",
                    o->heap_perm);
    if (o->manifest.size > MEASURE_ADDRESS_MAX)
        return fail(e, -EINVAL, "options: the manifest is too large");
    int rc = sizes_check(o, e);
    if (!rc)
        rc = secs_check(o, e);
    return rc ? rc : ssa_check(o, e);
}
