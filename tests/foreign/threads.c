/* SPDX-License-Identifier: Apache-2.0
 * threads.c: fifty threads, one after the other; prints the sum of what they return. */
#include <pthread.h>
#include <stdio.h>

static void *next(void *arg)
{
    return (char *)arg + 1;
}

int main(void)
{
    long sum = 0;
    for (long i = 0; i < 50; i++) {
        pthread_t id;
        void *result = 0;
        if (pthread_create(&id, 0, next, (void *)i) || pthread_join(id, &result))
            return 1;
        sum += (long)result;
    }
    printf("%ld\n", sum);
    return 0;
}
