# SPDX-License-Identifier: Apache-2.0
"""SIGSTRUCT a second time: fields, signature and quotients, from the SDM (volume 3D, SIGSTRUCT) with Python's integers and
python3-cryptography."""

import dataclasses
import hashlib
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HEADER = bytes.fromhex("06000000e10000000000010000000000")
HEADER2 = bytes.fromhex("01010000600000006000000001000000")
ALL = 2**64 - 1


@dataclasses.dataclass
class Statement:
    mrenclave: bytes
    date: int
    vendor: int = 0
    swdefined: int = 0
    isvprodid: int = 0
    isvsvn: int = 0
    family: bytes = bytes(16)
    extprod: bytes = bytes(16)
    attributes: int = 4
    xfrm: int = 3
    attributes_mask: int = ALL
    xfrm_mask: int = ALL
    miscselect: int = 0
    miscmask: int = 0xffffffff

    def head(self):
        return struct.pack("<16sII16sI84x", HEADER, self.vendor, self.date, HEADER2, self.swdefined)

    def body(self):
        return struct.pack("<IIBB2x16sQQQQ32s16x16sHH", self.miscselect, self.miscmask, 0, 0, self.family,
                           self.attributes, self.xfrm, self.attributes_mask, self.xfrm_mask, self.mrenclave, self.extprod,
                           self.isvprodid, self.isvsvn)


def little(number):
    return number.to_bytes(384, "little")


def quotients(signature, modulus):
    q1 = signature * signature // modulus
    q2 = (signature**3 - q1 * signature * modulus) // modulus
    return q1, q2


def make(statement, pem):
    """The 1808 bytes that the key in `pem` signs."""
    key = serialization.load_pem_private_key(pem, None)
    modulus = key.public_key().public_numbers().n
    signed = statement.head() + statement.body()
    assert len(signed) == 256
    signature = int.from_bytes(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()), "big")
    q1, q2 = quotients(signature, modulus)
    return (statement.head() + little(modulus) + struct.pack("<I", 3) + little(signature) + statement.body() + bytes(12) +
            little(q1) + little(q2))


def check(data):
    """Raises unless signature and quotients fit."""
    assert len(data) == 1808
    modulus = int.from_bytes(data[128:512], "little")
    signature = int.from_bytes(data[516:900], "little")
    public = rsa.RSAPublicNumbers(3, modulus).public_key()
    public.verify(signature.to_bytes(384, "big"), data[:128] + data[900:1028], padding.PKCS1v15(), hashes.SHA256())
    q1, q2 = quotients(signature, modulus)
    assert data[1040:1424] == little(q1)
    assert data[1424:1808] == little(q2)


def mrsigner(data):
    return hashlib.sha256(data[128:512]).hexdigest()
