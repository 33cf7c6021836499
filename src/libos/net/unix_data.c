/* SPDX-License-Identifier: Apache-2.0
 * unix_data.c: bytes, messages and files through AF_UNIX sockets.  [unix(7), recvmsg(2)] */
#include <asm/errno.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/net/unix_priv.h"
#include "libos/signal/signal.h"

enum { PEEK = 2, TRUNC = 0x20, WAIT_ALL = 0x100, NO_SIGNAL = 0x4000 };
enum { SIGPIPE_NUMBER = 13, CHUNK = 32768 };

void unix_message_free(struct unix_message *m)
{
    for (uint32_t n = 0; n < m->file_count; n++)
        file_put(m->files[n]);
    kfree(m->files);
    kfree(m->data);
    kfree(m);
}

size_t unix_readable(struct unix_socket *s)
{
    mutex_lock(&s->lock);
    size_t size = s->queued;
    if (s->socket.type != UNIX_STREAM)
        size = list_empty(&s->queue) ? 0
                                     : container_of(s->queue.next, struct unix_message, node)->size;
    mutex_unlock(&s->lock);
    return size;
}

/* ---- sending ---- */

static int copy_files(struct unix_message *m, const struct socket_msg *from)
{
    if (!from->file_count)
        return 0;
    m->files = kalloc(from->file_count * sizeof(struct file *));
    if (!m->files)
        return -ENOMEM;
    for (uint32_t n = 0; n < from->file_count; n++) {
        file_get(from->files[n]);
        m->files[n] = from->files[n];
    }
    m->file_count = from->file_count;
    return 0;
}

/* Takes `size` bytes of what is sent into a message; files go with the first. */
static int message_make(struct unix_socket *s, struct socket_msg *from, size_t size, bool files,
                        struct unix_message **out)
{
    struct unix_message *m = kalloc(sizeof *m);
    if (!m)
        return -ENOMEM;
    list_init(&m->node);
    m->data = kalloc(size ? size : 1);
    int rc = m->data ? 0 : -ENOMEM;
    if (!rc) {
        m->size = buf_get(from->data, m->data, size);
        rc = m->size < size && (!m->size || s->socket.type != UNIX_STREAM) ? -EFAULT : 0;
    }
    if (!rc && files)
        rc = copy_files(m, from);
    if (rc) {
        unix_message_free(m);
        return rc;
    }
    m->cred = from->has_cred ? from->cred : s->cred;
    memcpy(m->name, s->name, s->name_size);
    m->name_size = s->name_size;
    *out = m;
    return 0;
}

/* Puts a message into the receiver's queue: 0, -EAGAIN without room, -EPIPE or -ECONNREFUSED when
 * it takes no more. */
static int queue_add(struct unix_socket *to, struct unix_message *m)
{
    bool stream = to->socket.type != UNIX_DGRAM;
    mutex_lock(&to->lock);
    int rc = 0;
    if (to->closed || to->receive_shut)
        rc = stream ? -EPIPE : to->closed ? -ECONNREFUSED : -EPIPE;
    else if (to->queued && to->queued + m->size > UNIX_QUEUE_MAX)
        rc = -EAGAIN;
    else {
        list_add(&to->queue, &m->node);
        to->queued += m->size;
    }
    mutex_unlock(&to->lock);
    if (!rc)
        waitq_wake(&to->wait, POLLIN | POLLRDNORM);
    return rc;
}

/* Waits for room in the receiver's queue. */
static int queue_add_waiting(struct task *t, struct unix_socket *s, struct unix_socket *to,
                             struct unix_message *m, int64_t deadline)
{
    struct waiter mine;
    struct waiter theirs;
    wait_begin(&s->wait, &mine);
    wait_begin(&to->space, &theirs);
    int rc = 0;
    for (;;) {
        int added = queue_add(to, m);
        if (added != -EAGAIN || rc) {
            rc = added == -EAGAIN ? rc : added;
            break;
        }
        rc = wait_sleep(t, deadline);
    }
    wait_end(&to->space, &theirs);
    wait_end(&s->wait, &mine);
    return rc == -ETIMEDOUT ? -EAGAIN : rc;
}

