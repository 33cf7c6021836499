/* SPDX-License-Identifier: Apache-2.0
 * The socket side: framing, slow and hostile clients beside good ones, restart. */
#include "aesm/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "aesm/service.h"
#include "base/test.h"

static int no_target(void *context, struct sgx_targetinfo *out)
{
    (void)context;
    (void)out;
    return AESM_SGX_DEVICE_NOT_AVAILABLE;
}

static int slow_size(void *context, uint32_t *size)
{
    (void)context;
    usleep(20000);
    *size = 4600;
    return AESM_SUCCESS;
}

static const struct aesm_quoting g_quoting = {.target_info = no_target, .quote_size = slow_size};

static char g_dir[] = "/tmp/aesm_test.XXXXXX";
static char g_path[64];

static struct aesm_server *start(void)
{
    struct aesm_server *s = NULL;
    struct err e = {0};
    int fd = aesm_listen(g_path, &e);
    if (fd < 0 || aesm_server_start(&s, fd, &g_quoting, 4, &e))
        test_failed(__FILE__, __LINE__, "%s", e.text);
    return s;
}

static struct aesm_server *start_new(void)
{
    if (!mkdtemp(g_dir))
        test_failed(__FILE__, __LINE__, "no folder");
    snprintf(g_path, sizeof g_path, "%s/run/aesm.socket", g_dir);
    return start();
}

static int dial(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, g_path, strlen(g_path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* getQuoteSizeEx with no fields: field 16, wire type 2, length 0. */
static const uint8_t SIZE_REQUEST[] = {3, 0, 0, 0, 0x82, 1, 0};

/* True when the answer to SIZE_REQUEST is right. */
static bool take_answer(int fd)
{
    static const uint8_t right[] = {8, 0, 0, 0, 0x82, 1, 5, 8, 0, 0x10, 0xf8, 0x23};
    uint8_t got[64];
    ssize_t n = recv(fd, got, sizeof right, MSG_WAITALL);
    return n == sizeof right && memcmp(got, right, sizeof right) == 0 &&
           recv(fd, got, 1, 0) == 0; /* and the server ends the connection */
}

static bool ask(void)
{
    int fd = dial();
    bool ok = fd >= 0 && write(fd, SIZE_REQUEST, sizeof SIZE_REQUEST) == sizeof SIZE_REQUEST &&
              take_answer(fd);
    close(fd);
    return ok;
}

TEST(server_answers_one_request_a_connection)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    EXPECT(ask());
    EXPECT(ask());
    struct stat st;
    EXPECT_EQ(stat(g_path, &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0777);
    aesm_server_stop(s);
}

TEST(server_takes_a_request_byte_by_byte)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    int fd = dial();
    for (size_t i = 0; i < sizeof SIZE_REQUEST; i++) {
        EXPECT_EQ(write(fd, SIZE_REQUEST + i, 1), 1);
        usleep(2000);
    }
    EXPECT(take_answer(fd));
    close(fd);
    aesm_server_stop(s);
}

TEST(server_hangs_up_on_lengths_and_bytes_that_are_no_request)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    static const uint8_t bad[][8] = {{0xff, 0xff, 0xff, 0xff, 1},
                                     {1, 0, 1, 0, 1}, /* 65537 */
                                     {4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        int fd = dial();
        uint8_t byte;
        EXPECT_EQ(write(fd, bad[i], sizeof bad[i]), sizeof bad[i]);
        EXPECT(recv(fd, &byte, 1, 0) <= 0);
        close(fd);
    }
    EXPECT(ask());
    aesm_server_stop(s);
}

static void *ask_many(void *failures)
{
    for (int i = 0; i < 10; i++)
        if (!ask())
            atomic_fetch_add((atomic_int *)failures, 1);
    return NULL;
}

TEST(server_serves_many_while_others_dawdle)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    enum { IDLE = 300, THREADS = 16 };
    int idle[IDLE];
    for (int i = 0; i < IDLE; i++) {
        idle[i] = dial();
        if (i % 2)
            EXPECT_EQ(write(idle[i], SIZE_REQUEST, 4), 4); /* a length, and then nothing */
    }
    atomic_int failures = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask_many, &failures);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    EXPECT_EQ(failures, 0);
    for (int i = 0; i < IDLE; i++)
        close(idle[i]);
    EXPECT(ask());
    aesm_server_stop(s);
}

TEST(server_survives_clients_that_leave_before_the_answer)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    for (int i = 0; i < 50; i++) {
        int fd = dial();
        EXPECT_EQ(write(fd, SIZE_REQUEST, sizeof SIZE_REQUEST), sizeof SIZE_REQUEST);
        close(fd);
    }
    EXPECT(ask());
    aesm_server_stop(s);
}

TEST(server_stopping_answers_what_it_has_begun)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    int fd = dial();
    EXPECT_EQ(write(fd, SIZE_REQUEST, sizeof SIZE_REQUEST), sizeof SIZE_REQUEST);
    usleep(10000); /* it is with a worker now, which needs 20 ms */
    aesm_server_stop(s);
    EXPECT(take_answer(fd));
    close(fd);
}

TEST(server_replaces_a_socket_file_that_nobody_serves)
{
    struct aesm_server *s = start_new();
    REQUIRE(s);
    struct err e = {0};
    EXPECT_EQ(aesm_listen(g_path, &e), -EADDRINUSE);
    EXPECT(strstr(e.text, "already"));
    aesm_server_stop(s);
    s = start(); /* the file is still there */
    REQUIRE(s);
    EXPECT(ask());
    aesm_server_stop(s);
}

TEST(server_needs_a_path_that_fits)
{
    struct err e = {0};
    char path[200];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    EXPECT_EQ(aesm_listen(path, &e), -ENAMETOOLONG);
    EXPECT(aesm_listen("/proc/nowhere/aesm.socket", &e) < 0);
}
