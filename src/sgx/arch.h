/* SPDX-License-Identifier: Apache-2.0
 * arch.h: the architectural structures and numbers of SGX, as they lie in memory.  For the emulator
 * and the enclave, which share memory with the instructions; formats that arrive from outside
 * (files, quotes) are parsed field by field in sigstruct.h, report.h and quote.h instead.  All
 * little-endian.  [SDM3D 38.7 to 38.19, 41] */
#ifndef CELLA_SGX_ARCH_H
#define CELLA_SGX_ARCH_H

#include <stddef.h>
#include <stdint.h>

enum { SGX_PAGE_SIZE = 4096, SGX_EEXTEND_SIZE = 256 };

/* ENCLU leaves: the number goes into EAX; opcode 0f 01 d7.  [SDM3D 41.1.2] */
enum sgx_enclu {
    SGX_EREPORT = 0,
    SGX_EGETKEY = 1,
    SGX_EENTER = 2,
    SGX_ERESUME = 3,
    SGX_EEXIT = 4,
    SGX_EACCEPT = 5,
    SGX_EMODPE = 6,
    SGX_EACCEPTCOPY = 7,
};

/* ENCLS leaves, ring 0; opcode 0f 01 cf.  [SDM3D 41.1.1] */
enum sgx_encls {
    SGX_ECREATE = 0,
    SGX_EADD = 1,
    SGX_EINIT = 2,
    SGX_EREMOVE = 3,
    SGX_EDBGRD = 4,
    SGX_EDBGWR = 5,
    SGX_EEXTEND = 6,
    SGX_ELDB = 7,
    SGX_ELDU = 8,
    SGX_EBLOCK = 9,
    SGX_EPA = 10,
    SGX_EWB = 11,
    SGX_ETRACK = 12,
    SGX_EAUG = 13,
    SGX_EMODPR = 14,
    SGX_EMODT = 15,
};

/* Error codes that a leaf leaves in RAX.  [SDM3D 41.1.3] */
enum sgx_error {
    SGX_SUCCESS = 0,
    SGX_INVALID_SIG_STRUCT = 1,
    SGX_INVALID_ATTRIBUTE = 2,
    SGX_BLKSTATE = 3,
    SGX_INVALID_MEASUREMENT = 4,
    SGX_NOTBLOCKABLE = 5,
    SGX_PG_INVLD = 6,
    SGX_EPC_PAGE_CONFLICT = 7,
    SGX_INVALID_SIGNATURE = 8,
    SGX_MAC_COMPARE_FAIL = 9,
    SGX_PAGE_NOT_BLOCKED = 10,
    SGX_NOT_TRACKED = 11,
    SGX_VA_SLOT_OCCUPIED = 12,
    SGX_CHILD_PRESENT = 13,
    SGX_ENCLAVE_ACT = 14,
    SGX_ENTRYEPOCH_LOCKED = 15,
    SGX_INVALID_EINITTOKEN = 16,
    SGX_PREV_TRK_INCMPL = 17,
    SGX_PG_IS_SECS = 18,
    SGX_PAGE_ATTRIBUTES_MISMATCH = 19,
    SGX_PAGE_NOT_MODIFIABLE = 20,
    SGX_PAGE_NOT_DEBUGGABLE = 21,
    SGX_INVALID_CPUSVN = 32,
    SGX_INVALID_ISVSVN = 64,
    SGX_UNMASKED_EVENT = 128,
    SGX_INVALID_KEYNAME = 256,
};

/* ATTRIBUTES.FLAGS.  [SDM3D 38.7.1] */
#define SGX_ATTR_INIT 0x01ull
#define SGX_ATTR_DEBUG 0x02ull
#define SGX_ATTR_MODE64BIT 0x04ull
#define SGX_ATTR_PROVISIONKEY 0x10ull
#define SGX_ATTR_EINITTOKENKEY 0x20ull
#define SGX_ATTR_CET 0x40ull
#define SGX_ATTR_KSS 0x80ull
#define SGX_ATTR_AEXNOTIFY 0x400ull

/* XFRM has XCR0's layout; x87 and SSE are always on.  [SDM3D 38.7.1] */
#define SGX_XFRM_LEGACY 0x03ull
#define SGX_XFRM_AVX 0x04ull
#define SGX_XFRM_AVX512 0xe0ull

#define SGX_MISC_EXINFO 0x1u /* MISCSELECT: save EXINFO on #PF and #GP  [SDM3D 38.7.2] */

struct sgx_attributes {
    uint64_t flags;
    uint64_t xfrm;
};

