/* SPDX-License-Identifier: Apache-2.0
 * wait.c: pipes, eventfd, poll, select, epoll, futexes, threads, clocks, TCP. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static char g_big[100000];

static void pipes(void)
{
    int p[2];
    char buf[16];
    int count;
    CALL(pipe2(p, O_NONBLOCK | O_CLOEXEC));
    CALL(fcntl(p[0], F_GETFD));
    CALL(read(p[0], buf, 1));
    CALL(write(p[1], "abc", 3));
    CALL(ioctl(p[0], FIONREAD, &count));
    SHOW(count);
    CALL(read(p[0], buf, 16));
    CALL(write(p[1], g_big, sizeof g_big));
    CALL(write(p[1], g_big, 1));
    CALL(lseek(p[0], 0, SEEK_SET));
    CALL(pread(p[0], buf, 1, 0));
    CALL(write(p[0], "x", 1));
    CALL(read(p[1], buf, 1));
    CALL(fcntl(p[1], F_GETPIPE_SZ));
    struct pollfd fds[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
    CALL(poll(fds, 2, 0));
    SHOW(fds[0].revents);
    SHOW(fds[1].revents);
    close(p[1]);
    while (read(p[0], g_big, sizeof g_big) > 0) {
    }
    CALL(read(p[0], buf, 1));
    CALL(poll(fds, 1, 0));
    SHOW(fds[0].revents);
    CALL(pipe2(p, 0x1234));
    CALL(pipe((int *)1));
}

static void events(void)
{
    uint64_t n = 5;
    int fd = eventfd(3, EFD_NONBLOCK);
    CALL(read(fd, &n, 8));
    SHOW(n);
    CALL(read(fd, &n, 8));
    n = 7;
    CALL(write(fd, &n, 8));
    CALL(write(fd, &n, 8));
    CALL(write(fd, &n, 4));
    CALL(read(fd, &n, 4));
    CALL(read(fd, &n, 8));
    SHOW(n);
    n = UINT64_MAX;
    CALL(write(fd, &n, 8));
    n = UINT64_MAX - 1;
    CALL(write(fd, &n, 8));
    n = 1;
    CALL(write(fd, &n, 8));
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CALL(read(fd, &n, 8));
    SHOW(n);
    CALL(read(fd, &n, 8));
    CALL(read(fd, &n, 8));
    CALL(eventfd(0, 0x4321));
}

static void polling(void)
{
    int fd = eventfd(0, 0);
    struct pollfd fds[2] = {{fd, POLLIN | POLLOUT, 0}, {99, POLLIN, 0}};
    CALL(poll(fds, 1, 0));
    SHOW(fds[0].revents);
    CALL(poll(fds, 2, 0));
    SHOW(fds[1].revents);
    fds[0].events = POLLIN;
    CALL(poll(fds, 1, 20));
    CALL(poll(NULL, 0, 5));
    CALL(poll((struct pollfd *)1, 1, 0));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timeval none = {0, 1000};
    CALL(select(fd + 1, &set, NULL, NULL, &none));
    FD_SET(fd, &set);
    CALL(select(fd + 1, NULL, &set, NULL, NULL));
    OK(FD_ISSET(fd, &set));
    CALL(select(-1, NULL, NULL, NULL, &none));
}

static void *write_later(void *arg)
{
    uint64_t one = 1;
    usleep(30000);
    if (write(*(int *)arg, &one, 8) != 8)
        abort();
    return NULL;
}

static void epolls(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    int fd = eventfd(0, EFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 77};
    struct epoll_event out[4];
    uint64_t n = 1;
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e));
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, set, &e));
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, 99, &e));
    CALL(epoll_ctl(set, 44, fd, &e));
    int file = open("/proc/self/exe", O_RDONLY);
    CALL(epoll_ctl(set, EPOLL_CTL_ADD, file, &e));
    CALL(epoll_wait(set, out, 4, 0));
    CALL(epoll_wait(set, out, 4, 10));
    CALL(epoll_wait(set, out, 0, 0));
    write(fd, &n, 8);
    CALL(epoll_wait(set, out, 4, -1));
    SHOW(out[0].data.u64);
    SHOW(out[0].events);
    CALL(epoll_wait(set, out, 4, 0)); /* level: again */
    e.events = EPOLLIN | EPOLLET;
    CALL(epoll_ctl(set, EPOLL_CTL_MOD, fd, &e));
    CALL(epoll_wait(set, out, 4, 0));
    CALL(epoll_wait(set, out, 4, 0)); /* edge: once */
    write(fd, &n, 8);
    CALL(epoll_wait(set, out, 4, 0));
    e.events = EPOLLIN | EPOLLONESHOT;
    epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
    CALL(epoll_wait(set, out, 4, 0));
    CALL(epoll_wait(set, out, 4, 0));
    epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
    CALL(epoll_wait(set, out, 4, 0));
    read(fd, &n, 8);
    e.events = EPOLLIN;
    epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
    pthread_t t;
    pthread_create(&t, NULL, write_later, &fd);
    CALL(epoll_wait(set, out, 4, 5000));
    pthread_join(t, NULL);
    int outer = epoll_create1(0);
    CALL(epoll_ctl(outer, EPOLL_CTL_ADD, set, &e));
    CALL(epoll_wait(outer, out, 4, 0));
    CALL(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
    CALL(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
    close(fd);
    CALL(epoll_wait(set, out, 4, 0));
    CALL(epoll_create1(0x77));
}

static int g_word;

static void *wake_later(void *arg)
{
    usleep(30000);
    return (void *)syscall(SYS_futex, &g_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) +
           (arg != NULL);
}

static void futexes(void)
{
    struct timespec soon = {0, 2000000};
    struct timespec past = {1, 0};
    pthread_t t;
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_PRIVATE, 1, NULL));
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_PRIVATE, 0, &soon));
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_BITSET_PRIVATE, 0, &past, NULL, -1));
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &past,
                 NULL, -1));
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_BITSET_PRIVATE, 0, &past, NULL, 0));
    CALL(syscall(SYS_futex, 1, FUTEX_WAIT_PRIVATE, 0, NULL));
    CALL(syscall(SYS_futex, 8, FUTEX_WAIT_PRIVATE, 0, NULL));
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAKE_PRIVATE, 1));
    CALL(syscall(SYS_futex, &g_word, 99, 1));
    pthread_create(&t, NULL, wake_later, NULL);
    CALL(syscall(SYS_futex, &g_word, FUTEX_WAIT_PRIVATE, 0, NULL));
    void *woken;
    pthread_join(t, &woken);
    SHOW((intptr_t)woken);
    int other = 0;
    CALL(syscall(SYS_futex, &g_word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, &other, 0));
    CALL(syscall(SYS_futex, &g_word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, &other, 5));
}

