/* SPDX-License-Identifier: Apache-2.0
 * names.c: see names.h. */
#include "sgx/names.h"

#include <stddef.h>

#include "sgx/arch.h"

const struct sgx_name sgx_attribute_names[] = {
    {SGX_ATTR_INIT, "init"},
    {SGX_ATTR_DEBUG, "debug"},
    {SGX_ATTR_MODE64BIT, "mode64bit"},
    {SGX_ATTR_PROVISIONKEY, "provisionkey"},
    {SGX_ATTR_EINITTOKENKEY, "einittokenkey"},
    {SGX_ATTR_CET, "cet"},
    {SGX_ATTR_KSS, "kss"},
    {SGX_ATTR_AEXNOTIFY, "aexnotify"},
    {0, NULL},
};

/* [SDM1 13.1] */
const struct sgx_name sgx_xfrm_names[] = {
    {0x01, "x87"},    {0x02, "sse"},        {0x04, "avx"},         {0x08, "bndregs"},
    {0x10, "bndcsr"}, {0x20, "opmask"},     {0x40, "zmm-hi256"},   {0x80, "hi16-zmm"},
    {0x200, "pkru"},  {0x20000, "tilecfg"}, {0x40000, "tiledata"}, {0, NULL},
};

const struct sgx_name sgx_misc_names[] = {{SGX_MISC_EXINFO, "exinfo"}, {0, NULL}};

const struct sgx_name sgx_page_type_names[] = {
    {SGX_PT_SECS, "secs"},       {SGX_PT_TCS, "tcs"},
    {SGX_PT_REG, "reg"},         {SGX_PT_VA, "va"},
    {SGX_PT_TRIM, "trim"},       {SGX_PT_SS_FIRST, "ss-first"},
    {SGX_PT_SS_REST, "ss-rest"}, {0, NULL},
};

const struct sgx_name sgx_key_names[] = {
    {SGX_KEY_EINITTOKEN, "einittoken"},
    {SGX_KEY_PROVISION, "provision"},
    {SGX_KEY_PROVISION_SEAL, "provision-seal"},
    {SGX_KEY_REPORT, "report"},
    {SGX_KEY_SEAL, "seal"},
    {0, NULL},
};

const struct sgx_name sgx_error_names[] = {
    {SGX_SUCCESS, "SGX_SUCCESS"},
    {SGX_INVALID_SIG_STRUCT, "SGX_INVALID_SIG_STRUCT"},
    {SGX_INVALID_ATTRIBUTE, "SGX_INVALID_ATTRIBUTE"},
    {SGX_BLKSTATE, "SGX_BLKSTATE"},
    {SGX_INVALID_MEASUREMENT, "SGX_INVALID_MEASUREMENT"},
    {SGX_NOTBLOCKABLE, "SGX_NOTBLOCKABLE"},
    {SGX_PG_INVLD, "SGX_PG_INVLD"},
    {SGX_EPC_PAGE_CONFLICT, "SGX_EPC_PAGE_CONFLICT"},
    {SGX_INVALID_SIGNATURE, "SGX_INVALID_SIGNATURE"},
    {SGX_MAC_COMPARE_FAIL, "SGX_MAC_COMPARE_FAIL"},
    {SGX_PAGE_NOT_BLOCKED, "SGX_PAGE_NOT_BLOCKED"},
    {SGX_NOT_TRACKED, "SGX_NOT_TRACKED"},
    {SGX_VA_SLOT_OCCUPIED, "SGX_VA_SLOT_OCCUPIED"},
    {SGX_CHILD_PRESENT, "SGX_CHILD_PRESENT"},
    {SGX_ENCLAVE_ACT, "SGX_ENCLAVE_ACT"},
    {SGX_ENTRYEPOCH_LOCKED, "SGX_ENTRYEPOCH_LOCKED"},
    {SGX_INVALID_EINITTOKEN, "SGX_INVALID_EINITTOKEN"},
    {SGX_PREV_TRK_INCMPL, "SGX_PREV_TRK_INCMPL"},
    {SGX_PG_IS_SECS, "SGX_PG_IS_SECS"},
    {SGX_PAGE_ATTRIBUTES_MISMATCH, "SGX_PAGE_ATTRIBUTES_MISMATCH"},
    {SGX_PAGE_NOT_MODIFIABLE, "SGX_PAGE_NOT_MODIFIABLE"},
    {SGX_PAGE_NOT_DEBUGGABLE, "SGX_PAGE_NOT_DEBUGGABLE"},
    {SGX_INVALID_CPUSVN, "SGX_INVALID_CPUSVN"},
    {SGX_INVALID_ISVSVN, "SGX_INVALID_ISVSVN"},
    {SGX_UNMASKED_EVENT, "SGX_UNMASKED_EVENT"},
    {SGX_INVALID_KEYNAME, "SGX_INVALID_KEYNAME"},
    {0, NULL},
};

const char *sgx_name_of(const struct sgx_name *table, uint64_t value)
{
    for (; table->name; table++)
        if (table->value == value)
            return table->name;
    return "unknown";
}
