/* SPDX-License-Identifier: Apache-2.0
 * exercise.c: an enclave program that uses all of the runtime.  The first argument picks what; "ok"
 * on standard output and status 0 mean that everything was as it should be. */
#include <stdlib.h>
#include <string.h>

#include "enclave/gate.h"
#include "enclave/log.h"
#include "enclave/main.h"
#include "exercise.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} g_exercises[] = {
    {"args", exercise_args},
    {"echo", exercise_echo},
    {"exit", exercise_exit},
    {"clock", exercise_clock},
    {"random", exercise_random},
    {"arithmetic", exercise_arithmetic},
    {"accept", exercise_accept},
    {"heap", exercise_heap},
    {"exceptions", exercise_exceptions},
    {"nested", exercise_nested},
    {"crash", exercise_crash},
    {"threads", exercise_threads},
    {"crowd", exercise_crowd},
    {"lies", exercise_lies},
    {"secrets", exercise_secrets},
    {"host-calls", exercise_host_calls},
    {"faults", exercise_faults},
};

int enclave_main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof g_exercises / sizeof g_exercises[0]; i++)
        if (strcmp(argv[1], g_exercises[i].name) == 0)
            return g_exercises[i].run(argc - 2, argv + 2);
    say(2, "exercise: expected the name of an exercise");
    return 2;
}
