/* SPDX-License-Identifier: Apache-2.0
 * main.c: the program `cella`: finds the subcommand in the table and runs it.  Exit status 0 when
 * it did what was asked, 1 when it could not, 2 for wrong usage. */
#include <stdio.h>
#include <string.h>

#include "cli/attest_common.h"
#include "cli/commands.h"

enum { USAGE = 2 };

static const struct command g_quote = {
    .name = "quote",
    .summary = "Verify a quote, or show its fields",
    .delegate = cmd_quote,
};

static const struct command g_collateral = {
    .name = "collateral",
    .summary = "Fetch, show or import what verifying quotes needs",
    .delegate = cmd_collateral,
};

static const struct command *const g_commands[] = {
    &command_measure, &command_sign,        &command_inspect, &command_key_new, &command_key_show,
    &command_run,     &command_enclave_run, &command_rootfs,  &g_quote,         &g_collateral,
};

enum { COMMAND_COUNT = sizeof g_commands / sizeof g_commands[0] };

static void help(FILE *to)
{
    fputs("Usage: cella COMMAND [OPTIONS] ...\n\nRuns unmodified Linux containers in SGX enclaves."
          "\n\nCommands:\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-11s  %s\n", g_commands[i]->name, g_commands[i]->summary);
    fputs("\n`cella COMMAND --help` explains one; `cella --version` says which cella this is.\n",
          to);
}

/* How many words of argv are the command's name: 0 when it is another command. */
static int words_matched(const struct command *command, int argc, char **argv)
{
    const char *space = strchr(command->name, ' ');
    if (!space)
        return strcmp(argv[0], command->name) == 0 ? 1 : 0;
    size_t first = (size_t)(space - command->name);
    bool matched = argc > 1 && strlen(argv[0]) == first &&
                   memcmp(argv[0], command->name, first) == 0 && strcmp(argv[1], space + 1) == 0;
    return matched ? 2 : 0;
}

/* "cella key" alone, or with --help: the commands that begin with that word. */
static int group_help(int argc, char **argv)
{
    size_t size = strlen(argv[0]);
    bool asked = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    FILE *to = asked ? stdout : stderr;
    bool found = false;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *c = g_commands[i];
        if (strncmp(c->name, argv[0], size) != 0 || c->name[size] != ' ')
            continue;
        if (!found)
            fprintf(to, "Usage:\n");
        fprintf(to, "  cella %s %s\n      %s\n", c->name, c->arguments, c->summary);
        found = true;
    }
    if (!found)
        fprintf(stderr, "cella: '%.60s' is no command; `cella --help` lists them\n", argv[0]);
    return found && asked ? 0 : USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return USAGE;
    }
    argc--;
    argv++;
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        help(stdout);
        return fflush(stdout) ? 1 : 0;
    }
    if (strcmp(argv[0], "--version") == 0) {
        printf("cella %s\n", CELLA_VERSION);
        return fflush(stdout) ? 1 : 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int words = words_matched(g_commands[i], argc, argv);
        if (words && g_commands[i]->delegate)
            return g_commands[i]->delegate(argc, argv);
        if (words)
            return command_main(g_commands[i], argc - words, argv + words);
    }
    return group_help(argc, argv);
}
