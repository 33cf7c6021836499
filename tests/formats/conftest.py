# SPDX-License-Identifier: Apache-2.0
"""What the tests of `cella measure`, `sign`, `inspect` and `key` share."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
DATA = pathlib.Path(os.environ.get("CELLA_TESTDATA", ROOT.parent / "shared" / "testdata"))
sys.path.insert(0, str(ROOT / "tests" / "oracle"))


class Cella:
    """Runs the program and looks at how it ended."""

    program = BUILD / "src/cli/cella"

    def __call__(self, *args, stdin=b"", env=None):
        return subprocess.run([self.program, *map(str, args)], input=stdin, capture_output=True, timeout=60,
                              env={**os.environ, **(env or {})})

    def ok(self, *args, **more):
        """Standard output of a run that must succeed."""
        done = self(*args, **more)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b""
        return done.stdout

    def refuses(self, status, *args, **more):
        """The one sentence of a run that must fail with this status."""
        done = self(*args, **more)
        text = done.stderr.decode()
        assert done.returncode == status, (done.returncode, text)
        assert text.startswith("cella") and text.endswith("\n") and text.count("\n") == 1, text
        return text


@pytest.fixture(scope="session")
def cella():
    return Cella()


@pytest.fixture(scope="session")
def images():
    """The enclave images of this build."""
    found = sorted(BUILD.glob("src/enclave/*.enclave"))
    assert found, "no enclave image was built"
    return found


@pytest.fixture(scope="session")
def key(cella, tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key.pem"
    cella.ok("key", "new", path)
    return path


@pytest.fixture(scope="session")
def attestation():
    if not DATA.is_dir():
        pytest.skip("the test data is not there")
    return DATA / "attestation"
