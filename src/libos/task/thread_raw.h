/* SPDX-License-Identifier: Apache-2.0
 * thread_raw.h: the calling thread, and a few instructions that C has no word for. */
#ifndef CELLA_LIBOS_TASK_THREAD_RAW_H
#define CELLA_LIBOS_TASK_THREAD_RAW_H

#include "base/err.h"
#include "platform/platform.h"

struct task;

static inline struct platform_thread *thread_self(void)
{
    struct platform_thread *self;
    __asm__("mov %%gs:0, %0" : "=r"(self));
    return self;
}

static inline struct task *current(void)
{
    struct task *task;
    __asm__ volatile("mov %%gs:40, %0" : "=r"(task));
    return task;
}

static inline void cpu_relax(void)
{
    __builtin_ia32_pause();
}

static inline uint64_t read_fs_base(void)
{
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static inline void write_fs_base(uint64_t base)
{
    __asm__ volatile("wrfsbase %0" : : "r"(base));
}

#endif
