/* SPDX-License-Identifier: Apache-2.0
 * table.h: the open device files of the process and the enclaves behind them.
 *
 * The program holds the write end of a pipe for each open; when poll() says that the read end,
 * which we keep, has no writer any more, every copy of the descriptor is closed, however that was
 * done. */
#ifndef CELLA_EMU_TABLE_H
#define CELLA_EMU_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct emu_enclave;

enum emu_file_kind { EMU_FILE_NONE, EMU_FILE_ENCLAVE, EMU_FILE_PROVISION };

/* The table lock: files and mappings.  Taken before any enclave's lock, signals blocked. */
void emu_table_lock(void);
void emu_table_unlock(void);

/* Around fork(2): no other thread may hold a lock of this room at that moment, or the child would
 * wait for it for ever.  Blocks signals in between; end is for parent and child. */
void emu_fork_begin(void);
void emu_fork_end(void);

/* Makes a descriptor of `kind` for the program; `enclave` (may be NULL) goes into the table's care
 * on success.  Needs: the table lock.  -ENFILE, -EMFILE, -ENOMEM. */
int emu_file_open(enum emu_file_kind kind, int flags, struct emu_enclave *enclave) MUST_USE;

/* What `fd` is.  *enclave (may be NULL) is set for EMU_FILE_ENCLAVE.  Needs: the table lock. */
enum emu_file_kind emu_file_of(int fd, struct emu_enclave **enclave);

/* Makes the enclave findable by address, once its base and size are set.  Needs: the table lock. */
void emu_table_publish(struct emu_enclave *enclave);

/* Frees the enclaves that nothing refers to any more.  Needs: the table lock. */
void emu_table_sweep(void);

#endif
