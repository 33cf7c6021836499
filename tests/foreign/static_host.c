/* SPDX-License-Identifier: Apache-2.0
 * static_host.c: an SGX host without libc, in the manner of library OS loaders: static, raw system
 * calls, its own mmap(NULL) base, the vDSO looked up by hand, EENTER and ERESUME by its own ENCLU
 * with its own AEP, its own signal handlers with its own restorer.  Prints a line for each check;
 * exit status 0 when all passed, 77 without SGX. */
#include <asm-generic/siginfo.h>
#include <asm/prctl.h>
#include <asm/sgx.h>
#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/ucontext.h>
#include <elf.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAGE = 4096,
    SYS_READ = 0,
    SYS_WRITE = 1,
    SYS_OPEN = 2,
    SYS_CLOSE = 3,
    SYS_FSTAT = 5,
    SYS_MMAP = 9
};
enum {
    SYS_MPROTECT = 10,
    SYS_MUNMAP = 11,
    SYS_SIGACTION = 13,
    SYS_SIGRETURN = 15,
    SYS_IOCTL = 16,
    SYS_PIPE = 22
};
enum { SYS_ALARM = 37, SYS_DUP = 32, SYS_EXIT = 231, EXIT_NO_SGX = 77 };
enum { INCREMENT, UNDEFINED, RAW_SYSCALL, TOUCH, SPIN, ACCEPT, REPORT };
enum { TCS_FIRST = 0x8000, UNADDED = 0x30000, SIGINFO_SIZE = 128 };
#define SA_RESTORER_FLAG 0x04000000

extern const uint64_t g_image[];
extern const char g_sigstruct[];
__asm__(".section .rodata\n.balign 4096\n.globl g_image\ng_image: .incbin \"image\"\n"
        ".balign 4096\n.globl g_sigstruct\ng_sigstruct: .incbin \"sigstruct\"\n.text\n");

/* The instruction of the host, which is its AEP as well, and places to come back to. */
long host_enclu(uint64_t leaf, uint64_t tcs, uint64_t rdi, uint64_t rsi);
extern const char host_aep[];
extern const char host_recover[];
void host_restorer(void);
__asm__(".globl host_enclu, host_aep, host_recover, host_restorer, _start\n"
        "host_enclu:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  mov %rdi,%rax; mov %rsi,%rbx; mov %rdx,%rdi; mov %rcx,%rsi\n"
        "  lea host_aep(%rip),%rcx\n"
        "  cmp $2,%rax\n"
        "  jne host_aep\n"
        "  .byte 0x0f,0x01,0xd7\n" /* EENTER; the enclave comes back here */
        "  xor %eax,%eax\n"
        "  jmp 1f\n"
        "host_aep:\n"
        "  .byte 0x0f,0x01,0xd7\n" /* ERESUME */
        "host_recover:\n"          /* a handler sends RIP here */
        "  mov $1,%eax\n"
        "1: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n"
        "host_restorer:\n"
        "  mov $15,%eax\n"
        "  syscall\n"
        "_start:\n"
        "  mov %rsp,%rdi\n"
        "  and $-16,%rsp\n"
        "  call start\n"
        "  hlt\n");

