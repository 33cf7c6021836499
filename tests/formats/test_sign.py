# SPDX-License-Identifier: Apache-2.0
"""`cella sign`, `key` and `inspect` of SIGSTRUCTs against the second implementation in tests/oracle."""

import hashlib
import json
import os
import random
import stat
import subprocess

import pytest
import sigstruct as oracle

MRENCLAVE = hashlib.sha256(b"an enclave").digest()


def sign(cella, key, tmp_path, *args, **more):
    out = tmp_path / "sig"
    cella.ok("sign", "--key", key, "-o", out, *args, **more)
    return out.read_bytes()


def test_a_signature_has_the_bytes_of_the_second_implementation(cella, key, tmp_path):
    expected = oracle.make(oracle.Statement(MRENCLAVE, 0x20261122), key.read_bytes())
    assert sign(cella, key, tmp_path, "--mrenclave", MRENCLAVE.hex(), "--date", "2026-11-22") == expected
    oracle.check(expected)


@pytest.mark.parametrize("seed", range(12))
def test_random_statements_are_signed_alike(cella, key, tmp_path, seed):
    rng = random.Random(seed)
    s = oracle.Statement(rng.randbytes(32), 0x20000101 + rng.randrange(9), vendor=rng.choice([0, 0x8086]),
                         swdefined=rng.getrandbits(32), isvprodid=rng.getrandbits(16), isvsvn=rng.getrandbits(16),
                         family=rng.randbytes(16), extprod=rng.randbytes(16), attributes=4 | rng.choice([0, 2, 0x80, 0x10]),
                         xfrm=rng.choice([3, 7, 0xe7]), attributes_mask=rng.getrandbits(64), xfrm_mask=rng.getrandbits(64),
                         miscselect=rng.randrange(2), miscmask=rng.getrandbits(32))
    data = sign(cella, key, tmp_path, "--mrenclave", s.mrenclave.hex(), "--date", f"{s.date:08x}", "--vendor", s.vendor,
                "--swdefined", s.swdefined, "--isvprodid", s.isvprodid, "--isvsvn", s.isvsvn, "--isvfamilyid",
                s.family.hex(), "--isvextprodid", s.extprod.hex(), "--attributes", s.attributes, "--xfrm", s.xfrm,
                "--attributes-mask", s.attributes_mask, "--xfrm-mask", s.xfrm_mask, "--miscselect", s.miscselect,
                "--miscselect-mask", s.miscmask)
    assert data == oracle.make(s, key.read_bytes())
    oracle.check(data)


def test_signing_an_image_signs_what_measuring_it_prints(cella, key, images, tmp_path):
    options = ["--threads", "2", "--heap", "4M", "--xfrm", "x87,sse,avx"]
    data = sign(cella, key, tmp_path, images[0], *options)
    oracle.check(data)
    assert data[960:992].hex() == cella.ok("measure", images[0], *options).decode().strip()
    assert data[936:944] == (7).to_bytes(8, "little")


