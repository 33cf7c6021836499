/* SPDX-License-Identifier: Apache-2.0
 * threads.c: eight threads add to one number under a mutex, twice, so that threads are used again;
 * each keeps a floating-point sum of its own, which host calls and switches must not disturb. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static long g_sum;
static double g_parts[THREADS];

static void *add(void *arg)
{
    double part = 0;
    for (int n = 0; n < ROUNDS; n++) {
        pthread_mutex_lock(&g_lock);
        g_sum++;
        pthread_mutex_unlock(&g_lock);
        part += 0.5;
        if (n % 100 == 0)
            usleep(10);
    }
    *(double *)arg = part;
    return NULL;
}

int main(void)
{
    for (int round = 0; round < 2; round++) {
        pthread_t threads[THREADS];
        for (int n = 0; n < THREADS; n++)
            if (pthread_create(&threads[n], NULL, add, &g_parts[n]))
                return 2;
        for (int n = 0; n < THREADS; n++)
            pthread_join(threads[n], NULL);
    }
    double parts = 0;
    for (int n = 0; n < THREADS; n++)
        parts += g_parts[n];
    printf("%ld %.1f\n", g_sum, parts);
    return 0;
}
