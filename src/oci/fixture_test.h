/* SPDX-License-Identifier: Apache-2.0
 * fixture_test.h: a real registry (Debian's docker-registry) for the tests, in a folder of its own;
 * both go when the test's process ends. */
#ifndef CELLA_OCI_FIXTURE_TEST_H
#define CELLA_OCI_FIXTURE_TEST_H

extern char g_dir[];    /* the test's folder, after fixture_dir() */
extern char g_host[64]; /* 127.0.0.1:PORT of the registry */
extern int g_port;

/* Makes g_dir, removed at exit. */
void fixture_dir(void);

/* Starts a registry over g_dir/data and waits until it answers; `more` is added to its
 * configuration, `tls` to its http line.  Skips the test when docker-registry is not installed. */
void registry_start(const char *more, const char *tls);

int listen_on_loopback(int *port);
int connect_to(int port); /* -1 when nobody listens */
/* Runs a shell command with $D set to g_dir; anything but success fails the test. */
void run(const char *command);

#endif
