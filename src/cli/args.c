/* SPDX-License-Identifier: Apache-2.0
 * args.c: see args.h. */
#include "cli/args.h"

#include <errno.h>
#include <string.h>

static struct arg *find(const struct args *a, const char *text, size_t size)
{
    for (struct arg *o = a->options; o->name; o++)
        if (strlen(o->name) == size && memcmp(o->name, text, size) == 0)
            return o;
    return NULL;
}

int args_read(struct args *a, int argc, char **argv, struct err *e)
{
    a->words = 0;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (text[0] != '-' || !text[1]) {
            if (a->words == ARGS_MAX_WORDS)
                return fail(e, -EINVAL, "\"%.60s\": one argument too many", text);
            a->word[a->words++] = text;
            continue;
        }
        const char *equals = strchr(text, '=');
        struct arg *o = find(a, text, equals ? (size_t)(equals - text) : strlen(text));
        if (!o || (o->is_flag && equals))
            return fail(e, -EINVAL, "the option \"%.60s\" is not known; see --help", text);
        const char *value = o->is_flag ? text : equals ? equals + 1 : argv[++i];
        if (!value || (!o->is_flag && i >= argc))
            return fail(e, -EINVAL, "the option %s needs a value", o->name);
        if (o->count == (o->most ? o->most : 1))
            return fail(e, -EINVAL, "the option %s is there too often", o->name);
        o->value[o->count++] = value;
    }
    return 0;
}

const char *args_value(const struct args *a, const char *name)
{
    const struct arg *o = find(a, name, strlen(name));
    return o && o->count ? o->value[0] : NULL;
}
