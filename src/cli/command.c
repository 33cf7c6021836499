/* SPDX-License-Identifier: Apache-2.0
 * command.c: see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { EXIT_USAGE = 2, NAME_WIDTH = 30 };

/* The arguments of one call, while they are looked at. */
struct parse {
    const struct command *command;
    int argc;
    char **argv;
    int at;    /* the next argument to look at */
    int count; /* positional arguments so far; they are moved to the front of argv */
    bool help;
    void *options;
    struct err *e;
};

void command_help(const struct command *command)
{
    printf("Usage: cella %s [OPTIONS] %s\n\n%s.\n", command->name, command->arguments,
           command->summary);
    if (command->more)
        printf("\n%s\n", command->more);
    printf("\nOptions:\n");
    for (const struct option_def *o = command->options; o->name; o++) {
        char name[80];
        char letter[8] = "    ";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(name, sizeof name, "%s--%s%s%s", letter, o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-*s  %s\n", NAME_WIDTH, name, o->help);
    }
    printf("  %-*s  %s\n", NAME_WIDTH, "-h, --help", "this text");
}

static const struct option_def *option_find(const struct parse *p, const char *name, size_t size)
{
    for (const struct option_def *o = p->command->options; o->name; o++)
        if (strlen(o->name) == size && memcmp(o->name, name, size) == 0)
            return o;
    return NULL;
}

/* Stores one option; `value` is NULL when it was not joined with "=". */
static int option_store(struct parse *p, const struct option_def *o, const char *value)
{
    uint8_t *field = (uint8_t *)p->options + o->at;
    if (!o->argument) {
        if (value)
            return fail(p->e, -EINVAL, "--%s takes no value", o->name);
        *(bool *)(void *)field = true;
        return 0;
    }
    if (!value && p->at == p->argc)
        return fail(p->e, -EINVAL, "--%s needs a value: %s", o->name, o->argument);
    if (!value)
        value = p->argv[p->at++];
    int rc = o->parse(field, value, p->e);
    return rc ? fail_at(p->e, rc, "--%s", o->name) : 0;
}

static int option_long(struct parse *p, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t size = equals ? (size_t)(equals - text) : strlen(text);
    if (size == 4 && memcmp(text, "help", 4) == 0) {
        p->help = true;
        return 0;
    }
    const struct option_def *o = option_find(p, text, size);
    if (!o)
        return fail(p->e, -EINVAL, "there is no option --%.*s", (int)(size < 60 ? size : 60), text);
    return option_store(p, o, equals ? equals + 1 : NULL);
}

/* One letter an argument: -o FILE, or -oFILE. */
static int option_short(struct parse *p, const char *text)
{
    if (strcmp(text, "h") == 0) {
        p->help = true;
        return 0;
    }
    for (const struct option_def *o = p->command->options; o->name; o++)
        if (o->letter == text[0] && (text[1] == 0 || o->argument))
            return option_store(p, o, text[1] ? text + 1 : NULL);
    return fail(p->e, -EINVAL, "there is no option -%.20s", text);
}

static int parse_all(struct parse *p)
{
    bool options_ended = false;
    int rc = 0;
    while (!rc && p->at < p->argc) {
        char *text = p->argv[p->at++];
        if (options_ended || text[0] != '-' || text[1] == 0)
            p->argv[p->count++] = text;
        else if (strcmp(text, "--") == 0)
            options_ended = true;
        else if (text[1] == '-')
            rc = option_long(p, text + 2);
        else
            rc = option_short(p, text + 1);
    }
    return rc;
}

static int count_check(const struct parse *p)
{
    const struct command *c = p->command;
    if (p->count < c->min_args)
        return fail(p->e, -EINVAL, "an argument is missing: %s", c->arguments);
    if (p->count > c->max_args)
        return fail(p->e, -EINVAL, "'%.60s' is one argument too many", p->argv[c->max_args]);
    return 0;
}

/* Output that did not arrive (a full disk, a closed pipe) is a failure as well. */
static int flush(struct err *e)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return fail(e, -EIO, "standard output: %s", strerror(errno));
    return 0;
}

int command_main(const struct command *command, int argc, char **argv)
{
    struct err e = {0};
    auto_free void *options = calloc(1, command->options_size ? command->options_size : 1);
    if (!options) {
        fprintf(stderr, "cella %s: out of memory\n", command->name);
        return EXIT_FAILURE;
    }
    if (command->defaults)
        command->defaults(options);
    struct parse p = {.command = command, .argc = argc, .argv = argv, .options = options, .e = &e};
    int rc = parse_all(&p);
    if (!rc && p.help) {
        command_help(command);
        return flush(&e) ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (!rc)
        rc = count_check(&p);
    if (!rc && command->check)
        rc = command->check(options, p.count, &e);
    if (rc) {
        fprintf(stderr, "cella %s: %s; see `cella %s --help`\n", command->name, e.text,
                command->name);
        return command->failed ? command->failed : EXIT_USAGE;
    }
    rc = command->run(options, argv, p.count, &e);
    int flushed = flush(rc ? NULL : &e);
    if (rc || flushed)
        fprintf(stderr, "cella %s: %s\n", command->name, e.text);
    if (!rc && !flushed)
        return EXIT_SUCCESS;
    return command->failed ? command->failed : EXIT_FAILURE;
}
