/* SPDX-License-Identifier: Apache-2.0
 * options.h: the command line of sgx-emu. */
#ifndef CELLA_LAUNCH_OPTIONS_H
#define CELLA_LAUNCH_OPTIONS_H

#include "base/err.h"
#include "launch/launch.h"

enum options_result { OPTIONS_RUN, OPTIONS_HELP };

/* Reads options up to the first word that is none; *at is its index in argv, where the program
 * and its arguments begin.  OPTIONS_RUN, OPTIONS_HELP, or -EINVAL with the reason. */
int options_parse(struct launch_options *o, int argc, char **argv, int *at, struct err *e) MUST_USE;

/* Bytes of "256M", "1G", "4096": -EINVAL when it is none of that. */
int options_size(const char *text, uint64_t *size) MUST_USE;

/* The words of the command line for another sgx-emu that goes on where this one is (silently), up
 * to the program.  They borrow from `o` and from `w`. */
enum { OPTIONS_WORDS = 24 };
struct options_words {
    const char *words[OPTIONS_WORDS];
    int count;
    char epc[24];
    char fd[24];
};
void options_write(struct options_words *w, const struct launch_options *o);

extern const char g_options_help[];

#endif
