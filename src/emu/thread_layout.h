/* SPDX-License-Identifier: Apache-2.0
 * thread_layout.h: where assembler finds the fields of struct emu_thread, struct emu_slot and the
 * architectural structures; the _Static_asserts in thread_priv.h check each number.  No C here. */
#ifndef CELLA_EMU_THREAD_LAYOUT_H
#define CELLA_EMU_THREAD_LAYOUT_H

/* struct emu_thread */
#define T_SELF 0
#define T_FS 8
#define T_INSIDE 16
#define T_TCS 24
#define T_TCS_ALIAS 32
#define T_GPR 40
#define T_HOST_FS 48
#define T_HOST_GS 56
#define T_AEP 64
#define T_EPOCH 72
#define T_DEBUG 76
#define T_SCRATCH 80
#define T_SAVED_RDX 88
#define T_IRET 96
#define T_LAZY_GS 136
/* its struct emu_fast_tcs */
#define F_TCS 192
#define F_STAMP 200
#define F_ENCLAVE 208
#define F_ALIAS 216
#define F_TCS_SLOT 224
#define F_TCS_WORD 232
#define F_SSA_SLOT 240
#define F_GPR 248
#define F_FS 256
#define F_GS 264
#define F_TARGET 272
#define F_GS_OWNER 280
#define F_EPOCH 288
#define F_XFRM 296

/* struct emu_slot: type, permissions and flags of a page that an SSA frame may lie in, whether or
 * not it is executable as well: PT_REG, R and W, valid. */
#define SLOT_SSA_MASK 0x00ff03ff
#define SLOT_SSA 0x00010302

#define BLOCK_SIZE_LOG2 18

/* struct sgx_tcs and struct sgx_gpr.  [SDM3D 38.8, 38.9] */
#define TCS_STATE 0
#define TCS_FLAGS 8
#define TCS_CSSA 24
#define TCS_NSSA 28
#define TCS_AEP 40
#define GPR_RAX 0
#define GPR_RCX 8
#define GPR_RDX 16
#define GPR_RBX 24
#define GPR_RSP 32
#define GPR_RBP 40
#define GPR_RSI 48
#define GPR_RDI 56
#define GPR_R8 64
#define GPR_R9 72
#define GPR_R10 80
#define GPR_R11 88
#define GPR_R12 96
#define GPR_R13 104
#define GPR_R14 112
#define GPR_R15 120
#define GPR_RFLAGS 128
#define GPR_RIP 136
#define GPR_URSP 144
#define GPR_URBP 152
#define GPR_FSBASE 168
#define GPR_GSBASE 176
#define GPR_SIZE 184
#define PAGE_LOG2 12
#define PAGE_BYTES 4096
#define XSTATE_BV 512
#define XCOMP_BV 520

/* struct sgx_enclave_run.  [Linux uapi asm/sgx.h] */
#define RUN_TCS 0
#define RUN_FUNCTION 8
#define RUN_VECTOR 12
#define RUN_ERROR_CODE 14
#define RUN_ADDR 16
#define RUN_HANDLER 24
#define RUN_RESERVED 40
#define RUN_SIZE 256

/* g_emu_fast */
#define FAST_OFF 0
#define FAST_BY_GS 1
#define FAST_BY_TLS 2

#define LEAF_EENTER 2
#define LEAF_ERESUME 3
#define LEAF_EEXIT 4

/* RFLAGS: what ERESUME in user mode loads (CF PF AF ZF SF DF OF RF AC ID); what it leaves to the
 * trap handler (TF, NT); what is always set (IF and bit 1). */
#define FLAGS_RESUMED 0x250cd5
#define FLAGS_SLOW 0x4100
#define FLAGS_FIXED 0x202
#define USER_CS 0x33
#define USER_SS 0x2b

#endif
