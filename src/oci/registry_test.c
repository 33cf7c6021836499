/* SPDX-License-Identifier: Apache-2.0
 * Against a real registry (Debian's docker-registry) on loopback, with a proxy that cuts
 * connections where a test says. */
#include "oci/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/test.h"
#include "crypto/sha256.h"
#include "oci/fixture_test.h"

struct blob {
    struct oci_descriptor d;
    uint8_t *data;
    size_t got; /* as a sink */
    uint8_t *copy;
};

static void blob_make(struct blob *b, size_t size)
{
    memset(b, 0, sizeof *b);
    b->data = malloc(size + 1);
    b->copy = calloc(1, size + 1);
    for (size_t i = 0; i < size; i++)
        b->data[i] = (uint8_t)(i * 2654435761U >> 13);
    uint8_t hash[SHA256_SIZE];
    sha256(b->data, size, hash);
    memcpy(b->d.digest, "sha256:", 7);
    hex_write(b->d.digest + 7, span_of(hash, sizeof hash));
    b->d.size = size;
}

static void blob_fini(struct blob *b)
{
    free(b->data);
    free(b->copy);
}

static int blob_read(void *context, uint64_t offset, uint8_t *to, size_t size)
{
    const struct blob *b = context;
    memcpy(to, b->data + offset, size);
    return 0;
}

static int blob_sink(void *context, struct span part)
{
    struct blob *b = context;
    if (part.size > b->d.size - b->got)
        return -EOVERFLOW;
    memcpy(b->copy + b->got, part.data, part.size);
    b->got += part.size;
    return 0;
}

static struct oci_registry *open_at(const char *host, const struct oci_registry_options *o)
{
    struct oci_registry *r = NULL;
    struct err e = {0};
    if (oci_registry_open(&r, host, "team/app", o, &e))
        test_failed(__FILE__, __LINE__, "open: %s", e.text);
    return r;
}

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

static void push_manifest(struct oci_registry *r, const struct blob *config)
{
    char text[512];
    snprintf(text, sizeof text,
             "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
             "\",\"config\":{\"mediaType\":\"application/"
             "vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%llu},\"layers\":[]}",
             config->d.digest, (unsigned long long)config->d.size);
    struct err e = {0};
    if (oci_registry_put_manifest(r, "v1", MANIFEST_TYPE, span_text(text), &e))
        test_failed(__FILE__, __LINE__, "manifest: %s", e.text);
    struct oci_manifest_text got;
    if (oci_registry_get_manifest(r, "v1", &got, &e)) {
        test_failed(__FILE__, __LINE__, "manifest: %s", e.text);
        return;
    }
    EXPECT_STR(got.text, text);
    EXPECT_STR(got.media_type, MANIFEST_TYPE);
    free(got.text);
    char digest[OCI_DIGEST_SIZE];
    memcpy(digest, got.digest, sizeof digest);
    EXPECT_EQ(oci_registry_get_manifest(r, digest, &got, &e), 0);
    free(got.text);
    EXPECT_EQ(oci_registry_get_manifest(r, "none", &got, &e), -ENOENT);
    EXPECT(strstr(e.text, "MANIFEST_UNKNOWN"));
}

static void push_and_pull(struct oci_registry *r, size_t size, uint64_t chunk)
{
    struct blob b;
    struct err e = {0};
    blob_make(&b, size);
    EXPECT_EQ(oci_registry_has_blob(r, b.d.digest, &e), 0);
    if (oci_registry_put_blob(r, &b.d, blob_read, &b, chunk, &e))
        test_failed(__FILE__, __LINE__, "put: %s", e.text);
    EXPECT_EQ(oci_registry_has_blob(r, b.d.digest, &e), 1);
    if (oci_registry_get_blob(r, &b.d, blob_sink, &b, &e))
        test_failed(__FILE__, __LINE__, "get: %s", e.text);
    EXPECT_EQ(b.got, size);
    EXPECT(memcmp(b.copy, b.data, size) == 0);
    blob_fini(&b);
}

