# SPDX-License-Identifier: Apache-2.0
"""`cella measure` against the second implementation in tests/oracle, on the images of this build and on random ones."""

import json
import random
import struct

import enclave_layout as oracle
import pytest

KINDS = ["unmeasured", "measured", "dynamic"]
PERMS = {"r": 1, "rw": 3, "rx": 5, "rwx": 7}


def random_elf(rng):
    """A static-pie of one to six segments at odd places, one of them executable with the entry in it."""
    count = rng.randint(1, 6)
    code = rng.randrange(count)
    headers, body = [], bytearray(rng.randbytes(64 + 56 * (count + 1)))
    address, entry = 0, 0
    for i in range(count):
        address = oracle.page_up(address) + rng.randrange(3) * 4096 + rng.choice([0, rng.randrange(4096)])
        filesz = rng.randrange(16 if i == code else 0, 20000)
        memsz = filesz + rng.choice([0, 0, rng.randrange(30000)])
        offset = len(body)
        body += rng.randbytes(filesz)
        flags = 5 if i == code else rng.choice([4, 6])
        headers.append(struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, filesz, memsz, 4096))
        if i == code:
            entry = address + rng.randrange(filesz)
        address += memsz
    headers.append(struct.pack("<IIQQQQQQ", 0x6474e551, 6, 0, 0, 0, 0, 0, 16))  # PT_GNU_STACK
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 3, 62, 1, entry, 64, 0, 0, 64, 56, count + 1, 64, 0, 0)
    body[:64] = head
    body[64:64 + 56 * (count + 1)] = b"".join(headers)
    return bytes(body)


def random_options(rng):
    pages = lambda low, high: rng.randint(low, high) * 4096
    o = oracle.Options(threads=rng.randint(1, 5), stack=pages(1, 20), thread_data=pages(1, 4), nssa=rng.randint(1, 5),
                       heap=pages(0, 300), heap_kind=rng.randrange(3), heap_perm=rng.choice(list(PERMS.values())),
                       xfrm=rng.choice([3, 7, 0xe7, 0x2e7, 0x600e7]), miscselect=rng.randrange(2),
                       image_offset=pages(16, 40), base=rng.choice([0, oracle.BASE_ANY]),
                       manifest=rng.randbytes(rng.choice([0, 1, 100, 4096, 5000])))
    if rng.random() < 0.3:
        o.ssa_pages = rng.randint(3, 6)
    if rng.random() < 0.3:
        o.heap_offset, o.image_offset = 0x10000, 0x10000 + o.heap
    if rng.random() < 0.3:
        o.elrange = 1 << rng.randint(24, 36)
    return o


def arguments(o, manifest_path):
    args = ["--threads", o.threads, "--stack", o.stack, "--thread-data", hex(o.thread_data), "--nssa", o.nssa, "--heap",
            o.heap, "--heap-kind", KINDS[o.heap_kind], "--heap-perm", {v: k for k, v in PERMS.items()}[o.heap_perm],
            "--xfrm", hex(o.xfrm), "--miscselect", o.miscselect, "--image-offset", o.image_offset, "--base",
            "any" if o.base else "0"]
    if o.ssa_pages:
        args += ["--ssa-pages", o.ssa_pages]
    if o.heap_offset:
        args += [f"--heap-offset={o.heap_offset}"]
    if o.elrange:
        args += ["--elrange", o.elrange]
    if o.manifest:
        manifest_path.write_bytes(o.manifest)
        args += ["--manifest", manifest_path]
    return args


def test_the_built_images_measure_the_same_in_both_implementations(cella, images):
    for image in images:
        expected = oracle.Layout(image.read_bytes(), oracle.Options()).mrenclave()
        assert cella.ok("measure", image).decode() == expected + "\n"


@pytest.mark.parametrize("seed", range(40))
def test_random_images_and_options_measure_the_same(cella, tmp_path, seed):
    rng = random.Random(seed)
    elf, options = random_elf(rng), random_options(rng)
    path = tmp_path / "image"
    path.write_bytes(elf)
    layout = oracle.Layout(elf, options)
    args = arguments(options, tmp_path / "manifest")
    assert cella.ok("measure", path, *args).decode() == layout.mrenclave() + "\n"
    out = json.loads(cella.ok("measure", path, "--json", *args))
    assert out["mrenclave"] == layout.mrenclave()
    assert int(out["layout"]["elrange_size"], 16) == layout.elrange


def test_the_page_list_covers_what_is_loaded_and_nothing_twice(cella, images):
    out = json.loads(cella.ok("measure", images[0], "--json", "--threads", "3", "--heap", "2M"))
    pages = [(int(run["offset"], 16), run["pages"] * 4096) for run in out["layout"]["pages"]]
    ordered = sorted(pages)
    for (start, size), (following, _) in zip(ordered, ordered[1:]):
        assert start + size <= following
    assert pages == ordered
    assert sum(run["type"] == "tcs" for run in out["layout"]["pages"]) == 3
    assert all(run["measured"] for run in out["layout"]["pages"][:-1])
    assert out["layout"]["pages"][-1] == {"offset": hex(pages[-1][0]), "pages": 512, "type": "reg", "permissions": "rw-",
                                          "measured": False, "zero": True}


def test_attributes_xfrm_bits_and_misc_do_not_change_the_measurement(cella, images):
    plain = cella.ok("measure", images[0])
    assert cella.ok("measure", images[0], "--attributes", "debug,kss", "--xfrm", "x87,sse,avx", "--miscselect",
                    "exinfo") == plain


def test_standard_input_is_an_image_too(cella, images):
    assert cella.ok("measure", "-", stdin=images[0].read_bytes()) == cella.ok("measure", images[0])


def test_every_truncation_of_a_real_image_is_refused_or_measures_what_is_loaded(cella, images):
    image = images[0].read_bytes()
    whole = cella.ok("measure", images[0])
    for size in [0, 1, 3, 4, 63, 64, 100, 200, 0x1000, 0x2000, len(image) // 2, len(image) - 1]:
        done = cella("measure", "-", stdin=image[:size])
        if done.returncode == 0:  # only sections behind the last segment are missing
            assert done.stdout == whole
        else:
            assert done.returncode == 1 and b"enclave image: " in done.stderr


@pytest.mark.parametrize("content, words", [
    (b"", "not an ELF file"),
    (b"\x7fELF", "truncated"),
    (b"#!/bin/sh\n", "not an ELF file"),
    (bytes(100000), "not an ELF file"),
], ids=["empty", "magic", "script", "zeros"])
def test_what_is_no_image_is_refused_by_name(cella, tmp_path, content, words):
    path = tmp_path / "image"
    path.write_bytes(content)
    text = cella.refuses(1, "measure", path)
    assert words in text and str(path) in text


def test_an_ordinary_program_is_refused_with_the_way_out(cella):
    assert "-static-pie" in cella.refuses(1, "measure", "/bin/true")


@pytest.mark.parametrize("args, words", [
    (["--threads", "0"], "0 threads"),
    (["--heap", "5K"], "heap size"),
    (["--elrange", "64K"], "beyond the ELRANGE"),
    (["--elrange", "3M"], "power of two"),
    (["--xfrm", "0x40003"], "AMX"),
    (["--attributes", "0x1"], "MODE64BIT"),
    (["--heap-offset", "64K"], "overlaps"),
    (["--manifest", "/nonexistent"], "/nonexistent"),
    (["--heap", "16T"], "at most 1024"),
])
def test_impossible_options_are_refused_by_name(cella, images, args, words):
    assert words in cella.refuses(1, "measure", images[0], *args)
