/* SPDX-License-Identifier: Apache-2.0
 * shared.c: MAP_SHARED of a file.  The pages of the file move into the mapping, where read() and
 * write() find them, and move back when it ends.  A page cannot be at two addresses (no page of an
 * enclave can), so a second shared mapping of the same page is refused. */
#include "libos/vfs/shared.h"

#include <asm/errno.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/user.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

static user_ptr slot_user(uint64_t slot, size_t at)
{
    return user_at((slot & ~(uint64_t)PAGE_TAGS) + at);
}

size_t shared_get(uint64_t slot, size_t at, struct user_buf *buf, size_t size)
{
    uint8_t piece[512];
    size_t done = 0;
    while (done < size) {
        size_t n = size - done < sizeof piece ? size - done : sizeof piece;
        if (user_read(piece, slot_user(slot, at + done), n))
            break;
        size_t put = buf_put(buf, piece, n);
        done += put;
        if (put < n)
            break;
    }
    return done;
}

size_t shared_put(uint64_t slot, size_t at, struct user_buf *buf, size_t size)
{
    uint8_t piece[512];
    size_t done = 0;
    while (done < size) {
        size_t n = size - done < sizeof piece ? size - done : sizeof piece;
        n = buf_get(buf, piece, n);
        if (n == 0 || user_write(slot_user(slot, at + done), piece, n))
            break;
        done += n;
    }
    return done;
}

void shared_zero(uint64_t slot, size_t at, size_t size)
{
    user_zero_some(slot_user(slot, at), size);
}

void shared_cut(struct inode *inode, uint64_t index)
{
    for (uint64_t n = index; inode->write_maps && n << PAGE_SHIFT < inode->size; n++) {
        uint64_t slot = pages_get(&inode->pages, n);
        if (slot & PAGE_USER)
            shared_zero(slot, 0, PAGE_SIZE);
    }
}

/* Moves one page of the file into the mapping.  Needs: inode->lock. */
static int share_page(struct inode *inode, uint64_t index, uintptr_t addr)
{
    uint64_t slot = pages_get(&inode->pages, index);
    if (slot & PAGE_USER)
        return -ENOMEM;
    if (slot) {
        void *page = user_raw(slot_user(slot, 0));
        int rc = user_write(user_at(addr), page, PAGE_SIZE);
        if (!rc)
            rc = pages_set(&inode->pages, index, addr | PAGE_USER | (slot & PAGE_DIRTY));
        if (!rc)
            kpage_free(page);
        return rc;
    }
    uint64_t pos = index << PAGE_SHIFT;
    if (pos < inode->lower_size) {
        const struct lower *lower = inode->super->lower;
        uint64_t left = inode->lower_size - pos;
        int64_t n = lower->ops->read(lower->ctx, inode->lower_id, user_raw(user_at(addr)),
                                     left < PAGE_SIZE ? (size_t)left : PAGE_SIZE, pos);
        if (n < 0)
            return (int)n;
    }
    return pages_set(&inode->pages, index, addr | PAGE_USER | PAGE_DIRTY);
}

/* Moves a page back.  Needs: inode->lock. */
static void unshare_page(struct inode *inode, uint64_t index, uintptr_t addr)
{
    uint64_t slot = pages_get(&inode->pages, index);
    if (!(slot & PAGE_USER) || (slot & ~(uint64_t)PAGE_TAGS) != addr)
        return;
    void *page = kpage_alloc();
    uint64_t value = 0;
    if (page) {
        ignore(platform_mem_protect(addr, PAGE_SIZE, PLATFORM_READ | PLATFORM_WRITE));
        if (user_read(page, user_at(addr), PAGE_SIZE) == 0)
            value = (uintptr_t)page | (slot & PAGE_DIRTY);
        else
            kpage_free(page);
    }
    if (!value)
        klog(LOG_ERROR, "a page of a shared mapping was lost: no memory");
    ignore(pages_set(&inode->pages, index, value));
}

void file_unshare(struct file *f, uintptr_t addr, uint64_t offset, size_t size)
{
    struct inode *inode = f->inode;
    mutex_lock(&inode->lock);
    for (size_t at = 0; at < size; at += PAGE_SIZE)
        unshare_page(inode, (offset + at) >> PAGE_SHIFT, addr + at);
    mutex_unlock(&inode->lock);
}

int file_share(struct file *f, uintptr_t addr, uint64_t offset, size_t size)
{
    struct inode *inode = f->inode;
    if (!file_writable(f) && inode->super->lower && inode->pages.count == 0)
        return file_read_in(f, addr, offset, size); /* nobody writes it */
    int rc = 0;
    size_t at = 0;
    mutex_lock(&inode->lock);
    inode->write_maps++;
    for (; !rc && at < size && offset + at < page_up(inode->size); at += PAGE_SIZE)
        rc = share_page(inode, (offset + at) >> PAGE_SHIFT, addr + at);
    mutex_unlock(&inode->lock);
    if (rc) {
        klog(LOG_WARN, "a page of a file cannot be in two shared mappings");
        file_unshare(f, addr, offset, size);
    }
    return rc;
}
