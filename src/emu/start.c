/* SPDX-License-Identifier: Apache-2.0
 * start.c: sets the package up, part by part. */
#include "emu/emu.h"
#include "emu/package.h"

int emu_start(const struct emu_options *options, struct err *e)
{
    return emu_package_start(options, e);
}
