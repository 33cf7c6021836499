# SPDX-License-Identifier: Apache-2.0
"""Layers, as other programs write them, against the directories they were made of: the same root hash, bit for bit."""

import gzip
import hashlib
import io
import json
import os
import pathlib
import resource
import shutil
import sys
import tarfile
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from test_rootfs import BUILD, IS_ROOT, dumped, make, odd_tree, ok, run, set_time  # noqa: E402

LAYERS = BUILD / "tests/rootfs/layers_make"


def hash_of(image, *layers):
    return ok(LAYERS, image, *layers).strip()


def pack(tree, out, *options):
    ok("tar", "-C", tree, "--numeric-owner", *options, "-cf", out, ".")
    return out


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    where = tmp_path_factory.mktemp("layers")
    (where / "tree").mkdir()
    odd_tree(where / "tree")
    os.unlink(where / "tree/sock")  # no archive holds sockets
    yield where / "tree"
    shutil.rmtree(where)


def whole_seconds(tree):
    """ustar and GNU archives know no fractions of a second."""
    for top, dirs, files in os.walk(bytes(tree), topdown=False):
        for name in dirs + files + [b"."]:
            path = os.path.join(top, name)
            set_time(path, os.lstat(path).st_mtime_ns // 10**9 * 10**9)


@pytest.mark.parametrize("options", [
    ["--format=pax", "--xattrs", "--xattrs-include=*", "--acls"],
    ["--format=pax", "--xattrs", "--xattrs-include=*", "--sparse"],
    ["--format=pax", "--xattrs", "--xattrs-include=*", "--sparse", "--sparse-version=0.0"],
    ["--format=pax", "--xattrs", "--xattrs-include=*", "--sparse", "--sparse-version=0.1"],
    ["--format=pax", "--xattrs", "--xattrs-include=*", "--sort=name"],
])
def test_an_archive_gives_what_its_directory_gives(odd, tmp_path, options):
    expected, _ = make(odd, tmp_path / "dir")
    layer = pack(odd, tmp_path / "layer", *options)
    assert hash_of(tmp_path / "image", layer) == expected
    assert (tmp_path / "image").read_bytes() == (tmp_path / "dir").read_bytes()


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=gnu", "--sparse"], ["--format=oldgnu", "--sparse"]])
def test_gnu_archives_give_what_their_directory_gives(odd, tmp_path, options):
    tree = tmp_path / "tree"
    ok("cp", "-a", odd, tree)
    for name in ("size0", "size1", "size4000", "setuid"):  # attributes have no place there
        os.unlink(tree / name)
    whole_seconds(tree)
    expected, _ = make(tree, tmp_path / "dir")
    assert hash_of(tmp_path / "image", pack(tree, tmp_path / "layer", *options)) == expected


def test_archives_of_python_are_read(tmp_path):
    tree = tmp_path / "tree"
    ok("cp", "-a", "/usr/share/doc/bash", tree)
    (tree / ("n" * 200)).write_text("long")
    expected, _ = make(tree, tmp_path / "dir")
    whole_seconds(tree)
    whole, _ = make(tree, tmp_path / "dir2")
    for kind, wanted in ((tarfile.PAX_FORMAT, whole), (tarfile.GNU_FORMAT, whole)):
        layer = tmp_path / "layer"
        with tarfile.open(layer, "w", format=kind) as tar:
            tar.add(tree, ".")
        assert hash_of(tmp_path / "image", layer) == wanted
    assert expected


def test_compressed_layers_give_the_same(odd, tmp_path):
    layer = pack(odd, tmp_path / "layer", "--format=pax")
    expected = hash_of(tmp_path / "image", layer)
    zipped = tmp_path / "zipped"
    zipped.write_bytes(gzip.compress(layer.read_bytes(), 1))
    assert hash_of(tmp_path / "image", zipped) == expected
    # Several members one behind the other, as some builders write them.
    data = layer.read_bytes()
    zipped.write_bytes(b"".join(gzip.compress(data[k:k + 3000000], 1) for k in range(0, len(data), 3000000)))
    assert hash_of(tmp_path / "image", zipped) == expected
    if shutil.which("zstd"):
        ok("zstd", "-q", "-1", "-f", layer, "-o", zipped)
        assert hash_of(tmp_path / "image", zipped) == expected


def entry(tar, name, data=None, **fields):
    info = tarfile.TarInfo(name)
    info.mtime = 1000
    for key, value in fields.items():
        setattr(info, key, value)
    if data is not None:
        info.size = len(data)
    tar.addfile(info, io.BytesIO(data) if data is not None else None)


def layer_of(path, *entries):
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data, fields in entries:
            entry(tar, name, data, **fields)
    return path


DIR = {"type": tarfile.DIRTYPE, "mode": 0o755}


def test_three_layers_flatten_as_they_should(tmp_path):
    low = layer_of(tmp_path / "1", (".", None, DIR), ("usr", None, DIR), ("usr/bin", None, DIR),
                   ("usr/bin/a", b"old a", {}), ("usr/bin/b", b"b", {}),
                   ("bin", None, {"type": tarfile.SYMTYPE, "linkname": "usr/bin"}),
                   ("etc", None, DIR), ("etc/conf.d", None, DIR), ("etc/conf.d/x", b"x", {}), ("gone", None, DIR),
                   ("gone/deep", None, DIR), ("gone/deep/file", b"", {}))
    middle = layer_of(tmp_path / "2", ("bin/c", b"through the link", {}),
                      ("usr/bin/hard", None, {"type": tarfile.LNKTYPE, "linkname": "usr/bin/b"}),
                      ("etc/conf.d", None, DIR), ("etc/conf.d/.wh..wh..opq", b"", {}), ("etc/conf.d/y", b"y", {}),
                      (".wh.gone", b"", {}))
    top = layer_of(tmp_path / "3", ("usr/bin/a", b"new a", {"mode": 0o755}), ("usr/bin/.wh.b", b"", {}),
                   ("gone", b"now a file", {}), ("etc/conf.d", None, {"type": tarfile.DIRTYPE, "mode": 0o700}))
    flat = layer_of(tmp_path / "flat", (".", None, DIR), ("usr", None, DIR), ("usr/bin", None, DIR),
                    ("usr/bin/a", b"new a", {"mode": 0o755}), ("usr/bin/c", b"through the link", {}),
                    ("usr/bin/hard", b"b", {}), ("bin", None, {"type": tarfile.SYMTYPE, "linkname": "usr/bin"}),
                    ("etc", None, DIR), ("etc/conf.d", None, {"type": tarfile.DIRTYPE, "mode": 0o700}),
                    ("etc/conf.d/y", b"y", {}), ("gone", b"now a file", {}))
    assert hash_of(tmp_path / "image", low, middle, top) == hash_of(tmp_path / "image", flat)


@pytest.mark.parametrize("entries, words", [
    ([("../../../../tmp/cella-escaped", b"x", {})], 'a path with ".." in it'),
    ([("a/../../b", b"x", {})], 'a path with ".." in it'),
    ([("x", None, {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})], "which does not exist"),
    ([("x", None, {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})], 'a path with ".." in it'),
    ([("l", None, {"type": tarfile.SYMTYPE, "linkname": "l"}), ("l/x", b"", {})], "symbolic links"),
    ([("f", b"", {}), ("f/x", b"", {})], "is not a directory"),
    ([("d", None, DIR), ("h", None, {"type": tarfile.LNKTYPE, "linkname": "d"})], "a hard link to a directory"),
    ([("n" * 256, b"", {})], "a name of 256 bytes"),
    ([("d/" * 2047 + "dd", b"", {})], "a path of"),
    ([("x", None, {"type": tarfile.SYMTYPE, "linkname": "t" * 4096})], "4096 bytes"),
    ([("\x1b[31mred/..", b"", {})], "?[31mred"),
])
def test_hostile_entries_are_refused_by_name(tmp_path, entries, words):
    layer = layer_of(tmp_path / "layer", *entries)
    done = run(LAYERS, tmp_path / "image", layer)
    assert done.returncode == 1
    assert words in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not (tmp_path / "image").exists() and not os.path.exists("/tmp/cella-escaped")


def test_links_cannot_reach_the_machine(tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    layer = layer_of(tmp_path / "layer", ("l", None, {"type": tarfile.SYMTYPE, "linkname": str(victim)}),
                     ("l/planted", b"x", {}))
    hash_of(tmp_path / "image", layer)
    assert not list(victim.iterdir())


def test_truncated_layers_are_refused(tmp_path):
    layer = layer_of(tmp_path / "layer", ("a", b"x" * 5000, {}), ("b", b"y" * 5000, {}))
    data = layer.read_bytes()
    for size in (100, 511, 513, 3000, 5632 + 100):
        layer.write_bytes(data[:size])
        done = run(LAYERS, tmp_path / "image", layer)
        assert done.returncode == 1 and b"ends in the middle" in done.stderr, size
    zipped = gzip.compress(data)
    for size in (3, 12, len(zipped) // 2, len(zipped) - 9):
        layer.write_bytes(zipped[:size])
        assert run(LAYERS, tmp_path / "image", layer).returncode == 1, size


def limited(mebibytes):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))


def test_bombs_end_in_bounded_memory(tmp_path):
    """A gibibyte of zeros, millions of entries, a huge hole: refused or done, never with much memory."""
    bomb = tmp_path / "bomb"
    header = tarfile.TarInfo("zeros")
    header.size = 5 << 30
    with gzip.open(bomb, "wb", 1) as file:
        file.write(header.tobuf())
        for _ in range(100):
            file.write(bytes(1 << 20))
    done = run(LAYERS, tmp_path / "image", bomb, preexec_fn=limited(200))
    assert done.returncode == 1 and b"larger than" in done.stderr
    with gzip.open(bomb, "wb", 1) as file:
        name = tarfile.TarInfo("same")
        for _ in range(120):
            file.write(name.tobuf() * 1000)
    done = run(LAYERS, tmp_path / "image", bomb, preexec_fn=limited(200))
    assert done.returncode == 1 and b"more than the 100000 names" in done.stderr
    hole = tarfile.TarInfo("hole")
    hole.pax_headers = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.numblocks": "0"}
    bomb.write_bytes(hole.tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    done = run(LAYERS, tmp_path / "image", bomb, preexec_fn=limited(200))
    assert done.returncode == 1 and b"larger than" in done.stderr


def test_a_large_layer_needs_little_memory(tmp_path):
    layer = tmp_path / "layer"
    data = os.urandom(1 << 20)
    with tarfile.open(layer, "w") as tar:
        for n in range(150):
            entry(tar, f"file{n}", data)
    done = run(LAYERS, tmp_path / "image", layer, preexec_fn=limited(60))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "image").stat().st_size > 150 << 20


def unpacked_by_podman(archive, where):
    """What a container engine makes of the layers: the tree of a container's root."""
    store = ["--root", where / "store", "--runroot", where / "run", "--storage-driver", "vfs"]
    out = run("podman", *store, "load", "-q", "-i", archive)
    if out.returncode:
        pytest.skip("podman cannot load images here: " + out.stderr.decode(errors="replace")[:200])
    name = out.stdout.decode().split("image:")[-1].split()[-1]
    mounted = run("podman", *store, "image", "mount", name)
    if mounted.returncode:
        pytest.skip("podman cannot mount images here")

    def done():
        run("podman", *store, "image", "umount", "-f", "-a")
        run("podman", *store, "rmi", "-f", "-a")

    return pathlib.Path(mounted.stdout.decode().strip()), done


def docker_archive(path, layers):
    """A `docker save` archive of these layers."""
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [
        "sha256:" + hashlib.sha256(x.read_bytes()).hexdigest() for x in layers]}}
    with tarfile.open(path, "w") as tar:
        entry(tar, "config.json", json.dumps(config).encode())
        for n, layer in enumerate(layers):
            entry(tar, f"{n}/layer.tar", layer.read_bytes())
        manifest = [{"Config": "config.json", "RepoTags": ["localhost/layers:test"],
                     "Layers": [f"{n}/layer.tar" for n in range(len(layers))]}]
        entry(tar, "manifest.json", json.dumps(manifest).encode())


