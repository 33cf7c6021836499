/* SPDX-License-Identifier: Apache-2.0
 * credentials.c: user and password from a flag or an auth file.  See auth.h.
 *
 *   { "auths": { "HOST[/NAMESPACE]": { "auth": base64("user:password") } } }
 * [containers-auth.json(5)] */
#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "oci/auth.h"
#include "posix/file.h"

enum { MAX_AUTH_FILE = 1 << 20, MAX_AUTH = 64 << 10 };

static void free_secret(char *text)
{
    if (text)
        bytes_wipe(text, strlen(text));
    free(text);
}

void oci_credentials_fini(struct oci_credentials *c)
{
    free(c->user);
    free_secret(c->password);
    memset(c, 0, sizeof *c);
}

int oci_credentials_parse(struct oci_credentials *c, const char *text, struct err *e)
{
    memset(c, 0, sizeof *c);
    const char *colon = strchr(text, ':');
    if (!colon || colon == text)
        return fail(e, -EINVAL, "oci: credentials must have the form USER:PASSWORD");
    c->user = strndup(text, (size_t)(colon - text));
    c->password = strdup(colon + 1);
    if (c->user && c->password)
        return 0;
    oci_credentials_fini(c);
    return fail(e, -ENOMEM, "oci: out of memory");
}

char *oci_credentials_basic(const struct oci_credentials *c)
{
    static const char prefix[] = "Basic ";
    size_t plain_size = strlen(c->user) + 1 + strlen(c->password);
    size_t size = sizeof prefix + 4 * (plain_size / 3 + 1);
    char *plain = malloc(plain_size + 1);
    char *out = malloc(size);
    if (plain && out) {
        snprintf(plain, plain_size + 1, "%s:%s", c->user, c->password);
        memcpy(out, prefix, sizeof prefix);
        EVP_EncodeBlock((uint8_t *)out + sizeof prefix - 1, (const uint8_t *)plain,
                        (int)plain_size);
    } else {
        free(out);
        out = NULL;
    }
    free_secret(plain);
    return out;
}

/* base64("user:password") */
static int decode_auth(struct oci_credentials *c, const char *text, struct err *e)
{
    size_t size = strlen(text);
    if (size % 4 || size > MAX_AUTH)
        return fail(e, -EBADMSG, "oci: an \"auth\" of the auth file is not base64");
    char *plain = calloc(1, size + 1);
    if (!plain)
        return fail(e, -ENOMEM, "oci: out of memory");
    int got = EVP_DecodeBlock((uint8_t *)plain, (const uint8_t *)text, (int)size);
    int rc = got < 0 ? fail(e, -EBADMSG, "oci: an \"auth\" of the auth file is not base64")
                     : oci_credentials_parse(c, plain, e);
    free_secret(plain);
    return rc;
}

/* The entry for host/name, then for each shorter namespace, then for the host alone. */
static const char *find_auth(const json_t *auths, const char *host, const char *name)
{
    char key[1024];
    snprintf(key, sizeof key, "%s/%s", host, name);
    for (;;) {
        const char *auth = json_string_value(json_object_get(json_object_get(auths, key), "auth"));
        if (auth && *auth)
            return auth;
        char *slash = strrchr(key, '/');
        if (!slash)
            break;
        *slash = 0;
    }
    if (strcmp(host, "docker.io") != 0)
        return NULL;
    return json_string_value(
        json_object_get(json_object_get(auths, "https://index.docker.io/v1/"), "auth"));
}

static int find_in_file(struct oci_credentials *c, const char *path, const char *host,
                        const char *name, struct err *e)
{
    uint8_t *text = NULL;
    size_t size = 0;
    int rc = file_read(&text, &size, path, MAX_AUTH_FILE, e);
    if (rc)
        return rc;
    json_error_t why;
    json_t *root = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, &why);
    bytes_wipe(text, size);
    free(text);
    if (!root)
        return fail(e, -EBADMSG, "%s: line %d: not a JSON auth file", path, why.line);
    const char *auth = find_auth(json_object_get(root, "auths"), host, name);
    rc = auth ? decode_auth(c, auth, e) : -ENOENT;
    json_decref(root);
    return rc;
}

/* Writes the i-th default path; false when there are no more.  An empty path is to be passed over.
 */
static int default_path(int i, char *path, size_t room)
{
    static const struct {
        const char *variable;
        const char *rest;
    } places[] = {
        {"REGISTRY_AUTH_FILE", ""},
        {"XDG_RUNTIME_DIR", "/containers/auth.json"},
        {"HOME", "/.config/containers/auth.json"},
        {"HOME", "/.docker/config.json"},
    };
    if (i >= (int)ARRAY_COUNT(places))
        return 0;
    const char *base = getenv(places[i].variable);
    if (base && *base)
        snprintf(path, room, "%s%s", base, places[i].rest);
    else
        *path = 0;
    return 1;
}

int oci_credentials_find(struct oci_credentials *c, const char *path, const char *host,
                         const char *name, struct err *e)
{
    memset(c, 0, sizeof *c);
    if (path) {
        int rc = find_in_file(c, path, host, name, e);
        return rc == -ENOENT && access(path, F_OK) == 0 ? 0 : rc;
    }
    char place[4096];
    for (int i = 0; default_path(i, place, sizeof place); i++) {
        if (!*place || access(place, F_OK) != 0)
            continue;
        int rc = find_in_file(c, place, host, name, e);
        if (rc != -ENOENT)
            return rc;
    }
    return 0;
}
