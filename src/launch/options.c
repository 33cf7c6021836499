/* SPDX-License-Identifier: Apache-2.0
 * options.c: see options.h. */
#include "launch/options.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "launch/text.h"

const char g_options_help[] =
    "usage: sgx-emu [OPTIONS] PROGRAM [ARGUMENTS]\n"
    "Runs a program that uses Intel SGX, on any x86-64 Linux machine.\n"
    "  --mode trap|fast         trap: every ENCLU traps (default); fast: known ones are jumps\n"
    "  --epc SIZE               memory for enclaves, as 256M or 2G\n"
    "  --secret FILE            the emulated CPU's secret, made when missing (default:\n"
    "                           $XDG_STATE_HOME/cella/cpu-secret)\n"
    "  --guard auto|sud|seccomp how system calls are caught (default: what works here)\n"
    "  --cpuid sgx|real         let CPUID show SGX where the machine can (default), or not\n"
    "  --verbose                say what was chosen, and why\n"
    "  --help\n";

enum { MAX_SHIFT = 40 };

int options_size(const char *text, uint64_t *size)
{
    uint64_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n > UINT64_MAX / 10 - 1)
            return -EINVAL;
        n = n * 10 + (uint64_t)(*p - '0');
    }
    static const char units[] = "KMGT";
    unsigned shift = 0;
    const char *unit = p != text && *p ? strchr(units, *p) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        p++;
    }
    if (p == text || *p || n == 0 || n > UINT64_MAX >> shift)
        return -EINVAL;
    *size = n << shift;
    return 0;
}

static int take_mode(struct launch_options *o, const char *value, struct err *e)
{
    o->fast = strcmp(value, "fast") == 0;
    if (!o->fast && strcmp(value, "trap") != 0)
        return fail(e, -EINVAL, "--mode is trap or fast, not \"%s\"", value);
    return 0;
}

static int take_guard(struct launch_options *o, const char *value, struct err *e)
{
    static const char *const names[] = {"auto", "sud", "seccomp"};
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            o->guard = (enum launch_guard)i;
            return 0;
        }
    }
    return fail(e, -EINVAL, "--guard is auto, sud or seccomp, not \"%s\"", value);
}

static int take_epc(struct launch_options *o, const char *value, struct err *e)
{
    if (options_size(value, &o->epc_size))
        return fail(e, -EINVAL, "--epc is a size such as 256M or 2G, not \"%s\"", value);
    return 0;
}

static int take_cpuid(struct launch_options *o, const char *value, struct err *e)
{
    o->plain_cpuid = strcmp(value, "real") == 0;
    if (!o->plain_cpuid && strcmp(value, "sgx") != 0)
        return fail(e, -EINVAL, "--cpuid is sgx or real, not \"%s\"", value);
    return 0;
}

static int take_secret(struct launch_options *o, const char *value, struct err *e)
{
    (void)e;
    o->secret = value;
    return 0;
}

static int take_argv0(struct launch_options *o, const char *value, struct err *e)
{
    (void)e;
    o->argv0 = value;
    return 0;
}

static int take_execfn(struct launch_options *o, const char *value, struct err *e)
{
    (void)e;
    o->execfn = value;
    return 0;
}

static int take_fd(struct launch_options *o, const char *value, struct err *e)
{
    uint64_t fd;
    if (strcmp(value, "0") != 0 && (options_size(value, &fd) || fd > INT32_MAX))
        return fail(e, -EINVAL, "--program-fd is a descriptor, not \"%s\"", value);
    o->program_fd = strcmp(value, "0") == 0 ? 0 : (int)fd;
    return 0;
}

/* The last three are for the launcher itself, when the program calls execve. */
static const struct {
    const char *name;
    int (*take)(struct launch_options *o, const char *value, struct err *e);
} g_valued[] = {
    {"--mode", take_mode},     {"--epc", take_epc},       {"--guard", take_guard},
    {"--cpuid", take_cpuid},   {"--secret", take_secret}, {"--argv0", take_argv0},
    {"--execfn", take_execfn}, {"--program-fd", take_fd},
};

/* --name VALUE or --name=VALUE; 1 when argv[*at] is such an option. */
static int take_valued(struct launch_options *o, char **argv, int *at, struct err *e)
{
    for (unsigned i = 0; i < ARRAY_COUNT(g_valued); i++) {
        size_t size = strlen(g_valued[i].name);
        const char *word = argv[*at];
        if (strncmp(word, g_valued[i].name, size) != 0 || (word[size] && word[size] != '='))
            continue;
        const char *value = word[size] ? word + size + 1 : argv[++*at];
        if (!value)
            return fail(e, -EINVAL, "%s needs a value", g_valued[i].name);
        int rc = g_valued[i].take(o, value, e);
        return rc ? rc : 1;
    }
    return 0;
}

int options_parse(struct launch_options *o, int argc, char **argv, int *at, struct err *e)
{
    *o = (struct launch_options){.program_fd = -1};
    for (*at = 1; *at < argc && argv[*at][0] == '-' && argv[*at][1]; ++*at) {
        const char *word = argv[*at];
        if (strcmp(word, "--") == 0) {
            ++*at;
            break;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return OPTIONS_HELP;
        if (strcmp(word, "--verbose") == 0 || strcmp(word, "-v") == 0) {
            o->verbose = true;
        } else if (strcmp(word, "--guard-inherited") == 0) {
            o->guard_inherited = true;
        } else {
            int rc = take_valued(o, argv, at, e);
            if (rc < 0)
                return rc;
            if (rc == 0)
                return fail(e, -EINVAL, "unknown option %s; --help lists them", word);
        }
    }
    return *at < argc ? OPTIONS_RUN : fail(e, -EINVAL, "no program is given; see --help");
}

static void add(struct options_words *w, const char *word)
{
    w->words[w->count++] = word;
}

static void add_value(struct options_words *w, const char *name, const char *value)
{
    add(w, name);
    add(w, value);
}

void options_write(struct options_words *w, const struct launch_options *o)
{
    w->count = 0;
    add(w, "sgx-emu");
    if (o->fast)
        add_value(w, "--mode", "fast");
    if (o->epc_size)
        add_value(w, "--epc", text_number(w->epc, o->epc_size));
    if (o->plain_cpuid)
        add_value(w, "--cpuid", "real");
    if (o->secret)
        add_value(w, "--secret", o->secret);
    if (o->guard != LAUNCH_GUARD_AUTO)
        add_value(w, "--guard", o->guard == LAUNCH_GUARD_SUD ? "sud" : "seccomp");
    if (o->guard_inherited)
        add(w, "--guard-inherited");
    if (o->argv0)
        add_value(w, "--argv0", o->argv0);
    if (o->execfn)
        add_value(w, "--execfn", o->execfn);
    if (o->program_fd >= 0)
        add_value(w, "--program-fd", text_number(w->fd, (uint64_t)o->program_fd));
    add(w, "--");
}