TEST(registry_on_loopback_is_found_to_speak_plain_http)
{
    fixture_dir();
    registry_start("", "");
    struct oci_registry *r = open_at(g_host, &(struct oci_registry_options){0});
    REQUIRE(r);
    push_and_pull(r, 3000000, 0);
    push_and_pull(r, 3000001, 1 << 20);
    push_and_pull(r, 1, 0);
    struct blob config;
    blob_make(&config, 77);
    EXPECT_EQ(oci_registry_put_blob(r, &config.d, blob_read, &config, 0, NULL), 0);
    push_manifest(r, &config);
    struct oci_registry *other = NULL;
    EXPECT_EQ(
        oci_registry_open(&other, g_host, "team/other", &(struct oci_registry_options){0}, NULL),
        0);
    EXPECT_EQ(oci_registry_mount_blob(other, config.d.digest, "team/app", NULL), 1);
    EXPECT_EQ(oci_registry_has_blob(other, config.d.digest, NULL), 1);
    oci_registry_close(other);
    oci_registry_close(r);
    blob_fini(&config);
}

TEST(registry_wrong_content_is_never_accepted)
{
    fixture_dir();
    registry_start("", "");
    struct oci_registry *r = open_at(g_host, &(struct oci_registry_options){0});
    REQUIRE(r);
    struct blob b;
    blob_make(&b, 5000);
    EXPECT_EQ(oci_registry_put_blob(r, &b.d, blob_read, &b, 0, NULL), 0);
    struct oci_descriptor longer = b.d;
    longer.size++;
    struct err e = {0};
    EXPECT(oci_registry_get_blob(r, &longer, blob_sink, &b, &e) < 0);
    b.got = 0;
    struct oci_descriptor shorter = b.d;
    shorter.size--;
    EXPECT(oci_registry_get_blob(r, &shorter, blob_sink, &b, &e) < 0);
    /* one byte changed in the registry's own storage */
    char command[512];
    snprintf(
        command, sizeof command,
        "f=$(find %s/data/docker/registry/v2/blobs -name data -size +4k) && printf X | dd of=$f "
        "bs=1 seek=100 conv=notrunc status=none",
        g_dir);
    run(command);
    b.got = 0;
    EXPECT_EQ(oci_registry_get_blob(r, &b.d, blob_sink, &b, &e), -EBADMSG);
    EXPECT(strstr(e.text, "has digest"));
    oci_registry_close(r);
    blob_fini(&b);
}

TEST(registry_with_htpasswd_wants_the_right_password)
{
    fixture_dir();
    run("htpasswd -Bbn -C 4 user right > $D/htpasswd");
    char more[256];
    snprintf(more, sizeof more, "auth: {htpasswd: {realm: x, path: %s/htpasswd}}\n", g_dir);
    registry_start(more, "");
    struct oci_registry_options o = {0};
    struct oci_manifest_text got;
    struct err e = {0};
    struct oci_registry *r = open_at(g_host, &o);
    REQUIRE(r);
    EXPECT_EQ(oci_registry_get_manifest(r, "v1", &got, &e), -EACCES);
    EXPECT(strstr(e.text, "--creds"));
    oci_registry_close(r);
    EXPECT_EQ(oci_credentials_parse(&o.credentials, "user:wrong", NULL), 0);
    r = open_at(g_host, &o);
    EXPECT_EQ(oci_registry_get_manifest(r, "v1", &got, &e), -EACCES);
    EXPECT(!strstr(e.text, "wrong")); /* no secret in a sentence */
    oci_registry_close(r);
    oci_credentials_fini(&o.credentials);
    EXPECT_EQ(oci_credentials_parse(&o.credentials, "user:right", NULL), 0);
    r = open_at(g_host, &o);
    push_and_pull(r, 100000, 0);
    oci_registry_close(r);
    oci_credentials_fini(&o.credentials);
}

TEST(registry_with_tls_is_checked_against_the_added_ca)
{
    fixture_dir();
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout $D/k.pem -out $D/c.pem "
        "2>/dev/null");
    char tls[256];
    char ca[64];
    snprintf(tls, sizeof tls, ", tls: {certificate: %s/c.pem, key: %s/k.pem}", g_dir, g_dir);
    snprintf(ca, sizeof ca, "%s/c.pem", g_dir);
    registry_start("", tls);
    struct oci_registry *r = NULL;
    struct err e = {0};
    EXPECT_EQ(oci_registry_open(&r, g_host, "a", &(struct oci_registry_options){0}, &e),
              -EKEYREJECTED);
    r = open_at(g_host, &(struct oci_registry_options){.ca_file = ca});
    REQUIRE(r);
    push_and_pull(r, 100000, 0);
    oci_registry_close(r);
}

