/* SPDX-License-Identifier: Apache-2.0
 * commands.h: the subcommands, each in its own file; main.c lists them. */
#ifndef CELLA_CLI_COMMANDS_H
#define CELLA_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_measure;
extern const struct command command_sign;
extern const struct command command_inspect;
extern const struct command command_key_new;
extern const struct command command_key_show;
extern const struct command command_rootfs;
extern const struct command command_enclave_run;
extern const struct command command_run;

#endif
