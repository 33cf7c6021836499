/* SPDX-License-Identifier: Apache-2.0
 * server.c: see server.h.
 *
 * A client goes through READING (loop thread), WORKING (in the queue, then with a worker), WRITING
 * (loop thread).  Only the loop thread touches a client that is not WORKING; a worker hands it back
 * through the done list and an eventfd. Lock order: `lock` alone; it guards the two lists and
 * `stopping`. */
#include "aesm/server.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "aesm/service.h"

enum { MAX_CLIENTS = 512, DEADLINE_MS = 10000, TICK_MS = 500, MAX_WORKERS = 16, BACKLOG = 128 };

enum client_state { READING, WORKING, WRITING };

struct client {
    struct client *next; /* in a list of the server */
    struct client *all_next;
    struct client **all_link;
    int fd;
    enum client_state state;
    int64_t deadline_ms;
    uint8_t head[4]; /* the length, host byte order */
    uint8_t *data;   /* request, then length and answer */
    size_t size;
    size_t at; /* how much of head and data is in, or of data is out */
};

struct list {
    struct client *first;
    struct client **last;
};

struct aesm_server {
    const struct aesm_quoting *quoting;
    int socket;
    int epoll;
    int wake; /* eventfd: the done list has grown, or stop */
    pthread_t loop;
    pthread_t workers[MAX_WORKERS];
    unsigned worker_count;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list queue;  /* guarded by lock */
    struct list done;   /* guarded by lock */
    bool stopping;      /* guarded by lock */
    struct client *all; /* loop thread alone */
    unsigned client_count;
    unsigned working;
    bool listening;
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->last = &l->first;
}

static void list_add(struct list *l, struct client *c)
{
    c->next = NULL;
    *l->last = c;
    l->last = &c->next;
}

static struct client *list_take(struct list *l)
{
    struct client *c = l->first;
    if (c) {
        l->first = c->next;
        if (!l->first)
            l->last = &l->first;
    }
    return c;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void watch_socket(struct aesm_server *s, bool on)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->socket};
    if (s->listening != on)
        epoll_ctl(s->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->socket, &event);
    s->listening = on;
}

static void client_end(struct aesm_server *s, struct client *c)
{
    *c->all_link = c->all_next;
    if (c->all_next)
        c->all_next->all_link = c->all_link;
    close(c->fd);
    free(c->data);
    free(c);
    s->client_count--;
}

static void client_begin(struct aesm_server *s, int fd)
{
    struct client *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event)) {
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->deadline_ms = now_ms() + DEADLINE_MS;
    c->all_next = s->all;
    c->all_link = &s->all;
    if (s->all)
        s->all->all_link = &c->all_next;
    s->all = c;
    s->client_count++;
}

static void accept_clients(struct aesm_server *s)
{
    while (s->client_count < MAX_CLIENTS) {
        int fd = accept4(s->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        client_begin(s, fd);
    }
    watch_socket(s, false);
}

/* Hands a complete request to the workers. */
static void client_queue(struct aesm_server *s, struct client *c)
{
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->fd, NULL); /* a hang-up would be reported over and over */
    c->state = WORKING;
    s->working++;
    pthread_mutex_lock(&s->lock);
    list_add(&s->queue, c);
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
}

/* Reads what is there.  False: the client is to be ended. */
static bool client_read(struct aesm_server *s, struct client *c)
{
    for (;;) {
        bool in_head = c->at < sizeof c->head;
        uint8_t *to = in_head ? c->head + c->at : c->data + (c->at - sizeof c->head);
        size_t want = in_head ? sizeof c->head - c->at : c->size + sizeof c->head - c->at;
        ssize_t n = want ? read(c->fd, to, want) : 0;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0 && want)
            return false;
        c->at += (size_t)n;
        if (c->at == sizeof c->head && !c->data) {
            uint32_t size;
            memcpy(&size, c->head, sizeof size);
            if (size > AESM_MAX_REQUEST)
                return false;
            c->size = size;
            c->data = malloc(size + 1);
            if (!c->data)
                return false;
        }
        if (c->data && c->at == sizeof c->head + c->size) {
            client_queue(s, c);
            return true;
        }
    }
}

static bool client_write(struct client *c)
{
    while (c->at < c->size) {
        ssize_t n = send(c->fd, c->data + c->at, c->size - c->at, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->at += (size_t)n;
    }
    return false; /* all is out: the connection has served */
}

/* In a worker: request in c->data to length and answer in c->data; no data when there is no answer.
 */
static void client_serve(const struct aesm_server *s, struct client *c)
{
    uint8_t *answer = NULL;
    size_t size = 0;
    int rc = aesm_serve(s->quoting, span_of(c->data, c->size), &answer, &size, NULL);
    free(c->data);
    c->data = rc ? NULL : malloc(sizeof c->head + size);
    c->size = 0;
    c->at = 0;
    if (c->data) {
        uint32_t length = (uint32_t)size;
        memcpy(c->data, &length, sizeof length);
        memcpy(c->data + sizeof length, answer, size);
        c->size = sizeof length + size;
    }
    free(answer);
}

static void *work(void *context)
{
    struct aesm_server *s = context;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        while (!s->queue.first && !s->stopping)
            pthread_cond_wait(&s->work, &s->lock);
        struct client *c = list_take(&s->queue);
        pthread_mutex_unlock(&s->lock);
        if (!c)
            return NULL;
        client_serve(s, c);
        pthread_mutex_lock(&s->lock);
        list_add(&s->done, c);
        pthread_mutex_unlock(&s->lock);
        eventfd_write(s->wake, 1);
    }
}

