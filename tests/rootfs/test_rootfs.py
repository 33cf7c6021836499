# SPDX-License-Identifier: Apache-2.0
"""Root file system images against other people's tools: fsck.erofs, veritysetup, the kernel, mkfs.erofs, and a second
reader of our own (tests/oracle/erofs_oracle.py)."""

import hashlib
import json
import os
import pathlib
import pty
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build")).resolve()
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

import erofs_oracle  # noqa: E402

CELLA = BUILD / "src/cli/cella"
DUMP = BUILD / "tests/rootfs/rootfs_dump"
IS_ROOT = os.geteuid() == 0


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, check=False, **more)


def ok(*command, **more):
    done = run(*command, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.decode(errors="surrogateescape")


def make(tree, out, *excludes, **more):
    """Returns (root hash, size of the file system)."""
    patterns = [f"--exclude={x}" for x in excludes]
    result = json.loads(ok(CELLA, "rootfs", tree, "-o", out, "--json", *patterns, **more))
    assert result["file_size"] == os.stat(out).st_size
    return result["root_hash"], result["image_size"]


def dumped(image, root_hash, cache_blocks=1024):
    return ok(DUMP, image, root_hash, cache_blocks).splitlines()


def sorted_xattrs(lines):
    """Attributes have no order; the fields in front of them are nine."""
    return [" ".join(f[:10] + sorted(f[10:])) for f in (line.split(" ") for line in lines)]


def set_time(path, ns):
    os.utime(path, ns=(ns, ns), follow_symlinks=False)


def odd_tree(top):
    """Everything odd that a tree can hold; what only root can make is made by root only."""
    os.makedirs(top / "dir/empty")
    for size in (0, 1, 4000, 4031, 4032, 4033, 4095, 4096, 4097, 8192, 12345, 1 << 20):
        (top / f"size{size}").write_bytes(hashlib.shake_128(b"%d" % size).digest(size))
    (top / ("n" * 255)).write_text("long name")
    os.makedirs(os.path.join(bytes(top), b"bytes\xff\xfe\x01"))
    pathlib.Path(os.fsdecode(bytes(top) + b"/bytes\xff\xfe\x01/\xc3\x28 \n\\")).write_text("not UTF-8")
    many = top / "many"
    many.mkdir()
    for n in range(10000):
        (many / f"entry-{n}").touch()
    deep = top
    for n in range(200):
        deep = deep / f"deep{n % 10}"
    deep.mkdir(parents=True)
    (deep / "bottom").write_text("bottom")
    os.link(deep / "bottom", top / "hard")
    os.link(deep / "bottom", top / "dir/hard too")
    os.symlink("dir/empty", top / "link")
    os.symlink("x" * 4095, top / "long link")
    os.symlink("/absolute", top / "absolute")
    os.mkfifo(top / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.open(top, os.O_RDONLY)
        sock.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
    with open(top / "sparse", "wb") as file:
        file.truncate(50 << 20)
        file.seek(30 << 20)
        file.write(b"in the middle")
    for name, mode in (("setuid", 0o4755), ("setgid", 0o2755), ("none", 0o000)):
        (top / name).write_text(name)
        os.chmod(top / name, mode)
    os.chmod(top / "dir", 0o1777)
    for n in range(3):
        try:
            os.setxattr(top / f"size{(0, 1, 4000)[n]}", "user.shared", b"the same value")
            os.setxattr(top / f"size{(0, 1, 4000)[n]}", f"user.own{n}", bytes(range(n * 100)))
        except OSError:
            pass  # a file system without user attributes
    if IS_ROOT:
        os.mknod(top / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(top / "disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
        os.chown(top / "size1", 65534, 100000)
        cap = bytes.fromhex("0100000200200000000000000000000000000000")
        os.setxattr(top / "setuid", "security.capability", cap)
    set_time(top / "size0", -62135596800 * 10**9 + 1)
    set_time(top / "size1", (1 << 33) * 10**9 + 999999999)
    set_time(top / "link", 1)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """(tree, image, root hash, size), made once."""
    where = tmp_path_factory.mktemp("odd")
    (where / "tree").mkdir()
    odd_tree(where / "tree")
    root_hash, size = make(where / "tree", where / "image")
    yield where / "tree", where / "image", root_hash, size
    shutil.rmtree(where)


def paths_of(tree):
    yield b"/", bytes(tree)
    for top, dirs, files in os.walk(bytes(tree)):
        for name in dirs + files:
            full = os.path.join(top, name)
            yield full[len(bytes(tree)):], full


def portable_xattrs(path):
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith("user.") or name == "security.capability" or name.startswith("system.posix_acl"):
            found[name.encode()] = os.getxattr(path, name, follow_symlinks=False)
    return found


def check_against_lstat(tree, image):
    inside = dict(image.walk())
    outside = dict(paths_of(tree))
    assert set(inside) == set(outside)
    nids = {}
    for name, full in outside.items():
        st, i = os.lstat(full), inside[name]
        assert (i.mode, i.uid, i.gid) == (st.st_mode, st.st_uid, st.st_gid), name
        assert i.mtime * 10**9 + i.ns == st.st_mtime_ns, name
        assert nids.setdefault(st.st_ino, i.nid) == i.nid, name
        if not stat.S_ISDIR(st.st_mode):
            assert i.nlink == st.st_nlink, name
        else:
            assert i.nlink == 2 + sum(e.is_dir(follow_symlinks=False) for e in os.scandir(full)), name
        if stat.S_ISREG(st.st_mode):
            with open(full, "rb") as file:
                assert image.content(i) == file.read(), name
        elif stat.S_ISLNK(st.st_mode):
            assert image.content(i) == os.readlink(full), name
        assert image.xattr(i) == portable_xattrs(full), name
    assert image.inos == len(set(nids.values()))


def test_every_entry_is_what_lstat_says(odd):
    check_against_lstat(odd[0], erofs_oracle.Image(odd[1]))


def test_a_real_tree_comes_through(tmp_path):
    tree = tmp_path / "etc"
    if run("cp", "-a", "/etc", tree).returncode and IS_ROOT:
        pytest.skip("/etc changes right now")
    if not IS_ROOT:
        ok("find", tree, "!", "-readable", "-prune", "-exec", "rm", "-rf", "{}", "+")
    root_hash, size = make(tree, tmp_path / "image")
    image = erofs_oracle.Image(tmp_path / "image")
    check_against_lstat(tree, image)
    ok("fsck.erofs", tmp_path / "image")
    assert image.root_hash() == root_hash
    assert sorted_xattrs(dumped(tmp_path / "image", root_hash)) == sorted_xattrs(erofs_oracle.dump(image))
    assert size == image.blocks * 4096


def test_both_readers_see_the_same(odd):
    _, path, root_hash, size = odd
    image = erofs_oracle.Image(path)
    assert image.root_hash() == root_hash
    assert image.blocks * 4096 == size
    expected = list(erofs_oracle.dump(image))
    assert sorted_xattrs(dumped(path, root_hash)) == sorted_xattrs(expected)
    assert sorted_xattrs(dumped(path, root_hash, 64)) == sorted_xattrs(expected)  # the smallest cache


def test_fsck_accepts(odd):
    ok("fsck.erofs", odd[1])


def test_veritysetup_accepts(odd):
    _, path, root_hash, size = odd
    ok("/usr/sbin/veritysetup", "verify", path, path, root_hash, f"--hash-offset={size}")
    wrong = "0" * 64
    assert run("/usr/sbin/veritysetup", "verify", path, path, wrong, f"--hash-offset={size}").returncode != 0
    dump = ok("/usr/sbin/veritysetup", "dump", path, f"--hash-offset={size}")
    assert f"Data blocks:     \t{size // 4096}" in dump and "sha256" in dump


MOUNTED = """
set -e
mount --make-rprivate / && mount -t erofs -o loop,ro "$1" "$2"
diff -r --no-dereference "$3" "$2" > "$4.diff" 2>&1 || echo differs
cd "$2" && find . -printf '%p|%m|%U|%G|%y|%T@|%l|%i\\0' | LC_ALL=C sort -z > "$4.in"
cd "$3" && find . -printf '%p|%m|%U|%G|%y|%T@|%l|\\0' | LC_ALL=C sort -z > "$4.out"
"""


def test_the_kernel_mounts_it(odd, tmp_path):
    tree, path, root_hash, _ = odd
    if not IS_ROOT:
        pytest.skip("mounting needs root")
    at = tmp_path / "mnt"
    at.mkdir()
    probe = run("unshare", "-m", "sh", "-ec", 'mount --make-rprivate / && mount -t erofs -o loop,ro "$1" "$2"', "sh",
                path, at)
    if probe.returncode:
        pytest.skip("no loop mount of EROFS here: " + probe.stderr.decode(errors="replace").strip())
    out = ok("unshare", "-m", "sh", "-c", MOUNTED, "sh", path, at, tree, tmp_path / "list")
    diff = (tmp_path / "list.diff").read_bytes().decode(errors="surrogateescape").splitlines()
    # diff cannot compare special files, and says so.
    assert [d for d in diff if " is a " not in d] == [], out
    inside = (tmp_path / "list.in").read_bytes().split(b"\0")[:-1]
    outside = (tmp_path / "list.out").read_bytes().split(b"\0")[:-1]
    assert [line.rpartition(b"|")[0] + b"|" for line in inside] == outside
    # st_ino of the mount is the number that our reader gives.
    numbers = {int(line.split(b"|")[-1]) for line in inside}
    assert numbers == {int(line.split(" ")[8]) for line in dumped(path, root_hash)}


def without_numbers(lines):
    """What two images of one tree have in common: all but inode numbers and the sizes of directories."""
    fields = (line.split(" ") for line in sorted_xattrs(lines))
    return [f[:5] + ([] if f[1].startswith("04") else f[5:6]) + f[6:8] + f[9:] for f in fields]


@pytest.mark.parametrize("salt", ["-", "00ff" * 16])
def test_images_of_mkfs_are_read(odd, tmp_path, salt):
    tree = odd[0]
    theirs = tmp_path / "theirs"
    ok("mkfs.erofs", "--quiet", "-x1", "--exclude-regex=^nnn+$", theirs, tree)  # it cannot do names of 255 bytes
    size = theirs.stat().st_size
    text = ok("/usr/sbin/veritysetup", "format", f"--salt={salt}", f"--hash-offset={size}", theirs, theirs)
    lines = dumped(theirs, text.split("Root hash:")[1].split()[0])
    assert sorted_xattrs(lines) == sorted_xattrs(erofs_oracle.dump(erofs_oracle.Image(theirs)))
    root_hash, _ = make(tree, tmp_path / "ours", "nnn*")
    assert without_numbers(lines) == without_numbers(dumped(tmp_path / "ours", root_hash))


def test_compact_inodes_of_mkfs_are_read(tmp_path):
    path = tmp_path / "image"
    ok("mkfs.erofs", "--quiet", "-Eforce-inode-compact", "--all-root", "-T77", path, "/usr/share/doc/bash")
    size = path.stat().st_size
    text = ok("/usr/sbin/veritysetup", "format", "--salt=-", f"--hash-offset={size}", path, path)
    lines = dumped(path, text.split("Root hash:")[1].split()[0])
    assert lines == list(erofs_oracle.dump(erofs_oracle.Image(path)))
    assert all(line.split(" ")[6] == "77.000000000" for line in lines)


def test_compressed_images_are_refused_with_a_reason(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "zeros").write_bytes(bytes(100000))
    path = tmp_path / "image"
    ok("mkfs.erofs", "--quiet", "-zlz4", path, tree)
    size = path.stat().st_size
    text = ok("/usr/sbin/veritysetup", "format", "--salt=-", f"--hash-offset={size}", path, path)
    done = run(DUMP, path, text.split("Root hash:")[1].split()[0])
    if done.returncode:
        assert b"feature" in done.stderr or b"compression" in done.stderr
    else:
        assert b"zeros error 5" in done.stdout


def test_the_same_tree_gives_the_same_bytes(odd, tmp_path):
    tree, path, _, _ = odd
    copy = tmp_path / "copy"
    ok("cp", "-a", "--sparse=never", tree, copy)
    second = tmp_path / "second"
    env = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "TMPDIR": str(tmp_path)}
    make(copy, second, env=env, umask=0o077, cwd="/")
    assert hashlib.sha256(second.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_another_user_makes_the_same_bytes(tmp_path):
    if not IS_ROOT:
        pytest.skip("needs root to become another user")
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to other users
        place = pathlib.Path(name)
        os.chmod(place, 0o755)
        ok("cp", "-a", "/usr/share/doc/bash", place / "tree")
        first, _ = make(place / "tree", tmp_path / "first")
        (place / "theirs").mkdir()
        os.chown(place / "theirs", 65534, 65534)
        shutil.copy(CELLA, place / "cella")
        done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", place / "cella", "rootfs",
                   place / "tree", "-o", place / "theirs/image", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["root_hash"] == first
        assert (place / "theirs/image").read_bytes() == (tmp_path / "first").read_bytes()


def test_a_sparse_gibibyte_stays_sparse(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    with open(tree / "sparse", "wb") as file:
        file.truncate(1 << 30)
    root_hash, size = make(tree, tmp_path / "image")
    assert size > 1 << 30
    assert os.stat(tmp_path / "image").st_blocks * 512 < 20 << 20  # the hash tree, mostly
    ok("/usr/sbin/veritysetup", "verify", tmp_path / "image", tmp_path / "image", root_hash, f"--hash-offset={size}")


def test_excludes_leave_out(odd, tmp_path):
    tree, _, _, _ = odd
    root_hash, _ = make(tree, tmp_path / "image", "entry-*", "/deep0/*", "/size?")
    paths = {line.split(" ")[0] for line in dumped(tmp_path / "image", root_hash)}
    assert "/many" in paths and not any(p.startswith("/many/") for p in paths)
    assert "/deep0" in paths and not any(p.startswith("/deep0/") for p in paths)
    assert "/size0" not in paths and "/size12345" in paths


def test_a_flipped_byte_is_named(odd, tmp_path):
    tree, path, root_hash, _ = odd
    line = next(x for x in dumped(path, root_hash) if x.startswith("/size1048576 "))
    image = erofs_oracle.Image(path)
    inode = image.inode(int(line.split(" ")[8]))
    bad = tmp_path / "bad"
    shutil.copyfile(path, bad)
    with open(bad, "r+b") as file:
        file.seek(inode.u * 4096 + 700000)
        byte = file.read(1)
        file.seek(inode.u * 4096 + 700000)
        file.write(bytes([byte[0] ^ 1]))
    done = run(DUMP, bad, root_hash)
    assert done.returncode == 0
    lines = done.stdout.decode(errors="surrogateescape").splitlines()
    assert [x for x in lines if " error 5" in x][0].startswith("/size1048576 ")
    assert len(lines) == len(dumped(path, root_hash))
    assert done.stderr.decode().count("rootfs: /size1048576: block") == 1
    assert tree.exists()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    if not IS_ROOT:
        pytest.skip("mounting needs root")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big").write_bytes(os.urandom(3 << 20))
    script = 'mount --make-rprivate / && mount -t tmpfs -o size=1m none "$1" && ("$2" rootfs "$3" -o "$1/image"; ls -A "$1")'
    mnt = tmp_path / "mnt"
    mnt.mkdir()
    done = run("unshare", "-m", "sh", "-c", script, "sh", mnt, CELLA, tree)
    assert b"No space left on device" in done.stderr and b"/image" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("arguments, status, words", [
    ([], 2, "an argument is missing"),
    (["{tree}"], 2, "-o FILE is missing"),
    (["{tmp}/none", "-o", "{tmp}/image"], 1, "none: cannot be read: No such file"),
    (["{tree}", "-o", "{tmp}/none/image"], 1, "none/image: cannot be created"),
    (["{tree}", "-o", "{tree}/image"], 1, "choose another place"),
    (["{tree}", "-o", "{tree}/dir/../image"], 1, "choose another place"),
])
def test_mistakes_get_a_sentence(tmp_path, arguments, status, words):
    tree = tmp_path / "tree"
    (tree / "dir").mkdir(parents=True)
    done = run(CELLA, "rootfs", *[a.format(tree=tree, tmp=tmp_path) for a in arguments])
    assert done.returncode == status
    assert words in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not list(tmp_path.rglob("image*"))


def test_root_owned_images_do_not_depend_on_the_owner(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    if IS_ROOT:
        os.chown(tree / "file", 1000, 1000)
    root_hash = json.loads(ok(CELLA, "rootfs", tree, "-o", tmp_path / "i", "--json", "--root-owned"))["root_hash"]
    assert all(line.split(" ")[2:4] == ["0", "0"] for line in dumped(tmp_path / "i", root_hash))


def test_the_plain_result_names_the_hash(tmp_path):
    (tmp_path / "tree").mkdir()
    lines = ok(CELLA, "rootfs", tmp_path / "tree", "-o", tmp_path / "image").splitlines()
    assert lines[0].split()[:2] == ["root", "hash"] and len(lines[0].split()[2]) == 64


def test_paths_that_are_too_long_are_said(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    here = os.getcwd()
    os.chdir(tree)
    try:
        for _ in range(20):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
    finally:
        os.chdir(here)
    done = run(CELLA, "rootfs", tree, "-o", tmp_path / "image")
    assert done.returncode == 1 and b"a path longer than 4095 bytes" in done.stderr
    ok("rm", "-rf", tree)


def test_progress_is_shown_on_a_terminal_only(odd, tmp_path):
    master, slave = pty.openpty()
    done = subprocess.Popen([CELLA, "rootfs", odd[0], "-o", tmp_path / "image"], stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:
        pass  # how Linux says that the other side was closed
    os.close(master)
    assert done.communicate()[0].startswith(b"root hash") and done.returncode == 0
    assert b"writing the image: 100 %" in shown and shown.endswith(b"\r\x1b[K")
    assert run(CELLA, "rootfs", odd[0], "-o", tmp_path / "image").stderr == b""
