/* SPDX-License-Identifier: Apache-2.0
 * erofs.h: the on-disk structures of EROFS that we write and read, bytes to struct and back.
 *
 * All numbers are little-endian.  A position is a byte offset in the image; an inode of number
 * `nid` lies at meta_block * 4096 + nid * 32.  [EROFS]
 *
 * superblock, 128 bytes at 1024          extended inode, 64 bytes       compact inode, 32 bytes
 *   0 magic           48 uuid[16]          0 format (version, layout)     0 format
 *   4 crc32c          64 volume[16]        2 xattr count                  2 xattr count
 *   8 feature_compat  80 feature_incompat  4 mode                         4 mode
 *  12 log2 of block   84 compression       8 size, u64                    6 nlink, u16
 *  13 extra slots     86 devices          16 first block, or rdev         8 size, u32
 *  14 root nid        88 ...              20 inode number, 32 bits       12 mtime - build time
 *  16 inodes          90 log2 of          24 uid                         16 first block, or rdev
 *  24 build time         directory block  28 gid                         20 inode number
 *  32 its nanoseconds    less log2 of     32 mtime, s64                  24 uid, u16
 *  36 blocks             block            40 its nanoseconds             26 gid, u16
 *  40 meta block                          44 nlink                       28 reserved
 *  44 xattr block                         48 reserved
 *
 * directory entry, 12 bytes: nid u64, offset of the name in its block u16, type u8, reserved u8.
 * xattr body: 4 bytes name filter, 1 count of shared entries, 7 reserved, u32 for each shared
 * entry, then the inline ones.  xattr entry: name size u8, namespace u8, value size u16, name,
 * value, and zeros up to a multiple of 4. */
#ifndef CELLA_ROOTFS_EROFS_H
#define CELLA_ROOTFS_EROFS_H

#include "base/err.h"
#include "base/span.h"

enum {
    EROFS_BLOCK_BITS = 12,
    EROFS_BLOCK_SIZE = 1 << EROFS_BLOCK_BITS,
    EROFS_SUPER_AT = 1024,
    EROFS_SUPER_SIZE = 128,
    EROFS_SLOT_SIZE = 32, /* inodes start at multiples of it */
    EROFS_COMPACT_SIZE = 32,
    EROFS_EXTENDED_SIZE = 64,
    EROFS_DIRENT_SIZE = 12,
    EROFS_XATTR_HEADER_SIZE = 12,
    EROFS_XATTR_ENTRY_SIZE = 4,
    EROFS_NAME_MAX = 255,
};

#define EROFS_MAGIC 0xE0F5E1E2u
#define EROFS_COMPAT_CHECKSUM 0x1u
#define EROFS_COMPAT_MTIME 0x2u
#define EROFS_INCOMPAT_ZERO_PADDING 0x1u /* says something about compressed files only */

enum erofs_layout {
    EROFS_PLAIN = 0,  /* all of the data in blocks */
    EROFS_INLINE = 2, /* the last, incomplete block lies behind the inode and its xattrs */
};

enum erofs_type { /* in directory entries */
                  EROFS_REG = 1,
                  EROFS_DIR,
                  EROFS_CHR,
                  EROFS_BLK,
                  EROFS_FIFO,
                  EROFS_SOCK,
                  EROFS_LNK,
};

enum erofs_namespace { /* of extended attributes */
                       EROFS_XATTR_USER = 1,
                       EROFS_XATTR_ACL_ACCESS = 2,
                       EROFS_XATTR_ACL_DEFAULT = 3,
                       EROFS_XATTR_TRUSTED = 4,
                       EROFS_XATTR_SECURITY = 6,
};

struct erofs_super {
    uint32_t checksum;
    uint32_t feature_compat;
    uint32_t feature_incompat;
    uint16_t root_nid;
    uint64_t inodes;
    int64_t build_time_s;
    uint32_t build_time_ns;
    uint32_t blocks;
    uint32_t meta_block;
    uint32_t xattr_block;
};

struct erofs_inode {
    bool extended;
    enum erofs_layout layout;
    uint16_t xattr_count; /* as stored, see erofs_xattr_size() */
    uint16_t mode;
    uint32_t nlink;
    uint64_t size;
    uint32_t block; /* first block, or the device number */
    uint32_t number;
    uint32_t uid;
    uint32_t gid;
    int64_t mtime_s; /* of a compact one: relative to the superblock's build time */
    uint32_t mtime_ns;
};

/* `in` holds the 128 bytes at EROFS_SUPER_AT.  -EBADMSG when it is no EROFS of 4 KiB blocks,
 * -ENOTSUP when it needs a feature beyond the above.  The checksum is not looked at. */
int erofs_super_parse(struct erofs_super *s, struct span in, struct err *e) MUST_USE;
void erofs_super_write(uint8_t out[EROFS_SUPER_SIZE], const struct erofs_super *s);
/* Fills in the checksum of a superblock that stands in its complete first block. */
void erofs_super_seal(uint8_t first_block[EROFS_BLOCK_SIZE]);

/* `in` starts at the inode and holds at least EROFS_COMPACT_SIZE bytes, or EROFS_EXTENDED_SIZE when
 * the first byte's lowest bit is set.  -EBADMSG for an unknown version or layout, or nanoseconds of
 * a second and more. */
int erofs_inode_parse(struct erofs_inode *i, struct span in) MUST_USE;
/* Always in the extended form. */
void erofs_inode_write(uint8_t out[EROFS_EXTENDED_SIZE], const struct erofs_inode *i);

/* Bytes that a body with the stored count takes, and the count for a body of `size` bytes. */
size_t erofs_xattr_size(uint16_t count);
uint16_t erofs_xattr_count(size_t size);

/* The text of a namespace ("user.", or the whole name of an ACL), NULL when it is unknown. */
const char *erofs_namespace_text(unsigned space);
/* Splits a full attribute name: the namespace (0 when unknown), and *rest, which borrows from
 * `name`. */
unsigned erofs_namespace_of(struct span name, struct span *rest);

/* Device numbers as Linux stores them in 32 bits: 12 bits major, 20 bits minor. */
uint32_t erofs_device(uint32_t major, uint32_t minor);
uint32_t erofs_device_major(uint32_t device);
uint32_t erofs_device_minor(uint32_t device);

/* Directory entry type from and to the file type bits of a mode; 0 when unknown. */
uint8_t erofs_type_of_mode(uint32_t mode);
uint32_t erofs_mode_of_type(uint8_t type);

/* CRC-32C with the register as start value and without a final inversion. */
uint32_t erofs_crc32c(uint32_t crc, struct span data);

/* Compares as directories are sorted: unsigned bytes, a prefix first. */
int erofs_name_compare(struct span a, struct span b);

#endif
