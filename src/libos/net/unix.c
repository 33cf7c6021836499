/* SPDX-License-Identifier: Apache-2.0
 * unix.c: AF_UNIX sockets: life, connections, options.  [unix(7)] */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/net/unix_priv.h"

enum { SHUT_READ = 0, SHUT_WRITE = 1, SHUT_BOTH = 2, DEFAULT_BUFFER = 212992 };

struct mutex g_unix = {.waiters = {&g_unix.waiters, &g_unix.waiters}};

static struct unix_socket *unix_of(struct socket *s)
{
    return (struct unix_socket *)s;
}

struct unix_socket *unix_socket_new(int type)
{
    struct unix_socket *s = kalloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (struct unix_socket){.socket = {.ops = &g_unix_ops, .family = UNIX_FAMILY, .type = type},
                              .refs = 1};
    mutex_init(&s->lock);
    list_init(&s->queue);
    list_init(&s->accepts);
    list_init(&s->in_accepts);
    list_init(&s->in_names);
    waitq_init(&s->wait);
    waitq_init(&s->space);
    const struct process *p = current()->process;
    s->cred = (struct socket_cred){p->pid, p->cred.euid, p->cred.egid};
    return s;
}

void unix_put(struct unix_socket *s)
{
    if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        return;
    while (!list_empty(&s->queue)) {
        struct unix_message *m = container_of(s->queue.next, struct unix_message, node);
        list_del(&m->node);
        unix_message_free(m);
    }
    kfree(s);
}

struct unix_socket *unix_peer(struct unix_socket *s)
{
    mutex_lock(&g_unix);
    struct unix_socket *peer = s->peer;
    if (peer)
        __atomic_add_fetch(&peer->refs, 1, __ATOMIC_RELAXED);
    mutex_unlock(&g_unix);
    return peer;
}

static int make_file(int type, uint32_t flags, struct file **out)
{
    struct unix_socket *s = unix_socket_new(type);
    *out = s ? socket_file(&s->socket, flags) : NULL;
    if (*out)
        return 0;
    if (s)
        unix_put(s);
    return -ENOMEM;
}

static bool type_is_known(int type)
{
    return type == UNIX_STREAM || type == UNIX_DGRAM || type == UNIX_SEQPACKET;
}

int unix_new(int type, int protocol, uint32_t flags, struct file **out)
{
    if (protocol != 0 && protocol != UNIX_FAMILY)
        return -EPROTONOSUPPORT;
    if (!type_is_known(type))
        return -ESOCKTNOSUPPORT;
    return make_file(type, flags, out);
}

/* Each becomes the other's peer.  Needs: g_unix, or both are known to nobody. */
static void join(struct unix_socket *a, struct unix_socket *b)
{
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&b->refs, 1, __ATOMIC_RELAXED);
    a->peer = b;
    b->peer = a;
    a->state = b->state = UNIX_CONNECTED;
    a->was_connected = b->was_connected = true;
    a->peer_cred = b->cred;
    b->peer_cred = a->cred;
}

int unix_pair(int type, uint32_t flags, struct file *out[2])
{
    if (!type_is_known(type))
        return -ESOCKTNOSUPPORT;
    int rc = make_file(type, flags, &out[0]);
    if (rc)
        return rc;
    rc = make_file(type, flags, &out[1]);
    if (rc) {
        file_put(out[0]);
        return rc;
    }
    join(out[0]->priv, out[1]->priv);
    return 0;
}

static int unix_listen(struct socket *socket, int backlog)
{
    struct unix_socket *s = unix_of(socket);
    if (socket->type == UNIX_DGRAM)
        return -EOPNOTSUPP;
    mutex_lock(&g_unix);
    int rc = !s->name_size || s->state == UNIX_CONNECTED ? -EINVAL : 0;
    if (!rc) {
        s->state = UNIX_LISTENING;
        s->backlog =
            backlog < 0 || backlog > UNIX_BACKLOG_MAX ? UNIX_BACKLOG_MAX : (uint32_t)backlog;
    }
    mutex_unlock(&g_unix);
    return rc;
}

