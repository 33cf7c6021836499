/* SPDX-License-Identifier: Apache-2.0
 * title.h: what others see of the process in /proc. */
#ifndef CELLA_LAUNCH_TITLE_H
#define CELLA_LAUNCH_TITLE_H

#include <stddef.h>
#include <stdint.h>

/* Lets /proc/PID/cmdline be the program's words, from `first` to `last` of those that the kernel
 * gave, and /proc/PID/auxv the program's.  Where the kernel cannot (CONFIG_CHECKPOINT_RESTORE), the
 * launcher's own stay: no harm. */
void title_set(const char *first, const char *last, const uint64_t *auxv, size_t auxv_size);

#endif
