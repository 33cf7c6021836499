/* SPDX-License-Identifier: Apache-2.0
 * memory.c: mappings, protections, faults. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

enum { PAGE = 4096 };

static sigjmp_buf g_jump;
static volatile int g_code;
static void *volatile g_addr;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    g_code = info->si_code;
    g_addr = info->si_addr;
    siglongjmp(g_jump, 1);
}

/* 0, or the si_code of the fault. */
static int touch(volatile char *p, int write)
{
    if (sigsetjmp(g_jump, 1))
        return g_addr == (void *)(uintptr_t)p ? g_code : -1;
    if (write)
        *p = 1;
    else
        (void)*p;
    return 0;
}

static char *map(size_t size, int prot, int flags)
{
    return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void anonymous(void)
{
    char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, 0);
    OK(p != MAP_FAILED && !p[0] && !p[4 * PAGE - 1]);
    memset(p, 7, 4 * PAGE);
    CALL(munmap(p + PAGE, PAGE));
    SHOW(touch(p, 1));
    SHOW(touch(p + PAGE, 0));
    SHOW(touch(p + 2 * PAGE, 0));
    CALL(munmap(p + PAGE, PAGE));
    CALL(munmap(p + 1, PAGE));
    CALL(munmap(p, 0));
    CALL(mprotect(p, PAGE, PROT_READ));
    SHOW(touch(p, 0));
    SHOW(touch(p, 1));
    CALL(mprotect(p, PAGE, PROT_NONE));
    SHOW(touch(p, 0));
    CALL(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    SHOW(p[5]);
    CALL(mprotect(p, 2 * PAGE, PROT_READ)); /* the second page is missing */
    CALL(mprotect(p + 1, PAGE, PROT_READ));
    OK(mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
            0) == p + PAGE);
    SHOW(touch(p + PAGE, 1));
    CALL((long)mmap(p, PAGE, PROT_READ, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
         -1);
    SHOW(errno);
    CALL((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CALL((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    CALL((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
    CALL((long)mmap(NULL, (size_t)1 << 50, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0));
    char *huge = map((size_t)8 << 30, PROT_NONE, MAP_NORESERVE);
    OK(huge != MAP_FAILED);
    SHOW(touch(huge + ((size_t)4 << 30), 0));
    CALL(mprotect(huge + ((size_t)4 << 30), PAGE, PROT_READ | PROT_WRITE));
    SHOW(touch(huge + ((size_t)4 << 30), 1));
    CALL(munmap(huge, (size_t)8 << 30));
    SHOW(touch(huge + ((size_t)4 << 30), 0));
}

static void advice(void)
{
    char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, 0);
    memset(p, 7, 4 * PAGE);
    CALL(madvise(p, 2 * PAGE, MADV_DONTNEED));
    SHOW(p[0] + p[2 * PAGE - 1]);
    SHOW(p[2 * PAGE]);
    CALL(madvise(p, PAGE, 12345));
    CALL(madvise(p + 1, PAGE, MADV_DONTNEED));
    munmap(p + PAGE, PAGE);
    CALL(madvise(p, 4 * PAGE, MADV_DONTNEED));
    CALL(madvise(p, PAGE, MADV_FREE));
    CALL(msync(p, PAGE, MS_SYNC));
    CALL(msync(p, 2 * PAGE, MS_SYNC));
    CALL(msync(p, PAGE, MS_SYNC | MS_ASYNC));
    unsigned char core[4];
    CALL(mincore(p, PAGE, core));
    CALL(mincore(p, 4 * PAGE, core));
}

static void moving(void)
{
    char *p = map(2 * PAGE, PROT_READ | PROT_WRITE, 0);
    memcpy(p, "moved", 6);
    p[2 * PAGE - 1] = 9;
    char *q = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    OK(q != MAP_FAILED && !strcmp(q, "moved") && q[2 * PAGE - 1] == 9 && !q[2 * PAGE]);
    OK(mremap(q, 64 * PAGE, PAGE, 0) == q);
    SHOW(touch(q + PAGE, 0));
    char *to = map(PAGE, PROT_READ, 0);
    OK(mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && !strcmp(to, "moved"));
    SHOW(touch(q, 0));
    CALL((long)mremap(q, PAGE, PAGE, 0));
    CALL((long)mremap(to, PAGE, 0, 0));
    CALL((long)mremap(to, PAGE, PAGE, MREMAP_FIXED, q));
    char *end = sbrk(0);
    OK(sbrk(100000) == end);
    SHOW(touch(end + 50000, 1));
    OK(brk(end) == 0 && sbrk(0) == end);
}

static void files(void)
{
    char buf[16];
    int fd = open("m", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CALL(ftruncate(fd, 2 * PAGE));
    pwrite(fd, "first", 5, 0);
    pwrite(fd, "second", 6, PAGE);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    OK(!strcmp(p, "first") && !strcmp(p + PAGE, "second"));
    p[0] = 'F';
    pread(fd, buf, 5, 0);
    OK(!memcmp(buf, "first", 5));
    char *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    OK(!strcmp(q, "second"));
    CALL((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1));
    munmap(p, 2 * PAGE);
    munmap(q, PAGE);
    p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    OK(!strcmp(p, "first"));
    p[0] = 'S';
    pread(fd, buf, 5, 0);
    OK(!memcmp(buf, "Sirst", 5));
    pwrite(fd, "W", 1, 1);
    OK(p[1] == 'W');
    CALL(msync(p, 2 * PAGE, MS_SYNC));
    munmap(p, 2 * PAGE);
    pread(fd, buf, 5, 0);
    OK(!memcmp(buf, "SWrst", 5));
    close(fd);
    fd = open("m", O_RDONLY);
    CALL((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
    fd = open("m", O_WRONLY);
    CALL((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    OK(p != MAP_FAILED && !p[0]);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    char home[] = "/tmp/cella-memory-XXXXXX";
    if (!mkdtemp(home) || chdir(home))
        return 1;
    anonymous();
    advice();
    moving();
    files();
    SHOW(touch((char *)8, 0));
    return 0;
}
