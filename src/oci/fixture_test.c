/* SPDX-License-Identifier: Apache-2.0
 * fixture_test.c: see fixture_test.h. */
#include "oci/fixture_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "posix/file.h"

char g_dir[] = "/tmp/oci_test.XXXXXX";
static pid_t g_registry;
char g_host[64];
int g_port;

int listen_on_loopback(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) || listen(fd, 16) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        test_failed(__FILE__, __LINE__, "no loopback socket: %s", strerror(errno));
    *port = ntohs(at.sin_port);
    return fd;
}

int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

void run(const char *command)
{
    if (system(command) != 0)
        test_failed(__FILE__, __LINE__, "failed: %s", command);
}

static void remove_dir(void)
{
    run("rm -rf $D");
}

void fixture_dir(void)
{
    if (!mkdtemp(g_dir))
        test_failed(__FILE__, __LINE__, "no temporary folder: %s", strerror(errno));
    setenv("D", g_dir, 1);
    atexit(remove_dir);
}

static void registry_kill(void)
{
    kill(g_registry, SIGKILL);
    waitpid(g_registry, NULL, 0);
}

void registry_start(const char *more, const char *tls)
{
    if (access("/usr/bin/docker-registry", X_OK) != 0)
        test_skip("docker-registry is not installed");
    int probe = listen_on_loopback(&g_port);
    close(probe);
    snprintf(g_host, sizeof g_host, "127.0.0.1:%d", g_port);
    char config[2048];
    char path[64];
    snprintf(path, sizeof path, "%s/config.yml", g_dir);
    snprintf(config, sizeof config,
             "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
             "storage: {filesystem: {rootdirectory: %s/data}, delete: {enabled: true}}\n"
             "http: {addr: %s%s}\n%s",
             g_dir, g_host, tls, more);
    EXPECT_EQ(file_write(path, span_text(config), 0600, NULL), 0);
    fflush(NULL);
    g_registry = fork();
    if (g_registry == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(126);
        execl("/usr/bin/docker-registry", "docker-registry", "serve", path, (char *)NULL);
        _exit(127);
    }
    atexit(registry_kill);
    for (int i = 0; i < 200; i++) {
        int fd = connect_to(g_port);
        if (fd >= 0) {
            close(fd);
            return;
        }
        usleep(25000);
    }
    test_failed(__FILE__, __LINE__, "the registry does not start");
}
