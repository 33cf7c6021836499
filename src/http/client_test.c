/* SPDX-License-Identifier: Apache-2.0
 * A server in a thread gives one scripted answer a connection and keeps what it was asked. */
#include "http/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/test.h"

struct server {
    int socket;
    int port;
    const char *const *answers; /* ended by NULL */
    char asked[16][4096];
    int count;
    pthread_t thread;
};

static bool is_whole(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (!end)
        return false;
    const char *length = strstr(text, "Content-Length: ");
    size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return strlen(end + 4) >= body;
}

static void *serve(void *context)
{
    struct server *s = context;
    for (int i = 0; s->answers[i]; i++) {
        int client = accept(s->socket, NULL, NULL);
        if (client < 0)
            return NULL;
        char *asked = s->asked[i];
        size_t got = 0;
        while (!is_whole(asked) && got < sizeof s->asked[0] - 1) {
            ssize_t n = read(client, asked + got, sizeof s->asked[0] - 1 - got);
            if (n <= 0)
                break;
            got += (size_t)n;
        }
        s->count = i + 1;
        ignore(write(client, s->answers[i], strlen(s->answers[i])));
        close(client);
    }
    return NULL;
}

static void server_start(struct server *s, const char *const *answers)
{
    memset(s, 0, sizeof *s);
    s->answers = answers;
    s->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(s->socket, (struct sockaddr *)&at, size) || listen(s->socket, 8) ||
        getsockname(s->socket, (struct sockaddr *)&at, &size))
        test_failed(__FILE__, __LINE__, "no server: %s", strerror(errno));
    s->port = ntohs(at.sin_port);
    pthread_create(&s->thread, NULL, serve, s);
}

static void server_stop(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->socket);
}

static const char *url_of(const struct server *s, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s->port, path);
    return url;
}

static struct http_client *plain_client(void)
{
    struct http_client *client = NULL;
    struct http_options o = {.allow_plain = true, .stall_s = 2, .total_ms = 4000};
    EXPECT_EQ(http_client_new(&client, &o, NULL), 0);
    return client;
}

TEST(http_get_gives_status_headers_and_body)
{
    static const char *const answers[] = {
        "HTTP/1.1 404 Not Found\r\nX-Test:  a b \r\nContent-Length: 5\r\n\r\nhello", NULL};
    static struct server s;
    server_start(&s, answers);
    struct http_client *client = plain_client();
    const char *const headers[] = {"Accept: text/x", NULL};
    struct http_request request = {.method = "GET",
                                   .url = url_of(&s, "/p?q=1"),
                                   .headers = headers,
                                   .authorization = "Basic x"};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), 0);
    EXPECT_EQ(response.status, 404);
    EXPECT_STR(response.body, "hello");
    auto_free char *value = http_header(&response, "x-test");
    EXPECT_STR(value, "a b");
    EXPECT(http_header(&response, "X-Tes") == NULL);
    server_stop(&s);
    EXPECT(strncmp(s.asked[0], "GET /p?q=1 HTTP/1.1\r\n", 21) == 0);
    EXPECT(strstr(s.asked[0], "Accept: text/x\r\n"));
    EXPECT(strstr(s.asked[0], "Authorization: Basic x\r\n"));
    http_response_fini(&response);
    http_client_free(client);
}

