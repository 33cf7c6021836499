/* SPDX-License-Identifier: Apache-2.0
 * basics.c: arguments, input and output, clock, randomness, heap. */
#include <errno.h>
#include <string.h>

#include "enclave/gate.h"
#include "enclave/heap.h"
#include "enclave/random.h"
#include "exercise.h"

long argument_number(int argc, char **argv, int index, long otherwise)
{
    long value = 0;
    if (index >= argc)
        return otherwise;
    for (const char *at = argv[index]; *at; at++) {
        if (*at < '0' || *at > '9' || value > 100000000)
            return otherwise;
        value = 10 * value + (*at - '0');
    }
    return value;
}

int exercise_args(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        say(1, "[%s]", argv[i]);
    return 0;
}

int exercise_echo(int argc, char **argv)
{
    static char room[100000];
    (void)argc, (void)argv;
    for (;;) {
        int64_t count = gate_read(0, room, sizeof room);
        if (count <= 0)
            return count < 0;
        gate_print(1, room, (size_t)count);
    }
}

int exercise_exit(int argc, char **argv)
{
    gate_exit((int)argument_number(argc, argv, 0, 0));
}

int exercise_clock(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct timespec first;
    struct timespec second;
    CHECK(gate_clock(CLOCK_MONOTONIC, &first) == 0);
    CHECK(gate_clock(CLOCK_MONOTONIC, &second) == 0);
    CHECK(second.tv_sec > first.tv_sec ||
          (second.tv_sec == first.tv_sec && second.tv_nsec >= first.tv_nsec));
    CHECK(gate_clock(12345, &first) == -EINVAL);
    CHECK(gate_read(-1, &first, sizeof first) == -EBADF);
    CHECK(gate_write(-1, &first, sizeof first) == -EBADF);
    say(1, "ok");
    return 0;
}

int exercise_random(int argc, char **argv)
{
    (void)argc, (void)argv;
    uint8_t a[37];
    uint8_t b[37];
    random_fill(a, sizeof a);
    random_fill(b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(random_u64() != random_u64());
    say(1, "ok");
    return 0;
}

/* What the host may have left in flags, x87 and MXCSR behind a host call changes no result. */
int exercise_arithmetic(int argc, char **argv)
{
    long rounds = argument_number(argc, argv, 0, 100);
    for (long i = 0; i < rounds; i++) {
        CHECK(gate_nothing() == 0);
        volatile double tenth = 0.1;
        volatile double two_tenths = 0.2;
        volatile double least = 0x1p-1022;
        volatile double zero = 0;
        volatile long double third = 1;
        CHECK(tenth + two_tenths == 0x1.3333333333334p-2); /* rounded to nearest */
        CHECK(least / 2 == 0x1p-1023);                     /* denormals are kept */
        CHECK(1 / zero == __builtin_inf());                /* no exception */
        third = third / 3;
        CHECK(third == 0xa.aaaaaaaaaaaaaabp-5L); /* 64 bits, and room on the stack */
        uint8_t up[64];
        memset(up, 7, sizeof up); /* upwards */
        CHECK(up[0] == 7 && up[63] == 7);
    }
    say(1, "ok");
    return 0;
}

int exercise_heap(int argc, char **argv)
{
    (void)argc, (void)argv;
    size_t before = heap_free_size();
    void *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = heap_new(i * 13);
        CHECK(blocks[i]);
        memset(blocks[i], (int)i, i * 13);
    }
    for (size_t i = 0; i < 200; i += 2)
        heap_drop(blocks[i]);
    for (size_t i = 1; i < 200; i += 2) {
        CHECK(((uint8_t *)blocks[i])[i * 13 - 1] == (uint8_t)i);
        heap_drop(blocks[i]);
    }
    CHECK(heap_free_size() == before);
    CHECK(heap_new(before + 1) == NULL);
    say(1, "ok");
    return 0;
}

int exercise_host_calls(int argc, char **argv)
{
    long rounds = argument_number(argc, argv, 0, 1000);
    struct timespec start;
    struct timespec end;
    CHECK(gate_clock(CLOCK_THREAD_CPUTIME_ID, &start) == 0);
    for (long i = 0; i < rounds; i++)
        CHECK(gate_nothing() == 0);
    CHECK(gate_clock(CLOCK_THREAD_CPUTIME_ID, &end) == 0);
    long ns = (end.tv_sec - start.tv_sec) * 1000000000L + (end.tv_nsec - start.tv_nsec);
    say(1, "%ld", ns / rounds);
    return 0;
}
