# SPDX-License-Identifier: Apache-2.0
"""Plain Linux programs with numbered checks, run natively (the oracle) and in the kernel: the same lines must come out,
with rewritten syscall sites and, for the dynamic build, through the loader as well."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
DIRECT = BUILD / "src" / "direct" / "cella-direct"
PROGRAMS = sorted(p.stem for p in HERE.glob("*.c"))


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A root folder with every program, linked statically."""
    folder = tmp_path_factory.mktemp("root")
    folder.chmod(0o755)
    for name in PROGRAMS:
        subprocess.run(["cc", "-O1", "-w", "-static", "-D_GNU_SOURCE", "-pthread", HERE / f"{name}.c", "-o",
                        folder / name], check=True)
    return folder


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_kernel_answers_as_linux_does(root, name):
    if os.geteuid() != 0:
        pytest.skip("the native run of these programs changes users, so it needs root")
    status, native, _ = run([root / name])
    assert status == 0 and len(native) > 30
    status, ours, errors = run([DIRECT, root, "--", f"/{name}"])
    differ = [f"native: {a}\nours:   {b}" for a, b in zip(native, ours) if a != b]
    assert not differ and len(native) == len(ours), "\n".join(differ[:20]) + errors
    assert status == 0


def test_there_are_enough_checks(root):
    if os.geteuid() != 0:
        pytest.skip("the native run of these programs changes users, so it needs root")
    assert sum(len(run([root / name])[1]) for name in PROGRAMS) >= 400
