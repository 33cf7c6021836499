# SPDX-License-Identifier: Apache-2.0
"""A second reader of root file system images, written from the format's documentation alone and sharing nothing
with src/rootfs: it parses EROFS, checks the superblock's checksum and recomputes the whole hash tree."""

import hashlib
import stat
import struct

BLOCK = 4096
PREFIX = {1: "user.", 2: "system.posix_acl_access", 3: "system.posix_acl_default", 4: "trusted.", 6: "security."}
TYPES = {1: stat.S_IFREG, 2: stat.S_IFDIR, 3: stat.S_IFCHR, 4: stat.S_IFBLK, 5: stat.S_IFIFO, 6: stat.S_IFSOCK,
         7: stat.S_IFLNK}


def crc32c(data):
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc


class Inode:
    pass


class Image:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        sb = self.data[1024:1152]
        magic, self.checksum, compat, bits, slots, self.root = struct.unpack_from("<IIIBBH", sb)
        assert magic == 0xE0F5E1E2 and bits == 12 and slots == 0
        (self.inos, self.epoch, self.epoch_ns, self.blocks, self.meta, self.xattrs) = struct.unpack_from(
            "<QQIIII", sb, 16)
        (self.incompat,) = struct.unpack_from("<I", sb, 80)
        if compat & 1:
            first = bytearray(self.data[1024:BLOCK])
            first[4:8] = bytes(4)
            assert crc32c(first) == self.checksum, "superblock checksum"

    def inode(self, nid):
        at = self.meta * BLOCK + nid * 32
        i = Inode()
        i.nid = nid
        fmt, icount, i.mode = struct.unpack_from("<HHH", self.data, at)
        i.layout = fmt >> 1
        if fmt & 1:
            i.size, i.u, _, i.uid, i.gid, i.mtime, i.ns, i.nlink = struct.unpack_from("<QIIIIqII", self.data, at + 8)
            end = at + 64
        else:
            i.nlink, i.size, _, i.u, _, i.uid, i.gid = struct.unpack_from("<HIIIIHH", self.data, at + 6)
            i.mtime, i.ns = self.epoch, self.epoch_ns
            end = at + 32
        i.xattr_at = end
        i.xattr_size = 12 + 4 * (icount - 1) if icount else 0
        i.tail_at = end + i.xattr_size
        return i

    def content(self, i):
        if i.layout == 0:
            return self.data[i.u * BLOCK:i.u * BLOCK + i.size]
        assert i.layout == 2, "compressed"
        full = (i.size - 1) // BLOCK * BLOCK if i.size else 0
        tail = i.size - full
        assert i.tail_at % BLOCK + tail <= BLOCK, "a tail that crosses a block"
        return self.data[i.u * BLOCK:i.u * BLOCK + full] + self.data[i.tail_at:i.tail_at + tail]

    def entries(self, i):
        data = self.content(i)
        for base in range(0, len(data), BLOCK):
            block = data[base:base + BLOCK]
            count = struct.unpack_from("<H", block, 8)[0] // 12
            rows = [struct.unpack_from("<QHB", block, 12 * k) for k in range(count)]
            for k, (nid, start, kind) in enumerate(rows):
                end = rows[k + 1][1] if k + 1 < count else len(block)
                yield block[start:end].rstrip(b"\0"), nid, TYPES[kind]

    def xattr_entry(self, at):
        size, index, value = struct.unpack_from("<BBH", self.data, at)
        name = PREFIX[index].encode() + self.data[at + 4:at + 4 + size]
        start = at + 4 + size
        return name, self.data[start:start + value], start + value + 3 & ~3

    def xattr(self, i):
        found = {}
        if not i.xattr_size:
            return found
        shared = self.data[i.xattr_at + 4]
        for k in range(shared):
            (ref,) = struct.unpack_from("<I", self.data, i.xattr_at + 12 + 4 * k)
            name, value, _ = self.xattr_entry(self.xattrs * BLOCK + 4 * ref)
            found[name] = value
        at, end = i.xattr_at + 12 + 4 * shared, i.xattr_at + i.xattr_size
        while at + 4 <= end:
            name, value, at = self.xattr_entry(at)
            found[name] = value
        assert at == end
        return found

    def walk(self):
        """Yields (path, inode) in tree order, checking the order of names and the types on the way."""
        root = self.inode(self.root)
        yield b"/", root
        yield from self._walk(b"", root, root)

    def _walk(self, path, i, parent):
        names = []
        for name, nid, kind in self.entries(i):
            names.append(name)
            if name == b".":
                assert nid == i.nid
            elif name == b"..":
                assert nid == parent.nid
            else:
                child = self.inode(nid)
                assert stat.S_IFMT(child.mode) == kind
                yield path + b"/" + name, child
                if kind == stat.S_IFDIR:
                    yield from self._walk(path + b"/" + name, child, i)
        assert names == sorted(set(names)), "names are not in byte order"
        assert b"." in names and b".." in names

    def root_hash(self):
        """The root hash, recomputed from the data; the stored tree must be the same."""
        at = self.blocks * BLOCK
        magic, version, kind = struct.unpack_from("<8sII", self.data, at)
        assert (magic, version, kind) == (b"verity\0\0", 1, 1)
        algorithm, dsize, hsize, count, salt_size = struct.unpack_from("<32sIIQH", self.data, at + 32)
        assert (algorithm.rstrip(b"\0"), dsize, hsize, count) == (b"sha256", BLOCK, BLOCK, self.blocks)
        salt = self.data[at + 88:at + 88 + salt_size]
        level = self.data[:at]
        levels = []
        while len(level) > BLOCK:
            hashes = b"".join(hashlib.sha256(salt + level[k:k + BLOCK]).digest() for k in range(0, len(level), BLOCK))
            level = hashes + bytes(-len(hashes) % BLOCK)
            levels.insert(0, level)
        assert self.data[at + BLOCK:] == b"".join(levels), "the stored hash tree differs"
        return hashlib.sha256(salt + level).hexdigest()


def escaped(data):
    return "".join(chr(c) if 32 < c < 127 and c != 92 else "\\x%02x" % c for c in data)


def dump(image):
    """The lines of tests/rootfs/rootfs_dump, attributes sorted."""
    for path, i in image.walk():
        kind = stat.S_IFMT(i.mode)
        device = kind in (stat.S_IFCHR, stat.S_IFBLK)
        major, minor = (i.u >> 8 & 0xFFF, i.u & 0xFF | i.u >> 12 & 0xFFF00) if device else (0, 0)
        content = "-"
        if kind == stat.S_IFREG:
            content = hashlib.sha256(image.content(i)).hexdigest()
        elif kind == stat.S_IFLNK:
            content = escaped(image.content(i))
        xattrs = sorted(" %s=%s" % (escaped(k), v.hex()) for k, v in image.xattr(i).items())
        yield "%s %06o %d %d %d %d %d.%09d %d:%d %d %s%s" % (
            escaped(path), i.mode, i.uid, i.gid, i.nlink, i.size, i.mtime, i.ns, major, minor, i.nid, content,
            "".join(xattrs))
