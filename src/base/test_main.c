/* SPDX-License-Identifier: Apache-2.0
 * test_main.c: runs the registered tests, each in a child process.  See test.h. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

enum { STATUS_PASSED = 0, STATUS_FAILED = 1, STATUS_SKIPPED = 77, TIMEOUT_S = 60 };

static struct test *g_first;
static struct test **g_last = &g_first;
static int g_failures;

void test_register(struct test *t)
{
    *g_last = t;
    g_last = &t->next;
}

void test_failed(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "  %s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    g_failures++;
}

bool test_holds(bool holds, const char *file, int line, const char *condition)
{
    if (!holds)
        test_failed(file, line, "required: %s", condition);
    return holds;
}

void test_skip(const char *reason)
{
    fprintf(stderr, "  skipped: %s\n", reason);
    exit(STATUS_SKIPPED);
}

const char *test_data(const char *name)
{
    static char path[4096];
    const char *root = getenv("CELLA_TESTDATA");
    snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/testdata", name);
    if (access(path, R_OK) != 0)
        test_skip("no test data: set CELLA_TESTDATA to the folder that holds attestation/");
    return path;
}

static int run_one(const struct test *t)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        return STATUS_FAILED;
    }
    if (child == 0) {
        alarm(TIMEOUT_S);
        t->run();
        exit(g_failures ? STATUS_FAILED : STATUS_PASSED);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child)
        return STATUS_FAILED;
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "  ended by signal %d (%s)\n", WTERMSIG(status),
                strsignal(WTERMSIG(status)));
        return STATUS_FAILED;
    }
    return WEXITSTATUS(status);
}

static bool is_wanted(const struct test *t, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(t->name, argv[i]))
            return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    for (const struct test *t = g_first; t; t = t->next) {
        if (!is_wanted(t, argc, argv))
            continue;
        int status = run_one(t);
        const char *word = status == STATUS_PASSED    ? "ok"
                           : status == STATUS_SKIPPED ? "skip"
                                                      : "FAILED";
        passed += status == STATUS_PASSED;
        skipped += status == STATUS_SKIPPED;
        failed += status != STATUS_PASSED && status != STATUS_SKIPPED;
        printf("%-6s %s (%s)\n", word, t->name, t->file);
    }
    printf("%d passed, %d failed", passed, failed);
    printf(skipped ? ", %d skipped\n" : "\n", skipped);
    return failed ? 1 : 0;
}
