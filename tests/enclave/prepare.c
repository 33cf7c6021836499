/* SPDX-License-Identifier: Apache-2.0
 * prepare.c: see prepare.h. */
#include "prepare.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"
#include "posix/file.h"

enum { IMAGE_MAX_SIZE = 64 << 20, TEST_DATE = 0x20260101 };

static const struct option g_options[] = {
    {"emu", required_argument, NULL, 'm'},
    {"epc", required_argument, NULL, 'e'},
    {"heap", required_argument, NULL, 'h'},
    {"threads", required_argument, NULL, 't'},
    {"stack", required_argument, NULL, 's'},
    {"xfrm", required_argument, NULL, 'x'},
    {"debug", no_argument, NULL, 'd'},
    {"base-zero", no_argument, NULL, 'z'},
    {"dynamic", no_argument, NULL, 'y'},
    {"measured-heap", no_argument, NULL, 'M'},
    {"no-exinfo", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"gap", required_argument, NULL, 'g'},
    {"elrange", required_argument, NULL, 'r'},
    {"nssa", required_argument, NULL, 'N'},
    {"timer", required_argument, NULL, 'T'},
    {0},
};

/* An ELRANGE from 0 to 64 GiB with the image near its end, as the library OS will have it. */
static void use_base_zero(struct measure_options *o)
{
    o->base = 0;
    o->elrange_size = 64ull << 30;
    o->image_offset = o->elrange_size - (512ull << 20);
    o->heap_offset = 0x100000;
}

static int take_option(struct prepared *p, int option, struct err *e)
{
    struct measure_options *o = &p->layout_options;
    uint64_t number = optarg ? strtoull(optarg, NULL, 0) : 0;
    switch (option) {
    case 'm':
        return host_choice_parse(&p->host_options.choice, optarg, e);
    case 'e':
        p->host_options.epc_size = number;
        return 0;
    case 'h':
        o->heap_size = number;
        return 0;
    case 't':
        o->thread_count = (uint32_t)number;
        return 0;
    case 's':
        o->stack_size = number;
        return 0;
    case 'x':
        o->attributes.xfrm = number;
        return 0;
    case 'd':
        o->attributes.flags |= SGX_ATTR_DEBUG;
        return 0;
    case 'z':
        use_base_zero(o);
        return 0;
    case 'y':
        o->heap_kind = ENCLAVE_HEAP_DYNAMIC;
        return 0;
    case 'M':
        o->heap_kind = ENCLAVE_HEAP_MEASURED;
        return 0;
    case 'n':
        o->miscselect = 0;
        return 0;
    case 'N':
        o->nssa = (uint32_t)number;
        return 0;
    case 'g':
        p->gap = number;
        return 0;
    case 'r':
        o->elrange_size = number;
        return 0;
    case 'T':
        p->timer_us = (long)number;
        return 0;
    case 'v':
        p->host_options.verbose = true;
        return 0;
    default:
        return fail(e, -1, "unknown option");
    }
}

void prepare_options(struct prepared *p, int argc, char **argv)
{
    struct err e;
    *p = (struct prepared){0};
    optind = 1;
    measure_options_default(&p->layout_options);
    p->layout_options.miscselect = SGX_MISC_EXINFO;
    int option;
    while ((option = getopt_long(argc, argv, "+", g_options, NULL)) != -1) {
        if (take_option(p, option, &e)) {
            fprintf(stderr, "%s\n", e.text);
            exit(2);
        }
    }
    p->argc = argc - optind;
    p->argv = argv + optind;
    if (p->argc < 1) {
        fprintf(stderr, "expected an enclave image\n");
        exit(2);
    }
}

/* Making a key takes a second; a test suite makes one and names it in $CELLA_TEST_KEY. */
static int get_key(struct rsa_key **key, struct err *e)
{
    const char *path = getenv("CELLA_TEST_KEY");
    size_t size = 0;
    auto_free uint8_t *pem = NULL;
    if (!path)
        return rsa_key_new(key, e);
    int rc = file_read(&pem, &size, path, 1 << 16, e);
    return rc ? rc : rsa_key_parse(key, span_of(pem, size), e);
}

static int sign(struct prepared *p, struct err *e)
{
    struct sign_options o;
    uint8_t mrenclave[SHA256_SIZE];
    struct rsa_key *key = NULL;
    sign_options_default(&o, p->layout.attributes, p->layout.miscselect);
    o.date = TEST_DATE;
    mrenclave_of_layout(&p->layout, mrenclave);
    int rc = get_key(&key, e);
    if (!rc)
        rc = sign_make(&p->sigstruct, mrenclave, &o, key, e);
    rsa_key_free(key);
    return rc;
}

int prepare_sign(struct prepared *p, struct err *e)
{
    size_t size = 0;
    auto_free uint8_t *image = NULL;
    int rc = file_read(&image, &size, p->argv[0], IMAGE_MAX_SIZE, e);
    if (!rc)
        rc = measure_layout_init(&p->layout, span_of(image, size), &p->layout_options, e);
    return rc ? rc : sign(p, e);
}

int prepare_layout(struct prepared *p, struct err *e)
{
    int rc = prepare_sign(p, e);
    return rc ? rc : host_platform_find(&p->platform, &p->host_options, e);
}

static int map_gap(const struct prepared *p, struct err *e)
{
    uintptr_t at = p->enclave.base + p->layout.info.heap_offset + p->layout.info.heap_size;
    intptr_t rc = p->platform.mmap(at, p->gap, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                   p->enclave.fd, 0);
    return rc < 0 ? fail(e, (int)rc, "mapping the gap: %s", strerror((int)-rc)) : 0;
}

int prepare_load(struct prepared *p, struct err *e)
{
    int rc = host_load(&p->enclave, &p->platform, &p->layout,
                       span_of(&p->sigstruct, sizeof p->sigstruct), e);
    return rc || !p->gap ? rc : map_gap(p, e);
}

int prepare_enclave(struct prepared *p, struct err *e)
{
    int rc = prepare_layout(p, e);
    return rc ? rc : prepare_load(p, e);
}
