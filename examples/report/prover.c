/* SPDX-License-Identifier: Apache-2.0
 * prover.c: enclave A of the demo.  Reads the TARGETINFO of another enclave from standard input and
 * writes a REPORT about itself, which that enclave alone can check, to standard output.  Its
 * argument goes along as report data. */
#include <string.h>

#include "enclave/gate.h"
#include "enclave/leaf.h"
#include "enclave/log.h"
#include "enclave/main.h"

int enclave_main(int argc, char **argv)
{
    static struct leaf_targetinfo target;
    static struct leaf_reportdata data;
    static struct leaf_report report;
    if (gate_read_full(0, &target.t, sizeof target.t) != sizeof target.t) {
        say(2, "prover: expected a TARGETINFO of %zu bytes on standard input", sizeof target.t);
        return 1;
    }
    const char *words = argc > 1 ? argv[1] : "";
    memcpy(data.bytes, words, strnlen(words, sizeof data.bytes));
    leaf_ereport(&report, &target, &data);
    gate_print(1, (const char *)&report.r, sizeof report.r);
    return 0;
}
