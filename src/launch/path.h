/* SPDX-License-Identifier: Apache-2.0
 * path.h: the names in the file system that the launcher answers for. */
#ifndef CELLA_LAUNCH_PATH_H
#define CELLA_LAUNCH_PATH_H

#include <stdbool.h>
#include <stdint.h>

enum path_kind {
    PATH_PLAIN,     /* the kernel's */
    PATH_ENCLAVE,   /* /dev/sgx_enclave, /dev/sgx/enclave */
    PATH_PROVISION, /* /dev/sgx_provision, /dev/sgx/provision */
    PATH_EXE,       /* /proc/self/exe and its other names */
};

/* What an absolute path is; `pid` is the process that asks.  Only its text is looked at; more than
 * one slash in a row and /./ do not matter. */
enum path_kind path_kind(const char *path, uint32_t pid);

/* True when the last component could be one of those names: only then is it worth asking where a
 * relative path leads. */
bool path_may_be_ours(const char *path);

#endif
