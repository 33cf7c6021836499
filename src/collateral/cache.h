/* SPDX-License-Identifier: Apache-2.0
 * cache.h: a folder that keeps collateral, a set for each processor model and kind, and fetches
 * anew before one ends.  A set is kept only when its signatures are right and it is not older than
 * the one there. */
#ifndef CELLA_COLLATERAL_CACHE_H
#define CELLA_COLLATERAL_CACHE_H

#include "collateral/pcs.h"

struct cache_key {
    struct pcs_want want;
    bool early;
    uint32_t evaluation_number;
};

/* Name of the set's folder, "00606a000000-sgx-platform-standard". */
struct text cache_name(const struct cache_key *k);

struct cache {
    const char *folder;
    const struct trust *trust;
    const struct pcs_options *options; /* NULL: never fetch */
};

enum cache_state {
    CACHE_FRESH,   /* from the folder, far from its end */
    CACHE_FETCHED, /* fetched now and kept */
    CACHE_STALE,   /* from the folder; it is time for a new one but that could not be had */
};

/* Gives the set to use at `now`.  A set is fetched when there is none, when it has ended, or when
 * less than a third of its time is left; in the last case the old one still serves when fetching
 * fails, and `e` says why (state CACHE_STALE, result 0).  set_fini()
 * in every case. */
int cache_get(struct collateral_set *s, enum cache_state *state, const struct cache *cache,
              const struct cache_key *key, int64_t now, struct err *e) MUST_USE;

/* Keeps a set after checking it: -EBADMSG with the first failed check, -EEXIST when a set there
 * was issued later. */
int cache_put(const struct collateral_set *s, const struct cache *cache,
              const struct cache_key *key, struct err *e) MUST_USE;

/* $CELLA_COLLATERAL, else $XDG_CACHE_HOME/cella/collateral, else ~/.cache/cella/collateral. */
int cache_default_folder(char *out, size_t size, struct err *e) MUST_USE;

/* The kind of collateral that this platform needs, from the facts of a quote. */
struct pcs_want want_from_facts(const uint8_t fmspc[6], const char *issuer, bool is_tdx);

#endif
