/* SPDX-License-Identifier: Apache-2.0
 * proc_text.h: the texts of /proc and /sys.  [proc(5)] */
#ifndef CELLA_LIBOS_VFS_PROC_TEXT_H
#define CELLA_LIBOS_VFS_PROC_TEXT_H

#include <stdint.h>

struct task;
struct text;

#define PROC_TEXT(name) void name(struct task *t, uint64_t key, struct text *out)
PROC_TEXT(proc_maps);
PROC_TEXT(proc_stat); /* key: thread number, 0 the process */
PROC_TEXT(proc_statm);
PROC_TEXT(proc_status);
PROC_TEXT(proc_cmdline);
PROC_TEXT(proc_environ);
PROC_TEXT(proc_comm);
PROC_TEXT(proc_limits);
PROC_TEXT(proc_mounts);
PROC_TEXT(proc_mountinfo);
PROC_TEXT(proc_cgroup);
PROC_TEXT(proc_coredump_filter);
PROC_TEXT(proc_loginuid);
PROC_TEXT(proc_meminfo);
PROC_TEXT(proc_cpuinfo);
PROC_TEXT(proc_system_stat);
PROC_TEXT(proc_uptime);
PROC_TEXT(proc_loadavg);
PROC_TEXT(proc_version);
PROC_TEXT(proc_filesystems);
PROC_TEXT(proc_zero);
PROC_TEXT(proc_number); /* key: the number */
PROC_TEXT(proc_osrelease);
PROC_TEXT(sys_cpus);
PROC_TEXT(sys_thp);

#endif
