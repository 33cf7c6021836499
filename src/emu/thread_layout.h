/* SPDX-License-Identifier: Apache-2.0
 * thread_layout.h: where assembler finds the fields of struct emu_thread (thread_priv.h checks each
 * number) and of asm/sgx.h.  No C here. */
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
#define T_FAST 64
#define T_FAST_TCS 72
#define T_FAST_STAMP 80
#define T_SCRATCH 88
#define T_SAVED_R10 96
#define T_SAVED_R11 104
#define T_PHASE 112
#define T_IRET 128 /* 5 words */

/* struct sgx_enclave_run.  [Linux uapi asm/sgx.h] */
#define RUN_TCS 0
#define RUN_FUNCTION 8
#define RUN_VECTOR 12
#define RUN_ERROR_CODE 14
#define RUN_ADDR 16
#define RUN_HANDLER 24
#define RUN_RESERVED 40
#define RUN_SIZE 256

#define LEAF_EENTER 2
#define LEAF_ERESUME 3
#define LEAF_EEXIT 4

#endif
