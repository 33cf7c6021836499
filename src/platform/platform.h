/* SPDX-License-Identifier: Apache-2.0
 * platform.h: what the kernel (libos/) needs from below.  `enclave/` provides it inside SGX,
 * `direct/` in a plain process.
 *
 * Rules that hold for every call:
 *  - The kernel runs with the application's vector state and FS base live; no call may change them.
 *  - A count or 0 is success, a negative errno is failure.  The back end checks what a host says.
 *  - "Blocking" calls return -EINTR as soon as the calling thread has its token (see
 *    platform_unpark), and take it.
 *  - Buffers of the I/O calls may be application memory that disappears meanwhile: -EFAULT, no
 *    crash.
 *  - `host fd` is a number that the back end gave out; it is not an application's descriptor. */
#ifndef CELLA_PLATFORM_PLATFORM_H
#define CELLA_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The general registers of an interrupted or calling context.  libos/task/entry.S knows the
 * offsets. */
struct platform_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint64_t rip, rflags, rsp;
};

enum { KERNEL_STACK_SIZE = 65536 }; /* a guard page lies below */

/* The block that %gs:0 points to while a thread runs kernel or application code.  entry.S knows
 * the offsets of the first seven fields. */
struct platform_thread {
    struct platform_thread *self; /* 0 */
    uintptr_t kernel_stack_top;   /* 8: 64-byte aligned; the register frame lies right below */
    uintptr_t scratch_rsp;        /* 16: of the entry and exit stubs */
    uintptr_t scratch_rip;        /* 24: of the exit stub */
    uintptr_t syscall_entry;      /* 32: where a rewritten syscall site jumps: libos_entry */
    void *task;                   /* 40: the kernel's; NULL until it sets it */
    uint64_t event;               /* 48: not 0: look at signals before going back to the app */
    void *backend;                /* the back end's own */
};

/* ---- traps: the back end calls kernel_trap() when the CPU or the host interrupted a thread ----
 */

enum {
    TRAP_DIVIDE = 0,
    TRAP_DEBUG = 1,
    TRAP_BREAKPOINT = 3,
    TRAP_INVALID_OPCODE = 6, /* in SGX also syscall, cpuid, int 0x80 and, on SGX1, rdtsc */
    TRAP_PROTECTION = 13,
    TRAP_PAGE_FAULT = 14,
    TRAP_X87 = 16,
    TRAP_ALIGNMENT = 17,
    TRAP_SIMD = 19,
    TRAP_SYSCALL = 0x100, /* rip is behind the syscall instruction already */
    TRAP_KICK = 0x101,    /* platform_kick(), or a signal from outside */
};

struct platform_trap {
    uint32_t vector;
    uint32_t error; /* of a page fault: bit 0 present, bit 1 write, bit 4 instruction fetch */
    uint64_t addr;  /* of a page fault */
};

/* Provided by the kernel.  Called with the application's registers in `regs`, on the back end's
 * exception stack, able to interrupt the kernel anywhere: takes no lock.  It edits `regs`, which
 * the back end then resumes with all other state (vectors, FS, GS) as it was.  Returns false for a
 * fault inside the kernel that nothing expected: the back end reports it and ends. */
bool kernel_trap(struct platform_regs *regs, const struct platform_trap *trap);

/* ---- facts ---- */

struct platform_info {
    uintptr_t user_start, user_end; /* addresses the application may use; page aligned */
    uint64_t memory_size;           /* bytes the application may have */
    uint32_t thread_max;            /* threads at once */
    uint32_t cpu_count;
    uint32_t xsave_size; /* bytes of the standard-format XSAVE area for xsave_mask */
    uint64_t xsave_mask;
    uint64_t hwcap, hwcap2; /* AT_HWCAP, AT_HWCAP2 */
    bool rdtsc_allowed;     /* the vDSO may use it */
    uint64_t tsc_hz;        /* 0: unknown */
};

const struct platform_info *platform_info(void);
void platform_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]); /* eax ebx ecx edx */
/* From the CPU's generator, never from the host. */
void platform_random(void *out, size_t size);
void platform_log(const char *line, size_t size);
/* Ends the process; `status` is what the parent sees: exit code, or 128 + signal. */
void platform_exit(int status) __attribute__((noreturn));

/* ---- memory ---- */

/* PLATFORM_FILL, for platform_mem_map: all of it will be written at once, so commit it now. */
enum { PLATFORM_READ = 1, PLATFORM_WRITE = 2, PLATFORM_EXEC = 4, PLATFORM_FILL = 8 };

/* Kernel memory, readable, writable, zeroed, never application range; NULL when there is none. */
void *platform_pages_alloc(size_t size);
void platform_pages_free(void *pages, size_t size);
/* Application range [addr, addr + size), page aligned.  map: zeroed pages with these rights,
 * whatever was there is gone; they may be committed only when touched.  reserve: nothing is
 * accessible and no memory is held.  protect: keeps content.  discard: content becomes zero. */
int platform_mem_map(uintptr_t addr, size_t size, unsigned rights);
int platform_mem_reserve(uintptr_t addr, size_t size);
int platform_mem_protect(uintptr_t addr, size_t size, unsigned rights);
int platform_mem_discard(uintptr_t addr, size_t size);
/* Moves pages with their content; both ranges within the application's, not overlapping.
 * -ENOSYS where pages cannot move (SGX): the kernel copies. */
