/* SPDX-License-Identifier: Apache-2.0
 * layout.c: see layout.h; the order is described in README.md. */
#include "measure/layout.h"

#include <errno.h>
#include <stdlib.h>

#include "measure/elf.h"
#include "measure/options_priv.h"

/* Linux maps nothing below 64 KiB for ordinary users (vm.mmap_min_addr). */
#define LOWEST_MAPPED 0x10000ull

/* No package has more EPC than this; what would be loaded beyond it is a slip of the pen, and would
 * take hours to measure. */
#define LOADED_MAX (1ull << 40)

enum { RUNS_PER_THREAD = 5, RUNS_FIXED = 3, OWN_PAGES_PER_THREAD = 2 };

static uint64_t pages_of(uint64_t size)
{
    return (size + SGX_PAGE_SIZE - 1) / SGX_PAGE_SIZE;
}

static uint64_t page_up(uint64_t size)
{
    return pages_of(size) * SGX_PAGE_SIZE;
}

/* Pages of a segment that hold bytes of the file; the rest is zeros. */
static uint64_t file_pages(const struct elf_segment *s)
{
    return s->bytes.size ? pages_of(s->addr - s->page_addr + s->bytes.size) : 0;
}

static void threads_place(struct enclave_layout *info, const struct measure_options *o)
{
    info->thread_count = o->thread_count;
    info->nssa = o->nssa;
    info->ssaframesize =
        o->ssaframesize ? o->ssaframesize : measure_ssaframesize(o->attributes.xfrm, o->miscselect);
    info->stack_offset = SGX_PAGE_SIZE; /* guard */
    info->stack_size = o->stack_size;
    info->ssa_offset = info->stack_offset + o->stack_size + SGX_PAGE_SIZE; /* guard */
    info->tcs_offset = info->ssa_offset + (uint64_t)info->nssa * info->ssaframesize * SGX_PAGE_SIZE;
    info->data_offset = info->tcs_offset + SGX_PAGE_SIZE;
    info->data_size = o->data_size;
    info->thread_stride = info->data_offset + o->data_size + SGX_PAGE_SIZE; /* guard */
}

/* First byte behind everything but the heap. */
static uint64_t threads_end(const struct enclave_layout *info)
{
    return info->thread_offset + info->thread_count * info->thread_stride;
}

static int heap_place(struct enclave_layout *info, const struct measure_options *o, struct err *e)
{
    uint64_t end = threads_end(info);
    info->heap_offset = o->heap_offset ? o->heap_offset : end;
    info->heap_size = o->heap_size;
    info->heap_kind = o->heap_kind;
    info->heap_perm = o->heap_perm;
    uint64_t heap_end = info->heap_offset + info->heap_size;
    if (info->heap_size && info->heap_offset < end && heap_end > info->image_offset)
        return fail(e, -EINVAL,
                    "options: the heap (0x%llx to 0x%llx) overlaps image and threads (0x%llx to "
                    "0x%llx)",
                    (unsigned long long)info->heap_offset, (unsigned long long)heap_end,
                    (unsigned long long)info->image_offset, (unsigned long long)end);
    return 0;
}

/* Refuses an enclave that no machine could hold.  A dynamic heap costs nothing before it is used.
 */
static int loaded_check(const struct enclave_layout *info, struct err *e)
{
    uint64_t loaded = threads_end(info) - info->image_offset;
    if (info->heap_kind != ENCLAVE_HEAP_DYNAMIC)
        loaded += info->heap_size;
    if (loaded > LOADED_MAX)
        return fail(
            e, -EINVAL,
            "options: %llu GiB would have to be loaded, at most 1024 are possible; a dynamic "
            "heap is not loaded",
            (unsigned long long)(loaded >> 30));
    return 0;
}