/* Whom the message goes to, with a reference. */
static int receiver_of(struct task *t, struct unix_socket *s, const struct socket_msg *m,
                       struct unix_socket **out)
{
    if (s->socket.type == UNIX_DGRAM && m->name_size)
        return unix_find(t, m->name, m->name_size, UNIX_DGRAM, out);
    if (m->name_size && s->socket.type != UNIX_DGRAM)
        return s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    *out = unix_peer(s);
    if (*out)
        return 0;
    return s->was_connected ? (s->socket.type == UNIX_DGRAM ? -ECONNREFUSED : -EPIPE) : -ENOTCONN;
}

static int64_t send_to(struct task *t, struct file *f, struct unix_socket *to, struct socket_msg *m)
{
    struct unix_socket *s = f->priv;
    bool stream = s->socket.type == UNIX_STREAM;
    bool block = socket_blocks(f, m->flags);
    int64_t deadline = socket_deadline(s->socket.send_timeout);
    int64_t done = 0;
    bool first = true;
    if (!stream && m->data->left > UNIX_QUEUE_MAX)
        return -EMSGSIZE;
    while (m->data->left || (first && !stream)) {
        size_t size = stream && m->data->left > CHUNK ? CHUNK : m->data->left;
        struct unix_message *message = NULL;
        int rc = message_make(s, m, size, first, &message);
        if (rc)
            return done ? done : rc;
        size = message->size;
        rc = queue_add(to, message);
        if (rc == -EAGAIN && block)
            rc = queue_add_waiting(t, s, to, message, deadline);
        if (rc) {
            unix_message_free(message);
            return done ? done : rc;
        }
        done += (int64_t)size;
        first = false;
    }
    return done;
}

int64_t unix_send(struct task *t, struct file *f, struct socket_msg *m)
{
    struct unix_socket *s = f->priv;
    struct unix_socket *to = NULL;
    int64_t n = s->send_shut ? -EPIPE : receiver_of(t, s, m, &to);
    if (!n)
        n = send_to(t, f, to, m);
    if (to)
        unix_put(to);
    if (n == -EPIPE && s->socket.type == UNIX_STREAM && !(m->flags & NO_SIGNAL))
        ignore(signal_send_task(t, SIGPIPE_NUMBER, NULL));
    return n;
}

/* ---- receiving ---- */

/* Hands the files of a message over, or copies the references for a peek. */
static int give_files(struct unix_message *m, struct socket_msg *out, bool peek)
{
    if (!m->file_count)
        return 0;
    struct file **files = m->files;
    if (peek) {
        files = kalloc(m->file_count * sizeof(struct file *));
        if (!files)
            return -ENOMEM;
        for (uint32_t n = 0; n < m->file_count; n++) {
            files[n] = m->files[n];
            file_get(files[n]);
        }
    }
    out->files = files;
    out->file_count = m->file_count;
    if (!peek) {
        m->files = NULL;
        m->file_count = 0;
    }
    return 0;
}

static void give_sender(const struct unix_socket *s, const struct unix_message *m,
                        struct socket_msg *out)
{
    memcpy(out->name, m->name, m->name_size);
    out->name_size = s->socket.type == UNIX_DGRAM ? m->name_size : 0;
    out->cred = m->cred;
    out->has_cred = s->pass_cred;
}

/* Bytes of a message are taken; an empty one goes.  Needs: lock. */
static void consume(struct unix_socket *s, struct unix_message *m, size_t size)
{
    m->at += size;
    s->queued -= size;
    if (m->at < m->size)
        return;
    list_del(&m->node);
    unix_message_free(m);
}

