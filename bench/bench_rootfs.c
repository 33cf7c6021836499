/* SPDX-License-Identifier: Apache-2.0
 * bench_rootfs.c: root file systems: `bench_rootfs DIR [PLACE]`.  Writing an image of DIR beside
 * mkfs.erofs followed by veritysetup format, then reading it, cold and from the cache, beside
 * pread(2) of the same bytes and memcpy.  Medians of five rounds; PLACE (/tmp) takes the images. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkroot/mkroot.h"
#include "posix/file.h"

enum { ROUNDS = 5, HOT = 200000, CACHE = 64 << 20 };

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

static void die(const char *what)
{
    fprintf(stderr, "bench_rootfs: %s\n", what);
    exit(1);
}

static void make(const char *dir, const char *path, struct mkroot_result *result)
{
    struct mkroot *m = NULL;
    struct err e;
    if (mkroot_new(&m, NULL, &e) || mkroot_scan(m, dir, NULL, 0, &e) ||
        mkroot_write(m, path, result, &e))
        die(e.text);
    mkroot_free(m);
}

static void command(char *const *argv)
{
    pid_t pid;
    int status = 0;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
        die(argv[0]);
    posix_spawn_file_actions_destroy(&quiet);
}

/* Seconds of mkfs.erofs, and of veritysetup behind it. */
static void make_theirs(char *dir, char *path, double *mkfs, double *verity)
{
    struct stat st;
    char offset[64];
    unlink(path);
    double start = now();
    command((char *[]){"mkfs.erofs", "--quiet", path, dir, NULL});
    *mkfs = now() - start;
    if (stat(path, &st) != 0)
        die(path);
    snprintf(offset, sizeof offset, "--hash-offset=%lld", (long long)st.st_size);
    start = now();
    command((char *[]){"/usr/sbin/veritysetup", "format", "--salt=-", offset, path, path, NULL});
    *verity = now() - start;
}

static void bench_write(char *dir, char *ours, char *theirs, struct mkroot_result *result)
{
    double own[ROUNDS];
    double mkfs[ROUNDS];
    double verity[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        make(dir, ours, result);
        own[i] = now() - start;
        make_theirs(dir, theirs, &mkfs[i], &verity[i]);
    }
    double a = median(own);
    double b = median(mkfs);
    double c = median(verity);
    printf("%-44s %8.3f s   %.1f MiB, %llu inodes\n", "write: cella rootfs", a,
           (double)result->file_size / (1 << 20), (unsigned long long)result->inodes);
    printf("%-44s %8.3f s   %.3f + %.3f; ours is %.2f of it\n",
           "write: mkfs.erofs + veritysetup format", b + c, b, c, a / (b + c));
}

static int read_image(void *ctx, uint64_t offset, void *out, size_t size)
{
    return pread(*(int *)ctx, out, size, (off_t)offset) == (ssize_t)size ? 0 : -EIO;
}

static struct rootfs *image_open(int *fd, const uint8_t *hash, void *memory)
{
    struct rootfs_config c = {
        .read = read_image, .ctx = fd, .memory = memory, .memory_size = CACHE};
    struct rootfs *r;
    struct err e;
    memcpy(c.root_hash, hash, sizeof c.root_hash);
    if (rootfs_open(&r, &c, &e))
        die(e.text);
    return r;
}

/* Reads all below a directory; bytes.  Remembers the largest file of up to 16 MiB. */
static uint64_t read_all(struct rootfs *r, uint64_t nid, struct rootfs_inode *largest)
{
    static uint8_t buffer[65536];
    struct rootfs_inode i;
    if (rootfs_inode(r, nid, &i))
        die("an inode cannot be read");
    uint64_t total = 0;
    if (S_ISREG(i.mode)) {
        int64_t n;
        while ((n = rootfs_pread(r, &i, buffer, sizeof buffer, total)) > 0)
            total += (uint64_t)n;
        if (i.size > largest->size && i.size <= 16 << 20)
            *largest = i;
    }
    struct rootfs_dirent d;
    uint64_t cookie = 0;
    while (S_ISDIR(i.mode) && rootfs_readdir(r, &i, &cookie, &d) == 1)
        if (strcmp(d.name, ".") != 0 && strcmp(d.name, "..") != 0)
            total += read_all(r, d.nid, largest);
    return total;
}