/* Queues a new connection at the listener: 0, -EAGAIN when its queue is full.  `server` is the new
 * socket, which the queue takes over. */
static int queue_connection(struct unix_socket *s, struct unix_socket *listener,
                            struct unix_socket *server)
{
    int rc = 0;
    mutex_lock(&g_unix);
    if (s->state != UNIX_IDLE)
        rc = s->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
    else if (listener->state != UNIX_LISTENING || listener->closed)
        rc = -ECONNREFUSED;
    else if (listener->accept_count > listener->backlog)
        rc = -EAGAIN;
    else {
        memcpy(server->name, listener->name, listener->name_size);
        server->name_size = listener->name_size;
        server->cred = listener->cred;
        join(s, server);
        list_add(&listener->accepts, &server->in_accepts);
        listener->accept_count++;
    }
    mutex_unlock(&g_unix);
    if (!rc)
        waitq_wake(&listener->wait, POLLIN | POLLRDNORM);
    return rc;
}

static int connect_stream(struct task *t, struct file *f, struct unix_socket *listener)
{
    struct unix_socket *s = f->priv;
    struct unix_socket *server = unix_socket_new(s->socket.type);
    if (!server)
        return -ENOMEM;
    int rc = queue_connection(s, listener, server);
    if (rc == -EAGAIN && socket_blocks(f, 0)) {
        int64_t deadline = socket_deadline(s->socket.send_timeout);
        struct waiter w;
        int slept = 0;
        wait_begin(&listener->space, &w);
        while ((rc = queue_connection(s, listener, server)) == -EAGAIN && !slept)
            slept = wait_sleep(t, deadline);
        wait_end(&listener->space, &w);
        rc = rc == -EAGAIN && slept != -ETIMEDOUT ? slept : rc;
    }
    if (rc)
        unix_put(server);
    return rc;
}

/* A datagram socket's peer is only whom it sends to. */
static int connect_dgram(struct unix_socket *s, struct unix_socket *to)
{
    mutex_lock(&g_unix);
    struct unix_socket *old = s->peer;
    if (to)
        __atomic_add_fetch(&to->refs, 1, __ATOMIC_RELAXED);
    s->peer = to;
    s->state = to ? UNIX_CONNECTED : UNIX_IDLE;
    s->was_connected = to != NULL;
    mutex_unlock(&g_unix);
    if (old)
        unix_put(old);
    return 0;
}

static int unix_connect(struct task *t, struct file *f, const uint8_t *name, uint32_t size)
{
    struct unix_socket *s = f->priv;
    uint16_t family = 0;
    if (size < sizeof family)
        return -EINVAL;
    memcpy(&family, name, sizeof family);
    if (family == 0 && s->socket.type == UNIX_DGRAM)
        return connect_dgram(s, NULL);
    struct unix_socket *to = NULL;
    int rc = unix_find(t, name, size, s->socket.type, &to);
    if (rc)
        return rc;
    rc = s->socket.type == UNIX_DGRAM ? connect_dgram(s, to) : connect_stream(t, f, to);
    unix_put(to);
    return rc;
}

/* The first waiting connection, whose reference the caller takes over; NULL when there is none. */
static struct unix_socket *take_connection(struct unix_socket *s)
{
    struct unix_socket *server = NULL;
    mutex_lock(&g_unix);
    if (!list_empty(&s->accepts)) {
        server = container_of(s->accepts.next, struct unix_socket, in_accepts);
        list_del(&server->in_accepts);
        s->accept_count--;
    }
    mutex_unlock(&g_unix);
    if (server)
        waitq_wake(&s->space, POLLOUT);
    return server;
}

static int wait_connection(struct task *t, struct unix_socket *s, struct unix_socket **out)
{
    int64_t deadline = socket_deadline(s->socket.receive_timeout);
    struct waiter w;
    int rc = 0;
    wait_begin(&s->wait, &w);
    while (!(*out = take_connection(s)) && !rc)
        rc = wait_sleep(t, deadline);
    wait_end(&s->wait, &w);
    return *out ? 0 : rc == -ETIMEDOUT ? -EAGAIN : rc;
}