/* Takes the answered clients over from the workers; true when the server is to stop. */
static bool collect_done(struct aesm_server *s)
{
    eventfd_t ignored;
    eventfd_read(s->wake, &ignored);
    pthread_mutex_lock(&s->lock);
    struct list done = s->done;
    list_init(&s->done);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    for (struct client *next, *c = done.first; c; c = next) {
        next = c->next;
        s->working--;
        c->state = WRITING;
        struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
        if (!c->data || !client_write(c))
            client_end(s, c);
        else
            epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event);
    }
    return stopping;
}

static void end_late_clients(struct aesm_server *s)
{
    int64_t now = now_ms();
    for (struct client *next, *c = s->all; c; c = next) {
        next = c->all_next;
        if (c->state != WORKING && c->deadline_ms < now)
            client_end(s, c);
    }
}

static void client_event(struct aesm_server *s, struct client *c, uint32_t events)
{
    bool keep = c->state == READING && (events & EPOLLIN)    ? client_read(s, c)
                : c->state == WRITING && (events & EPOLLOUT) ? client_write(c)
                                                             : false;
    if (!keep)
        client_end(s, c);
}

static void *loop(void *context)
{
    struct aesm_server *s = context;
    bool stopping = false;
    while (!stopping || s->working) {
        struct epoll_event events[64];
        int n = epoll_wait(s->epoll, events, 64, TICK_MS);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &s->socket)
                accept_clients(s);
            else if (events[i].data.ptr != &s->wake)
                client_event(s, events[i].data.ptr, events[i].events);
        }
        stopping |= collect_done(s); /* last, so that no event of this round names a freed client */
        end_late_clients(s);
        watch_socket(s, !stopping && s->client_count < MAX_CLIENTS);
    }
    while (s->all)
        client_end(s, s->all);
    return NULL;
}

static int start_threads(struct aesm_server *s, unsigned workers, struct err *e)
{
    int rc = pthread_create(&s->loop, NULL, loop, s);
    for (; !rc && s->worker_count < workers && s->worker_count < MAX_WORKERS; s->worker_count++)
        rc = pthread_create(&s->workers[s->worker_count], NULL, work, s);
    return rc ? fail(e, -rc, "aesm: no threads: %s", strerror(rc)) : 0;
}

int aesm_server_start(struct aesm_server **out, int socket, const struct aesm_quoting *quoting,
                      unsigned workers, struct err *e)
{
    *out = NULL;
    struct aesm_server *s = calloc(1, sizeof *s);
    if (!s)
        return fail(e, -ENOMEM, "aesm: out of memory");
    s->quoting = quoting;
    s->socket = socket;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    list_init(&s->queue);
    list_init(&s->done);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->wake};
    bool ok = s->epoll >= 0 && s->wake >= 0 && !fcntl(socket, F_SETFL, O_NONBLOCK) &&
              !epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &event);
    watch_socket(s, true);
    int rc = ok ? start_threads(s, workers, e)
                : fail(e, -errno, "aesm: no event loop: %s", strerror(errno));
    if (rc) {
        aesm_server_stop(s);
        return rc;
    }
    *out = s;
    return 0;
}

void aesm_server_stop(struct aesm_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    eventfd_write(s->wake, 1);
    if (s->loop)
        pthread_join(s->loop, NULL);
    for (unsigned i = 0; i < s->worker_count; i++)
        pthread_join(s->workers[i], NULL);
    close(s->socket);
    close(s->epoll);
    close(s->wake);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work);
    free(s);
}

/* Does somebody answer there? */
static bool is_alive(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
    close(fd);
    return alive;
}

int aesm_listen(const char *path, struct err *e)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return fail(e, -ENAMETOOLONG, "aesm: the socket's path is longer than %zu bytes: %s",
                    sizeof at.sun_path - 1, path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    char folder[sizeof at.sun_path];
    memcpy(folder, at.sun_path, sizeof folder);
    if (mkdir(dirname(folder), 0755) && errno != EEXIST)
        return fail(e, -errno, "aesm: the folder of %s cannot be made: %s", path, strerror(errno));
    if (is_alive(&at))
        return fail(e, -EADDRINUSE, "aesm: somebody serves %s already", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) || chmod(path, 0777) ||
        listen(fd, BACKLOG)) {
        int rc = fail(e, -errno, "aesm: cannot listen at %s: %s", path, strerror(errno));
        close(fd);
        return rc;
    }
    return fd;
}