/* Page types, in SECINFO.FLAGS bits 8 to 15 and in the EPCM.  [SDM3D 38.11] */
enum sgx_page_type {
    SGX_PT_SECS = 0,
    SGX_PT_TCS = 1,
    SGX_PT_REG = 2,
    SGX_PT_VA = 3,
    SGX_PT_TRIM = 4,
    SGX_PT_SS_FIRST = 5,
    SGX_PT_SS_REST = 6,
};

#define SGX_SECINFO_R 0x01ull
#define SGX_SECINFO_W 0x02ull
#define SGX_SECINFO_X 0x04ull
#define SGX_SECINFO_PENDING 0x08ull
#define SGX_SECINFO_MODIFIED 0x10ull
#define SGX_SECINFO_PR 0x20ull
#define SGX_SECINFO_TYPE_SHIFT 8
#define SGX_SECINFO_TYPE_MASK 0xff00ull
#define SGX_SECINFO_TYPE(type) ((uint64_t)(type) << SGX_SECINFO_TYPE_SHIFT)

struct sgx_secinfo { /* [SDM3D 38.11], aligned to 64 */
    uint64_t flags;
    uint8_t reserved[56];
};

struct sgx_pageinfo { /* [SDM3D 38.10], aligned to 32 */
    uint64_t linaddr;
    uint64_t srcpge;
    uint64_t secinfo; /* or PCMD */
    uint64_t secs;
};

struct sgx_secs { /* one page  [SDM3D 38.7] */
    uint64_t size;
    uint64_t base;
    uint32_t ssaframesize; /* pages */
    uint32_t miscselect;
    uint64_t cet_legacy_offset;
    uint8_t cet_attributes;
    uint8_t reserved1[15];
    struct sgx_attributes attributes;
    uint8_t mrenclave[32];
    uint8_t reserved2[32];
    uint8_t mrsigner[32];
    uint8_t reserved3[32];
    uint8_t configid[64];
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint16_t configsvn;
    uint8_t reserved4[3834];
};

#define SGX_TCS_DBGOPTIN 0x1ull
#define SGX_TCS_AEXNOTIFY 0x2ull

struct sgx_tcs {    /* one page  [SDM3D 38.8] */
    uint64_t state; /* the CPU's own */
    uint64_t flags;
    uint64_t ossa; /* offset of the first SSA frame from the enclave's base */
    uint32_t cssa; /* the current SSA frame */
    uint32_t nssa;
    uint64_t oentry;
    uint64_t aep; /* the CPU's own */
    uint64_t ofsbase;
    uint64_t ogsbase;
    uint32_t fslimit;
    uint32_t gslimit;
    uint8_t reserved[4024];
};

struct sgx_gpr { /* the last 184 bytes of an SSA frame  [SDM3D 38.9.1.1] */
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags, rip;
    uint64_t ursp, urbp; /* the host's, stored by EENTER */
    uint32_t exitinfo;
    uint8_t reserved[3];
    uint8_t aexnotify;
    uint64_t fsbase, gsbase;
};

#define SGX_EXITINFO_VALID 0x80000000u
#define SGX_EXITINFO_TYPE_SHIFT 8
enum { SGX_EXIT_TYPE_HARDWARE = 3, SGX_EXIT_TYPE_SOFTWARE = 6 };

/* Vectors that EXITINFO reports; all others leave it 0.  #PF and #GP only with MISC_EXINFO.
 * [SDM3D 38.9.1.1] */
enum {
    SGX_VECTOR_DE = 0,
    SGX_VECTOR_DB = 1,
    SGX_VECTOR_BP = 3,
    SGX_VECTOR_BR = 5,
    SGX_VECTOR_UD = 6,
    SGX_VECTOR_GP = 13,
    SGX_VECTOR_PF = 14,
    SGX_VECTOR_MF = 16,
    SGX_VECTOR_AC = 17,
    SGX_VECTOR_XM = 19,
    SGX_VECTOR_CP = 21,
};

struct sgx_exinfo { /* the MISC area, just below the GPR area  [SDM3D 38.9.1.3] */
    uint64_t maddr;
    uint32_t errcd;
    uint32_t reserved;
};

struct sgx_sigstruct { /* [SDM3D 38.13] */
    uint8_t header[16];
    uint32_t vendor;
    uint32_t date; /* BCD yyyymmdd */
    uint8_t header2[16];
    uint32_t swdefined;
    uint8_t reserved1[84];
    uint8_t modulus[384];
    uint32_t exponent;
    uint8_t signature[384];
    uint32_t miscselect;
    uint32_t miscmask;
    uint8_t cet_attributes;
    uint8_t cet_mask;
    uint8_t reserved2[2];
    uint8_t isvfamilyid[16];
    struct sgx_attributes attributes;
    struct sgx_attributes attribute_mask;
    uint8_t enclavehash[32];
    uint8_t reserved3[16];
    uint8_t isvextprodid[16];
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint8_t reserved4[12];
    uint8_t q1[384];
    uint8_t q2[384];
} __attribute__((packed));

