/* SPDX-License-Identifier: Apache-2.0
 * manifest.c: see manifest.h. */
#include "enclave_os/manifest.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"

static int number(uint64_t *out, const char *text, uint64_t max, struct err *e)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && value <= max; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    if (at == text || *at || value > max)
        return fail(e, -EBADMSG, "manifest: '%.40s' is no number from 0 to %llu", text,
                    (unsigned long long)max);
    *out = value;
    return 0;
}

static int small(uint32_t *out, const char *text, uint32_t max, struct err *e)
{
    uint64_t value = 0;
    int rc = number(&value, text, max, e);
    *out = (uint32_t)value;
    return rc;
}

static int root(struct manifest *m, const char *text, struct err *e)
{
    m->root_is_host = strcmp(text, "host") == 0;
    if (!m->root_is_host && hex_parse(m->root_hash, sizeof m->root_hash, span_text(text)))
        return fail(e, -EBADMSG, "manifest: root is neither 'host' nor a hash");
    return 0;
}

static int list(const char **to, size_t *count, const char *text, struct err *e)
{
    if (*count == MANIFEST_LIST_MAX)
        return fail(e, -EBADMSG, "manifest: more than %d arguments or variables",
                    MANIFEST_LIST_MAX);
    to[(*count)++] = text;
    return 0;
}

static int mount(struct manifest *m, const char *text, struct err *e)
{
    if (m->mount_count == MANIFEST_MOUNTS_MAX)
        return fail(e, -EBADMSG, "manifest: more than %d mounts", MANIFEST_MOUNTS_MAX);
    if (strncmp(text, "ro:/", 4) != 0)
        return fail(e, -EBADMSG, "manifest: mount '%.60s' is not ro:/PATH", text);
    m->mounts[m->mount_count++] = text + 3;
    return 0;
}

static int entry(struct manifest *m, const char *key, size_t size, const char *value, struct err *e)
{
    const struct {
        const char *name;
        uint32_t *field, max;
    } numbers[] = {
        {"threads", &m->thread_max, 4096},
        {"uid", &m->uid, INT32_MAX},
        {"gid", &m->gid, INT32_MAX},
        {"log", &m->log_level, 3},
    };
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++)
        if (strlen(numbers[n].name) == size && memcmp(key, numbers[n].name, size) == 0)
            return small(numbers[n].field, value, numbers[n].max, e);
    if (size == 6 && memcmp(key, "memory", size) == 0)
        return number(&m->memory_size, value, (uint64_t)1 << 46, e);
    if (size == 4 && memcmp(key, "root", size) == 0)
        return root(m, value, e);
    if (size == 5 && memcmp(key, "mount", size) == 0)
        return mount(m, value, e);
    if (size == 3 && memcmp(key, "arg", size) == 0)
        return list(m->args, &m->arg_count, value, e);
    if (size == 3 && memcmp(key, "env", size) == 0)
        return list(m->envs, &m->env_count, value, e);
    if (size == 3 && memcmp(key, "cwd", size) == 0) {
        m->cwd = value;
        return 0;
    }
    return fail(e, -EBADMSG, "manifest: '%.40s' is not known", key);
}

int manifest_parse(struct manifest *m, struct span bytes, struct err *e)
{
    static const char first[] = "cella-os=1";
    const char *text = (const char *)bytes.data;
    if (bytes.size < sizeof first || text[bytes.size - 1] != 0 || strcmp(text, first) != 0)
        return fail(e, -EBADMSG, "manifest: it does not begin with %s", first);
    for (size_t at = sizeof first; at < bytes.size; at += strlen(text + at) + 1) {
        const char *equals = strchr(text + at, '=');
        if (!equals)
            return fail(e, -EBADMSG, "manifest: '%.60s' is no KEY=VALUE", text + at);
        int rc = entry(m, text + at, (size_t)(equals - (text + at)), equals + 1, e);
        if (rc)
            return rc;
    }
    m->args[m->arg_count] = NULL;
    m->envs[m->env_count] = NULL;
    if (!m->arg_count || !m->memory_size || m->memory_size % 4096 || !m->thread_max)
        return fail(e, -EBADMSG, "manifest: arg, memory (whole pages) and threads are needed");
    return 0;
}