def test_the_date_comes_from_source_date_epoch(cella, key, tmp_path):
    args = ["--mrenclave", MRENCLAVE.hex()]
    data = sign(cella, key, tmp_path, *args, env={"SOURCE_DATE_EPOCH": "1700000000"})
    assert data[20:24][::-1].hex() == "20231114"
    assert "SOURCE_DATE_EPOCH" in cella.refuses(1, "sign", "-k", key, "-o", tmp_path / "x", *args,
                                                env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert "9999" in cella.refuses(1, "sign", "-k", key, "-o", tmp_path / "x", *args,
                                   env={"SOURCE_DATE_EPOCH": "300000000000"})
    assert not (tmp_path / "x").exists()


def test_standard_output_gets_the_bytes_alone(cella, key, tmp_path):
    args = ["--mrenclave", MRENCLAVE.hex(), "--date", "20261122"]
    assert cella.ok("sign", "-k", key, "-o", "-", *args) == sign(cella, key, tmp_path, *args)


def test_a_new_key_is_secret_and_never_overwrites(cella, tmp_path):
    path = tmp_path / "key.pem"
    os.umask(0o022)
    signer = cella.ok("key", "new", path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cella.ok("key", "show", path) == signer
    assert "exists already" in cella.refuses(1, "key", "new", path)
    assert path.read_bytes() == before
    text = subprocess.run(["openssl", "pkey", "-in", path, "-noout", "-text"], capture_output=True, check=True).stdout
    assert b"3072 bit" in text and b"publicExponent: 3 (0x3)" in text
    data = sign(cella, path, tmp_path, "--mrenclave", MRENCLAVE.hex())
    assert oracle.mrsigner(data) == signer.decode().strip()


@pytest.mark.parametrize("command, words", [
    (["genrsa", "-3", "2048"], "2048"),
    (["genrsa", "3072"], "exponent 3"),
    (["ecparam", "-name", "prime256v1", "-genkey", "-noout"], "this is EC"),
])
def test_keys_that_sgx_cannot_use_are_refused_by_name(cella, tmp_path, command, words):
    pem = tmp_path / "key.pem"
    pem.write_bytes(subprocess.run(["openssl", *command], capture_output=True, check=True).stdout)
    assert words in cella.refuses(1, "sign", "--key", pem, "-o", tmp_path / "sig", "--mrenclave", MRENCLAVE.hex())
    assert not (tmp_path / "sig").exists()


def test_a_key_with_a_passphrase_is_refused_and_does_not_ask(cella, key, tmp_path):
    pem = tmp_path / "encrypted.pem"
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", pem], check=True)
    assert "encrypted" in cella.refuses(1, "key", "show", pem)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                                     bytes(70000)], ids=["empty", "text", "broken", "large"])
def test_files_that_are_no_key_are_refused(cella, tmp_path, content):
    pem = tmp_path / "key.pem"
    pem.write_bytes(content)
    cella.refuses(1, "key", "show", pem)


def test_inspect_shows_the_fields_of_the_published_samples(cella, attestation):
    expected = json.loads((attestation / "sigstruct" / "expected.json").read_text())
    for name, entry in expected.items():
        fields = entry["fields"]
        out = json.loads(cella.ok("inspect", "--json", attestation / "sigstruct" / name))
        assert out["type"] == "SIGSTRUCT" and out["valid"] is True and out["fault"] is None
        assert out["mrenclave"] == fields["enclavehash"]
        assert out["mrsigner"] == fields["mrsigner"]
        assert out["date"].replace("-", "") == fields["date"]
        assert (out["isvprodid"], out["isvsvn"]) == (fields["isvprodid"], fields["isvsvn"])
        flags, xfrm = fields["attributes"][:16], fields["attributes"][16:]
        assert int(out["attributes"]["value"], 16) == int.from_bytes(bytes.fromhex(flags), "little")
        assert int(out["xfrm"]["value"], 16) == int.from_bytes(bytes.fromhex(xfrm), "little")
        mask = bytes.fromhex(fields["attributemask"])
        assert int(out["attributes_mask"], 16) == int.from_bytes(mask[:8], "little")
        assert int(out["xfrm_mask"], 16) == int.from_bytes(mask[8:], "little")
        assert out["debug_possible"] is True  # all three leave DEBUG out of the mask


@pytest.mark.parametrize("at, words", [(0, "headers"), (100, "reserved"), (200, "signature"), (700, "signature"),
                                       (970, "signature"), (1050, "Q1"), (1500, "Q2")])
def test_inspect_shows_a_damaged_sigstruct_and_fails(cella, key, tmp_path, at, words):
    data = bytearray(sign(cella, key, tmp_path, "--mrenclave", MRENCLAVE.hex()))
    data[at] ^= 1
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    assert words in cella.refuses(1, "inspect", "--json", bad)
    out = json.loads(cella("inspect", "--json", bad).stdout)
    assert out["valid"] is False and words in out["fault"]
