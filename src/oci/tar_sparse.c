/* SPDX-License-Identifier: Apache-2.0
 * tar_sparse.c: see tar_sparse.h. */
#include "oci/tar_sparse.h"

#include <errno.h>
#include <stdlib.h>

#include "oci/tar_pax.h"

int sparse_add(struct sparse_map *map, uint64_t offset, uint64_t size, struct err *e)
{
    if (map->count == SPARSE_PIECES_MAX)
        return fail(e, -E2BIG, "tar: a sparse file in more than %d pieces", SPARSE_PIECES_MAX);
    if (map->count == map->room) {
        size_t room = map->room ? map->room * 2 : 64;
        struct sparse_piece *more = realloc(map->pieces, room * sizeof *more);
        if (!more)
            return fail(e, -ENOMEM, "out of memory");
        map->pieces = more;
        map->room = room;
    }
    map->pieces[map->count++] = (struct sparse_piece){.offset = offset, .size = size};
    return 0;
}

int sparse_check(const struct sparse_map *map, uint64_t real_size, uint64_t data_size,
                 struct err *e)
{
    uint64_t end = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < map->count; i++) {
        const struct sparse_piece *p = &map->pieces[i];
        if (p->offset < end || p->offset > real_size || p->size > real_size - p->offset)
            return fail(e, -EBADMSG, "tar: a sparse file whose pieces overlap or lead out of it");
        end = p->offset + p->size;
        sum += p->size;
    }
    return sum == data_size
               ? 0
               : fail(e, -EBADMSG, "tar: a sparse file with %llu bytes of data, %llu announced",
                      (unsigned long long)data_size, (unsigned long long)sum);
}

/* Cuts off the digits up to the next comma. */
static int next_number(struct span *text, uint64_t *out)
{
    const uint8_t *comma = text->size ? memchr(text->data, ',', text->size) : NULL;
    size_t size = comma ? (size_t)(comma - text->data) : text->size;
    int rc = pax_number(span_of(text->data, size), out);
    size += comma != NULL;
    *text = span_of(text->data + size, text->size - size);
    return rc;
}

int sparse_parse_list(struct sparse_map *map, struct span text, struct err *e)
{
    while (text.size > 0) {
        uint64_t offset;
        uint64_t size;
        if (next_number(&text, &offset) || next_number(&text, &size))
            return fail(e, -EBADMSG, "tar: a sparse file's map that is no list of numbers");
        int rc = sparse_add(map, offset, size, e);
        if (rc)
            return rc;
    }
    return 0;
}

void sparse_fini(struct sparse_map *map)
{
    free(map->pieces);
    *map = (struct sparse_map){0};
}
