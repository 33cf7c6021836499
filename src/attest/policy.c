/* SPDX-License-Identifier: Apache-2.0
 * policy.c: see policy.h. */
#include "attest/policy.h"

#include <errno.h>
#include <jansson.h>

#include "base/bytes.h"
#include "base/hex.h"

enum { DAY_S = 86400, MAX_DAYS = 3650, POLICY_MAX_DEPTH = 4 };

void policy_init(struct policy *p)
{
    *p = (struct policy){
        .accepted = 1u << TCB_UP_TO_DATE | 1u << TCB_SW_HARDENING_NEEDED,
    };
}

static int read_bool(bool *out, const char *key, const json_t *value, struct err *e)
{
    if (!json_is_boolean(value))
        return fail(e, -EBADMSG, "policy: \"%s\": true or false expected", key);
    *out = json_is_true(value);
    return 0;
}

static int read_uint(uint32_t *out, const char *key, const json_t *value, uint32_t max,
                     struct err *e)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > (json_int_t)max)
        return fail(e, -EBADMSG, "policy: \"%s\": a whole number from 0 to %u expected", key, max);
    *out = (uint32_t)number;
    return 0;
}

static int check_list(const char *key, const json_t *value, struct err *e)
{
    if (!json_is_array(value) || json_array_size(value) == 0 ||
        json_array_size(value) > POLICY_MAX_LIST)
        return fail(e, -EBADMSG, "policy: \"%s\": a list of 1 to %d strings expected", key,
                    POLICY_MAX_LIST);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i)))
            return fail(e, -EBADMSG, "policy: \"%s\": entry %zu is no string", key, i + 1);
    return 0;
}

static struct span text_at(const json_t *list, size_t i)
{
    const json_t *item = json_array_get(list, i);
    return span_of(json_string_value(item), json_string_length(item));
}

static int read_statuses(struct policy *p, const char *key, const json_t *value, struct err *e)
{
    int rc = check_list(key, value, e);
    p->accepted = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(value); i++) {
        struct span word = text_at(value, i);
        enum tcb_status s = tcb_status_from(word);
        if (s == TCB_REVOKED)
            return fail(e, -EBADMSG, "policy: \"%s\": Revoked cannot be accepted", key);
        if (s == TCB_NONE)
            return fail(e, -EBADMSG,
                        "policy: \"%s\": \"%.*s\" is no TCB status; UpToDate, SWHardeningNeeded, "
                        "ConfigurationNeeded, OutOfDate and their combinations are",
                        key, (int)(word.size < 40 ? word.size : 40), (const char *)word.data);
        p->accepted |= 1u << s;
    }
    return rc;
}

static int read_tolerated(struct policy *p, const char *key, const json_t *value, struct err *e)
{
    if (!json_is_array(value) || json_array_size(value) > 0) {
        int rc = check_list(key, value, e);
        if (rc)
            return rc;
    }
    p->has_tolerated = true;
    p->tolerated_count = 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct span id = text_at(value, i);
        if (id.size < 10 || id.size > 23 || memcmp(id.data, "INTEL-SA-", 9) != 0)
            return fail(e, -EBADMSG, "policy: \"%s\": names like INTEL-SA-00615 expected", key);
        char *to = p->tolerated[p->tolerated_count++];
        memcpy(to, id.data, id.size);
        to[id.size] = 0;
    }
    return 0;
}

/* One hash or a list of them. */
static int read_hashes(struct policy_hashes *h, size_t size, const char *key, const json_t *value,
                       struct err *e)
{
    h->count = 0;
    if (json_is_string(value)) {
        struct span one = span_of(json_string_value(value), json_string_length(value));
        h->count = 1;
        if (hex_parse(h->hash[0], size, one))
            return fail(e, -EBADMSG, "policy: \"%s\": %zu hex digits expected", key, 2 * size);
        return 0;
    }
    int rc = check_list(key, value, e);
    for (size_t i = 0; rc == 0 && i < json_array_size(value); i++)
        if (hex_parse(h->hash[h->count++], size, text_at(value, i)))
            rc = fail(e, -EBADMSG, "policy: \"%s\": entry %zu: %zu hex digits expected", key, i + 1,
                      2 * size);
    return rc;
}