int platform_mem_move(uintptr_t from, uintptr_t to, size_t size);

/* ---- threads ---- */

/* Starts run(arg) on a host thread from the pool, on a kernel stack of its own.  -EAGAIN when the
 * pool is used up.  *out is valid until that thread calls platform_thread_exit(). */
int platform_thread_create(struct platform_thread **out, void (*run)(void *), void *arg);
/* Gives the calling thread back to the pool. */
void platform_thread_exit(void) __attribute__((noreturn));
/* Waits until the calling thread has its token, and takes it; timeout_ns < 0 waits forever.
 * Returns early now and then for no reason. -ETIMEDOUT when the time was up. */
int platform_park(int64_t timeout_ns);
/* Gives `t` its token: its park or blocking call returns, now or when it is made. */
void platform_unpark(struct platform_thread *t);
/* The same, and interrupts application code that `t` runs, with TRAP_KICK. */
void platform_kick(struct platform_thread *t);
void platform_yield(void);
/* Bit n - 1 is set for each signal n that came from outside since the last call. */
uint64_t platform_take_signals(void);

/* ---- clocks ---- */

enum { PLATFORM_MONOTONIC, PLATFORM_REALTIME, PLATFORM_CPU_PROCESS, PLATFORM_CPU_THREAD };
int64_t platform_clock(int clock); /* ns */

/* ---- host descriptors ---- */

struct platform_iov {
    void *base;
    size_t size;
};

enum { HOST_FD_STDIN = 0, HOST_FD_STDOUT = 1, HOST_FD_STDERR = 2 };

/* Same bits as poll(2). */
struct platform_pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};

/* Streams of the outside (standard in and out).  Blocking when `block`, else -EAGAIN. */
int64_t platform_read(int fd, const struct platform_iov *iov, size_t count, bool block);
int64_t platform_write(int fd, const struct platform_iov *iov, size_t count, bool block);
int platform_close(int fd);
bool platform_is_tty(int fd);
/* Blocking: readiness of host descriptors, or the token.  count may be 0. */
int platform_poll(struct platform_pollfd *fds, size_t count, int64_t timeout_ns);
/* A set of watched host descriptors, epoll(7) word for word: `events` has its bits, `data` comes
 * back.  The set is a host descriptor itself and may be polled and watched. */
struct platform_event {
    uint32_t events;
    uint32_t zero;
    uint64_t data;
};
int platform_epoll_create(void);
int platform_epoll_ctl(int set, int op, int fd, const struct platform_event *event);
/* Blocking. */
int platform_epoll_wait(int set, struct platform_event *out, size_t count, int64_t timeout_ns);

/* ---- sockets of the host: TCP and UDP over IPv4 and IPv6 ---- */

struct platform_msg {
    void *name; /* struct sockaddr */
    uint32_t name_size;
    uint32_t flags; /* MSG_*, in and out */
    const struct platform_iov *iov;
    size_t iov_count;
    void *control; /* may be NULL */
    size_t control_size;
};

int platform_socket(int family, int type, int protocol);
int platform_bind(int fd, const void *name, uint32_t size);
int platform_listen(int fd, int backlog);
/* Blocking when `block`.  *size: room in, length out. */
int platform_accept(int fd, void *name, uint32_t *size, bool block);
int platform_connect(int fd, const void *name, uint32_t size, bool block);
int64_t platform_sendmsg(int fd, const struct platform_msg *msg, bool block);
int64_t platform_recvmsg(int fd, struct platform_msg *msg, bool block);
int platform_shutdown(int fd, int how);
int platform_sockname(int fd, bool peer, void *name, uint32_t *size);
int platform_getsockopt(int fd, int level, int name, void *value, uint32_t *size);
int platform_setsockopt(int fd, int level, int name, const void *value, uint32_t size);
int platform_ioctl_int(int fd, uint32_t request, int32_t *value); /* FIONREAD and the like */

/* ---- files of the host: unprotected pass-through mounts, and direct/'s root ---- */

struct platform_stat {
    uint64_t ino, size, blocks, rdev;
    int64_t atime_ns, mtime_ns, ctime_ns;
    uint32_t mode, nlink, uid, gid;
};

struct platform_dirent {
    uint64_t ino;
    uint8_t type; /* DT_* */
    char name[256];
};

/* Opens a name (one component, never followed when it is a symbolic link) in a folder; flags are
 * O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_PATH. */
int platform_open_at(int folder, const char *name, int flags, uint32_t mode);
int platform_stat_at(int folder, const char *name, struct platform_stat *out); /* "" is itself */
int64_t platform_readlink_at(int folder, const char *name, char *out, size_t size);
/* Entry number *cookie (0 first), in the back end's own order; 0 at the end, else 1. */
int platform_readdir(int folder, uint64_t *cookie, struct platform_dirent *out);
int64_t platform_pread(int fd, void *out, size_t size, uint64_t off);
int64_t platform_pwrite(int fd, const void *in, size_t size, uint64_t off);
int platform_truncate(int fd, uint64_t size);
int platform_sync(int fd);
int platform_mkdir_at(int folder, const char *name, uint32_t mode);
int platform_unlink_at(int folder, const char *name, bool is_folder);
int platform_rename_at(int from, const char *old_name, int to, const char *new_name);

#endif
