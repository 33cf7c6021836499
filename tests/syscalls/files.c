/* SPDX-License-Identifier: Apache-2.0
 * files.c: opening, reading, writing, positions, names, links, folders, attributes, permissions. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#include "check.h"

static void opening(void)
{
    int fd;
    TRY(open("none", O_RDONLY));
    TRY(open("", O_RDONLY));
    TRY(open("none/x", O_RDWR | O_CREAT, 0644));
    TRY(fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0644));
    TRY(open("a", O_RDWR | O_CREAT | O_EXCL, 0644));
    TRY(open("a/b", O_RDONLY));
    TRY(open("a", O_RDONLY | O_DIRECTORY));
    TRY(open(".", O_RDWR));
    TRY(open(".", O_RDONLY | O_DIRECTORY));
    CALL(write(fd, "hello world", 11));
    CALL(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    CALL(fcntl(fd, F_SETFL, O_APPEND));
    CALL(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
    CALL(fcntl(fd, F_GETFD));
    CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
    CALL(fcntl(fd, F_GETFD));
    CALL(ioctl(fd, 0x5401 /* TCGETS */, &fd + 64));
    CALL(close(fd));
    CALL(close(fd));
}

static void opening_more(void)
{
    TRY(creat("a", 0600));
    struct stat st;
    CALL(stat("a", &st));
    SHOW(st.st_size);
    SHOW(st.st_mode);
    TRY(openat(-1, "a", O_RDONLY));
    TRY(openat(AT_FDCWD, "a", O_RDONLY));
    TRY(open("a", O_RDONLY | O_PATH));
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    TRY(open(longer, O_RDONLY));
    TRY(open((char *)1, O_RDONLY));
}

static void positions(void)
{
    char buf[32] = {0};
    int fd = open("p", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CALL(write(fd, "0123456789", 10));
    CALL(lseek(fd, 0, SEEK_CUR));
    CALL(lseek(fd, -3, SEEK_END));
    CALL(read(fd, buf, 10));
    OK(!memcmp(buf, "789", 3));
    CALL(lseek(fd, -1, SEEK_SET));
    CALL(lseek(fd, 0, 77));
    CALL(pread(fd, buf, 4, 2));
    OK(!memcmp(buf, "2345", 4));
    CALL(pread(fd, buf, 4, -1));
    CALL(pread(fd, buf, 4, 100));
    CALL(pwrite(fd, "xy", 2, 20));
    CALL(pread(fd, buf, 32, 8));
    OK(!memcmp(buf, "89\0\0\0\0\0\0\0\0\0\0xy", 14));
    struct iovec iov[2] = {{buf, 2}, {buf + 2, 3}};
    CALL(lseek(fd, 0, SEEK_SET));
    CALL(readv(fd, iov, 2));
    OK(!memcmp(buf, "01234", 5));
    CALL(preadv(fd, iov, 2, 1));
    CALL(writev(fd, iov, 2));
    CALL(readv(fd, iov, -1));
    CALL(read(fd, (void *)1, 4));
    CALL(write(fd, (void *)1, 4));
    CALL(read(99, buf, 1));
    close(fd);
}

static void sizes(void)
{
    char buf[32] = {0};
    int fd = open("p", O_RDWR);
    CALL(ftruncate(fd, 4));
    CALL(pread(fd, buf, 32, 0));
    CALL(ftruncate(fd, 8));
    CALL(pread(fd, buf, 32, 0));
    OK(!memcmp(buf + 4, "\0\0\0\0", 4));
    CALL(ftruncate(fd, -1));
    CALL(truncate("p", 2));
    CALL(truncate("none", 2));
    CALL(truncate(".", 2));
    CALL(lseek(fd, 5000000000, SEEK_SET));
    CALL(write(fd, "z", 1));
    CALL(lseek(fd, 0, SEEK_END));
    struct stat st;
    fstat(fd, &st);
    OK(st.st_blocks < 100);
    CALL(fsync(fd));
    CALL(fdatasync(fd));
    CALL(close(fd));
}

static void duplicates(void)
{
    int fd = open("p", O_RDWR);
    int two = dup(fd);
    CALL(lseek(fd, 7, SEEK_SET));
    CALL(lseek(two, 0, SEEK_CUR));
    CALL(dup2(fd, fd) == fd);
    CALL(dup2(99, 5));
    CALL(dup3(fd, fd, 0));
    CALL(dup3(fd, 50, O_CLOEXEC));
    CALL(fcntl(50, F_GETFD));
    CALL(fcntl(fd, F_DUPFD, 60));
    CALL(fcntl(fd, F_DUPFD_CLOEXEC, 60));
    CALL(fcntl(61, F_GETFD));
    CALL(fcntl(fd, 9999));
    CALL(posix_fallocate(two, 0, 1 << 13));
    close(fd);
}

static void copies(void)
{
    char buf[32] = {0};
    int fd = open("p", O_RDONLY);
    CALL(write(fd, "x", 1));
    CALL(ftruncate(fd, 1));
    close(fd);
    fd = open("ap", O_WRONLY | O_CREAT | O_APPEND, 0644);
    CALL(write(fd, "ab", 2));
    CALL(lseek(fd, 0, SEEK_SET));
    CALL(write(fd, "cd", 2));
    CALL(lseek(fd, 0, SEEK_END));
    CALL(read(fd, buf, 1));
    int in = open("ap", O_RDONLY);
    int out = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644);
    off_t at = 1;
    CALL(sendfile(out, in, &at, 10));
    SHOW(at);
    CALL(lseek(in, 0, SEEK_CUR));
    CALL(sendfile(out, in, NULL, 2));
    CALL(lseek(in, 0, SEEK_CUR));
    CALL(copy_file_range(in, NULL, out, NULL, 100, 0));
    CALL(pread(out, buf, 32, 0));
    OK(!memcmp(buf, "bcdabcd", 7));
    CALL(flock(in, LOCK_SH));
    CALL(flock(in, LOCK_UN));
    CALL(flock(in, 16));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    CALL(fcntl(out, F_SETLK, &lock));
    CALL(fcntl(out, F_GETLK, &lock));
    SHOW(lock.l_type);
    lock.l_type = 77;
    CALL(fcntl(out, F_SETLK, &lock));
    CALL(close_range(in, out, 0));
    CALL(close(in));
}