static int unix_name(struct socket *socket, bool peer, uint8_t *name, uint32_t *size);

static int unix_accept(struct task *t, struct file *f, uint32_t flags, struct file **out,
                       uint8_t *name, uint32_t *size)
{
    struct unix_socket *s = f->priv;
    if (s->socket.type == UNIX_DGRAM)
        return -EOPNOTSUPP;
    if (s->state != UNIX_LISTENING)
        return -EINVAL;
    struct unix_socket *server = take_connection(s);
    int rc = server ? 0 : -EAGAIN;
    if (rc && socket_blocks(f, 0))
        rc = wait_connection(t, s, &server);
    if (rc)
        return rc;
    *out = socket_file(&server->socket, flags);
    if (!*out) {
        unix_put(server);
        return -ENOMEM;
    }
    if (unix_name(&server->socket, true, name, size))
        *size = 0;
    return 0;
}

static int unix_shutdown(struct socket *socket, int how)
{
    struct unix_socket *s = unix_of(socket);
    if (how < SHUT_READ || how > SHUT_BOTH)
        return -EINVAL;
    if (s->state != UNIX_CONNECTED)
        return -ENOTCONN;
    bool reads = how != SHUT_WRITE;
    bool writes = how != SHUT_READ;
    mutex_lock(&s->lock);
    s->receive_shut |= reads;
    s->send_shut |= writes;
    mutex_unlock(&s->lock);
    struct unix_socket *peer = socket->type == UNIX_DGRAM ? NULL : unix_peer(s);
    if (peer) {
        mutex_lock(&peer->lock);
        peer->receive_shut |= writes;
        peer->send_shut |= reads;
        mutex_unlock(&peer->lock);
        waitq_wake(&peer->wait, 0);
        unix_put(peer);
    }
    waitq_wake(&s->wait, 0);
    return 0;
}

static int unix_name(struct socket *socket, bool peer, uint8_t *name, uint32_t *size)
{
    struct unix_socket *s = unix_of(socket);
    struct unix_socket *of = peer ? unix_peer(s) : s;
    if (!of)
        return -ENOTCONN;
    uint16_t family = UNIX_FAMILY;
    memcpy(name, &family, sizeof family);
    memcpy(name, of->name, of->name_size);
    *size = of->name_size ? of->name_size : (uint32_t)sizeof family;
    if (peer)
        unix_put(of);
    return 0;
}

static int unix_get_option(struct socket *socket, int level, int option, void *value,
                           uint32_t *size)
{
    struct unix_socket *s = unix_of(socket);
    int rc = socket_get_common(socket, level, option, value, size);
    if (rc != -ENOPROTOOPT || level != SOL_SOCKET)
        return rc == -ENOPROTOOPT && level != SOL_SOCKET ? -EOPNOTSUPP : rc;
    switch (option) {
    case SO_ERROR:
        return socket_put_int(0, value, size);
    case SO_ACCEPTCONN:
        return socket_put_int(s->state == UNIX_LISTENING, value, size);
    case SO_SNDBUF:
    case SO_RCVBUF:
        return socket_put_int(DEFAULT_BUFFER, value, size);
    case SO_PASSCRED:
        return socket_put_int(s->pass_cred, value, size);
    case SO_PEERCRED: {
        struct socket_cred none = {0, 0xffffffff, 0xffffffff};
        const struct socket_cred *cred = s->was_connected ? &s->peer_cred : &none;
        *size = *size < sizeof *cred ? *size : (uint32_t)sizeof *cred;
        memcpy(value, cred, *size);
        return 0;
    }
    default:
        return -ENOPROTOOPT;
    }
}

