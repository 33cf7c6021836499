/* SPDX-License-Identifier: Apache-2.0
 * args.h: options of the attestation commands: a table for each command, one reader for all. */
#ifndef CELLA_CLI_ARGS_H
#define CELLA_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { ARGS_MAX_VALUES = 8, ARGS_MAX_WORDS = 4 };

struct arg {
    const char *name; /* "--json" */
    bool is_flag;
    const char *value[ARGS_MAX_VALUES]; /* the flag itself when it is one */
    size_t count;
    size_t most; /* 0: once */
};

struct args {
    struct arg *options; /* ended by a NULL name */
    const char *word[ARGS_MAX_WORDS];
    size_t words;
};

/* Sorts argv[1] to argv[argc - 1] into options ("--name value" or "--name=value") and words ("-" is
 * one).  -EINVAL with a sentence for an unknown option, a missing value, or one too many. */
int args_read(struct args *a, int argc, char **argv, struct err *e) MUST_USE;

/* The option's (only) value; NULL when it was not given. */
const char *args_value(const struct args *a, const char *name);

#endif
