/* SPDX-License-Identifier: Apache-2.0
 * unix_priv.h: what the files of AF_UNIX share.
 *
 * A socket lives while its file, its peer or a listener's queue refers to it.  `lock` (mutex)
 * guards the queue, the state and the flags of one socket; g_unix guards names, peers and accept
 * queues.  Order: g_unix, then lock; never two sockets' locks at once. */
#ifndef CELLA_LIBOS_NET_UNIX_PRIV_H
#define CELLA_LIBOS_NET_UNIX_PRIV_H

#include "libos/net/socket.h"
#include "libos/task/wait.h"

enum { UNIX_FAMILY = 1, UNIX_STREAM = 1, UNIX_DGRAM = 2, UNIX_SEQPACKET = 5 };
enum { UNIX_NAME_MAX = 110, UNIX_PATH_MAX = 108, UNIX_QUEUE_MAX = 212992, UNIX_BACKLOG_MAX = 4096 };

enum unix_state { UNIX_IDLE, UNIX_LISTENING, UNIX_CONNECTED };

struct unix_message {
    struct list node;
    uint8_t *data;
    size_t size, at; /* bytes; already taken */
    struct file **files;
    uint32_t file_count;
    struct socket_cred cred;
    uint8_t name[UNIX_NAME_MAX]; /* the sender's */
    uint32_t name_size;
};

struct unix_socket {
    struct socket socket;
    uint32_t refs;
    enum unix_state state; /* changed under g_unix */
    bool was_connected;
    struct unix_socket *peer; /* a reference; guarded by g_unix */
    struct mutex lock;
    struct list queue; /* of struct unix_message */
    size_t queued;     /* bytes */
    bool receive_shut, send_shut, closed;
    bool pass_cred;
    struct waitq wait;   /* something to read, room at the peer, a state change */
    struct waitq space;  /* room here, for senders without a connection */
    struct list accepts; /* of struct unix_socket.in_accepts; guarded by g_unix */
    struct list in_accepts;
    uint32_t accept_count, backlog;
    uint8_t name[UNIX_NAME_MAX];
    uint32_t name_size;    /* 0: not bound */
    struct dentry *dentry; /* bound to a path: a reference */
    struct list in_names;  /* bound to an abstract name */
    struct socket_cred cred, peer_cred;
};

extern struct mutex g_unix;
extern const struct socket_ops g_unix_ops;

struct unix_socket *unix_socket_new(int type);
void unix_put(struct unix_socket *s);
/* The peer, with a reference, or NULL. */
struct unix_socket *unix_peer(struct unix_socket *s);

/* unix_name.c */
int unix_bind(struct task *t, struct socket *socket, const uint8_t *name, uint32_t size);
/* The socket of that type under a name, with a reference; -ECONNREFUSED, -ENOENT, -EACCES,
 * -EPROTOTYPE. */
int unix_find(struct task *t, const uint8_t *name, uint32_t size, int type,
              struct unix_socket **out) MUST_USE;
void unix_unbind(struct unix_socket *s);

/* unix_data.c */
int64_t unix_send(struct task *t, struct file *f, struct socket_msg *m);
int64_t unix_receive(struct task *t, struct file *f, struct socket_msg *m);
void unix_message_free(struct unix_message *message);
/* Bytes that a read could take now. */
size_t unix_readable(struct unix_socket *s);

#endif