static int elrange_place(struct enclave_layout *info, const struct measure_options *o,
                         struct err *e)
{
    uint64_t end = threads_end(info);
    uint64_t heap_end = info->heap_offset + info->heap_size;
    if (info->heap_size && heap_end > end)
        end = heap_end;
    uint64_t size = o->elrange_size;
    if (!size)
        for (size = 2 * SGX_PAGE_SIZE; size < end; size *= 2)
            ;
    if (end > size || size > MEASURE_ADDRESS_MAX)
        return fail(e, -EINVAL,
                    "options: image, threads and heap end at 0x%llx, beyond the ELRANGE of "
                    "0x%llx bytes",
                    (unsigned long long)end,
                    (unsigned long long)(o->elrange_size ? size : MEASURE_ADDRESS_MAX));
    info->elrange_size = size;
    bool low_heap = info->heap_size && info->heap_offset < LOWEST_MAPPED;
    if (o->base == 0 && (info->image_offset < LOWEST_MAPPED || low_heap))
        return fail(e, -EINVAL,
                    "options: an enclave at base 0 may not use addresses below 0x10000, Linux does "
                    "not map them");
    return 0;
}

/* Decides every address. */
static int place(struct enclave_layout *info, const struct elf_image *image,
                 const struct measure_options *o, struct err *e)
{
    *info = (struct enclave_layout){
        .magic = ENCLAVE_LAYOUT_MAGIC,
        .version = ENCLAVE_LAYOUT_VERSION,
        .size = sizeof *info,
        .base = o->base,
        .image_offset = o->image_offset,
        .image_size = image->segments[image->count - 1].page_end,
        .manifest_size = o->manifest.size,
    };
    info->info_offset = info->image_offset + info->image_size;
    info->manifest_offset = info->info_offset + SGX_PAGE_SIZE;
    info->thread_offset = info->manifest_offset + page_up(info->manifest_size);
    threads_place(info, o);
    int rc = heap_place(info, o, e);
    if (!rc)
        rc = elrange_place(info, o, e);
    return rc ? rc : loaded_check(info, e);
}

/* Fills a layout whose runs and memory are large enough. */
struct builder {
    struct measure_layout *l;
    uint8_t *free; /* next unused page of l->memory */
};

/* Appends a run; `page_count` of 0 appends nothing. */
static void add(struct builder *b, uint64_t offset, uint64_t count, uint64_t secinfo,
                const uint8_t *content)
{
    if (count)
        b->l->runs[b->l->run_count++] = (struct measure_run){
            .offset = offset,
            .count = count,
            .secinfo = secinfo,
            .content = content,
            .measured = true,
        };
}

/* Takes `count` zeroed pages out of l->memory. */
static uint8_t *take_pages(struct builder *b, uint64_t count)
{
    uint8_t *pages = b->free;
    b->free += count * SGX_PAGE_SIZE;
    return pages;
}

static void add_segment(struct builder *b, const struct elf_segment *s)
{
    uint64_t secinfo = s->perm | SGX_SECINFO_TYPE(SGX_PT_REG);
    uint64_t offset = b->l->info.image_offset + s->page_addr;
    uint64_t with_bytes = file_pages(s);
    uint64_t all = (s->page_end - s->page_addr) / SGX_PAGE_SIZE;
    uint8_t *content = take_pages(b, with_bytes);
    if (s->bytes.size)
        memcpy(content + (s->addr - s->page_addr), s->bytes.data, s->bytes.size);
    add(b, offset, with_bytes, secinfo, content);
    add(b, offset + with_bytes * SGX_PAGE_SIZE, all - with_bytes, secinfo, NULL);
}

static void add_info(struct builder *b, struct span manifest)
{
    const struct enclave_layout *info = &b->l->info;
    uint64_t secinfo = SGX_SECINFO_R | SGX_SECINFO_TYPE(SGX_PT_REG);
    uint8_t *page = take_pages(b, 1);
    memcpy(page, info, sizeof *info);
    add(b, info->info_offset, 1, secinfo, page);
    uint8_t *copy = take_pages(b, pages_of(manifest.size));
    if (manifest.size)
        memcpy(copy, manifest.data, manifest.size);
    add(b, info->manifest_offset, pages_of(manifest.size), secinfo, copy);
}

