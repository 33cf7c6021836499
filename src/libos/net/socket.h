/* SPDX-License-Identifier: Apache-2.0
 * socket.h: sockets.  TCP and UDP are the host's (host.c); Unix sockets live in the kernel. */
#ifndef CELLA_LIBOS_NET_SOCKET_H
#define CELLA_LIBOS_NET_SOCKET_H

#include "base/err.h"
#include "libos/mm/user.h"

struct file;
struct task;

enum { ADDRESS_MAX = 128, CONTROL_MAX = 4096 };

struct address {
    uint32_t size; /* of what is valid in bytes[] */
    union {
        uint16_t family;
        uint8_t bytes[ADDRESS_MAX];
    };
};

struct message {
    struct user_buf buf;
    struct address name; /* out: sender; in: destination when size is not 0 */
    uint8_t *control;    /* kernel memory; CONTROL_MAX bytes */
    size_t control_size; /* in: bytes; out for receive: bytes */
    uint32_t flags;      /* MSG_*; out for receive */
};

/* A socket's family behind file->priv; each may be NULL: -EOPNOTSUPP. */
struct socket_ops {
    int (*bind)(struct task *t, struct file *f, const struct address *name);
    int (*listen)(struct file *f, int backlog);
    int (*accept)(struct task *t, struct file *f, struct file **out, struct address *name);
    int (*connect)(struct task *t, struct file *f, const struct address *name);
    int64_t (*send)(struct task *t, struct file *f, struct message *m);
    int64_t (*receive)(struct task *t, struct file *f, struct message *m);
    int (*shutdown)(struct file *f, int how);
    int (*name)(struct file *f, bool peer, struct address *out);
    int (*get_option)(struct file *f, int level, int name, void *value, uint32_t *size);
    int (*set_option)(struct file *f, int level, int name, const void *value, uint32_t size);
};

/* NULL: not a socket. */
const struct socket_ops *socket_ops(const struct file *f);
/* Files with SOCK_NONBLOCK in f->flags as O_NONBLOCK. */
int host_socket_new(int family, int type, int protocol, uint32_t flags, struct file **out) MUST_USE;
extern const struct socket_ops g_host_socket;
/* An inode of type socket for f. */
int socket_inode(struct file *f) MUST_USE;

#endif
