/* SPDX-License-Identifier: Apache-2.0
 * synth.c: files whose text is made when they are opened, as in /proc and /sys. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

struct synth {
    synth_text make;
    uint64_t key;
};

static int64_t synth_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    struct text *text = f->priv;
    if (*pos >= text->size)
        return 0;
    size_t want = text->size - (size_t)*pos;
    want = want < buf->left ? want : buf->left;
    size_t n = buf_put(buf, text->data + *pos, want);
    *pos += n;
    return n || !want ? (int64_t)n : -EFAULT;
}

/* What is written is accepted and has no effect (coredump_filter, comm). */
static int64_t synth_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)pos;
    size_t n = buf->left;
    buf_skip(buf, n);
    return (int64_t)n;
}

static void synth_release(struct file *f)
{
    struct text *text = f->priv;
    if (text)
        kfree(text->data);
    kfree(text);
}

static const struct file_ops SYNTH_FILE = {
    .read = synth_read, .write = synth_write, .release = synth_release, .seekable = true};

static int synth_open(struct inode *inode, struct file *f)
{
    struct synth *s = inode->priv;
    struct text *text = kalloc(sizeof *text);
    if (!text)
        return -ENOMEM;
    f->ops = &SYNTH_FILE;
    f->priv = text;
    s->make(current(), s->key, text);
    return text->failed ? -ENOMEM : 0;
}

static void synth_free(struct inode *inode)
{
    kfree(inode->priv);
}

static const struct inode_ops SYNTH = {.open = synth_open, .free = synth_free};

struct inode *synth_file(struct super *super, uint32_t mode, synth_text make, uint64_t key)
{
    struct inode *inode = inode_new(super, S_IFREG | mode, &SYNTH);
    struct synth *s = inode ? kalloc(sizeof *s) : NULL;
    if (!s) {
        if (inode)
            inode_put(inode);
        return NULL;
    }
    s->make = make;
    s->key = key;
    inode->priv = s;
    inode->ino = __atomic_add_fetch(&super->next_ino, 1, __ATOMIC_RELAXED);
    return inode;
}