static void names(void)
{
    struct stat st;
    char buf[64];
    close(open("n", O_CREAT | O_WRONLY, 0644));
    CALL(link("n", "n2"));
    CALL(stat("n2", &st));
    SHOW(st.st_nlink);
    CALL(link("n", "n2"));
    CALL(link(".", "dirlink"));
    CALL(symlink("n", "s"));
    CALL(symlink("", "s0"));
    CALL(symlink("s", "s"));
    CALL(readlink("s", buf, sizeof buf));
    CALL(readlink("s", buf, 0));
    CALL(readlink("n", buf, 5));
    CALL(lstat("s", &st));
    SHOW(st.st_size);
    OK(S_ISLNK(st.st_mode));
    CALL(stat("s", &st));
    OK(S_ISREG(st.st_mode));
    TRY(open("s", O_RDONLY | O_NOFOLLOW));
    CALL(symlink("loop2", "loop1"));
    CALL(symlink("loop1", "loop2"));
    CALL(stat("loop1", &st));
    CALL(symlink("made", "tomake"));
    TRY(open("tomake", O_CREAT | O_WRONLY, 0644));
    CALL(access("made", F_OK));
}

static void moves(void)
{
    struct stat st;
    CALL(mkdir("d", 0755));
    CALL(mkdir("d", 0755));
    CALL(mkdir("d/e/", 0755));
    CALL(mkdir("none/e", 0755));
    CALL(rmdir("d"));
    CALL(rmdir("n"));
    CALL(unlink("d"));
    CALL(unlink("none"));
    CALL(rmdir("d/e"));
    CALL(rmdir("d/."));
    CALL(stat("d/./../d/../n", &st));
    CALL(stat("n/..", &st));
    CALL(stat("n/", &st));
    CALL(rename("n", "m"));
    CALL(rename("none", "m"));
    CALL(rename("m", "d"));
    CALL(rename("d", "m"));
    CALL(rename("d", "d/x"));
    CALL(mkdir("f", 0700));
    CALL(rename("d", "f"));
    CALL(access("d", F_OK));
    CALL(rename("m", "f/m-with-a-much-longer-name-than-before"));
    CALL(access("f/m-with-a-much-longer-name-than-before", F_OK));
    CALL(rename("f/m-with-a-much-longer-name-than-before", "m"));
}

