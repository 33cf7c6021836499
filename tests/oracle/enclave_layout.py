# SPDX-License-Identifier: Apache-2.0
"""MRENCLAVE of an enclave image and its options, a second time.

Written from the SDM (volume 3D: ECREATE, EADD, EEXTEND, TCS), src/measure/README.md and the byte tables of
src/sgx/layout.h, not from the C code; hashlib does the hashing."""

import dataclasses
import hashlib
import struct

PAGE = 4096
R, W, X = 1, 2, 4
REG, TCS = 0x200, 0x100
BASE_ANY = 2**64 - 1
UNMEASURED, MEASURED, DYNAMIC = 0, 1, 2
# Where each XSAVE component ends: x87 and SSE, AVX, BNDREGS, BNDCSR, opmask, ZMM_Hi256, Hi16_ZMM, PKRU, TILECFG, TILEDATA.
XSAVE_END = {0: 576, 1: 576, 2: 832, 3: 1024, 4: 1088, 5: 1152, 6: 1664, 7: 2688, 9: 2696, 17: 2816, 18: 11008}


@dataclasses.dataclass
class Options:
    elrange: int = 0
    base: int = BASE_ANY
    image_offset: int = 0x10000
    heap: int = 1 << 20
    heap_offset: int = 0
    heap_kind: int = UNMEASURED
    heap_perm: int = R | W
    threads: int = 1
    stack: int = 64 << 10
    thread_data: int = PAGE
    nssa: int = 3
    ssa_pages: int = 0
    xfrm: int = 3
    miscselect: int = 0
    manifest: bytes = b""


def page_up(n):
    return -(-n // PAGE) * PAGE


def ssa_pages(xfrm, miscselect):
    end = max(XSAVE_END[bit] for bit in range(64) if xfrm >> bit & 1)
    return page_up(end + (16 if miscselect & 1 else 0) + 184) // PAGE


def segments(elf):
    """(first page's address, bytes of all pages, permissions) of each PT_LOAD, and the entry."""
    entry, phoff = struct.unpack_from("<QQ", elf, 24)
    phentsize, phnum = struct.unpack_from("<HH", elf, 54)
    found = []
    for i in range(phnum):
        kind, flags, offset, vaddr, _, filesz, memsz, _ = struct.unpack_from("<IIQQQQQQ", elf, phoff + i * phentsize)
        if kind != 1 or memsz == 0:
            continue
        first = vaddr // PAGE * PAGE
        memory = bytearray(page_up(vaddr + memsz) - first)
        memory[vaddr - first:vaddr - first + filesz] = elf[offset:offset + filesz]
        perm = (R if flags & 4 else 0) | (W if flags & 2 else 0) | (X if flags & 1 else 0)
        found.append((first, bytes(memory), perm))
    return found, entry


class Measurement:
    """The hash that grows with each instruction.  A page's records are ready-made where they repeat."""

    def __init__(self, size, ssaframesize):
        self.hash = hashlib.sha256(struct.pack("<8sIQ44x", b"ECREATE", ssaframesize, size))

    def add(self, offset, secinfo):
        self.hash.update(struct.pack("<8sQQ40x", b"EADD", offset, secinfo))

    def extend(self, offset, chunk):
        self.hash.update(struct.pack("<8sQ48x", b"EEXTEND", offset) + chunk)

    def pages(self, offset, memory, secinfo, measured=True):
        for at in range(0, len(memory), PAGE):
            self.add(offset + at, secinfo)
            if measured:
                for chunk in range(at, at + PAGE, 256):
                    self.extend(offset + chunk, memory[chunk:chunk + 256])

    def unmeasured(self, offset, size, secinfo):
        for at in range(offset, offset + size, PAGE):
            self.add(at, secinfo)


@dataclasses.dataclass
class Layout:
    """Every address, derived from image and options."""
    elf: bytes
    options: Options

    def __post_init__(self):
        o = self.options
        self.segments, self.entry = segments(self.elf)
        self.image_size = max(first + len(memory) for first, memory, _ in self.segments)
        self.info_offset = o.image_offset + self.image_size
        self.manifest_offset = self.info_offset + PAGE
        self.thread_offset = self.manifest_offset + page_up(len(o.manifest))
        self.frame = o.ssa_pages or ssa_pages(o.xfrm, o.miscselect)
        self.stack_at = PAGE
        self.ssa_at = self.stack_at + o.stack + PAGE
        self.tcs_at = self.ssa_at + o.nssa * self.frame * PAGE
        self.data_at = self.tcs_at + PAGE
        self.stride = self.data_at + o.thread_data + PAGE
        end = self.thread_offset + o.threads * self.stride
        self.heap_offset = o.heap_offset or end
        end = max(end, self.heap_offset + o.heap) if o.heap else end
        self.elrange = o.elrange or max(1 << (end - 1).bit_length(), 2 * PAGE)

    def info_page(self):
        o = self.options
        info = struct.pack("<8sII" "QQQQQQQQQ" "II" "QQ" "IIII" "QQQQQQ", b"CELLALY1", 1, 176,
                           self.elrange, o.base, o.image_offset, self.image_size, self.info_offset,
                           self.manifest_offset, len(o.manifest), self.heap_offset, o.heap,
                           o.heap_kind, o.heap_perm,
                           self.thread_offset, self.stride,
                           o.threads, o.nssa, self.frame, 0,
                           self.stack_at, o.stack, self.ssa_at, self.tcs_at, self.data_at, o.thread_data)
        assert len(info) == 176
        return info.ljust(PAGE, b"\0")

    def thread_pages(self, index):
        o = self.options
        start = self.thread_offset + index * self.stride
        tcs, data, ssa = start + self.tcs_at, start + self.data_at, start + self.ssa_at
        tcs_page = struct.pack("<QQQIIQQQQII", 0, 0, ssa, 0, o.nssa, o.image_offset + self.entry, 0, data, data,
                               0xfff, 0xfff).ljust(PAGE, b"\0")
        stack = start + self.stack_at
        record = struct.pack("<8Q", data, tcs, stack, stack + o.stack, ssa, self.info_offset, index, self.frame * PAGE)
        yield stack, bytes(o.stack), REG | R | W
        yield ssa, bytes(o.nssa * self.frame * PAGE), REG | R | W
        yield tcs, tcs_page, TCS
        yield data, record.ljust(o.thread_data, b"\0"), REG | R | W

    def mrenclave(self):
        o = self.options
        m = Measurement(self.elrange, self.frame)
        for first, memory, perm in self.segments:
            m.pages(o.image_offset + first, memory, REG | perm)
        m.pages(self.info_offset, self.info_page(), REG | R)
        m.pages(self.manifest_offset, o.manifest.ljust(page_up(len(o.manifest)), b"\0"), REG | R)
        for index in range(o.threads):
            for offset, memory, secinfo in self.thread_pages(index):
                m.pages(offset, memory, secinfo)
        if o.heap_kind == MEASURED:
            m.pages(self.heap_offset, bytes(o.heap), REG | o.heap_perm)
        elif o.heap_kind == UNMEASURED:
            m.unmeasured(self.heap_offset, o.heap, REG | o.heap_perm)
        return m.hash.hexdigest()
