/* SPDX-License-Identifier: Apache-2.0
 * vdso_slots.h: the addresses in the page behind the vDSO, in this order; no C here. */
#ifndef CELLA_LAUNCH_VDSO_SLOTS_H
#define CELLA_LAUNCH_VDSO_SLOTS_H

#define SLOT_CLOCK_GETTIME 0
#define SLOT_GETTIMEOFDAY 1
#define SLOT_CLOCK_GETRES 2
#define SLOT_GETCPU 3
#define SLOT_TIME 4
#define SLOT_GETRANDOM 5
#define SLOT_SGX_ENTER_ENCLAVE 6
#define SLOT_COUNT 7

#endif