static int read_ages(struct policy *p, const json_t *value, struct err *e)
{
    static const char *const names[POLICY_ITEMS] = {"tcb_info", "qe_identity", "pck_crl",
                                                    "root_crl"};
    if (!json_is_object(value))
        return fail(e, -EBADMSG, "policy: \"max_age_days\": an object expected");
    const char *key;
    json_t *days;
    json_object_foreach((json_t *)value, key, days)
    {
        size_t i = 0;
        while (i < POLICY_ITEMS && strcmp(names[i], key) != 0)
            i++;
        uint32_t number = 0;
        if (i == POLICY_ITEMS)
            return fail(e, -EBADMSG,
                        "policy: \"max_age_days\": \"%.40s\" is not known; tcb_info, qe_identity, "
                        "pck_crl and root_crl are",
                        key);
        int rc = read_uint(&number, key, days, MAX_DAYS, e);
        if (rc)
            return rc;
        if (number == 0)
            return fail(e, -EBADMSG, "policy: \"max_age_days\": \"%s\" must be at least 1", key);
        p->max_age_s[i] = (int64_t)number * DAY_S;
    }
    return 0;
}

static int read_key(struct policy *p, const char *key, const json_t *value, struct err *e)
{
    if (strcmp(key, "accepted_tcb_statuses") == 0)
        return read_statuses(p, key, value, e);
    if (strcmp(key, "tolerated_advisories") == 0)
        return read_tolerated(p, key, value, e);
    if (strcmp(key, "allow_debug") == 0)
        return read_bool(&p->allow_debug, key, value, e);
    if (strcmp(key, "allow_public_signers") == 0)
        return read_bool(&p->allow_public_signers, key, value, e);
    if (strcmp(key, "mrenclave") == 0)
        return read_hashes(&p->mrenclave, 32, key, value, e);
    if (strcmp(key, "mrsigner") == 0)
        return read_hashes(&p->mrsigner, 32, key, value, e);
    if (strcmp(key, "mrtd") == 0)
        return read_hashes(&p->mrtd, 48, key, value, e);
    if (strcmp(key, "isvprodid") == 0) {
        p->has_isvprodid = true;
        return read_uint(&p->isvprodid, key, value, 65535, e);
    }
    if (strcmp(key, "min_isvsvn") == 0)
        return read_uint(&p->min_isvsvn, key, value, 65535, e);
    if (strcmp(key, "min_evaluation_number") == 0)
        return read_uint(&p->min_evaluation_number, key, value, 0x7fffffff, e);
    if (strcmp(key, "max_age_days") == 0)
        return read_ages(p, value, e);
    return fail(e, -EBADMSG, "policy: the key \"%.40s\" is not known", key);
}

/* jansson calls itself for each level; brackets inside strings do not count. */
static int check_depth(struct span in, struct err *e)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < in.size; i++) {
        uint8_t c = in.data[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        if (depth > POLICY_MAX_DEPTH)
            return fail(e, -EBADMSG, "policy: nested deeper than %d", POLICY_MAX_DEPTH);
    }
    return 0;
}

int policy_parse(struct policy *p, struct span in, struct err *e)
{
    policy_init(p);
    if (in.size > POLICY_MAX_SIZE)
        return fail(e, -EBADMSG, "policy: %zu bytes, at most %d are allowed", in.size,
                    POLICY_MAX_SIZE);
    int rc = check_depth(in, e);
    if (rc)
        return rc;
    json_error_t why;
    json_t *whole =
        json_loadb(in.size ? (const char *)in.data : "", in.size, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        return fail(e, -EBADMSG, "policy: not JSON: %s (line %d)", why.text, why.line);
    if (!json_is_object(whole))
        rc = fail(e, -EBADMSG, "policy: a JSON object expected");
    const char *key;
    json_t *value;
    json_object_foreach(whole, key, value)
    {
        rc = read_key(p, key, value, e);
        if (rc)
            break;
    }
    json_decref(whole);
    return rc;
}

bool policy_accepts(const struct policy *p, enum tcb_status s)
{
    return s != TCB_NONE && s != TCB_REVOKED && (p->accepted >> s & 1);
}

bool policy_tolerates(const struct policy *p, const char *advisory)
{
    for (size_t i = 0; p->has_tolerated && i < p->tolerated_count; i++)
        if (strcmp(p->tolerated[i], advisory) == 0)
            return true;
    return !p->has_tolerated;
}

bool policy_has(const struct policy_hashes *list, const uint8_t *hash, size_t size)
{
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(list->hash[i], hash, size) == 0)
            return true;
    return list->count == 0;
}
