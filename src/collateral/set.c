/* SPDX-License-Identifier: Apache-2.0
 * set.c: see set.h. */
#include "collateral/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "posix/file.h"

enum { PATH_SIZE = 4096 };

const char *set_file_name(enum set_file f)
{
    static const char *const names[SET_FILES] = {
        [SET_TCB_INFO] = "tcb_info.json",
        [SET_TCB_INFO_CHAIN] = "tcb_info_issuer_chain.pem",
        [SET_QE_IDENTITY] = "qe_identity.json",
        [SET_QE_IDENTITY_CHAIN] = "qe_identity_issuer_chain.pem",
        [SET_PCK_CRL] = "pck_crl.der",
        [SET_PCK_CRL_CHAIN] = "pck_crl_issuer_chain.pem",
        [SET_ROOT_CRL] = "root_ca_crl.der",
        [SET_PCK_CHAIN] = "pck_chain.pem",
        [SET_ROOT_CA] = "root_ca.pem",
    };
    return names[f];
}

static int path_in(char out[PATH_SIZE], const char *folder, const char *name, struct err *e)
{
    int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_SIZE)
        return fail(e, -ENAMETOOLONG, "%s: the path is too long", folder);
    return 0;
}

int set_load(struct collateral_set *s, const char *folder, struct err *e)
{
    unsigned found = 0;
    for (unsigned f = 0; f < SET_FILES; f++) {
        char path[PATH_SIZE];
        int rc = path_in(path, folder, set_file_name((enum set_file)f), e);
        if (rc == 0)
            rc = file_read(&s->file[f].data, &s->file[f].size, path, SET_MAX_FILE, e);
        if (rc && rc != -ENOENT)
            return rc;
        found += rc == 0;
    }
    if (found == 0)
        return fail(e, -ENOENT, "%s: no collateral there (tcb_info.json and the like)", folder);
    return 0;
}

int make_folders(const char *path, struct err *e)
{
    char part[PATH_SIZE];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n <= 0 || n >= PATH_SIZE)
        return fail(e, -ENAMETOOLONG, "\"%.60s\": not a usable path", path);
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char keep = *p;
        *p = 0;
        if (mkdir(part, 0755) && errno != EEXIST)
            return fail(e, -errno, "%s: cannot be made: %s", part, strerror(errno));
        if (!keep)
            return 0;
        *p = keep;
    }
}

int set_save(const struct collateral_set *s, const char *folder, struct err *e)
{
    int rc = make_folders(folder, e);
    for (unsigned f = 0; rc == 0 && f < SET_FILES; f++) {
        char path[PATH_SIZE];
        if (!s->file[f].data)
            continue;
        rc = path_in(path, folder, set_file_name((enum set_file)f), e);
        if (rc == 0)
            rc = file_write(path, span_of(s->file[f].data, s->file[f].size), 0644, e);
    }
    return rc;
}

void set_drop(struct collateral_set *s, enum set_file f)
{
    free(s->file[f].data);
    s->file[f].data = NULL;
    s->file[f].size = 0;
}

void set_fini(struct collateral_set *s)
{
    for (unsigned f = 0; f < SET_FILES; f++)
        free(s->file[f].data);
    *s = (struct collateral_set){0};
}

struct collateral_files set_files(const struct collateral_set *s)
{
#define VIEW(f) span_of(s->file[f].data, s->file[f].size)
    return (struct collateral_files){
        .tcb_info = VIEW(SET_TCB_INFO),
        .tcb_info_chain = VIEW(SET_TCB_INFO_CHAIN),
        .qe_identity = VIEW(SET_QE_IDENTITY),
        .qe_identity_chain = VIEW(SET_QE_IDENTITY_CHAIN),
        .pck_crl = VIEW(SET_PCK_CRL),
        .pck_crl_chain = VIEW(SET_PCK_CRL_CHAIN),
        .root_crl = VIEW(SET_ROOT_CRL),
        .pck_chain = VIEW(SET_PCK_CHAIN),
        .root_ca = VIEW(SET_ROOT_CA),
    };
#undef VIEW
}