static void replacing(void)
{
    struct stat st;
    struct stat st2;
    close(open("target", O_CREAT | O_WRONLY, 0644));
    CALL(rename("m", "target"));
    stat("target", &st);
    stat("n2", &st2);
    OK(st.st_ino == st2.st_ino);
    CALL(rename("target", "n2")); /* the same file: nothing happens */
    CALL(access("target", F_OK));
    CALL(syscall(SYS_renameat2, AT_FDCWD, "target", AT_FDCWD, "n2", 1));
    CALL(unlink("target"));
    CALL(stat("n2", &st));
    SHOW(st.st_nlink);
    int fd = open("n2", O_RDWR);
    CALL(unlink("n2"));
    CALL(fstat(fd, &st));
    SHOW(st.st_nlink);
    CALL(write(fd, "still", 5));
    CALL(mkfifo("fifo", 0600));
    CALL(stat("fifo", &st));
    OK(S_ISFIFO(st.st_mode));
    CALL(mknod("node", S_IFREG | 0600, 0));
    CALL(unlinkat(AT_FDCWD, "f", 0));
    CALL(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
    CALL(unlinkat(AT_FDCWD, "f", 12345));
}

static int count_entries(const char *name)
{
    DIR *d = opendir(name);
    int n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void folders(void)
{
    char name[32];
    char buf[256];
    mkdir("list", 0755);
    for (int n = 0; n < 500; n++) {
        snprintf(name, sizeof name, "list/file%d", n);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    SHOW(count_entries("list"));
    DIR *d = opendir("list"); /* everything is found while it is removed */
    int seen = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        seen += e->d_type == DT_REG;
        snprintf(buf, sizeof buf, "list/%s", e->d_name);
        unlink(buf);
    }
    closedir(d);
    SHOW(seen);
    SHOW(count_entries("list"));
    CALL(rmdir("list"));
    int fd = open("fifo", O_RDONLY | O_NONBLOCK);
    CALL(syscall(SYS_getdents64, fd, buf, sizeof buf));
    fd = open(".", O_RDONLY);
    CALL(syscall(SYS_getdents64, fd, buf, 4));
    CALL(mkdir("cwd", 0755));
    CALL(chdir("cwd"));
    OK(getcwd(buf, sizeof buf) && !strcmp(strrchr(buf, '/'), "/cwd"));
    CALL(syscall(SYS_getcwd, buf, 3));
    CALL(chdir("none"));
    CALL(rmdir("../cwd"));
    CALL(syscall(SYS_getcwd, buf, sizeof buf));
    TRY(open("x", O_CREAT | O_WRONLY, 0644));
    CALL(chdir(".."));
    CALL(fchdir(fd));
    CALL(chdir("a"));
    CALL(chdir("/"));
}

static void attributes(const char *home)
{
    struct stat st;
    CALL(chdir(home));
    CALL(umask(027));
    close(open("mode", O_CREAT | O_WRONLY, 0666));
    stat("mode", &st);
    SHOW(st.st_mode);
    CALL(umask(022));
    CALL(chmod("mode", 04755));
    stat("mode", &st);
    SHOW(st.st_mode);
    CALL(chown("mode", 33, 44));
    stat("mode", &st);
    SHOW(st.st_mode);
    SHOW(st.st_uid);
    SHOW(st.st_gid);
    CALL(lchown("mode", (uid_t)-1, 7));
    CALL(chmod("none", 0644));
    int fd = open("mode", O_RDWR);
    CALL(fchmod(fd, 0600));
    CALL(fchown(fd, 0, 0));
}

static void times_and_stat(void)
{
    struct stat st;
    struct statx stx;
    int fd = open("mode", O_RDWR);
    struct timespec times[2] = {{1000, 5}, {2000, 7}};
    CALL(utimensat(AT_FDCWD, "mode", times, 0));
    stat("mode", &st);
    SHOW(st.st_atim.tv_sec);
    SHOW(st.st_mtim.tv_nsec);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    CALL(futimens(fd, times));
    stat("mode", &st);
    SHOW(st.st_atim.tv_sec);
    OK(st.st_mtim.tv_sec > 1000000);
    times[0].tv_nsec = -1;
    CALL(futimens(fd, times));
    struct utimbuf old = {3, 4};
    CALL(utime("mode", &old));
    CALL(statx(AT_FDCWD, "mode", 0, STATX_ALL, &stx));
    SHOW(stx.stx_mtime.tv_sec);
    SHOW(stx.stx_mode);
    CALL(statx(AT_FDCWD, "mode", 0x40000000, STATX_ALL, &stx));
    CALL(syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH));
    CALL(syscall(SYS_newfstatat, fd, "", &st, 0));
    CALL(access("mode", R_OK | W_OK));
    CALL(access("mode", X_OK));
    CALL(access("mode", 99));
    struct statfs fs;
    CALL(statfs("/tmp", &fs));
    CALL(statfs("/none", &fs));
}

static void other_user(void)
{
    CALL(seteuid(1000));
    TRY(open("mode", O_RDONLY));
    TRY(open("fresh", O_CREAT | O_WRONLY, 0644));
    CALL(chmod("mode", 0777));
    CALL(unlink("mode"));
    CALL(utimensat(AT_FDCWD, "mode", NULL, 0));
    CALL(access("mode", R_OK)); /* the real user is root */
    CALL(seteuid(0));
    mkdir("sticky", 01777);
    chmod("sticky", 01777);
    close(open("sticky/mine", O_CREAT | O_WRONLY, 0666));
    CALL(seteuid(1000));
    CALL(unlink("sticky/mine"));
    TRY(open("sticky/his", O_CREAT | O_WRONLY, 0600));
    CALL(unlink("sticky/his"));
    CALL(seteuid(0));
}

int main(void)
{
    char home[] = "/tmp/cella-files-XXXXXX";
    if (!mkdtemp(home) || chmod(home, 0755) || chdir(home))
        return 1;
    umask(022);
    opening();
    opening_more();
    positions();
    sizes();
    duplicates();
    copies();
    names();
    moves();
    replacing();
    folders();
    attributes(home);
    times_and_stat();
    other_user();
    return 0;
}