static int unix_set_option(struct socket *socket, int level, int option, const void *value,
                           uint32_t size)
{
    int rc = socket_set_common(socket, level, option, value, size);
    if (rc != -ENOPROTOOPT || level != SOL_SOCKET)
        return rc == -ENOPROTOOPT && level != SOL_SOCKET ? -EOPNOTSUPP : rc;
    int32_t number;
    if (size < sizeof number)
        return -EINVAL;
    memcpy(&number, value, sizeof number);
    switch (option) {
    case SO_PASSCRED:
        unix_of(socket)->pass_cred = number != 0;
        return 0;
    case SO_SNDBUF: /* the queue has one size */
    case SO_RCVBUF:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
    case SO_BROADCAST:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

/* Is there room for more at whoever receives from us? */
static bool peer_has_room(struct unix_socket *s)
{
    struct unix_socket *peer = unix_peer(s);
    if (!peer)
        return s->socket.type == UNIX_DGRAM || s->was_connected; /* the write fails at once */
    bool room = __atomic_load_n(&peer->queued, __ATOMIC_RELAXED) < UNIX_QUEUE_MAX;
    unix_put(peer);
    return room;
}

static uint32_t unix_poll(struct file *f, struct poll_wait *w)
{
    struct unix_socket *s = f->priv;
    if (w)
        w->add(w, &s->wait);
    if (s->state == UNIX_LISTENING)
        return __atomic_load_n(&s->accept_count, __ATOMIC_RELAXED) ? POLLIN | POLLRDNORM : 0;
    bool stream = s->socket.type != UNIX_DGRAM;
    uint32_t events = 0;
    mutex_lock(&s->lock);
    if (!list_empty(&s->queue) || s->receive_shut)
        events |= POLLIN | POLLRDNORM;
    if (s->receive_shut)
        events |= POLLRDHUP;
    if ((s->receive_shut && s->send_shut) || (stream && s->state == UNIX_IDLE))
        events |= POLLHUP;
    bool sends = !stream || s->state == UNIX_CONNECTED;
    mutex_unlock(&s->lock);
    if ((sends || s->send_shut) && (s->send_shut || peer_has_room(s)))
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static int64_t unix_ioctl(struct file *f, uint32_t request, user_ptr arg)
{
    if (request == FIONREAD)
        return user_store32(arg, (uint32_t)unix_readable(f->priv));
    return request == TIOCOUTQ ? user_store32(arg, 0) : -ENOTTY;
}

/* The other side of a connection that ends: it reads what is left, then the end. */
static void hang_up(struct unix_socket *peer)
{
    mutex_lock(&peer->lock);
    peer->receive_shut = true;
    peer->send_shut = true;
    mutex_unlock(&peer->lock);
    waitq_wake(&peer->wait, 0);
    waitq_wake(&peer->space, 0);
}

/* Parts a socket from its peer, in both directions for a connection; wakes the peer. */
static void part(struct unix_socket *s)
{
    mutex_lock(&g_unix);
    struct unix_socket *peer = s->peer;
    s->peer = NULL;
    bool both = peer && peer->peer == s;
    if (both && s->socket.type != UNIX_DGRAM)
        peer->peer = NULL;
    else
        both = false;
    mutex_unlock(&g_unix);
    if (!peer)
        return;
    if (s->socket.type != UNIX_DGRAM)
        hang_up(peer);
    if (both)
        unix_put(s); /* the peer's reference */
    unix_put(peer);
}

static void unix_release(struct file *f)
{
    struct unix_socket *s = f->priv;
    unix_unbind(s);
    mutex_lock(&s->lock);
    s->closed = true;
    mutex_unlock(&s->lock);
    waitq_wake(&s->space, 0);
    for (struct unix_socket *waiting; (waiting = take_connection(s));) {
        part(waiting); /* nobody will accept it */
        unix_put(waiting);
    }
    part(s);
    unix_put(s);
}

const struct socket_ops g_unix_ops = {
    .bind = unix_bind,
    .listen = unix_listen,
    .accept = unix_accept,
    .connect = unix_connect,
    .send = unix_send,
    .receive = unix_receive,
    .shutdown = unix_shutdown,
    .name = unix_name,
    .get_option = unix_get_option,
    .set_option = unix_set_option,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .release = unix_release,
};
