/* SPDX-License-Identifier: Apache-2.0
 * dynamic_host.c: an SGX host on glibc, in the manner of SDK run times: dynamic, threads with a TCS
 * each, the vDSO by dlvsym(), direct ENCLU, handlers on an alternate stack that unwind with
 * siglongjmp() or return to the AEP, a timer that interrupts enclaves, a handler that enters
 * another enclave thread, and SGX2's dynamic memory. Usage: dynamic_host IMAGE SIGSTRUCT.  Prints a
 * line for each check; 0 when all passed, 77 without SGX. */
#define _GNU_SOURCE
#include <asm/sgx.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, EXIT_NO_SGX = 77, THREADS = 8, ROUNDS = 2000 };
enum {
    INCREMENT,
    UNDEFINED,
    RAW_SYSCALL,
    TOUCH,
    SPIN,
    ACCEPT,
    REPORT,
    ACCEPT_COPY,
    EXTEND,
    VECTORS
};
enum { R = 1, W = 2, X = 4, PENDING = 8, MODIFIED = 0x10, PR = 0x20, REG = 0x200, TRIM = 0x400 };
enum { DYNAMIC = 0x30000 }; /* nothing was added here */

typedef int enter_fn(unsigned long rdi, unsigned long rsi, unsigned long rdx, unsigned int function,
                     unsigned long r8, unsigned long r9, struct sgx_enclave_run *run);

struct words {
    volatile uint64_t in, flag, out;
};

static uint64_t *g_image; /* make_enclave.py */
static uint8_t *g_sigstruct;
static uint64_t g_base;
static int g_fd;
static enter_fn *g_enter;
static volatile int g_failed;

/* The host's instruction and AEP; every register is put back, because the enclave may use all. */
long host_enclu(uint64_t leaf, uint64_t tcs, uint64_t rdi, struct words *rsi);
extern const char host_aep[];
__asm__(".text\n.globl host_enclu, host_aep\n"
        "host_enclu:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  mov %rdi,%rax; mov %rsi,%rbx; mov %rdx,%rdi; mov %rcx,%rsi\n"
        "  lea host_aep(%rip),%rcx\n"
        "  cmp $2,%rax\n"
        "  jne host_aep\n"
        "  .byte 0x0f,0x01,0xd7\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  xor %eax,%eax\n"
        "  ret\n"
        "host_aep:\n"
        "  .byte 0x0f,0x01,0xd7\n");

static void check(const char *name, long found, long expected)
{
    if (found == expected) {
        printf("ok %s\n", name);
        return;
    }
    printf("FAILED %s: found %ld, expected %ld\n", name, found, expected);
    g_failed = 1;
}

static uint64_t tcs(int i)
{
    return g_base + 0x8000 + (uint64_t)i * 0x4000;
}

static int call_vdso(uint64_t piece, unsigned leaf, struct words *words,
                     struct sgx_enclave_run *run)
{
    int result;
    register unsigned long r8 __asm__("r8") = 0;
    register unsigned long r9 __asm__("r9") = 0;
    unsigned long rdi = piece;
    unsigned long rsi = (unsigned long)words;
    unsigned long rdx = 0;
    unsigned long rcx = leaf;
    /* Like a normal call below the red zone. */
    __asm__ volatile(
        "mov %%rsp, %%r10\n\tsub $256, %%rsp\n\tand $-16, %%rsp\n\tpush %%r10\n\tpush %[run]\n\t"
        "call *%%rax\n\tadd $8, %%rsp\n\tpop %%rsp"
        : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+c"(rcx), "+r"(r8), "+r"(r9)
        : "0"(g_enter), [run] "b"(run)
        : "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    return result;
}

/* How it ended: the run's function, -1 when the call failed. */
static long vdso_end(uint64_t piece, unsigned leaf, struct words *words,
                     struct sgx_enclave_run *run)
{
    return call_vdso(piece, leaf, words, run) ? -1 : (long)run->function;
}

/* Building. */

static void *read_file(const char *name, size_t *size)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        exit(2);
    }
    *size = (size_t)st.st_size;
    void *at = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return at;
}

