/* SPDX-License-Identifier: Apache-2.0
 * socket.h: sockets of every family behind one face.  inet.c passes TCP and UDP to the host, unix.c
 * keeps AF_UNIX inside.  The system calls (sys/socket*.c) copy names and control data in and out;
 * nothing here touches application memory but through a user_buf. */
#ifndef CELLA_LIBOS_NET_SOCKET_H
#define CELLA_LIBOS_NET_SOCKET_H

#include "libos/vfs/file.h"

enum { SOCKET_NAME_MAX = 128, SOCKET_FILES_MAX = 253 }; /* SCM_MAX_FD */

struct socket_cred { /* struct ucred */
    uint32_t pid, uid, gid;
};

/* One message, sent or received. */
struct socket_msg {
    uint8_t name[SOCKET_NAME_MAX];
    uint32_t name_size; /* 0: none */
    uint32_t flags;     /* MSG_*: in, and of what was received out */
    struct user_buf *data;
    /* AF_UNIX: files that travel along.  References: the receiver's after a receive, still the
     * sender's after a send. */
    struct file **files;
    uint32_t file_count;
    struct socket_cred cred;
    bool has_cred;
    /* AF_INET: control data as the host gives it, for what the application asked for. */
    uint8_t *control;
    size_t control_size; /* room in, length out */
};

struct socket;

struct socket_ops {
    int (*bind)(struct task *t, struct socket *s, const uint8_t *name, uint32_t size);
    int (*listen)(struct socket *s, int backlog);
    /* *out: the new socket's file; `name` has SOCKET_NAME_MAX bytes. */
    int (*accept)(struct task *t, struct file *f, uint32_t flags, struct file **out, uint8_t *name,
                  uint32_t *size);
    int (*connect)(struct task *t, struct file *f, const uint8_t *name, uint32_t size);
    int64_t (*send)(struct task *t, struct file *f, struct socket_msg *msg);
    int64_t (*receive)(struct task *t, struct file *f, struct socket_msg *msg);
    int (*shutdown)(struct socket *s, int how);
    int (*name)(struct socket *s, bool peer, uint8_t *name, uint32_t *size);
    int (*get_option)(struct socket *s, int level, int option, void *value, uint32_t *size);
    int (*set_option)(struct socket *s, int level, int option, const void *value, uint32_t size);
    uint32_t (*poll)(struct file *f, struct poll_wait *w);
    int64_t (*ioctl)(struct file *f, uint32_t request, user_ptr arg);
    void (*release)(struct file *f);
};

/* What all sockets have; the first member of each family's own. */
struct socket {
    const struct socket_ops *ops;
    int family, type, protocol;
    int64_t receive_timeout, send_timeout; /* SO_RCVTIMEO, SO_SNDTIMEO in ns; 0: none */
};

/* -EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT as Linux; `type` without SOCK_CLOEXEC and
 * SOCK_NONBLOCK, `flags` are O_*. */
int socket_new(int family, int type, int protocol, uint32_t flags, struct file **out) MUST_USE;
int socket_pair(int family, int type, int protocol, uint32_t flags, struct file *out[2]) MUST_USE;
/* The socket of a file, or NULL when it is none. */
struct socket *socket_of(struct file *f);
/* A file for a socket, which it frees at its end; NULL without memory. */
struct file *socket_file(struct socket *s, uint32_t flags);

/* The options that are the kernel's own for every family; -ENOPROTOOPT when it is the family's. */
int socket_get_common(struct socket *s, int level, int option, void *value,
                      uint32_t *size) MUST_USE;
int socket_set_common(struct socket *s, int level, int option, const void *value,
                      uint32_t size) MUST_USE;
/* Gives a 32-bit option value, cut to the room there is. */
int socket_put_int(int32_t number, void *value, uint32_t *size);

bool socket_blocks(const struct file *f, uint32_t flags);
/* Monotonic deadline for a timeout of 0 (none) or more ns. */
int64_t socket_deadline(int64_t timeout);

int inet_new(int family, int type, int protocol, uint32_t flags, struct file **out) MUST_USE;
int unix_new(int type, int protocol, uint32_t flags, struct file **out) MUST_USE;
int unix_pair(int type, uint32_t flags, struct file *out[2]) MUST_USE;

#endif
