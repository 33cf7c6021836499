/* SPDX-License-Identifier: Apache-2.0
 * keys.c: see keys.h.  The secret file is 64 bytes: 32 of root key material, 16 of owner epoch, 16
 * kept for later. */
#include "emu/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "crypto/cmac.h"
#include "crypto/random.h"
#include "posix/file.h"

static uint8_t g_root_key[EMU_KEY_SIZE];
static uint8_t g_owner_epoch[16];
static uint8_t g_report_keyid[32];
static uint8_t g_paging_key[EMU_KEY_SIZE];

static int make_folders(char *path, struct err *e)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0700);
        if (rc && errno != EEXIST)
            return fail(e, -errno, "emu: cannot make the folder %s for the CPU secret: %s", path,
                        strerror(errno));
        *slash = '/';
    }
    return 0;
}

static int default_path(char *out, size_t size, struct err *e)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = 0;
    if (state && state[0] == '/')
        length = snprintf(out, size, "%s/cella/cpu-secret", state);
    else if (home && home[0] == '/')
        length = snprintf(out, size, "%s/.local/state/cella/cpu-secret", home);
    else
        return fail(e, -ENOENT, "emu: no place for the CPU secret: set XDG_STATE_HOME or HOME");
    if (length < 0 || (size_t)length >= size)
        return fail(e, -ENAMETOOLONG, "emu: the path of the CPU secret is too long");
    return make_folders(out, e);
}

static int read_secret(int fd, const char *path, uint8_t secret[EMU_SECRET_SIZE], struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fail(e, -errno, "emu: CPU secret %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(e, -EINVAL, "emu: CPU secret %s is not a regular file", path);
    if (st.st_mode & 077)
        return fail(e, -EPERM, "emu: CPU secret %s may be used by others; run: chmod 600 %s", path,
                    path);
    if (st.st_size != EMU_SECRET_SIZE)
        return fail(e, -EBADMSG,
                    "emu: CPU secret %s has %lld bytes, expected %d; remove it to get "
                    "a new one (what was sealed with it is lost)",
                    path, (long long)st.st_size, EMU_SECRET_SIZE);
    ssize_t got = read(fd, secret, EMU_SECRET_SIZE);
    if (got != EMU_SECRET_SIZE)
        return fail(e, -EIO, "emu: CPU secret %s cannot be read", path);
    return 0;
}

/* Makes the file under a name of its own and links it to `path`: whoever comes second uses the
 * first one's. */
static int make_secret(const char *path, struct err *e)
{
    uint8_t secret[EMU_SECRET_SIZE];
    int rc = random_bytes(secret, sizeof secret);
    if (rc)
        return fail(e, rc, "emu: no random bytes for the CPU secret");
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.%d.new", path, (int)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return fail(e, -ENAMETOOLONG, "emu: the path of the CPU secret is too long");
    auto_fd fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(e, -errno, "emu: cannot make the CPU secret %s: %s", temporary,
                    strerror(errno));
    rc = fd_write_all(fd, span_of(secret, sizeof secret));
    bytes_wipe(secret, sizeof secret);
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    if (rc == 0 && link(temporary, path) != 0 && errno != EEXIST)
        rc = -errno;
    unlink(temporary);
    return rc ? fail(e, rc, "emu: cannot make the CPU secret %s: %s", path, strerror(-rc)) : 0;
}

static int load_secret(const char *path, uint8_t secret[EMU_SECRET_SIZE], struct err *e)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return read_secret(fd, path, secret, e);
    if (errno != ENOENT)
        return fail(e, -errno, "emu: CPU secret %s: %s", path, strerror(errno));
    int rc = make_secret(path, e);
    if (rc)
        return rc;
    auto_fd made = open(path, O_RDONLY | O_CLOEXEC);
    if (made < 0)
        return fail(e, -errno, "emu: CPU secret %s: %s", path, strerror(errno));
    return read_secret(made, path, secret, e);
}

int emu_keys_start(const char *path, struct err *e)
{
    char chosen[PATH_MAX];
    if (!path) {
        int rc = default_path(chosen, sizeof chosen, e);
        if (rc)
            return rc;
        path = chosen;
    }
    uint8_t secret[EMU_SECRET_SIZE];
    int rc = load_secret(path, secret, e);
    if (rc)
        return rc;
    static const uint8_t zero_key[EMU_KEY_SIZE];
    aes128_cmac(zero_key, secret, 32, g_root_key);
    memcpy(g_owner_epoch, secret + 32, sizeof g_owner_epoch);
    bytes_wipe(secret, sizeof secret);
    rc = random_bytes(g_report_keyid, sizeof g_report_keyid);
    if (rc == 0)
        rc = random_bytes(g_paging_key, sizeof g_paging_key);
    return rc ? fail(e, rc, "emu: no random bytes for the package's start") : 0;
}

void emu_key_derive(struct emu_key_material *material, uint8_t key[EMU_KEY_SIZE])
{
    memcpy(material->label, "CELLAKD1", sizeof material->label);
    aes128_cmac(g_root_key, material, sizeof *material, key);
}

const uint8_t *emu_owner_epoch(void)
{
    return g_owner_epoch;
}

const uint8_t *emu_report_keyid(void)
{
    return g_report_keyid;
}

const uint8_t *emu_paging_key(void)
{
    return g_paging_key;
}