/* The address range comes from the device itself, twice the size, and the ends are cut off. */
static void reserve(uint64_t size)
{
    void *at = mmap(NULL, 2 * size, PROT_NONE, MAP_SHARED, g_fd, 0);
    check("reserve", at != MAP_FAILED, 1);
    uint64_t start = (uint64_t)at;
    g_base = (start + size - 1) & ~(size - 1);
    if (g_base > start)
        munmap(at, g_base - start);
    if (start + size > g_base)
        munmap((void *)(g_base + size), start + size - g_base);
}

static void build(void)
{
    static uint64_t secs[512] __attribute__((aligned(4096)));
    static uint64_t secinfo[8] __attribute__((aligned(64)));
    uint64_t count = g_image[4];
    reserve(g_image[0]);
    secs[0] = g_image[0];
    secs[1] = g_base;
    secs[2] = g_image[1];
    secs[6] = g_image[2];
    secs[7] = g_image[3];
    struct sgx_enclave_create create = {.src = (uint64_t)secs};
    check("create", ioctl(g_fd, SGX_IOC_ENCLAVE_CREATE, &create), 0);
    uint64_t content = ((uint64_t)g_image + 8 * (5 + 2 * count) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    int bad = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset = g_image[5 + 2 * i];
        uint64_t flags = secinfo[0] = g_image[6 + 2 * i];
        struct sgx_enclave_add_pages add = {.src = content + i * PAGE,
                                            .offset = offset,
                                            .length = PAGE,
                                            .secinfo = (uint64_t)secinfo,
                                            .flags = 1};
        bad += ioctl(g_fd, SGX_IOC_ENCLAVE_ADD_PAGES, &add) != 0;
        bad += mprotect((void *)(g_base + offset), PAGE,
                        flags & 0x100 ? PROT_READ | PROT_WRITE : (int)(flags & 7)) != 0;
    }
    check("add pages and protect", bad, 0);
    struct sgx_enclave_init init = {.sigstruct = (uint64_t)g_sigstruct};
    check("init", ioctl(g_fd, SGX_IOC_ENCLAVE_INIT, &init), 0);
}

/* Faults are unwound on an alternate stack. */

static __thread sigjmp_buf g_recover;
static __thread volatile uint64_t g_fault_rip, g_fault_addr;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    g_fault_rip = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    g_fault_addr = (uint64_t)info->si_addr;
    siglongjmp(g_recover, signal);
}

static void alternate_stack(void)
{
    enum { SIZE = 64 << 10 };
    stack_t stack = {.ss_sp = malloc(SIZE), .ss_size = SIZE};
    sigaltstack(&stack, NULL);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
    sigaction(signal, &action, NULL);
}

/* The signal that an enclave piece ended with, 0 when it came back. */
static int enter_or_fault(uint64_t leaf, int thread, uint64_t piece, struct words *words)
{
    int signal = sigsetjmp(g_recover, 1);
    if (signal == 0)
        host_enclu(leaf, tcs(thread), piece, words);
    return signal;
}

static void faults(void)
{
    struct words words = {0};
    check("ud2 unwinds", enter_or_fault(2, 0, UNDEFINED, &words), SIGILL);
    check("ud2 at the AEP", g_fault_rip == (uint64_t)host_aep, 1);
    check("enclave's handler", enter_or_fault(2, 0, 0, &words), 0);
    check("resume", enter_or_fault(3, 0, 0, &words), 0);
    check("ud2 repaired", (long)words.out, 8);
    mprotect((void *)(g_base + 0x5000), PAGE, PROT_READ);
    words = (struct words){.in = 3, .flag = 0x5010};
    check("write to a read-only page", enter_or_fault(2, 0, TOUCH, &words), SIGSEGV);
    check("its address is the page", g_fault_addr == g_base + 0x5000, 1);
    mprotect((void *)(g_base + 0x5000), PAGE, PROT_READ | PROT_WRITE);
    check("resume after mprotect", enter_or_fault(3, 0, 0, &words), 0);
    check("the write was done", (long)words.out, 3);
    volatile int *nothing = NULL;
    check("a fault of the host itself", sigsetjmp(g_recover, 1) == 0 ? *nothing : SIGSEGV, SIGSEGV);
}

