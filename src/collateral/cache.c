/* SPDX-License-Identifier: Apache-2.0
 * cache.c: see cache.h. */
#include "collateral/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 4096 };

struct text cache_name(const struct cache_key *k)
{
    struct text update = k->evaluation_number ? text_of("n%u", k->evaluation_number)
                                              : text_of(k->early ? "early" : "standard");
    return text_of("%s-%s-%s-%s", text_hex(span_of(k->want.fmspc, 6)).s,
                   k->want.is_tdx ? "tdx" : "sgx",
                   k->want.is_processor_ca ? "processor" : "platform", update.s);
}

struct pcs_want want_from_facts(const uint8_t fmspc[6], const char *issuer, bool is_tdx)
{
    struct pcs_want w = {.is_tdx = is_tdx, .is_processor_ca = strstr(issuer, "Processor") != NULL};
    memcpy(w.fmspc, fmspc, 6);
    return w;
}

int cache_default_folder(char *out, size_t size, struct err *e)
{
    const char *own = getenv("CELLA_COLLATERAL");
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n;
    if (own && *own)
        n = snprintf(out, size, "%s", own);
    else if (cache && *cache)
        n = snprintf(out, size, "%s/cella/collateral", cache);
    else if (home && *home)
        n = snprintf(out, size, "%s/.cache/cella/collateral", home);
    else
        return fail(e, -ENOENT,
                    "no folder for collateral: name one with --cache or "
                    "$CELLA_COLLATERAL");
    if (n < 0 || (size_t)n >= size)
        return fail(e, -ENAMETOOLONG, "the path of the collateral's folder is too long");
    return 0;
}

static int set_path(char out[PATH_SIZE], const char *folder, const struct cache_key *key,
                    struct err *e)
{
    int n = snprintf(out, PATH_SIZE, "%s/%s", folder, cache_name(key).s);
    if (n < 0 || n >= PATH_SIZE)
        return fail(e, -ENAMETOOLONG, "%s: the path is too long", folder);
    return 0;
}

/* Signatures and kind; times are not looked at, since a set may be prepared for later. */
static int check_set(struct collateral **out, const struct collateral_set *s,
                     const struct cache_key *key, const struct trust *trust, struct err *e)
{
    struct collateral_files files = set_files(s);
    int rc = collateral_new(out, &files, trust, e);
    if (rc)
        return rc;
    const struct collateral *c = *out;
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        const struct check *k = &c->checks.at[i];
        bool judged = k->state == CHECK_FAILED || (k->state == CHECK_NOT_JUDGED && k->found[0]);
        if (judged)
            return fail(e, -EBADMSG, "collateral: %s: %s%s%s%s", check_name((enum check_id)i),
                        k->expected[0] ? "expected " : "", k->expected,
                        k->expected[0] ? ", found " : "",
                        k->found[0] ? k->found : check_title((enum check_id)i));
    }
    if (c->tcb_info.is_tdx != key->want.is_tdx ||
        memcmp(c->tcb_info.fmspc, key->want.fmspc, 6) != 0)
        return fail(e, -EBADMSG, "collateral: its TCB info is for another kind or processor model");
    return 0;
}

/* When the newest of the items that change was issued. */
static int64_t issued(const struct collateral *c)
{
    int64_t at = c->tcb_info.issue_date;
    if (c->identity.issue_date > at)
        at = c->identity.issue_date;
    return c->pck_crl.this_update > at ? c->pck_crl.this_update : at;
}

int cache_put(const struct collateral_set *s, const struct cache *cache,
              const struct cache_key *key, struct err *e)
{
    char path[PATH_SIZE];
    struct collateral *new = NULL;
    struct collateral *old = NULL;
    struct collateral_set there = {0};
    struct err ignored;
    int rc = set_path(path, cache->folder, key, e);
    if (rc == 0)
        rc = check_set(&new, s, key, cache->trust, e);
    if (rc == 0 && set_load(&there, path, &ignored) == 0 &&
        check_set(&old, &there, key, cache->trust, &ignored) == 0 && issued(old) > issued(new))
        rc = fail(e, -EEXIST, "%s: the collateral there was issued later", path);
    if (rc == 0)
        rc = set_save(s, path, e);
    collateral_free(new);
    collateral_free(old);
    set_fini(&there);
    return rc;
}

/* How a set stands at `now`. */
enum standing { SET_GOOD, SET_AGEING, SET_USELESS };

static enum standing judge(const struct collateral_set *s, const struct cache_key *key,
                           const struct trust *trust, int64_t now)
{
    struct collateral *c = NULL;
    struct collateral_span v;
    struct err ignored;
    enum standing standing = SET_USELESS;
    if (check_set(&c, s, key, trust, &ignored) == 0 && collateral_validity(c, &v) &&
        now >= v.begins && now <= v.ends)
        standing = (v.ends - now) * 3 < v.ends - v.begins ? SET_AGEING : SET_GOOD;
    collateral_free(c);
    return standing;
}

int cache_get(struct collateral_set *s, enum cache_state *state, const struct cache *cache,
              const struct cache_key *key, int64_t now, struct err *e)
{
    char path[PATH_SIZE];
    *s = (struct collateral_set){0};
    int rc = set_path(path, cache->folder, key, e);
    if (rc)
        return rc;
    rc = set_load(s, path, e);
    if (rc && rc != -ENOENT)
        return rc;
    enum standing standing = rc ? SET_USELESS : judge(s, key, cache->trust, now);
    *state = CACHE_FRESH;
    if (standing == SET_GOOD || (!cache->options && rc == 0))
        return 0;
    if (!cache->options)
        return rc;
    struct collateral_set fetched;
    rc = pcs_fetch(&fetched, &key->want, cache->options, e);
    if (rc == 0)
        rc = cache_put(&fetched, cache, key, e);
    if (rc && standing == SET_AGEING) {
        set_fini(&fetched);
        *state = CACHE_STALE;
        return 0;
    }
    *state = CACHE_FETCHED;
    set_fini(s);
    *s = fetched;
    return rc;
}
