/* SPDX-License-Identifier: Apache-2.0
 * attest_common.h: what `cella quote` and `cella collateral` share. */
#ifndef CELLA_CLI_ATTEST_COMMON_H
#define CELLA_CLI_ATTEST_COMMON_H

#include "cli/args.h"
#include "collateral/cache.h"

/* Exit statuses, for monitoring. */
enum { EXIT_ACCEPTED = 0, EXIT_REFUSED = 1, EXIT_UNDECIDED = 2 };

/* --trust-root PEM: roots beside Intel's. */
int trust_from_args(struct trust *t, const struct args *a, struct err *e) MUST_USE;
/* --at TIME, else now. */
int time_from_args(int64_t *at, const struct args *a, struct err *e) MUST_USE;
/* --pccs, --early, --evaluation-number, --ca-file, --timeout. */
int pcs_from_args(struct pcs_options *o, const struct args *a, struct err *e) MUST_USE;
/* --cache DIR, else the default folder. */
int cache_from_args(char *out, size_t size, const struct args *a, struct err *e) MUST_USE;

/* Options of every command that fetches or keeps collateral. */
#define COLLATERAL_ARGS                                                                  \
    {"--pccs"}, {"--early", .is_flag = true}, {"--evaluation-number"}, {"--ca-file"},    \
        {"--timeout"}, {"--cache"}, {"--trust-root", .most = ARGS_MAX_VALUES}, {"--at"}, \
        {"--json", .is_flag = true},                                                     \
    {                                                                                    \
        "--help", .is_flag = true                                                        \
    }

/* `cella quote ...` and `cella collateral ...`; argv[0] is that word.  The exit status. */
int cmd_quote(int argc, char **argv);
int cmd_collateral(int argc, char **argv);

#endif