static void clocks(void)
{
    struct timespec a;
    struct timespec b;
    struct timespec ms = {0, 3000000};
    struct timespec bad = {0, 2000000000};
    CALL(clock_gettime(CLOCK_MONOTONIC, &a));
    CALL(nanosleep(&ms, NULL));
    CALL(clock_gettime(CLOCK_MONOTONIC, &b));
    OK((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec >= 3000000);
    CALL(nanosleep(&bad, NULL));
    CALL(clock_gettime(77, &a));
    CALL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a));
    CALL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a));
    CALL(clock_getres(CLOCK_MONOTONIC, &a));
    SHOW(a.tv_nsec);
    CALL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL));
    CALL(syscall(SYS_clock_nanosleep, 99, 0, &ms, NULL));
    OK(time(NULL) > 1600000000);
}

static void identity(void)
{
    struct rlimit limit;
    struct utsname name;
    char text[32] = {0};
    cpu_set_t cpus;
    gid_t groups[3] = {5, 6, 7};
    CALL(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 512;
    CALL(setrlimit(RLIMIT_NOFILE, &limit));
    CALL(getrlimit(RLIMIT_NOFILE, &limit));
    SHOW(limit.rlim_cur);
    limit.rlim_cur = limit.rlim_max + 1;
    CALL(setrlimit(RLIMIT_NOFILE, &limit));
    CALL(getrlimit(99, &limit));
    CALL(uname(&name));
    OK(!strcmp(name.sysname, "Linux") && !strcmp(name.machine, "x86_64"));
    CALL(sched_getaffinity(0, sizeof cpus, &cpus) >= 0);
    OK(CPU_COUNT(&cpus) == sysconf(_SC_NPROCESSORS_ONLN));
    CALL(pthread_setname_np(pthread_self(), "renamed"));
    CALL(pthread_getname_np(pthread_self(), text, sizeof text));
    OK(!strcmp(text, "renamed"));
    CALL(getrandom(text, 16, 0));
    CALL(getrandom(text, 16, 99));
    CALL(setgroups(3, groups));
    CALL(getgroups(0, NULL));
    CALL(setresgid(10, 20, 30));
    CALL(getegid());
    CALL(setresuid(1000, 1001, 1002));
    CALL(getuid());
    CALL(geteuid());
    CALL(setuid(0));
    CALL(setuid(1002));
    CALL(geteuid());
    CALL(setgroups(1, groups));
}

static int listener(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    CALL(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    CALL(bind(fd, (struct sockaddr *)&at, sizeof at));
    CALL(listen(fd, 5));
    CALL(getsockname(fd, (struct sockaddr *)&at, &size));
    *port = at.sin_port;
    return fd;
}

static void sockets(void)
{
    uint16_t port = 0;
    char buf[32] = {0};
    int on = 1;
    socklen_t size = sizeof on;
    int server = listener(&port);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CALL(connect(client, (struct sockaddr *)&at, sizeof at));
    CALL(connect(client, (struct sockaddr *)&at, sizeof at));
    int peer = accept4(server, NULL, NULL, SOCK_NONBLOCK);
    OK(peer >= 0 && (fcntl(peer, F_GETFL) & O_NONBLOCK));
    CALL(recv(peer, buf, sizeof buf, 0));
    CALL(send(client, "hello", 5, 0));
    struct pollfd ready = {peer, POLLIN, 0};
    CALL(poll(&ready, 1, 2000));
    CALL(recv(peer, buf, sizeof buf, MSG_PEEK));
    CALL(ioctl(peer, FIONREAD, &on));
    SHOW(on);
    CALL(read(peer, buf, sizeof buf));
    OK(!strcmp(buf, "hello"));
    CALL(setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    CALL(getsockopt(peer, SOL_SOCKET, SO_TYPE, &on, &size));
    SHOW(on);
    CALL(getsockopt(peer, SOL_SOCKET, SO_ERROR, &on, &size));
    CALL(getsockopt(0, SOL_SOCKET, SO_ERROR, &on, &size));
    struct iovec iov[2] = {{"ab", 2}, {"cd", 2}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    CALL(sendmsg(peer, &msg, 0));
    struct iovec in = {buf, sizeof buf};
    struct msghdr got = {.msg_iov = &in, .msg_iovlen = 1};
    CALL(recvmsg(client, &got, 0));
    OK(!memcmp(buf, "abcd", 4));
    CALL(shutdown(client, SHUT_WR));
    CALL(poll(&ready, 1, 2000));
    CALL(recv(peer, buf, sizeof buf, 0));
    close(peer);
    close(client);
    close(server);
    client = socket(AF_INET, SOCK_STREAM, 0);
    CALL(connect(client, (struct sockaddr *)&at, sizeof at));
    CALL(getpeername(client, (struct sockaddr *)&at, &(socklen_t){sizeof at}));
    CALL(socket(99, SOCK_STREAM, 0));
    CALL(listen(0, 5));
    CALL(bind(99, NULL, 0));
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    at.sin_port = 0;
    bind(udp, (struct sockaddr *)&at, sizeof at);
    size = sizeof at;
    getsockname(udp, (struct sockaddr *)&at, &size);
    CALL(sendto(udp, "datagram", 8, 0, (struct sockaddr *)&at, sizeof at));
    size = sizeof at;
    CALL(recvfrom(udp, buf, 4, 0, (struct sockaddr *)&at, &size));
    SHOW(size);
    CALL(recv(udp, buf, 4, MSG_DONTWAIT));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    pipes();
    events();
    polling();
    epolls();
    futexes();
    clocks();
    sockets();
    identity();
    return 0;
}
