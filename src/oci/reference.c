/* SPDX-License-Identifier: Apache-2.0
 * reference.c: see reference.h. */
#include "oci/reference.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FORMS "expected HOST/NAME[:TAG], oci:DIR[:TAG] or docker-archive:FILE[:NAME:TAG]"

static const char DIGITS_LOWER[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char TAG_CHARS[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";
static const char HOST_CHARS[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:[]";

/* Copies `size` bytes as text; false when it does not fit with its zero byte. */
static bool copy_text(char *to, size_t room, const char *from, size_t size)
{
    if (size >= room)
        return false;
    memcpy(to, from, size);
    to[size] = 0;
    return true;
}

int oci_digest_check(const char *text, struct err *e)
{
    static const char prefix[] = "sha256:";
    size_t skip = sizeof prefix - 1;
    if (strncmp(text, prefix, skip) != 0 || strlen(text + skip) != 64 ||
        strspn(text + skip, "0123456789abcdef") != 64)
        return fail(e, -EINVAL,
                    "oci: \"%.80s\" is not a digest: sha256: and 64 lower-case hexadecimal digits",
                    text);
    return 0;
}

static bool tag_is_legal(const char *tag)
{
    size_t size = strlen(tag);
    return size > 0 && size < OCI_TAG_SIZE && tag[0] != '.' && tag[0] != '-' &&
           strspn(tag, TAG_CHARS) == size;
}

/* One separator inside a path component: '.', '_', "__" or any number of '-'. */
static size_t separator_size(const char *at)
{
    if (*at == '-')
        return strspn(at, "-");
    if (at[0] == '_' && at[1] == '_')
        return 2;
    return *at == '.' || *at == '_' ? 1 : 0;
}

static bool component_is_legal(const char *text, size_t size)
{
    size_t at = 0;
    for (;;) {
        size_t run = strspn(text + at, DIGITS_LOWER);
        if (run == 0)
            return false;
        at += run;
        if (at >= size)
            return at == size;
        size_t gap = separator_size(text + at);
        if (gap == 0)
            return false;
        at += gap;
    }
}

static bool name_is_legal(const char *name)
{
    for (;;) {
        size_t size = strcspn(name, "/");
        if (!component_is_legal(name, size))
            return false;
        if (!name[size])
            return true;
        name += size + 1;
    }
}

/* A first component is a host when it could not be a path component of Docker Hub: it has a dot or
 * a port, or is localhost.  [the rule of every container engine] */
static bool looks_like_host(const char *text, size_t size)
{
    return memchr(text, '.', size) || memchr(text, ':', size) || text[0] == '[' ||
           (size == 9 && memcmp(text, "localhost", 9) == 0);
}

static int parse_host_and_name(struct oci_reference *ref, const char *text, struct err *e)
{
    const char *slash = strchr(text, '/');
    size_t host = slash ? (size_t)(slash - text) : 0;
    bool has_host = slash && looks_like_host(text, host);
    const char *name = has_host ? slash + 1 : text;
    const char *hub = !has_host && !slash ? "library/" : "";
    bool fits = has_host ? copy_text(ref->host, sizeof ref->host, text, host)
                         : copy_text(ref->host, sizeof ref->host, "docker.io", 9);
    if (!fits || strspn(ref->host, HOST_CHARS) != strlen(ref->host))
        return fail(e, -EINVAL, "oci: the registry's name in \"%.80s\" is not a host[:port]", text);
    int size = snprintf(ref->name, sizeof ref->name, "%s%s", hub, name);
    if (size < 0 || (size_t)size >= sizeof ref->name || !name_is_legal(ref->name))
        return fail(e, -EINVAL,
                    "oci: \"%.80s\" is not an image name: lower-case letters, digits and single "
                    ". _ - between them, parts separated by /",
                    name);
    return 0;
}

static int parse_registry(struct oci_reference *ref, const char *text, struct err *e)
{
    char rest[OCI_HOST_SIZE + OCI_NAME_SIZE + OCI_TAG_SIZE + OCI_DIGEST_SIZE];
    if (!copy_text(rest, sizeof rest, text, strlen(text)))
        return fail(e, -EINVAL, "oci: the image name is longer than %zu characters", sizeof rest);
    char *at = strchr(rest, '@');
    if (at) {
        *at = 0;
        int rc = oci_digest_check(at + 1, e);
        if (rc)
            return rc;
        copy_text(ref->digest, sizeof ref->digest, at + 1, strlen(at + 1));
    }
    char *colon = strrchr(rest, ':');
    if (colon && !strchr(colon, '/')) {
        *colon = 0;
        if (!tag_is_legal(colon + 1))
            return fail(e, -EINVAL,
                        "oci: \"%.80s\" is not a tag: 1 to 128 letters, digits, _ . -, not "
                        "beginning with . or -",
                        colon + 1);
        copy_text(ref->tag, sizeof ref->tag, colon + 1, strlen(colon + 1));
    }
    return parse_host_and_name(ref, rest, e);
}

static int parse_layout(struct oci_reference *ref, const char *text, struct err *e)
{
    const char *colon = strrchr(text, ':');
    size_t path = colon ? (size_t)(colon - text) : strlen(text);
    if (path == 0 || !copy_text(ref->path, sizeof ref->path, text, path))
        return fail(e, -EINVAL, "oci: \"oci:%.80s\" names no folder: " FORMS, text);
    if (colon && (!tag_is_legal(colon + 1) ||
                  !copy_text(ref->tag, sizeof ref->tag, colon + 1, strlen(colon + 1))))
        return fail(e, -EINVAL, "oci: \"%.80s\" is not a tag", colon + 1);
    return 0;
}

static int parse_archive(struct oci_reference *ref, const char *text, struct err *e)
{
    size_t path = strcspn(text, ":");
    if (path == 0 || !copy_text(ref->path, sizeof ref->path, text, path))
        return fail(e, -EINVAL, "oci: \"docker-archive:%.80s\" names no file: " FORMS, text);
    if (!text[path])
        return 0;
    struct oci_reference inner = {0};
    int rc = parse_registry(&inner, text + path + 1, e);
    if (rc)
        return rc;
    memcpy(ref->host, inner.host, sizeof ref->host);
    memcpy(ref->name, inner.name, sizeof ref->name);
    memcpy(ref->tag, inner.tag, sizeof ref->tag);
    return 0;
}

int oci_reference_parse(struct oci_reference *ref, const char *text, struct err *e)
{
    static const struct {
        const char *prefix;
        enum oci_transport transport;
        int (*parse)(struct oci_reference *ref, const char *text, struct err *e);
    } forms[] = {
        {"docker://", OCI_REGISTRY, parse_registry},
        {"oci:", OCI_LAYOUT, parse_layout},
        {"docker-archive:", OCI_ARCHIVE, parse_archive},
        {"", OCI_REGISTRY, parse_registry},
    };
    memset(ref, 0, sizeof *ref);
    if (!*text)
        return fail(e, -EINVAL, "oci: the image name is empty: " FORMS);
    size_t i = 0;
    while (strncmp(text, forms[i].prefix, strlen(forms[i].prefix)) != 0)
        i++; /* the last prefix is empty and always fits */
    ref->transport = forms[i].transport;
    return forms[i].parse(ref, text + strlen(forms[i].prefix), e);
}

const char *oci_reference_version(const struct oci_reference *ref)
{
    return ref->digest[0] ? ref->digest : ref->tag[0] ? ref->tag : "latest";
}

int oci_host_is_loopback(const char *host)
{
    char name[OCI_HOST_SIZE];
    if (!copy_text(name, sizeof name, host, strlen(host)))
        return 0;
    if (name[0] == '[') {
        name[strcspn(name, "]")] = 0;
        struct in6_addr six;
        return inet_pton(AF_INET6, name + 1, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    }
    name[strcspn(name, ":")] = 0;
    struct in_addr four;
    return strcmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, &four) == 1 && ntohl(four.s_addr) >> 24 == 127);
}
