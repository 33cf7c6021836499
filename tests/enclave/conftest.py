"""What the tests of the enclave runtime share: where the programs are, and how to start one."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
MODES = ("trap", "fast")


class Programs:
    """Starts programs of the build; the tests say what they expect."""

    root = ROOT
    build = BUILD
    exercise = BUILD / "tests/enclave/exercise.enclave"
    syscaller = BUILD / "tests/enclave/syscaller.enclave"

    def __init__(self, state):
        self.env = {**os.environ, "XDG_STATE_HOME": str(state)}  # the emulated CPU's secret
        key = state / "key.pem"
        assert self.start(self.build / "src/cli/cella", "key", "new", key).returncode == 0
        key.chmod(0o644)  # the tests as another user read it, too
        self.env["CELLA_TEST_KEY"] = str(key)

    def start(self, *command, timeout=120, env=None, **more):
        return subprocess.run([str(c) for c in command], capture_output=True, timeout=timeout,
                              env={**self.env, **(env or {})}, **more)

    def run(self, *arguments, image=None, **more):
        """The runner with options before, and the exercise's words behind a `--`."""
        at = arguments.index("--") if "--" in arguments else 0
        options, words = arguments[:at], arguments[at + 1 if at else 0:]
        return self.start(self.build / "tests/enclave/enclave_runner", *options, image or self.exercise, *words, **more)

    def liar(self, *arguments, **more):
        at = arguments.index("--")
        return self.start(self.build / "tests/enclave/enclave_liar", *arguments[:at], self.exercise, *arguments[at + 1:],
                          **more)


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    return Programs(tmp_path_factory.mktemp("state"))


@pytest.fixture(params=MODES)
def mode(request):
    return request.param
