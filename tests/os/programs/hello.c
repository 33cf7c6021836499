/* SPDX-License-Identifier: Apache-2.0
 * hello.c: says hello to its argument and shows an environment variable; its exit status is the
 * number of its arguments. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *greeting = getenv("GREETING");
    printf("%s %s\n", greeting ? greeting : "hello", argc > 1 ? argv[1] : "world");
    return argc - 1;
}