static void show_ns(const char *what, double seconds, double count)
{
    printf("%-44s %8.0f ns\n", what, seconds / count * 1e9);
}

static void bench_hot(struct rootfs *r, const struct rootfs_inode *file, int fd)
{
    static uint8_t buffer[4096];
    static uint8_t other[16 << 20];
    uint64_t blocks = file->size / sizeof buffer;
    uint64_t sum = 0;
    for (int warm = 0; warm < 2; warm++)
        for (uint64_t k = 0; k < blocks; k++)
            sum += (uint64_t)rootfs_pread(r, file, buffer, sizeof buffer, k * sizeof buffer);
    double start = now();
    for (uint64_t k = 0; k < HOT; k++)
        sum += (uint64_t)rootfs_pread(r, file, buffer, sizeof buffer, k % blocks * sizeof buffer);
    show_ns("read: 4 KiB from the cache", now() - start, HOT);
    start = now();
    for (uint64_t k = 0; k < HOT; k++) {
        struct rootfs_view view;
        if (rootfs_map(r, file, k % blocks * sizeof buffer, &view) == 1) {
            sum += view.data[0];
            rootfs_unmap(r, &view);
        }
    }
    show_ns("read: 4 KiB mapped in the cache", now() - start, HOT);
    start = now();
    for (uint64_t k = 0; k < HOT; k++) {
        memcpy(buffer, other + k % blocks * sizeof buffer, sizeof buffer);
        __asm__ volatile("" : : "r"(buffer) : "memory");
    }
    show_ns("beside: memcpy of 4 KiB", now() - start, HOT);
    start = now();
    for (uint64_t k = 0; k < HOT; k++)
        sum += (uint64_t)pread(fd, buffer, sizeof buffer, (off_t)(k % blocks * sizeof buffer));
    show_ns("beside: pread(2) of 4 KiB", now() - start, HOT);
    __asm__ volatile("" : : "r"(sum));
}

static void bench_names(struct rootfs *r)
{
    struct rootfs_inode root;
    struct rootfs_dirent d;
    struct rootfs_inode i;
    uint64_t cookie = 0;
    if (rootfs_inode(r, rootfs_root(r), &root))
        die("the root cannot be read");
    for (int k = 0; k < 3 && rootfs_readdir(r, &root, &cookie, &d) == 1;)
        k++;
    double start = now();
    for (int k = 0; k < HOT; k++)
        if (rootfs_lookup(r, &root, span_of(d.name, d.name_size), &d))
            die("a name is lost");
    show_ns("lookup of a name", now() - start, HOT);
    start = now();
    for (int k = 0; k < HOT; k++)
        if (rootfs_inode(r, d.nid, &i))
            die("an inode is lost");
    show_ns("inode by number (stat)", now() - start, HOT);
}

static void bench_read(const char *path, const struct mkroot_result *result)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    auto_free void *memory = aligned_alloc(4096, CACHE);
    if (fd < 0 || !memory)
        die(path);
    double cold[ROUNDS];
    struct rootfs_inode largest = {0};
    struct rootfs *r = NULL;
    uint64_t bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        r = image_open(&fd, result->root_hash, memory);
        bytes = read_all(r, rootfs_root(r), &largest);
        cold[i] = now() - start;
    }
    double seconds = median(cold);
    printf("%-44s %8.3f s   %.2f GB/s, each block verified\n", "read: all of it, cold", seconds,
           (double)bytes / seconds / 1e9);
    bench_hot(r, &largest, fd);
    bench_names(r);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        die("usage: bench_rootfs DIR [PLACE]");
    char ours[4096];
    char theirs[4096];
    struct mkroot_result result;
    snprintf(ours, sizeof ours, "%s/bench_rootfs.ours", argc > 2 ? argv[2] : "/tmp");
    snprintf(theirs, sizeof theirs, "%s/bench_rootfs.theirs", argc > 2 ? argv[2] : "/tmp");
    bench_write(argv[1], ours, theirs, &result);
    bench_read(ours, &result);
    unlink(ours);
    unlink(theirs);
    return 0;
}
