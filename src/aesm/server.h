/* SPDX-License-Identifier: Apache-2.0
 * server.h: the socket side of the service: many clients at once, none of which can hold up
 * another.  One thread moves bytes (epoll); a few workers make the answers.  A client has 10 s to
 * send its request and to take its answer; its request has at most AESM_MAX_REQUEST bytes, and at
 * most 512 clients are connected at once (the others wait in the socket's queue). */
#ifndef CELLA_AESM_SERVER_H
#define CELLA_AESM_SERVER_H

#include "aesm/quoting.h"
#include "base/err.h"

struct aesm_server;

/* `socket` is a listening stream socket that the server closes at the end.  Threads are started;
 * the caller ends it with aesm_server_stop(). */
int aesm_server_start(struct aesm_server **out, int socket, const struct aesm_quoting *quoting,
                      unsigned workers, struct err *e) MUST_USE;

/* Stops taking clients, answers those whose request is complete, ends the threads and frees. */
void aesm_server_stop(struct aesm_server *s);

/* Makes the listening socket at `path`, mode 0777 as clients expect, in a folder that is made
 * (0755) when it is missing.  A socket file that nobody listens on any more is replaced;
 * -EADDRINUSE when somebody does. */
int aesm_listen(const char *path, struct err *e) MUST_USE;

#endif