def test_a_container_engine_sees_the_same_tree(tmp_path):
    if not IS_ROOT or not shutil.which("podman"):
        pytest.skip("needs root and podman")
    layers = [
        layer_of(tmp_path / "1", (".", None, DIR), ("usr", None, DIR), ("usr/bin", None, DIR),
                 ("usr/bin/a", b"old a", {}), ("usr/bin/b", b"b", {}),
                 ("bin", None, {"type": tarfile.SYMTYPE, "linkname": "usr/bin"}), ("etc", None, DIR),
                 ("etc/x", b"x", {}), ("etc/sub", None, DIR), ("etc/sub/y", b"y", {}), ("gone", None, DIR),
                 ("gone/f", b"", {})),
        layer_of(tmp_path / "2", ("bin/c", b"through the link", {"mode": 0o4755}), ("etc", None, DIR),
                 ("etc/.wh..wh..opq", b"", {}), ("etc/z", b"z", {"uid": 1000, "gid": 1001}), (".wh.gone", b"", {}),
                 ("usr/bin/.wh.b", b"", {}), ("usr", None, DIR), ("usr/bin", None, DIR), (".", None, DIR)),
    ]
    docker_archive(tmp_path / "archive", layers)
    with tempfile.TemporaryDirectory() as short:  # podman refuses long folder names
        tree, done = unpacked_by_podman(tmp_path / "archive", pathlib.Path(short))
        try:
            set_time(tree, 1000 * 10**9)  # mounting it changed that
            expected, _ = make(tree, tmp_path / "dir")
        finally:
            done()
    ours = hash_of(tmp_path / "image", *layers)
    assert dumped(tmp_path / "image", ours) == dumped(tmp_path / "dir", expected)
    assert ours == expected


def test_a_full_place_for_temporary_files_is_said(tmp_path):
    if not IS_ROOT:
        pytest.skip("mounting needs root")
    layer = layer_of(tmp_path / "layer", ("big", os.urandom(3 << 20), {}))
    mnt = tmp_path / "mnt"
    mnt.mkdir()
    script = 'mount --make-rprivate / && mount -t tmpfs -o size=1m none "$1" && TMPDIR="$1" "$2" "$3" "$4"'
    done = run("unshare", "-m", "sh", "-c", script, "sh", mnt, LAYERS, tmp_path / "image", layer)
    assert done.returncode == 1
    assert b"mnt: the temporary file cannot be written: No space left on device" in done.stderr
    assert not (tmp_path / "image").exists()
