/* SPDX-License-Identifier: Apache-2.0
 * gate.h: lets fork wait until no other thread is in the middle of libc, OpenSSL or the emulator,
 * whose locks the child would find taken for ever.  Whoever uses one of them in a trap is inside
 * the gate; plain forwarded calls are not.  Never taken twice by a thread. */
#ifndef CELLA_LAUNCH_GATE_H
#define CELLA_LAUNCH_GATE_H

void gate_enter(void);
void gate_leave(void);

/* Fork: waits until everybody is out and lets nobody in. */
void gate_close(void);
void gate_open(void);

#endif
