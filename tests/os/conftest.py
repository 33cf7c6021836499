"""What the tests of `cella run` share: small programs in a folder, and how to start one in an enclave."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))


def libraries(program):
    """The files that the dynamic linker would load, itself included."""
    words = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split()
    return [w for w in words if w.startswith("/")]


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A root with the programs of programs/*.c, each static and dynamic, and the libraries they need."""
    top = tmp_path_factory.mktemp("root")
    (top / "bin").mkdir()
    for source in sorted((pathlib.Path(__file__).parent / "programs").glob("*.c")):
        for kind, flags in (("static", ["-static"]), ("dynamic", [])):
            out = top / "bin" / f"{source.stem}-{kind}"
            subprocess.run(["cc", "-O2", "-pthread", *flags, source, "-o", out], check=True)
            for library in libraries(out) if kind == "dynamic" else []:
                place = top / library.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, place)
    return top


class Cella:
    """Starts `cella run`."""

    program = BUILD / "src/cli/cella"

    def __init__(self, state, root):
        self.env = {**os.environ, "XDG_STATE_HOME": str(state)}  # the CPU's secret and the signing key
        self.root = root

    def command(self, *arguments, root=None, options=()):
        return [str(self.program), "run", "--memory", "256M", "--threads", "16", *options, str(root or self.root),
                "--", *arguments]

    def run(self, *arguments, timeout=60, root=None, options=(), **more):
        return subprocess.run(self.command(*arguments, root=root, options=options), capture_output=True, timeout=timeout,
                              env=self.env, **more)


@pytest.fixture(scope="session")
def cella(tmp_path_factory, root):
    return Cella(tmp_path_factory.mktemp("state"), root)


@pytest.fixture(params=("trap", "fast"))
def mode(request):
    return ("--emu", request.param)