TEST(http_post_and_put_send_the_body)
{
    static const char *const answers[] = {"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                                          "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
                                          "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                                          NULL};
    static struct server s;
    server_start(&s, answers);
    struct http_client *client = plain_client();
    static const char *const methods[] = {"POST", "PUT", "POST"};
    static const char *const bodies[] = {"one", "two!", ""};
    for (int i = 0; i < 3; i++) {
        struct http_request request = {
            .method = methods[i], .url = url_of(&s, "/"), .body = span_text(bodies[i])};
        struct http_response response;
        EXPECT_EQ(http_send(client, &request, &response, NULL), 0);
        http_response_fini(&response);
    }
    server_stop(&s);
    EXPECT(strncmp(s.asked[0], "POST / ", 7) == 0 && strstr(s.asked[0], "\r\n\r\none"));
    EXPECT(strncmp(s.asked[1], "PUT / ", 6) == 0 && strstr(s.asked[1], "\r\n\r\ntwo!"));
    EXPECT(strstr(s.asked[2], "Content-Length: 0\r\n"));
    http_client_free(client);
}

TEST(http_redirect_to_another_host_drops_the_credentials)
{
    static struct server target;
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
    server_start(&target, answers);
    static char first[256];
    snprintf(first, sizeof first,
             "HTTP/1.1 307 Temporary\r\nLocation: http://localhost:%d/b\r\n"
             "Content-Length: 4\r\n\r\nbody",
             target.port);
    static const char *redirect[2];
    redirect[0] = first;
    static struct server s;
    server_start(&s, redirect);
    struct http_client *client = plain_client();
    struct http_request request = {
        .method = "GET", .url = url_of(&s, "/a"), .authorization = "Bearer secret"};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), 0);
    EXPECT_STR(response.body, "ok"); /* nothing of the redirect's own body */
    server_stop(&s);
    server_stop(&target);
    EXPECT(strstr(s.asked[0], "secret"));
    EXPECT(!strstr(target.asked[0], "secret"));
    http_response_fini(&response);
    http_client_free(client);
}

TEST(http_body_larger_than_allowed_is_refused)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789", NULL};
    static struct server s;
    server_start(&s, answers);
    struct http_client *client = plain_client();
    struct http_request request = {.method = "GET", .url = url_of(&s, "/"), .max_body = 19};
    struct http_response response;
    struct err e = {0};
    EXPECT_EQ(http_send(client, &request, &response, &e), -EFBIG);
    EXPECT(strstr(e.text, "larger than is allowed"));
    http_response_fini(&response);
    server_stop(&s);
    http_client_free(client);
}

TEST(http_body_that_ends_early_is_an_error)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
                                          NULL};
    static struct server s;
    server_start(&s, answers);
    struct http_client *client = plain_client();
    struct http_request request = {.method = "GET", .url = url_of(&s, "/")};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), -ECONNRESET);
    http_response_fini(&response);
    server_stop(&s);
    http_client_free(client);
}

static int refusing_sink(void *context, struct span part)
{
    *(size_t *)context += part.size;
    return -ENOSPC;
}

TEST(http_sink_error_ends_the_transfer_and_comes_back)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", NULL};
    static struct server s;
    server_start(&s, answers);
    struct http_client *client = plain_client();
    size_t got = 0;
    struct http_request request = {
        .method = "GET", .url = url_of(&s, "/"), .sink = refusing_sink, .sink_context = &got};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), -ENOSPC);
    EXPECT_EQ(got, 3);
    http_response_fini(&response);
    server_stop(&s);
    http_client_free(client);
}

TEST(http_plain_is_refused_unless_allowed)
{
    struct http_client *client = NULL;
    struct http_options o = {0};
    REQUIRE(http_client_new(&client, &o, NULL) == 0);
    struct http_request request = {.method = "GET", .url = "http://127.0.0.1:1/"};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), -EPERM);
    request.url = "file:///etc/passwd";
    EXPECT_EQ(http_send(client, &request, &response, NULL), -EPERM);
    http_response_fini(&response);
    http_client_free(client);
}

TEST(http_nobody_listening_is_connection_refused)
{
    struct http_client *client = plain_client();
    struct http_request request = {.method = "GET", .url = "http://127.0.0.1:1/"};
    struct http_response response;
    EXPECT_EQ(http_send(client, &request, &response, NULL), -ECONNREFUSED);
    http_response_fini(&response);
    http_client_free(client);
}

TEST(http_retry_after_is_bounded)
{
    struct http_response r = {.headers = strdup("HTTP/1.1 429 x\r\nRetry-After: 7\r\n\r\n")};
    EXPECT_EQ(http_retry_after(&r, 1, 60), 7);
    EXPECT_EQ(http_retry_after(&r, 1, 5), 5);
    free(r.headers);
    r.headers = strdup("HTTP/1.1 429 x\r\nRetry-After: Sun, 22 Nov 2026 00:00:00 GMT\r\n\r\n");
    EXPECT_EQ(http_retry_after(&r, 3, 60), 3);
    http_response_fini(&r);
}
