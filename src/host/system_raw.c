/* SPDX-License-Identifier: Apache-2.0
 * system_raw.c: see system_raw.h.  [ELF], [Linux Documentation/ABI/stable/vdso] */
#include "host/system_raw.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

intptr_t system_mmap(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    void *p = mmap((void *)addr, size, prot, flags, fd, offset);
    return p == MAP_FAILED ? -errno : (intptr_t)p;
}

int system_munmap(uintptr_t addr, size_t size)
{
    return munmap((void *)addr, size) ? -errno : 0;
}

int system_mprotect(uintptr_t addr, size_t size, int prot)
{
    return mprotect((void *)addr, size, prot) ? -errno : 0;
}

/* The parts of the vDSO's dynamic section that a lookup needs. */
struct vdso {
    uintptr_t bias; /* from the addresses in the file to those in memory */
    const Elf64_Sym *symbols;
    const char *names;
    uint32_t count;
};

static uint32_t gnu_hash_count(const uint32_t *table)
{
    uint32_t buckets = table[0];
    uint32_t first = table[1];
    const uint32_t *bucket = table + 4 + 2 * (size_t)table[2];
    const uint32_t *chain = bucket + buckets;
    uint32_t last = 0;
    for (uint32_t i = 0; i < buckets; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < first)
        return first;
    while (!(chain[last - first] & 1))
        last++;
    return last + 1;
}

static void take_dynamic(struct vdso *v, const Elf64_Dyn *d)
{
    for (; d->d_tag != DT_NULL; d++) {
        uintptr_t at = v->bias + d->d_un.d_ptr;
        if (d->d_tag == DT_SYMTAB)
            v->symbols = (const Elf64_Sym *)at;
        else if (d->d_tag == DT_STRTAB)
            v->names = (const char *)at;
        else if (d->d_tag == DT_HASH)
            v->count = ((const uint32_t *)at)[1];
        else if (d->d_tag == DT_GNU_HASH && !v->count)
            v->count = gnu_hash_count((const uint32_t *)at);
    }
}

uintptr_t system_vdso_find(const char *name)
{
    uintptr_t at = getauxval(AT_SYSINFO_EHDR);
    if (!at)
        return 0;
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)at;
    const Elf64_Phdr *p = (const Elf64_Phdr *)(at + elf->e_phoff);
    struct vdso v = {.bias = at};
    const Elf64_Phdr *dynamic = NULL;
    for (int i = 0; i < elf->e_phnum; i++) {
        if (p[i].p_type == PT_LOAD && p[i].p_offset == 0)
            v.bias = at - p[i].p_vaddr;
        if (p[i].p_type == PT_DYNAMIC)
            dynamic = &p[i];
    }
    if (dynamic)
        take_dynamic(&v, (const Elf64_Dyn *)(v.bias + dynamic->p_vaddr));
    for (uint32_t i = 0; v.symbols && v.names && i < v.count; i++)
        if (v.symbols[i].st_shndx != SHN_UNDEF && strcmp(v.names + v.symbols[i].st_name, name) == 0)
            return v.bias + v.symbols[i].st_value;
    return 0;
}

vdso_sgx_enter_enclave_t system_vdso_enter(void)
{
    return (vdso_sgx_enter_enclave_t)system_vdso_find("__vdso_sgx_enter_enclave");
}
