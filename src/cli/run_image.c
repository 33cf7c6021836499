/* SPDX-License-Identifier: Apache-2.0
 * run_image.c: see run_image.h. */
#include "cli/run_image.h"

#include <errno.h>
#include <immintrin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "cli/key.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"
#include "posix/file.h"

enum {
    ELF_MAX = 64 << 20,
    LOWEST = 0x10000,
    THREAD_STACK = 0x12000, /* the Enclave OS asks for these two */
    THREAD_DATA = 0x3000,
    THREAD_ROOM = 0x40000, /* address space of a thread, generously */
    PATH_ROOM = 4096,
    KEEP_DATE = 0x20260101, /* ephemeral signatures have no date of their own */
};

#define KERNEL_MIN (128ull << 20)
#define IMAGE_ROOM (64ull << 20)
#define XFRM_VECTORS 0xe7ull /* x87, SSE, AVX, AVX-512 */

int run_manifest_add(struct run_manifest *m, struct err *e, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0)
        return fail(e, -ENOMEM, "out of memory");
    size_t needed = m->size + (size_t)size + 1;
    if (needed > m->room) {
        char *grown = realloc(m->bytes, 2 * needed);
        if (!grown) {
            free(text);
            return fail(e, -ENOMEM, "out of memory");
        }
        m->bytes = grown;
        m->room = 2 * needed;
    }
    memcpy(m->bytes + m->size, text, (size_t)size + 1);
    m->size = needed;
    free(text);
    return 0;
}

void run_manifest_fini(struct run_manifest *m)
{
    free(m->bytes);
    *m = (struct run_manifest){0};
}

/* Next to the program, as it was built or installed. */
static int find_image(char out[PATH_ROOM], struct err *e)
{
    static const char *const places[] = {"../enclave_os/enclave-os.enclave",
                                         "../lib/cella/enclave-os.enclave"};
    char self[PATH_ROOM];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0)
        return fail(e, -errno, "/proc/self/exe: %s", strerror(errno));
    self[size] = 0;
    *strrchr(self, '/') = 0;
    for (size_t n = 0; n < ARRAY_COUNT(places); n++) {
        int used = snprintf(out, PATH_ROOM, "%.3000s/%s", self, places[n]);
        if (used < PATH_ROOM && access(out, R_OK) == 0)
            return 0;
    }
    return fail(e, -ENOENT, "enclave-os.enclave is neither in %s/../lib/cella nor given by --image",
                self);
}

__attribute__((target("xsave"))) static uint64_t xcr0(void)
{
    return (uint64_t)_xgetbv(0);
}

static void shape_options(struct measure_options *o, const struct run_shape *s)
{
    uint64_t kernel = s->memory_size / 4 > KERNEL_MIN ? s->memory_size / 4 : KERNEL_MIN;
    uint64_t tail = IMAGE_ROOM + (uint64_t)s->thread_count * THREAD_ROOM;
    measure_options_default(o);
    o->base = 0;
    o->heap_offset = LOWEST;
    o->heap_size = s->memory_size + (kernel & ~(uint64_t)(SGX_PAGE_SIZE - 1));
    o->heap_perm = SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X;
    o->elrange_size = SGX_PAGE_SIZE;
    while (o->elrange_size < LOWEST + o->heap_size + tail)
        o->elrange_size *= 2;
    o->image_offset = o->elrange_size - tail;
    o->thread_count = s->thread_count;
    o->stack_size = THREAD_STACK;
    o->data_size = THREAD_DATA;
    o->attributes.flags = SGX_ATTR_MODE64BIT | (s->debug ? SGX_ATTR_DEBUG : 0);
    o->attributes.xfrm = xcr0() & XFRM_VECTORS;
    o->miscselect = SGX_MISC_EXINFO;
}

int run_image_layout(struct measure_layout *l, const struct run_shape *shape,
                     const struct run_manifest *manifest, struct err *e)
{
    char path[PATH_ROOM];
    struct measure_options o;
    uint8_t *read = NULL;
    size_t size = 0;
    *l = (struct measure_layout){0};
    int rc = shape->image ? 0 : find_image(path, e);
    if (!rc)
        rc = file_read(&read, &size, shape->image ? shape->image : path, ELF_MAX, e);
    if (rc)
        return rc;
    auto_free uint8_t *elf = read;
    shape_options(&o, shape);
    o.manifest = span_of(manifest->bytes, manifest->size);
    return measure_layout_init(l, span_of(elf, size), &o, e);
}

/* ---- the key ---- */

static int key_path(char out[PATH_ROOM], struct err *e)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int used = -1;
    if (state && *state)
        used = snprintf(out, PATH_ROOM, "%s/cella", state);
    else if (home && *home)
        used = snprintf(out, PATH_ROOM, "%s/.local/state/cella", home);
    if (used < 0 || used > PATH_ROOM - 16)
        return fail(e, -ENOENT,
                    "no place for the signing key: set XDG_STATE_HOME or HOME, or give --key");
    for (char *at = out + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        mkdir(out, 0700);
        *at = '/';
    }
    mkdir(out, 0700);
    snprintf(out + used, PATH_ROOM - (size_t)used, "/run-key.pem");
    return 0;
}

static int key_make(struct rsa_key **out, const char *path, struct err *e)
{
    char *pem = NULL;
    size_t size = 0;
    int rc = rsa_key_new(out, e);
    if (!rc)
        rc = rsa_key_write(*out, &pem, &size, e);
    if (!rc)
        rc = file_write(path, span_of(pem, size), 0600, e);
    if (pem)
        bytes_wipe(pem, size);
    free(pem);
    return rc;
}

static int key_find(struct rsa_key **out, const char *given, struct err *e)
{
    char path[PATH_ROOM];
    if (given)
        return key_read(out, given, e);
    int rc = key_path(path, e);
    if (rc)
        return rc;
    return access(path, F_OK) == 0 ? key_read(out, path, e) : key_make(out, path, e);
}

int run_image_sign(struct sgx_sigstruct *out, const struct measure_layout *l, const char *key,
                   struct err *e)
{
    struct sign_options sign;
    struct rsa_key *rsa = NULL;
    uint8_t mrenclave[SHA256_SIZE];
    int rc = key_find(&rsa, key, e);
    if (rc)
        return rc;
    sign_options_default(&sign, l->attributes, l->miscselect);
    sign.date = KEEP_DATE;
    mrenclave_of_layout(l, mrenclave);
    rc = sign_make(out, mrenclave, &sign, rsa, e);
    rsa_key_free(rsa);
    return rc;
}
