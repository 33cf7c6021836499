#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the foreign hosts' enclave: make_enclave.py CODE.bin OUT_IMAGE OUT_SIGSTRUCT

Lays the flat code out into pages, measures them and signs the result with a fresh key.  Written from the SDM alone, so
that it is an oracle for our own code and not a user of it.  [SDM3D 38.8, 38.13, 40.3]

OUT_IMAGE, little-endian 64-bit words: size of the enclave, SSA frame size in pages, attributes, XFRM, count of pages,
then for each page its offset and SECINFO flags; then the pages, one after the other, from the next multiple of 4096."""

import hashlib
import pathlib
import struct
import subprocess
import sys

PAGE = 4096
SIZE = 0x40000
DATA = 0x4000           # two pages; enclave.S has the same number
TCS_FIRST, TCS_STEP, TCS_COUNT = 0x8000, 0x4000, 8
NSSA = 3
ATTRIBUTES, XFRM = 0x6, 0x3  # 64-bit, debug
R, W, X, TCS, REG = 1, 2, 4, 0x100, 0x200


def tcs_page(ossa):
    return struct.pack("<QQQIIQQQQII", 0, 0, ossa, 0, NSSA, 0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF).ljust(PAGE, b"\0")


def layout(code):
    pages = []
    for at in range(0, len(code), PAGE):
        pages.append((at, REG | R | X, code[at:at + PAGE].ljust(PAGE, b"\0")))
    assert len(code) <= DATA
    pages += [(DATA, REG | R | W, bytes(PAGE)), (DATA + PAGE, REG | R | W, bytes(PAGE))]
    for i in range(TCS_COUNT):
        at = TCS_FIRST + i * TCS_STEP
        pages.append((at, TCS, tcs_page(at + PAGE)))
        pages += [(at + PAGE * (1 + k), REG | R | W, bytes(PAGE)) for k in range(NSSA)]
    return pages


def measure(pages):
    h = hashlib.sha256()
    h.update(b"ECREATE\0" + struct.pack("<IQ", 1, SIZE) + bytes(44))
    for offset, flags, content in pages:
        h.update(b"EADD\0\0\0\0" + struct.pack("<QQ", offset, flags) + bytes(40))
        for at in range(0, PAGE, 256):
            h.update(b"EEXTEND\0" + struct.pack("<Q", offset + at) + bytes(48) + content[at:at + 256])
    return h.digest()


def new_key():
    """Modulus and private exponent of a fresh RSA-3072 key with exponent 3."""
    pem = subprocess.run(["openssl", "genrsa", "-3", "3072"], capture_output=True, check=True).stdout
    text = subprocess.run(["openssl", "rsa", "-text", "-noout"], input=pem, capture_output=True, check=True).stdout.decode()
    number = lambda name: int("".join(text.split(name + ":")[1].split("\nprime")[0].split("\npublicE")[0]
                                      .split()).replace(":", ""), 16)
    return number("modulus"), number("privateExponent")


def sigstruct(mrenclave):
    header = bytes.fromhex("06000000e10000000000010000000000") + struct.pack("<II", 0, 0x20260101)
    header += bytes.fromhex("01010000600000006000000001000000") + bytes(4 + 84)
    body = struct.pack("<IIBB2x16s", 0, 0xFFFFFFFF, 0, 0, b"")
    body += struct.pack("<QQQQ", ATTRIBUTES, XFRM, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
    body += mrenclave + bytes(16) + bytes(16) + struct.pack("<HH", 1, 1)
    assert len(header) == 128 and len(body) == 128
    n, d = new_key()
    digest = hashlib.sha256(header + body).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    padded = b"\0\1" + b"\xff" * (384 - 3 - len(info)) + b"\0" + info
    s = pow(int.from_bytes(padded, "big"), d, n)
    q1 = s * s // n
    q2 = (s * s * s - q1 * s * n) // n
    little = lambda number: number.to_bytes(384, "little")
    return header + little(n) + struct.pack("<I", 3) + little(s) + body + bytes(12) + little(q1) + little(q2)


def main():
    code = pathlib.Path(sys.argv[1]).read_bytes()
    pages = layout(code)
    mrenclave = measure(pages)
    words = [SIZE, 1, ATTRIBUTES, XFRM, len(pages)] + [word for page in pages for word in page[:2]]
    head = struct.pack(f"<{len(words)}Q", *words)
    head = head.ljust((len(head) + PAGE - 1) // PAGE * PAGE, b"\0")
    pathlib.Path(sys.argv[2]).write_bytes(head + b"".join(page[2] for page in pages))
    signed = sigstruct(mrenclave)
    assert len(signed) == 1808
    pathlib.Path(sys.argv[3]).write_bytes(signed)


main()
