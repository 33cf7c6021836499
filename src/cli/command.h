/* SPDX-License-Identifier: Apache-2.0
 * command.h: a subcommand of `cella` as data.  Dispatch, option parsing and --help all come from
 * these tables; see main.c for the list of commands. */
#ifndef CELLA_CLI_COMMAND_H
#define CELLA_CLI_COMMAND_H

#include <stddef.h>

#include "base/err.h"

/* One option.  A table of them ends with a name of NULL. */
struct option_def {
    const char *name;     /* without the two dashes */
    const char *argument; /* what --help calls its value; NULL: a flag, the field is a bool */
    const char *help;
    size_t at; /* offset of the field in the command's options */
    /* Reads the value into the field; -EINVAL and a sentence about the value alone.  See values.h.
     */
    int (*parse)(void *field, const char *text, struct err *e);
    char letter; /* the short form, or 0 */
};

#define OPTION(type, field, option_name, value, parser, text)                                    \
    {                                                                                            \
        .name = (option_name), .argument = (value), .help = (text), .at = offsetof(type, field), \
        .parse = (parser)                                                                        \
    }

struct command {
    const char *name;      /* one word, or two: "key new" */
    const char *arguments; /* for --help: "ELF" */
    const char *summary;   /* one line */
    const char *more;      /* lines for --help, or NULL */
    const struct option_def *options;
    size_t options_size; /* bytes of the struct that `options` fills */
    int min_args, max_args;
    int failed; /* exit status for wrong usage and when it could not; 0: 2 and 1 */
    void (*defaults)(void *options); /* NULL: zero */
    /* Refuses combinations: a usage error (exit status 2).  NULL: none. */
    int (*check)(const void *options, int arg_count, struct err *e);
    /* Does the work: 0, or a negative errno and a sentence (exit status 1). */
    int (*run)(const void *options, char *const *args, int arg_count, struct err *e);
    /* Instead of all that: a command that reads its own arguments, argv[0] is its name.  The exit
     * status. */
    int (*delegate)(int argc, char **argv);
};

/* Runs `command` on the arguments behind its name.  Returns the exit status. */
int command_main(const struct command *command, int argc, char **argv);

/* --help of one command. */
void command_help(const struct command *command);

#endif
