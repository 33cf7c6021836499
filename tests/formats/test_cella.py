# SPDX-License-Identifier: Apache-2.0
"""The program `cella` as a stranger meets it: help, usage errors, and files of every wrong kind."""

import json
import random
import subprocess

import pytest

COMMANDS = [["measure"], ["sign"], ["inspect"], ["key", "new"], ["key", "show"]]


def test_help_lists_every_command_and_goes_to_standard_output(cella):
    text = cella.ok("--help").decode()
    for command in COMMANDS:
        assert f"\n  {' '.join(command)} " in text
    assert cella.ok("-h").decode() == text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(cella, command):
    text = cella.ok(*command, "--help").decode()
    assert text.startswith(f"Usage: cella {' '.join(command)} ")
    assert "--help" in text and max(map(len, text.splitlines())) <= 110
    assert cella.ok(*command, "-h").decode() == text


def test_version_is_one_line(cella):
    assert cella.ok("--version").decode().startswith("cella 0.")


def test_nothing_and_unknown_words_are_usage_errors(cella):
    assert cella().returncode == 2
    assert "'frobnicate' is no command" in cella.refuses(2, "frobnicate")
    assert "'ke' is no command" in cella.refuses(2, "ke")
    assert cella("key").returncode == 2
    assert cella("key", "--help").returncode == 0


@pytest.mark.parametrize("args, words", [
    (["measure"], "an argument is missing: ELF"),
    (["measure", "a", "b"], "'b' is one argument too many"),
    (["measure", "--frob", "a"], "no option --frob"),
    (["measure", "-x", "a"], "no option -x"),
    (["measure", "--json=yes", "a"], "--json takes no value"),
    (["measure", "a", "--threads"], "--threads needs a value"),
    (["measure", "--threads", "x", "a"], "--threads: 'x' is no number"),
    (["measure", "--threads=-1", "a"], "'-1' is no number"),
    (["measure", "--threads", "4294967296", "a"], "no number from 0 to 4294967295"),
    (["measure", "--threads", "99999999999999999999999", "a"], "is no number"),
    (["measure", "--heap", "1X", "a"], "--heap: '1X' is no size"),
    (["measure", "--heap", "99999999T", "a"], "is no size"),
    (["measure", "--heap", "", "a"], "'' is no size"),
    (["measure", "--heap-kind", "big", "a"], "none of unmeasured"),
    (["measure", "--heap-perm", "w", "a"], "none of r, rw"),
    (["measure", "--base", "1", "a"], "neither 0 nor any"),
    (["measure", "--attributes", "debug,foo", "a"], "'foo' is no known name"),
    (["measure", "--attributes", "", "a"], "'' is no known name"),
    (["measure", "--xfrm", "avx,", "a"], "'' is no known name"),
    (["measure", "--miscselect", "0x100000000", "a"], "more than 32 bits"),
    (["sign", "a"], "--key is missing"),
    (["sign", "a", "-k", "k"], "--output is missing"),
    (["sign", "-k", "k", "-o", "o"], "neither"),
    (["sign", "a", "-k", "k", "-o", "o", "--mrenclave", "00"], "not both"),
    (["sign", "-k", "k", "-o", "o", "--mrenclave", "00"], "64 hexadecimal digits"),
    (["sign", "-k", "k", "-o", "o", "--mrenclave", "g" * 64], "64 hexadecimal digits"),
    (["sign", "--date", "2026-02-30", "a"], "is no date"),
    (["sign", "--date", "20261", "a"], "is no date"),
    (["sign", "--isvsvn", "65536", "a"], "from 0 to 65535"),
    (["sign", "--isvfamilyid", "12", "a"], "32 hexadecimal digits"),
    (["inspect"], "an argument is missing: FILE"),
    (["inspect", "--", "--json", "x"], "one argument too many"),
    (["key", "new"], "an argument is missing: FILE"),
])
def test_wrong_usage_is_one_sentence_and_status_2(cella, args, words):
    text = cella.refuses(2, *args)
    assert words in text and "--help`" in text


