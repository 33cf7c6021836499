/* SPDX-License-Identifier: Apache-2.0
 * manifest.h: what the enclave was measured with beside its code: texts KEY=VALUE, each ended by a
 * zero byte, the first one "cella-os=1".
 *
 *   memory   bytes of the application, whole pages      threads  at once, 1 to the TCSs there are
 *   root     "host" (index 0 of the host's mounts, not verified) or the root hash, 64 hex digits
 *   mount    path of the host's mount of index 1, 2, ... (not verified), with "ro:" in front
 *   arg env  one each, in order                         cwd      working folder
 *   uid gid  numbers                                    log      0 to 3
 */
#ifndef CELLA_ENCLAVE_OS_MANIFEST_H
#define CELLA_ENCLAVE_OS_MANIFEST_H

#include "base/err.h"
#include "base/span.h"

enum { MANIFEST_LIST_MAX = 4096, MANIFEST_MOUNTS_MAX = 15, MANIFEST_HASH_SIZE = 32 };

struct manifest {
    uint64_t memory_size;
    uint32_t thread_max, uid, gid, log_level;
    bool root_is_host;
    uint8_t root_hash[MANIFEST_HASH_SIZE];
    const char *cwd;
    const char *mounts[MANIFEST_MOUNTS_MAX];
    size_t mount_count;
    const char **args, **envs; /* lists of the caller, each with room for MANIFEST_LIST_MAX + 1 */
    size_t arg_count, env_count;
};

/* Texts are borrowed from `bytes`.  -EBADMSG for anything that is not as above. */
int manifest_parse(struct manifest *m, struct span bytes, struct err *e) MUST_USE;

#endif