/* Cuts a connection after so many bytes of the answer; 0 cuts at once, SIZE_MAX never.  One entry a
 * connection. */
struct proxy {
    int socket;
    int port;
    size_t limits[8];
    size_t requests[8]; /* limits of the other direction */
    pthread_t thread;
};

static size_t forward(int from, int to, size_t limit)
{
    char buf[16384];
    ssize_t n = recv(from, buf, limit < sizeof buf ? limit : sizeof buf, MSG_DONTWAIT);
    if (n == 0)
        return SIZE_MAX;
    if (n < 0)
        return 0;
    ignore(write(to, buf, (size_t)n));
    return (size_t)n;
}

static void *proxy_serve(void *context)
{
    struct proxy *p = context;
    for (int i = 0;; i++) {
        int client = accept(p->socket, NULL, NULL);
        if (client < 0)
            return NULL;
        int server = connect_to(g_port);
        size_t down = i < 8 ? p->limits[i] : SIZE_MAX;
        size_t up = i < 8 ? p->requests[i] : SIZE_MAX;
        while (down && up) {
            size_t a = forward(client, server, up);
            size_t b = forward(server, client, down);
            if (a == SIZE_MAX || b == SIZE_MAX)
                break;
            up -= up == SIZE_MAX ? 0 : a;
            down -= down == SIZE_MAX ? 0 : b;
            if (!a && !b)
                usleep(200);
        }
        close(server);
        close(client);
    }
}

static void proxy_start(struct proxy *p)
{
    for (int i = 0; i < 8; i++) {
        p->limits[i] = p->limits[i] ? p->limits[i] : SIZE_MAX;
        p->requests[i] = p->requests[i] ? p->requests[i] : SIZE_MAX;
    }
    p->socket = listen_on_loopback(&p->port);
    pthread_create(&p->thread, NULL, proxy_serve, p);
}

TEST(registry_pull_goes_on_where_the_connection_was_cut)
{
    fixture_dir();
    registry_start("", "");
    struct blob b;
    struct err e = {0};
    blob_make(&b, 2000000);
    struct oci_registry *direct = open_at(g_host, &(struct oci_registry_options){0});
    REQUIRE(direct);
    EXPECT_EQ(oci_registry_put_blob(direct, &b.d, blob_read, &b, 0, NULL), 0);
    static struct proxy p = {.limits = {700000, 500000, 300}};
    proxy_start(&p);
    char host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d", p.port);
    struct oci_registry *r = open_at(host, &(struct oci_registry_options){.plain_http = true});
    REQUIRE(r);
    if (oci_registry_get_blob(r, &b.d, blob_sink, &b, &e))
        test_failed(__FILE__, __LINE__, "get: %s", e.text);
    EXPECT(memcmp(b.copy, b.data, b.d.size) == 0);
    oci_registry_close(r);
    oci_registry_close(direct);
    blob_fini(&b);
}

TEST(registry_push_goes_on_where_the_connection_was_cut)
{
    fixture_dir();
    registry_start("", "");
    static struct proxy p = {.requests = {800000, 600000, 400}};
    proxy_start(&p);
    char host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d", p.port);
    struct oci_registry *r = open_at(host, &(struct oci_registry_options){.plain_http = true});
    REQUIRE(r);
    push_and_pull(r, 2000000, 500000);
    oci_registry_close(r);
}

TEST(registry_that_is_not_there_gives_a_sentence)
{
    struct oci_registry *r = NULL;
    struct err e = {0};
    EXPECT_EQ(
        oci_registry_open(&r, "127.0.0.1:1", "a", &(struct oci_registry_options){.retries = 1}, &e),
        -ECONNREFUSED);
    EXPECT(strstr(e.text, "127.0.0.1"));
    EXPECT(r == NULL);
}