struct sgx_report_body { /* [SDM3D 38.15] */
    uint8_t cpusvn[16];
    uint32_t miscselect;
    uint8_t cet_attributes;
    uint8_t reserved1[11];
    uint8_t isvextprodid[16];
    struct sgx_attributes attributes;
    uint8_t mrenclave[32];
    uint8_t reserved2[32];
    uint8_t mrsigner[32];
    uint8_t reserved3[32];
    uint8_t configid[64];
    uint16_t isvprodid;
    uint16_t isvsvn;
    uint16_t configsvn;
    uint8_t reserved4[42];
    uint8_t isvfamilyid[16];
    uint8_t reportdata[64];
};

struct sgx_report { /* aligned to 512 */
    struct sgx_report_body body;
    uint8_t keyid[32];
    uint8_t mac[16];
};

struct sgx_targetinfo { /* aligned to 512  [SDM3D 38.16] */
    uint8_t mrenclave[32];
    struct sgx_attributes attributes;
    uint8_t cet_attributes;
    uint8_t reserved1;
    uint16_t configsvn;
    uint32_t miscselect;
    uint8_t reserved2[8];
    uint8_t configid[64];
    uint8_t reserved3[384];
};

enum sgx_key_name {
    SGX_KEY_EINITTOKEN = 0,
    SGX_KEY_PROVISION = 1,
    SGX_KEY_PROVISION_SEAL = 2,
    SGX_KEY_REPORT = 3,
    SGX_KEY_SEAL = 4,
};

#define SGX_KEYPOLICY_MRENCLAVE 0x01u
#define SGX_KEYPOLICY_MRSIGNER 0x02u
#define SGX_KEYPOLICY_NOISVPRODID 0x04u
#define SGX_KEYPOLICY_CONFIGID 0x08u
#define SGX_KEYPOLICY_ISVFAMILYID 0x10u
#define SGX_KEYPOLICY_ISVEXTPRODID 0x20u

struct sgx_keyrequest { /* aligned to 512  [SDM3D 38.17] */
    uint16_t keyname;
    uint16_t keypolicy;
    uint16_t isvsvn;
    uint8_t cet_mask;
    uint8_t reserved1;
    uint8_t cpusvn[16];
    struct sgx_attributes attribute_mask;
    uint8_t keyid[32];
    uint32_t miscmask;
    uint16_t configsvn;
    uint8_t reserved2[434];
};

#define SGX_ASSERT_AT(type, field, offset) \
    _Static_assert(offsetof(struct type, field) == (offset), #type "." #field)
#define SGX_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)

SGX_ASSERT_SIZE(sgx_secinfo, 64);
SGX_ASSERT_SIZE(sgx_pageinfo, 32);
SGX_ASSERT_SIZE(sgx_secs, 4096);
SGX_ASSERT_AT(sgx_secs, attributes, 48);
SGX_ASSERT_AT(sgx_secs, mrsigner, 128);
SGX_ASSERT_AT(sgx_secs, configid, 192);
SGX_ASSERT_AT(sgx_secs, isvprodid, 256);
SGX_ASSERT_SIZE(sgx_tcs, 4096);
SGX_ASSERT_AT(sgx_tcs, cssa, 24);
SGX_ASSERT_AT(sgx_tcs, ofsbase, 48);
SGX_ASSERT_SIZE(sgx_gpr, 184);
SGX_ASSERT_AT(sgx_gpr, exitinfo, 160);
SGX_ASSERT_AT(sgx_gpr, fsbase, 168);
SGX_ASSERT_SIZE(sgx_exinfo, 16);
SGX_ASSERT_SIZE(sgx_sigstruct, 1808);
SGX_ASSERT_AT(sgx_sigstruct, modulus, 128);
SGX_ASSERT_AT(sgx_sigstruct, miscselect, 900);
SGX_ASSERT_AT(sgx_sigstruct, isvprodid, 1024);
SGX_ASSERT_AT(sgx_sigstruct, q1, 1040);
SGX_ASSERT_SIZE(sgx_report_body, 384);
SGX_ASSERT_AT(sgx_report_body, isvprodid, 256);
SGX_ASSERT_AT(sgx_report_body, isvfamilyid, 304);
SGX_ASSERT_AT(sgx_report_body, reportdata, 320);
SGX_ASSERT_SIZE(sgx_report, 432);
SGX_ASSERT_SIZE(sgx_targetinfo, 512);
SGX_ASSERT_AT(sgx_targetinfo, configid, 64);
SGX_ASSERT_SIZE(sgx_keyrequest, 512);
SGX_ASSERT_AT(sgx_keyrequest, configsvn, 76);

#endif
