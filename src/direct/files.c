/* SPDX-License-Identifier: Apache-2.0
 * files.c: the host's files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "direct/direct.h"
#include "direct/host_raw.h"

int platform_open_at(int folder, const char *name, int flags, uint32_t mode)
{
    return (int)HOST(__NR_openat, folder, host_ptr_arg(name), flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

int platform_stat_at(int folder, const char *name, struct platform_stat *out)
{
    struct stat st;
    long rc = HOST(__NR_newfstatat, folder, host_ptr_arg(name), host_ptr_arg(&st),
                   AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
    if (rc)
        return (int)rc;
    *out = (struct platform_stat){
        .ino = st.st_ino,
        .size = (uint64_t)st.st_size,
        .blocks = (uint64_t)st.st_blocks,
        .rdev = st.st_rdev,
        .atime_ns = st.st_atim.tv_sec * 1000000000 + st.st_atim.tv_nsec,
        .mtime_ns = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .ctime_ns = st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
        .mode = st.st_mode,
        .nlink = (uint32_t)st.st_nlink,
        .uid = st.st_uid,
        .gid = st.st_gid,
    };
    return 0;
}

int64_t platform_readlink_at(int folder, const char *name, char *out, size_t size)
{
    return HOST(__NR_readlinkat, folder, host_ptr_arg(name), host_ptr_arg(out), size);
}

int platform_readdir(int folder, uint64_t *cookie, struct platform_dirent *out)
{
    struct {
        uint64_t ino;
        int64_t next;
        uint16_t size;
        uint8_t type;
        char name[256 + 5];
    } entry;
    for (;;) {
        long rc = HOST(__NR_lseek, folder, *cookie, SEEK_SET);
        if (rc >= 0)
            rc = HOST(__NR_getdents64, folder, host_ptr_arg(&entry), sizeof entry);
        if (rc <= 0)
            return (int)rc;
        *cookie = (uint64_t)entry.next;
        bool dot =
            entry.name[0] == '.' && (!entry.name[1] || (entry.name[1] == '.' && !entry.name[2]));
        if (dot)
            continue;
        out->ino = entry.ino;
        out->type = entry.type;
        for (size_t n = 0; n < sizeof out->name; n++)
            out->name[n] = entry.name[n];
        out->name[sizeof out->name - 1] = 0;
        return 1;
    }
}

int64_t platform_pread(int fd, void *out, size_t size, uint64_t off)
{
    return HOST(__NR_pread64, fd, host_ptr_arg(out), size, off);
}

int64_t platform_pwrite(int fd, const void *in, size_t size, uint64_t off)
{
    return HOST(__NR_pwrite64, fd, host_ptr_arg(in), size, off);
}

int platform_truncate(int fd, uint64_t size)
{
    return (int)HOST(__NR_ftruncate, fd, size);
}

int platform_sync(int fd)
{
    return (int)HOST(__NR_fsync, fd);
}

int platform_mkdir_at(int folder, const char *name, uint32_t mode)
{
    return (int)HOST(__NR_mkdirat, folder, host_ptr_arg(name), mode);
}

int platform_unlink_at(int folder, const char *name, bool is_folder)
{
    return (int)HOST(__NR_unlinkat, folder, host_ptr_arg(name), is_folder ? AT_REMOVEDIR : 0);
}

int platform_rename_at(int from, const char *old_name, int to, const char *new_name)
{
    return (int)HOST(__NR_renameat, from, host_ptr_arg(old_name), to, host_ptr_arg(new_name));
}
