/* SPDX-License-Identifier: Apache-2.0
 * hooks.c: the hooks of a program that has none.  A file of its own, so that the linker takes a
 * program's instead. */
#include "enclave/begin.h"

const struct enclave_hooks enclave_hooks;
