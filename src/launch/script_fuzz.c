/* SPDX-License-Identifier: Apache-2.0
 * Any #! line: no crash, and an accepted one names an interpreter without blanks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s;
    struct span in = span_of(data, size);
    if (is_script(in) && script_parse(&s, in, NULL) == 0 &&
        (!s.interp[0] || strpbrk(s.interp, " \t\n") || s.has_arg != (s.arg[0] != 0)))
        abort();
    return 0;
}
