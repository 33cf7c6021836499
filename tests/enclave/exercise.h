/* SPDX-License-Identifier: Apache-2.0
 * exercise.h: the exercises, each in the file of its kind. */
#ifndef CELLA_TESTS_ENCLAVE_EXERCISE_H
#define CELLA_TESTS_ENCLAVE_EXERCISE_H

#include "enclave/log.h"

/* Says what was wrong and ends the exercise with status 1. */
#define CHECK(condition)                                                 \
    do {                                                                 \
        if (!(condition)) {                                              \
            say(1, "%s:%d: not so: %s", __FILE__, __LINE__, #condition); \
            return 1;                                                    \
        }                                                                \
    } while (0)

int exercise_args(int argc, char **argv);
int exercise_echo(int argc, char **argv);
int exercise_exit(int argc, char **argv);
int exercise_clock(int argc, char **argv);
int exercise_random(int argc, char **argv);
int exercise_arithmetic(int argc, char **argv);
int exercise_accept(int argc, char **argv);
int exercise_heap(int argc, char **argv);
int exercise_exceptions(int argc, char **argv);
int exercise_nested(int argc, char **argv);
int exercise_crash(int argc, char **argv);
int exercise_threads(int argc, char **argv);
int exercise_crowd(int argc, char **argv);
int exercise_lies(int argc, char **argv);
int exercise_secrets(int argc, char **argv);
int exercise_host_calls(int argc, char **argv);
int exercise_faults(int argc, char **argv);

/* A decimal number, or `otherwise` when there is none. */
long argument_number(int argc, char **argv, int index, long otherwise);

#endif