static void add_thread(struct builder *b, uint32_t index, uint64_t entry)
{
    const struct enclave_layout *info = &b->l->info;
    uint64_t start = info->thread_offset + index * info->thread_stride;
    uint64_t read_write = SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_TYPE(SGX_PT_REG);
    struct enclave_thread thread = {
        .self = start + info->data_offset,
        .tcs = start + info->tcs_offset,
        .stack_low = start + info->stack_offset,
        .stack_high = start + info->stack_offset + info->stack_size,
        .ssa = start + info->ssa_offset,
        .info = info->info_offset,
        .index = index,
        .ssa_size = (uint64_t)info->ssaframesize * SGX_PAGE_SIZE,
    };
    struct sgx_tcs tcs = {
        .ossa = thread.ssa,
        .nssa = info->nssa,
        .oentry = info->image_offset + entry,
        .ofsbase = thread.self,
        .ogsbase = thread.self,
        .fslimit =
            SGX_PAGE_SIZE - 1, /* 64-bit mode ignores limits, EADD wants them to end a page */
        .gslimit = SGX_PAGE_SIZE - 1,
    };
    uint8_t *tcs_page = take_pages(b, 1);
    uint8_t *data_page = take_pages(b, 1);
    memcpy(tcs_page, &tcs, sizeof tcs);
    memcpy(data_page, &thread, sizeof thread);
    add(b, thread.stack_low, pages_of(info->stack_size), read_write, NULL);
    add(b, thread.ssa, (uint64_t)info->nssa * info->ssaframesize, read_write, NULL);
    add(b, thread.tcs, 1, SGX_SECINFO_TYPE(SGX_PT_TCS), tcs_page);
    add(b, thread.self, 1, read_write, data_page);
    add(b, thread.self + SGX_PAGE_SIZE, pages_of(info->data_size) - 1, read_write, NULL);
}

static void add_heap(struct builder *b)
{
    const struct enclave_layout *info = &b->l->info;
    if (info->heap_kind == ENCLAVE_HEAP_DYNAMIC || !info->heap_size)
        return;
    add(b, info->heap_offset, pages_of(info->heap_size),
        info->heap_perm | SGX_SECINFO_TYPE(SGX_PT_REG), NULL);
    b->l->runs[b->l->run_count - 1].measured = info->heap_kind == ENCLAVE_HEAP_MEASURED;
}

/* Room for the most runs and pages that the functions above can take. */
static int allocate(struct measure_layout *l, const struct elf_image *image, struct err *e)
{
    uint64_t pages =
        1 + pages_of(l->info.manifest_size) + (uint64_t)l->info.thread_count * OWN_PAGES_PER_THREAD;
    for (size_t i = 0; i < image->count; i++)
        pages += file_pages(&image->segments[i]);
    size_t runs = 2 * image->count + RUNS_FIXED + (size_t)l->info.thread_count * RUNS_PER_THREAD;
    l->runs = calloc(runs, sizeof *l->runs);
    l->memory = calloc(pages, SGX_PAGE_SIZE);
    return l->runs && l->memory ? 0 : fail(e, -ENOMEM, "enclave layout: out of memory");
}

int measure_layout_init(struct measure_layout *l, struct span elf,
                        const struct measure_options *options, struct err *e)
{
    struct elf_image image;
    *l = (struct measure_layout){0};
    int rc = measure_options_check(options, e);
    if (!rc)
        rc = elf_parse(&image, elf, e);
    if (!rc)
        rc = place(&l->info, &image, options, e);
    if (!rc)
        rc = allocate(l, &image, e);
    if (rc)
        return rc;
    l->attributes = options->attributes;
    l->miscselect = options->miscselect;
    struct builder b = {.l = l, .free = l->memory};
    for (size_t i = 0; i < image.count; i++)
        add_segment(&b, &image.segments[i]);
    add_info(&b, options->manifest);
    for (uint32_t i = 0; i < l->info.thread_count; i++)
        add_thread(&b, i, image.entry);
    add_heap(&b);
    return 0;
}

void measure_layout_fini(struct measure_layout *l)
{
    free(l->runs);
    free(l->memory);
    *l = (struct measure_layout){0};
}