/* Takes bytes of the stream: up to a message with files of its own.  Needs: lock. */
static int64_t take_stream(struct unix_socket *s, struct socket_msg *out, bool peek)
{
    int64_t done = 0;
    struct list *node = s->queue.next;
    while (node != &s->queue && out->data->left) {
        struct unix_message *m = container_of(node, struct unix_message, node);
        node = node->next;
        if (done && (m->file_count || (s->pass_cred && m->cred.pid != out->cred.pid)))
            break;
        if (!done) {
            int rc = give_files(m, out, peek);
            if (rc)
                return rc;
            give_sender(s, m, out);
        }
        size_t want = m->size - m->at < out->data->left ? m->size - m->at : out->data->left;
        size_t put = buf_put(out->data, m->data + m->at, want);
        done += (int64_t)put;
        if (!peek)
            consume(s, m, put);
        if (put < want)
            return done ? done : -EFAULT;
    }
    return done;
}

/* Takes one message; what does not fit is lost.  Needs: lock. */
static int64_t take_message(struct unix_socket *s, struct socket_msg *out, bool peek)
{
    struct unix_message *m = container_of(s->queue.next, struct unix_message, node);
    int rc = give_files(m, out, peek);
    if (rc)
        return rc;
    give_sender(s, m, out);
    size_t want = m->size < out->data->left ? m->size : out->data->left;
    size_t put = buf_put(out->data, m->data, want);
    bool whole = out->flags & TRUNC;
    out->flags = want < m->size ? TRUNC : 0;
    int64_t n = put < want ? -EFAULT : whole ? (int64_t)m->size : (int64_t)want;
    if (!peek) {
        s->queued -= m->size;
        list_del(&m->node);
        unix_message_free(m);
    }
    return n;
}

/* One look: bytes, 0 at the end, -EAGAIN when there is nothing yet. */
static int64_t take(struct unix_socket *s, struct socket_msg *out)
{
    bool peek = out->flags & PEEK;
    mutex_lock(&s->lock);
    int64_t n;
    if (!list_empty(&s->queue))
        n = s->socket.type == UNIX_STREAM ? take_stream(s, out, peek) : take_message(s, out, peek);
    else if (s->receive_shut)
        n = 0;
    else
        n = s->socket.type != UNIX_DGRAM && s->state != UNIX_CONNECTED
                ? (s->was_connected ? 0 : -ENOTCONN)
                : -EAGAIN;
    mutex_unlock(&s->lock);
    return n;
}

/* There is room again: whoever waits to send hears of it. */
static void tell_senders(struct unix_socket *s)
{
    waitq_wake(&s->space, POLLOUT | POLLWRNORM);
    struct unix_socket *peer = unix_peer(s);
    if (!peer)
        return;
    waitq_wake(&peer->wait, POLLOUT | POLLWRNORM);
    unix_put(peer);
}

static int64_t receive_waiting(struct task *t, struct unix_socket *s, struct socket_msg *m)
{
    int64_t deadline = socket_deadline(s->socket.receive_timeout);
    struct waiter w;
    int64_t n = -EAGAIN;
    int rc = 0;
    wait_begin(&s->wait, &w);
    while ((n = take(s, m)) == -EAGAIN && !rc)
        rc = wait_sleep(t, deadline);
    wait_end(&s->wait, &w);
    if (n != -EAGAIN || !rc)
        return n;
    return rc == -ETIMEDOUT ? -EAGAIN : deadline == NO_DEADLINE ? rc : -EINTR;
}

int64_t unix_receive(struct task *t, struct file *f, struct socket_msg *m)
{
    struct unix_socket *s = f->priv;
    bool stream = s->socket.type == UNIX_STREAM;
    if (stream && !m->data->left)
        return 0;
    uint32_t flags = m->flags;
    bool block = socket_blocks(f, flags);
    int64_t n = take(s, m);
    if (n == -EAGAIN && block)
        n = receive_waiting(t, s, m);
    bool all = stream && flags & WAIT_ALL && !(flags & PEEK) && block;
    while (all && n > 0 && m->data->left && !m->file_count) {
        int64_t more = receive_waiting(t, s, m);
        if (more <= 0)
            break;
        n += more;
    }
    if (stream && n >= 0)
        m->flags = 0;
    if (n >= 0 && !(flags & PEEK))
        tell_senders(s);
    return n;
}