static long sys(long nr, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static long sys3(long nr, long a, long b, long c)
{
    return sys(nr, a, b, c, 0, 0, 0);
}

void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = (char)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

static size_t length(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

static bool equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static void print(const char *s)
{
    sys3(SYS_WRITE, 1, (long)s, (long)length(s));
}

static void print_number(long n)
{
    char text[24];
    int at = sizeof text - 1;
    unsigned long u = n < 0 ? -(unsigned long)n : (unsigned long)n;
    text[at] = 0;
    do {
        text[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (n < 0)
        text[--at] = '-';
    print(text + at);
}

static int g_failed;

static void check(const char *name, long found, long expected)
{
    print(found == expected ? "ok " : "FAILED ");
    print(name);
    if (found != expected) {
        print(": found ");
        print_number(found);
        print(", expected ");
        print_number(expected);
        g_failed = 1;
    }
    print("\n");
}

static void leave(int status)
{
    for (;;)
        sys3(SYS_EXIT, status, 0, 0);
}

/* The enclave. */

static uint64_t g_base;
static int g_fd;

static uint64_t tcs(int i)
{
    return g_base + TCS_FIRST + (uint64_t)i * 0x4000;
}

static uint64_t reserve(uint64_t size)
{
    long at = sys(SYS_MMAP, 0, (long)(2 * size), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t base = ((uint64_t)at + size - 1) & ~(size - 1);
    if (base > (uint64_t)at)
        sys3(SYS_MUNMAP, at, (long)(base - (uint64_t)at), 0);
    sys3(SYS_MUNMAP, (long)(base + size), (long)((uint64_t)at + size - base), 0);
    return base;
}

static void create(void)
{
    static uint64_t secs[512] __attribute__((aligned(4096)));
    uint64_t size = g_image[0];
    g_base = reserve(size);
    secs[0] = size;
    secs[1] = g_base;
    secs[2] = g_image[1]; /* SSA frame size; MISCSELECT 0 */
    secs[6] = g_image[2];
    secs[7] = g_image[3];
    struct sgx_enclave_create args = {.src = (uint64_t)secs};
    check("create", sys3(SYS_IOCTL, g_fd, (long)SGX_IOC_ENCLAVE_CREATE, (long)&args), 0);
    check("create again", sys3(SYS_IOCTL, g_fd, (long)SGX_IOC_ENCLAVE_CREATE, (long)&args), -22);
}

static void add_pages(void)
{
    static uint64_t secinfo[8] __attribute__((aligned(64)));
    uint64_t count = g_image[4];
    uint64_t content = ((uint64_t)g_image + 8 * (5 + 2 * count) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    long rc = 0;
    for (uint64_t i = 0; i < count && rc == 0; i++) {
        secinfo[0] = g_image[6 + 2 * i];
        struct sgx_enclave_add_pages args = {.src = content + i * PAGE,
                                             .offset = g_image[5 + 2 * i],
                                             .length = PAGE,
                                             .secinfo = (uint64_t)secinfo,
                                             .flags = SGX_PAGE_MEASURE};
        rc = sys3(SYS_IOCTL, g_fd, (long)SGX_IOC_ENCLAVE_ADD_PAGES, (long)&args);
        if (rc == 0 && args.count != PAGE)
            rc = -1;
    }
    check("add pages", rc, 0);
}

static long map(uint64_t offset, uint64_t size, int prot)
{
    long at =
        sys(SYS_MMAP, (long)(g_base + offset), (long)size, prot, MAP_SHARED | MAP_FIXED, g_fd, 0);
    return at == (long)(g_base + offset) ? 0 : at;
}

static void map_all(void)
{
    long rc = 0;
    for (uint64_t i = 0; i < g_image[4] && rc == 0; i++) {
        uint64_t flags = g_image[6 + 2 * i];
        int prot =
            flags & 0x100 ? PROT_READ | PROT_WRITE : (int)(flags & 7); /* R, W, X are PROT_* */
        rc = map(g_image[5 + 2 * i], PAGE, prot);
    }
    check("map pages", rc, 0);
    check("map code writable", map(0, PAGE, PROT_READ | PROT_WRITE), -13);
}

static void init(void)
{
    struct sgx_enclave_init args = {.sigstruct = (uint64_t)g_sigstruct};
    check("init", sys3(SYS_IOCTL, g_fd, (long)SGX_IOC_ENCLAVE_INIT, (long)&args), 0);
}

/* Signals. */

static volatile int g_signal;
static volatile uint64_t g_signal_rip, g_signal_rax, g_signal_rbx, g_signal_addr, g_alarms;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    struct sigcontext *r = &((struct ucontext *)context)->uc_mcontext;
    g_signal = signal;
    g_signal_rip = r->rip;
    g_signal_rax = r->rax;
    g_signal_rbx = r->rbx;
    g_signal_addr = (uint64_t)info->si_addr;
    r->rip = (uint64_t)host_recover;
}

static volatile uint64_t g_words[3];

static void on_alarm(int signal, siginfo_t *info, void *context)
{
    struct sigcontext *r = &((struct ucontext *)context)->uc_mcontext;
    (void)signal;
    (void)info;
    g_signal_rip = r->rip;
    g_signal_rax = r->rax;
    g_signal_rbx = r->rbx;
    g_alarms++;
    g_words[1] = 1;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action = {handler, SA_SIGINFO | SA_RESTORER_FLAG, host_restorer, 0};
    check("sigaction", sys(SYS_SIGACTION, signal, (long)&action, 0, 8, 0, 0), 0);
}

/* Direct ENCLU. */

static long enter(int thread, uint64_t piece)
{
    return host_enclu(2, tcs(thread), piece, (uint64_t)g_words);
}

static long resume(int thread)
{
    return host_enclu(3, tcs(thread), 0, 0);
}

static void direct(void)
{
    g_words[0] = 41;
    check("EENTER comes back", enter(0, INCREMENT), 0);
    check("EENTER result", (long)g_words[2], 42);

    g_signal = 0;
    check("ud2 reaches the handler", enter(0, UNDEFINED), 1);
    check("ud2 is SIGILL", g_signal, SIGILL);
    check("ud2: RIP is the AEP", g_signal_rip == (uint64_t)host_aep, 1);
    check("ud2: RAX is ERESUME", (long)g_signal_rax, 3);
    check("ud2: RBX is the TCS", g_signal_rbx == tcs(0), 1);
    check("handler in the enclave", enter(0, 0), 0);
    check("handler saw #UD", (long)g_words[0], (long)0x80000306);
    check("resume comes back by EEXIT", resume(0), 0);
    check("ud2 was repaired", (long)g_words[2], 8);

    check("syscall reaches the handler", enter(0, RAW_SYSCALL), 1);
    check("syscall is SIGILL", g_signal, SIGILL);
    check("handler repairs the syscall", enter(0, 0), 0);
    check("resume after the syscall", resume(0), 0);
    check("syscall result", (long)g_words[2], 4242);

    g_signal = 0;
    check("ERESUME without a frame faults", resume(1), 1);
    check("ERESUME without a frame is SIGSEGV", g_signal, SIGSEGV);
    g_signal = 0;
    check("EENTER of a page that is no TCS faults", host_enclu(2, g_base, 0, 0), 1);
    check("EENTER of a page that is no TCS is SIGSEGV", g_signal, SIGSEGV);
}

static void alarmed(void)
{
    g_words[1] = 0;
    g_words[2] = 0;
    sys3(SYS_ALARM, 1, 0, 0);
    check("spin ends after the alarm", enter(0, SPIN), 0);
    check("one alarm", (long)g_alarms, 1);
    check("alarm: RIP is the AEP", g_signal_rip == (uint64_t)host_aep, 1);
    check("alarm: RAX is ERESUME", (long)g_signal_rax, 3);
    check("alarm: RBX is the TCS", g_signal_rbx == tcs(0), 1);
    check("spin counted", g_words[2] > 0, 1);
}

/* The vDSO. */

typedef int enter_fn(unsigned long rdi, unsigned long rsi, unsigned long rdx, unsigned int function,
                     unsigned long r8, unsigned long r9, struct sgx_enclave_run *run);
static enter_fn *g_enter;

static void find_vdso(uint64_t at)
{
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)at;
    const Elf64_Phdr *phdrs = (const Elf64_Phdr *)(at + head->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    const Elf64_Sym *symbols = NULL;
    const char *names = NULL;
    const uint32_t *hash = NULL;
    for (int i = 0; i < head->e_phnum; i++)
        if (phdrs[i].p_type == PT_DYNAMIC)
            dynamic = (const Elf64_Dyn *)(at + phdrs[i].p_offset);
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = (const Elf64_Sym *)(at + dynamic->d_un.d_ptr);
        else if (dynamic->d_tag == DT_STRTAB)
            names = (const char *)(at + dynamic->d_un.d_ptr);
        else if (dynamic->d_tag == DT_HASH)
            hash = (const uint32_t *)(at + dynamic->d_un.d_ptr);
    }
    for (uint32_t i = 0; hash && symbols && names && i < hash[1]; i++)
        if (equal(names + symbols[i].st_name, "__vdso_sgx_enter_enclave"))
            g_enter = (enter_fn *)(at + symbols[i].st_value);
}

/* The enclave may leave anything in the registers that a call usually keeps. */
static int call_vdso(uint64_t piece, unsigned leaf, struct sgx_enclave_run *run)
{
    int result;
    register unsigned long r8 __asm__("r8") = 0;
    register unsigned long r9 __asm__("r9") = 0;
    unsigned long rdi = piece;
    unsigned long rsi = (unsigned long)g_words;
    unsigned long rdx = 0;
    unsigned long rcx = leaf;
    __asm__ volatile("push %[run]\n\tcall *%%rax\n\tadd $8, %%rsp"
                     : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+c"(rcx), "+r"(r8), "+r"(r9)
                     : "0"(g_enter), [run] "b"(run)
                     : "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    return result;
}

/* How it ended: the run's function, -1 when the call failed. */
static long vdso_end(uint64_t piece, unsigned leaf, struct sgx_enclave_run *run)
{
    return call_vdso(piece, leaf, run) ? -1 : (long)run->function;
}

static volatile int g_handled;

static int user_handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9,
                        struct sgx_enclave_run *run)
{
    (void)rdi, (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9;
    g_handled++;
    if (run->function == 4 || g_handled > 5)
        return 0;
    g_signal_addr = run->exception_addr;
    sys3(SYS_MPROTECT, (long)run->exception_addr, PAGE, PROT_READ | PROT_WRITE);
    return 3;
}

static void vdso(void)
{
    static struct sgx_enclave_run run;
    check("vDSO function", g_enter != NULL, 1);
    run.tcs = tcs(2);
    g_words[0] = 99;
    check("vDSO EENTER", call_vdso(INCREMENT, 2, &run), 0);
    check("vDSO: function is EEXIT", (long)run.function, 4);
    check("vDSO result", (long)g_words[2], 100);
    check("vDSO refuses leaf 4", call_vdso(INCREMENT, 4, &run), -22);

    check("vDSO ud2", call_vdso(UNDEFINED, 2, &run), 0);
    check("vDSO ud2: function is ERESUME", (long)run.function, 3);
    check("vDSO ud2: vector", run.exception_vector, 6);
    check("vDSO handler", vdso_end(0, 2, &run), 4);
    check("vDSO ERESUME", vdso_end(0, 3, &run), 4);
    check("vDSO ud2 was repaired", (long)g_words[2], 8);

    check("vDSO syscall", call_vdso(RAW_SYSCALL, 2, &run), 0);
    check("vDSO syscall: vector", run.exception_vector, 6);
    check("vDSO handles the syscall", vdso_end(0, 2, &run), 4);
    check("vDSO resumes it", vdso_end(0, 3, &run), 4);
    check("vDSO syscall result", (long)g_words[2], 4242);

    run.user_handler = (uint64_t)user_handler;
    g_words[0] = 31;
    g_words[1] = 0x5008;
    check("protect a page", sys3(SYS_MPROTECT, (long)(g_base + 0x5000), PAGE, PROT_NONE), 0);
    check("vDSO with a handler", call_vdso(TOUCH, 2, &run), 0);
    check("handler was called for #PF and at the end", g_handled, 2);
    check("vDSO with a handler: vector", run.exception_vector, 14);
    check("vDSO with a handler: page", g_signal_addr == g_base + 0x5000, 1);
    check("vDSO with a handler: result", (long)g_words[2], 31);
    run.user_handler = 0;
    g_words[0] = 5;
    run.reserved[3] = 1;
    check("vDSO refuses reserved bytes", call_vdso(INCREMENT, 2, &run), -22);
}

static void measurement(void)
{
    static uint64_t found[4];
    bool same = true;
    g_words[0] = (uint64_t)found;
    check("EREPORT", enter(3, REPORT), 0);
    for (size_t i = 0; i < sizeof found; i++) /* ENCLAVEHASH  [SDM3D 38.13] */
        same = same && ((const char *)found)[i] == g_sigstruct[960 + i];
    check("MRENCLAVE is the signed one", same, 1);
}

static void descriptors(void)
{
    struct stat st;
    check("fstat", sys3(SYS_FSTAT, g_fd, (long)&st, 0), 0);
    check("fstat: a character device", st.st_mode & 0170000, 0020000);
    long copy = sys3(SYS_DUP, g_fd, 0, 0);
    check("dup", copy > g_fd, 1);
    check("close the first", sys3(SYS_CLOSE, g_fd, 0, 0), 0);
    g_fd = (int)copy;
    g_words[0] = 1;
    check("enter after close", enter(0, INCREMENT), 0);
    check("copy still maps", map(0x4000, PAGE, PROT_READ | PROT_WRITE), 0);
    check("close the last", sys3(SYS_CLOSE, g_fd, 0, 0), 0);
    check("enter after the last close", enter(0, INCREMENT), 0);
    check("result after the last close", (long)g_words[2], 2);
    check("unmap", sys3(SYS_MUNMAP, (long)g_base, (long)g_image[0], 0), 0);
    g_signal = 0;
    check("enter after unmap faults", enter(0, INCREMENT), 1);
    check("enter after unmap is SIGSEGV", g_signal, SIGSEGV);
}

void start(const uint64_t *stack);
void start(const uint64_t *stack)
{
    const uint64_t *p = stack + 1 + stack[0] + 1;
    while (*p++)
        ;
    for (; p[0] != AT_NULL; p += 2)
        if (p[0] == AT_SYSINFO_EHDR)
            find_vdso(p[1]);
    g_fd = (int)sys3(SYS_OPEN, (long)"/dev/sgx_enclave", O_RDWR, 0);
    if (g_fd < 0) {
        print("no /dev/sgx_enclave: errno ");
        print_number(-g_fd);
        print("\n");
        leave(EXIT_NO_SGX);
    }
    handle(SIGILL, on_fault);
    handle(SIGSEGV, on_fault);
    handle(SIGALRM, on_alarm);
    create();
    add_pages();
    map_all();
    if (!g_failed)
        init();
    if (g_failed)
        leave(1);
    direct();
    alarmed();
    vdso();
    measurement();
    descriptors();
    print(g_failed ? "some failed\n" : "all passed\n");
    leave(g_failed);
}