/* Threads, with a timer that interrupts all of them. */

static volatile sig_atomic_t g_ticks;

static void on_tick(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    int kept = errno;
    g_ticks++;
    errno = kept;
}

static void *work(void *arg)
{
    int thread = (int)(intptr_t)arg;
    struct sgx_enclave_run run = {.tcs = tcs(thread)};
    struct words words;
    long bad = 0;
    alternate_stack();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        words = (struct words){.in = i * 8 + (uint64_t)thread};
        if (i % 2)
            bad += host_enclu(2, tcs(thread), INCREMENT, &words) != 0;
        else
            bad += call_vdso(INCREMENT, 2, &words, &run) != 0 || run.function != 4;
        bad += words.out != words.in + 1;
    }
    return (void *)bad;
}

static void tick_every(long us)
{
    struct itimerval timer = {.it_interval = {.tv_usec = us}, .it_value = {.tv_usec = us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void threads(void)
{
    pthread_t ids[THREADS];
    long bad = 0;
    handle(SIGALRM, on_tick, SA_RESTART);
    tick_every(1000);
    for (int i = 0; i < THREADS; i++)
        bad += pthread_create(&ids[i], NULL, work, (void *)(intptr_t)i) != 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(ids[i], &result);
        bad += (long)result;
    }
    tick_every(0);
    check("threads enter 16000 times", bad, 0);
    check("the timer ran", g_ticks > 0, 1);
}

/* One thread sends signals at another that computes inside. */

static struct words g_spin;
static volatile long g_seen, g_elsewhere;
static pthread_t g_target;

static void on_poke(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    uint64_t rip = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    g_seen++;
    if (rip - g_base < g_image[0])
        g_elsewhere++; /* the host must never see an address inside */
}

static void *poke(void *unused)
{
    (void)unused;
    alternate_stack();
    for (int i = 0; i < 300; i++) {
        long before = g_seen;
        pthread_kill(g_target, SIGUSR1);
        while (g_seen == before)
            usleep(20);
    }
    g_spin.flag = 1;
    return NULL;
}

static void poked(const char *name, int piece)
{
    pthread_t id;
    g_seen = 0;
    g_spin = (struct words){.in = 0x1234567890abcdef};
    g_target = pthread_self();
    handle(SIGUSR1, on_poke, 0);
    pthread_create(&id, NULL, poke, NULL);
    host_enclu(2, tcs(1), (uint64_t)piece, &g_spin);
    pthread_join(id, NULL);
    check(name, g_seen, 300);
    check("no handler saw an address inside", g_elsewhere, 0);
}

/* A handler that interrupts an enclave enters it by another TCS. */

static volatile long g_nested;

static void on_nested(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    struct words words = {.in = 10};
    host_enclu(2, tcs(3), INCREMENT, &words);
    g_nested = (long)words.out;
    g_spin.flag = 1;
}

static void nested(void)
{
    g_spin = (struct words){0};
    handle(SIGALRM, on_nested, 0);
    ualarm(20000, 0);
    check("spin until the handler entered", host_enclu(2, tcs(2), SPIN, &g_spin), 0);
    check("the handler's own entry", g_nested, 11);
}

/* SGX2. */

static long accept_page(uint64_t flags)
{
    struct words words = {.in = DYNAMIC, .flag = flags};
    int signal = enter_or_fault(2, 4, ACCEPT, &words);
    return signal ? -signal : (long)words.out;
}

static long touch(int thread, struct sgx_enclave_run *run, struct words *words)
{
    *words = (struct words){.in = 77, .flag = DYNAMIC + 8};
    *run = (struct sgx_enclave_run){.tcs = tcs(thread)};
    return vdso_end(TOUCH, 2, words, run);
}

static void dynamic_memory(void)
{
    struct words words;
    struct sgx_enclave_run run;
    void *at = mmap((void *)(g_base + DYNAMIC), 2 * PAGE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_FIXED, g_fd, 0);
    check("map dynamic pages", at == (void *)(g_base + DYNAMIC), 1);
    check("EAUG by EACCEPT", accept_page(R | W | PENDING | REG), 0);
    check("use it", touch(4, &run, &words), 4);
    check("what was written", (long)words.out, 77);

    struct sgx_enclave_restrict_permissions restrict_args = {
        .offset = DYNAMIC, .length = PAGE, .permissions = R};
    check("EMODPR", ioctl(g_fd, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &restrict_args), 0);
    check("EMODPR count", (long)restrict_args.count, PAGE);
    check("EACCEPT of PR", accept_page(R | PR | REG), 0);
    check("write now faults", touch(5, &run, &words), 3);
    check("it is #PF", run.exception_vector, 14);
    check("by the EPCM", run.exception_error_code >> 15, 1);
    struct words extend = {.in = DYNAMIC, .flag = R | W | REG};
    check("EMODPE", enter_or_fault(2, 4, EXTEND, &extend), 0);
    check("resume the write", vdso_end(0, 3, &words, &run), 4);
    check("the write was done", (long)words.out, 77);

    struct sgx_enclave_modify_types types = {.offset = DYNAMIC, .length = PAGE, .page_type = 4};
    check("EMODT to TRIM", ioctl(g_fd, SGX_IOC_ENCLAVE_MODIFY_TYPES, &types), 0);
    check("EACCEPT of TRIM", accept_page(MODIFIED | TRIM), 0);
    struct sgx_enclave_remove_pages gone = {.offset = DYNAMIC, .length = PAGE};
    check("remove", ioctl(g_fd, SGX_IOC_ENCLAVE_REMOVE_PAGES, &gone), 0);
    check("removed bytes", (long)gone.count, PAGE);
    struct words copy = {.in = DYNAMIC + PAGE, .flag = R | W | X | REG};
    check("EACCEPTCOPY comes back", enter_or_fault(2, 4, ACCEPT_COPY, &copy), 0);
    check("EACCEPTCOPY", (long)copy.out, 0);
}

static void processes(void)
{
    struct words words = {.in = 1};
    char *const argv[] = {"true", NULL};
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    int status = 0;
    waitpid(pid, &status, 0);
    check("fork", WEXITSTATUS(status), 7);
    check("spawn", posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
    waitpid(pid, &status, 0);
    check("spawned", status, 0);
    check("enter after fork", host_enclu(2, tcs(0), INCREMENT, &words), 0);
    check("result after fork", (long)words.out, 2);
}

int main(int argc, char **argv)
{
    size_t size;
    if (argc != 3)
        return 2;
    g_fd = open("/dev/sgx_enclave", O_RDWR | O_CLOEXEC);
    if (g_fd < 0) {
        printf("no /dev/sgx_enclave: %s\n", strerror(errno));
        return EXIT_NO_SGX;
    }
    g_image = read_file(argv[1], &size);
    const uint8_t *signed_by = read_file(argv[2], &size);
    g_sigstruct = aligned_alloc(PAGE, PAGE);
    memcpy(g_sigstruct, signed_by, size);
    void *vdso_handle = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    g_enter = vdso_handle ? (enter_fn *)dlvsym(vdso_handle, "__vdso_sgx_enter_enclave", "LINUX_2.6")
                          : NULL;
    check("vDSO function by dlvsym", g_enter != NULL, 1);
    alternate_stack();
    handle(SIGSEGV, on_fault, 0);
    handle(SIGILL, on_fault, 0);
    build();
    faults();
    threads();
    poked("signals into a spinning enclave", SPIN);
    poked("signals into one that keeps vectors", VECTORS);
    check("vectors survived", (long)g_spin.out, 0);
    nested();
    dynamic_memory();
    processes();
    puts(g_failed ? "some failed" : "all passed");
    return g_failed;
}
