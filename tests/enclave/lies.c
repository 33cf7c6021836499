/* SPDX-License-Identifier: Apache-2.0
 * lies.c: the enclave's side of tests/enclave/liar.c: whatever the host says, a call returns
 * something that Linux could have said, and no byte changes that it may not change. */
#include <errno.h>
#include <string.h>

#include "enclave/fatal.h"
#include "enclave/gate.h"
#include "enclave/start.h"
#include "exercise.h"
#include "faults.h"
#include "gate/entry.h"

enum { BUFFER = 512, EDGE = 64 };

/* Words and the exit status go through memory that the host changes; a register does not. */
static void check(bool condition)
{
    if (!condition)
        enclave_fatal(GATE_FATAL_ASSERTION);
}

static bool is_errno(int64_t rc)
{
    return rc >= -4095 && rc < 0;
}

static bool edges_are_whole(const uint8_t *room, size_t size, size_t count)
{
    for (size_t i = 0; i < EDGE; i++)
        if (room[i] != 0xa5 || room[EDGE + size + i] != 0xa5)
            return false;
    for (size_t i = count; i < size; i++)
        if (room[EDGE + i] != 0xa5)
            return false;
    return true;
}

/* Sizes around the edges of words, and one that the arena cannot hold. */
static void check_read(size_t size)
{
    static uint8_t room[BUFFER + 2 * EDGE];
    memset(room, 0xa5, sizeof room);
    int64_t rc = gate_read(0, room + EDGE, size);
    check(is_errno(rc) || (rc >= 0 && (uint64_t)rc <= size));
    check(edges_are_whole(room, size, rc > 0 ? (size_t)rc : 0));
}

static void check_write(size_t size)
{
    static uint8_t room[BUFFER + 2 * EDGE];
    memset(room, 0xa5, sizeof room);
    int64_t rc = gate_write(3, room + EDGE, size);
    check(is_errno(rc) || (rc >= 0 && (uint64_t)rc <= size));
    check(edges_are_whole(room, size, 0));
}

static void check_clock(void)
{
    struct timespec now = {.tv_sec = -77, .tv_nsec = -77};
    int rc = gate_clock(CLOCK_REALTIME, &now);
    check(rc == 0 || is_errno(rc));
    if (rc == 0)
        check(now.tv_sec >= 0 && now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
    else
        check(now.tv_sec == -77 && now.tv_nsec == -77);
}

static void nothing(void *argument)
{
    *(volatile int *)argument = 1;
}

static void check_thread(void)
{
    volatile int ran = 0;
    struct start *start = NULL;
    int rc = start_thread(nothing, (void *)&ran, &start);
    check(rc == 0 || rc == -EAGAIN);
    if (rc == 0) {
        start_join(start);
        check(ran == 1);
    }
}

/* ROUNDS of everything; "threads" as second argument adds threads. */
int exercise_lies(int argc, char **argv)
{
    long rounds = argument_number(argc, argv, 0, 10);
    bool threads = argc > 1 && strcmp(argv[1], "threads") == 0;
    for (long i = 0; i < rounds; i++) {
        for (size_t size = 0; size <= 24; size++) {
            check_read(size);
            check_write(size);
        }
        check_read(BUFFER);
        check_write(BUFFER);
        check_clock();
        int rc = gate_nothing();
        check(rc == 0 || is_errno(rc));
        if (threads)
            check_thread();
    }
    return 0;
}

static void leave(void)
{
    ignore(gate_nothing());
}

int exercise_secrets(int argc, char **argv)
{
    (void)argc, (void)argv;
    static const uint64_t components[] = {~0ull, 0x2, 0x1, 0x4, 0x6, 0x20, 0x40, 0x80, 0};
    for (size_t i = 0;; i++)
        secrets_then(leave, components[i % (sizeof components / sizeof components[0])]);
}