def test_files_that_cannot_be_read_are_named(cella, tmp_path):
    assert "/nonexistent" in cella.refuses(1, "inspect", "/nonexistent")
    assert str(tmp_path) in cella.refuses(1, "inspect", tmp_path)
    assert "/nonexistent/key" in cella.refuses(1, "key", "new", "/nonexistent/key")


def test_a_full_disk_is_noticed(cella, images):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([cella.program, "measure", images[0]], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and b"standard output" in done.stderr


def test_inspect_reads_every_real_quote(cella, attestation):
    seen = set()
    for quote in sorted(attestation.glob("*/quote.bin")):
        out = json.loads(cella.ok("inspect", "--json", quote))
        assert out["type"] == "quote" and out["verified"].startswith("no")
        data = quote.read_bytes()
        assert out["version"] == int.from_bytes(data[:2], "little")
        seen.add(out["version"])
        if out["tee"] == "SGX":
            body = data[48:432] if out["version"] < 5 else data[54:438]
            assert out["report"]["mrenclave"] == body[64:96].hex()
            assert out["report"]["mrsigner"] == body[128:160].hex()
            assert out["report"]["reportdata"] == body[320:384].hex()
        else:
            assert len(out["td_report"]["mrtd"]) == 96
        assert cella.ok("inspect", quote).decode().startswith("type: quote\n")
    assert seen == {3, 4, 5}


def test_inspect_reads_reports_and_targetinfo(cella, tmp_path):
    rng = random.Random(1)
    report = bytearray(rng.randbytes(432))
    for start, size in [(21, 11), (96, 32), (160, 32), (262, 42)]:
        report[start:start + size] = bytes(size)
    path = tmp_path / "report"
    path.write_bytes(report)
    out = json.loads(cella.ok("inspect", "--json", path))
    assert out["type"] == "REPORT" and out["mrenclave"] == report[64:96].hex() and out["mac"] == report[416:].hex()
    report[25] = 1
    path.write_bytes(report)
    assert "reserved bytes" in cella.refuses(1, "inspect", path)
    target = bytearray(512)
    target[:32] = rng.randbytes(32)
    path.write_bytes(target)
    assert json.loads(cella.ok("inspect", "--json", path))["mrenclave"] == target[:32].hex()
    target[511] = 1
    path.write_bytes(target)
    assert "TARGETINFO" in cella.refuses(1, "inspect", path)


def test_inspect_describes_the_built_images(cella, images):
    for image in images:
        out = json.loads(cella.ok("inspect", "--json", image))
        assert out["type"] == "enclave image"
        assert any(s["permissions"] == "r-x" for s in out["segments"])


def test_inspect_refuses_truncated_and_random_files_in_one_sentence(cella, attestation, tmp_path):
    rng = random.Random(2)
    path = tmp_path / "file"
    samples = [(attestation / "sigstruct/fortanix_sig1.bin").read_bytes(),
               (attestation / "sgx-v3-sw-hardening/quote.bin").read_bytes(),
               (attestation / "tdx-v4-up-to-date/quote.bin").read_bytes()]
    cases = [data[:rng.randrange(len(data) - 100)] for data in samples for _ in range(10)]
    cases += [rng.randbytes(size) for size in (0, 1, 47, 48, 431, 433, 1807, 1809, 5000)]
    cases += [samples[0] + b"x", rng.randbytes(1808)]
    for data in cases:
        path.write_bytes(data)
        if len(data) in (432, 512):
            continue
        text = cella.refuses(1, "inspect", path)
        assert str(path) in text


def test_inspect_refuses_what_is_larger_than_any_format(cella, tmp_path):
    path = tmp_path / "sparse"
    with open(path, "wb") as f:
        f.truncate(1 << 31)
    assert "sparse" in cella.refuses(1, "inspect", path)
