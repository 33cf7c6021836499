/* SPDX-License-Identifier: Apache-2.0
 * vdso_raw.c: see vdso.h. */
#include "launch/vdso.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "launch/device.h"
#include "launch/sys_raw.h"
#include "launch/vdso_slots.h"

enum { PAGE = 4096 };

extern const char g_vdso_image[];
extern const char g_vdso_image_end[];

/* The dynamic symbols of the kernel's vDSO; addresses are where they lie now. */
struct symbols {
    uint64_t base;
    const Elf64_Sym *table;
    const char *names;
    uint32_t count;
};

static void read_dynamic(struct symbols *s, uint64_t dynamic, uint64_t bias)
{
    for (const Elf64_Dyn *d = program_at(dynamic); d->d_tag != DT_NULL; d++) {
        const void *at = program_at(bias + d->d_un.d_ptr);
        if (d->d_tag == DT_SYMTAB)
            s->table = at;
        else if (d->d_tag == DT_STRTAB)
            s->names = at;
        else if (d->d_tag == DT_HASH)
            s->count = ((const uint32_t *)at)[1]; /* chains = symbols */
        else if (d->d_tag == DT_GNU_HASH && !s->count)
            s->count = UINT16_MAX; /* bounded by the string table, see find() */
    }
}

static struct symbols real_symbols(void)
{
    struct symbols s = {0};
    uint64_t at = getauxval(AT_SYSINFO_EHDR);
    if (!at)
        return s;
    const Elf64_Ehdr *head = program_at(at);
    const Elf64_Phdr *phdrs = program_at(at + head->e_phoff);
    uint64_t dynamic = 0;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        if (phdrs[i].p_type == PT_LOAD && !s.base)
            s.base = at + phdrs[i].p_offset - phdrs[i].p_vaddr;
        else if (phdrs[i].p_type == PT_DYNAMIC)
            dynamic = at + phdrs[i].p_offset;
    }
    if (dynamic)
        read_dynamic(&s, dynamic, s.base);
    return s;
}

static uint64_t find(const struct symbols *s, const char *name)
{
    if (!s->table || !s->names)
        return 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if ((const char *)(s->table + i) >= s->names && (const char *)s->table < s->names)
            break; /* the symbols end where the strings begin */
        if (s->table[i].st_value && strcmp(s->names + s->table[i].st_name, name) == 0)
            return s->base + s->table[i].st_value;
    }
    return 0;
}

static void fill_slots(uint64_t *slots)
{
    static const struct {
        int slot;
        const char *name;
    } names[] = {
        {SLOT_CLOCK_GETTIME, "__vdso_clock_gettime"},
        {SLOT_GETTIMEOFDAY, "__vdso_gettimeofday"},
        {SLOT_CLOCK_GETRES, "__vdso_clock_getres"},
        {SLOT_GETCPU, "__vdso_getcpu"},
        {SLOT_TIME, "__vdso_time"},
        {SLOT_GETRANDOM, "__vdso_getrandom"},
    };
    struct symbols real = real_symbols();
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        slots[names[i].slot] = find(&real, names[i].name);
    slots[SLOT_SGX_ENTER_ENCLAVE] = device_enter_address();
}

int vdso_map(uint64_t *addr, struct err *e)
{
    size_t size = (size_t)(as_long(g_vdso_image_end) - as_long(g_vdso_image));
    size_t code = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    char *at = mmap(NULL, code + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return fail(e, -errno, "no memory for the vDSO: %s", strerror(errno));
    memcpy(at, g_vdso_image, size);
    uint64_t slots[SLOT_COUNT] = {0};
    fill_slots(slots);
    memcpy(at + code, slots, sizeof slots);
    if (mprotect(at, code, PROT_READ | PROT_EXEC) != 0 || mprotect(at + code, PAGE, PROT_READ) != 0)
        return fail(e, -errno, "the vDSO cannot be made executable: %s", strerror(errno));
    *addr = (uint64_t)as_long(at);
    return 0;
}
