/* SPDX-License-Identifier: Apache-2.0
 * layout_fuzz.c: any file as an enclave image, with options taken from its last bytes: what is
 * accepted has pages inside the ELRANGE that do not overlap, never writable and executable when
 * they come from the image. */
#include <stdlib.h>

#include "base/bytes.h"
#include "measure/layout.h"
#include "measure/mrenclave.h"

enum { OPTION_BYTES = 8, HASHED_PAGES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void options_read(struct measure_options *o, const uint8_t *p)
{
    measure_options_default(o);
    o->thread_count = p[0];
    o->nssa = p[1] & 0x7f;
    o->stack_size = (uint64_t)p[2] * SGX_PAGE_SIZE;
    o->heap_size = (uint64_t)p[3] << (8 + (p[4] & 0x3f));
    o->heap_kind = (enum enclave_heap_kind)(p[5] & 3);
    o->heap_offset = p[6] & 1 ? 0x10000 : 0;
    o->base = p[6] & 2 ? 0 : ENCLAVE_BASE_ANY;
    o->image_offset = (uint64_t)p[7] << 16;
    o->heap_perm = SGX_SECINFO_R | (p[6] >> 2 & 6);
}

/* Pages are placed in ascending order apart from the heap, which may lie below. */
static void expect_sound(const struct measure_layout *l)
{
    uint64_t end = 0;
    for (size_t i = 0; i < l->run_count; i++) {
        const struct measure_run *run = &l->runs[i];
        uint64_t run_end = run->offset + run->count * SGX_PAGE_SIZE;
        bool is_heap = !run->measured || run->offset == l->info.heap_offset;
        if (run->offset % SGX_PAGE_SIZE || run_end <= run->offset || run_end > l->info.elrange_size)
            abort();
        if (!is_heap && run->offset < end)
            abort();
        if (!is_heap && (run->secinfo & SGX_SECINFO_W) && (run->secinfo & SGX_SECINFO_X))
            abort();
        if (is_heap && run->offset < end && run_end > l->runs[0].offset)
            abort();
        end = run_end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct measure_options o;
    struct measure_layout l;
    struct err e;
    if (size < OPTION_BYTES)
        return 0;
    size -= OPTION_BYTES;
    options_read(&o, data + size);
    if (measure_layout_init(&l, span_of(data, size), &o, &e) == 0) {
        uint64_t pages = 0;
        uint8_t mrenclave[SHA256_SIZE];
        expect_sound(&l);
        for (size_t i = 0; i < l.run_count; i++)
            pages += l.runs[i].count;
        if (pages <= HASHED_PAGES_MAX)
            mrenclave_of_layout(&l, mrenclave);
    }
    measure_layout_fini(&l);
    return 0;
}
