/* SPDX-License-Identifier: Apache-2.0
 * options_priv.h: what layout.c needs of options.c. */
#ifndef CELLA_MEASURE_OPTIONS_PRIV_H
#define CELLA_MEASURE_OPTIONS_PRIV_H

#include "measure/layout.h"

/* The upper half of the address space belongs to the kernel.  Every size and offset is at most
 * this, so that sums of a few thousand of them do not wrap. */
#define MEASURE_ADDRESS_MAX (1ull << 47)

/* Pages of an SSA frame that holds XSAVE, MISC and GPR areas.  [SDM3D 38.9] */
uint32_t measure_ssaframesize(uint64_t xfrm, uint32_t miscselect);

/* Refuses what no enclave may have, whatever its image: -EINVAL. */
int measure_options_check(const struct measure_options *o, struct err *e) MUST_USE;

#endif
