# SPDX-License-Identifier: Apache-2.0
"""The programs of tests/foreign, built, and what the tests ask of them."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOREIGN = ROOT / "tests" / "foreign"
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
SGX_EMU = BUILD / "src" / "launch" / "sgx-emu"
os.environ.setdefault("XDG_STATE_HOME", str(BUILD / "state"))  # the CPU's secret is not the user's own
CFLAGS = ["-O2", "-g", "-Wall", "-Wextra", "-Werror"]


def run(*command, timeout=60, **more):
    """Runs a command; (exit status, standard output, standard error)."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout, done.stderr


def emu(*command, **more):
    return run(SGX_EMU, *command, **more)


def all_passed(result):
    status, out, err = result
    bad = [line for line in out.splitlines() if not line.startswith("ok ")]
    assert bad == ["all passed"] and status == 0, f"status {status}\n" + "\n".join(bad) + err


def build_foreign(at):
    """Builds the hosts, their enclave and the other programs in the folder `at`."""
    cc = lambda *words: subprocess.run(["gcc", *CFLAGS, *map(str, words)], cwd=at, check=True)
    cc("-nostdlib", "-static", "-Wa,--defsym,DATA=0x4000", "-Wl,-Ttext=0", "-Wl,--oformat=binary",
       "-Wl,--build-id=none", "-o", "code.bin", FOREIGN / "enclave.S")
    subprocess.run([sys.executable, FOREIGN / "make_enclave.py", "code.bin", "image", "sigstruct"], cwd=at, check=True)
    cc("-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", "-o", "static_host", FOREIGN / "static_host.c")
    cc("-pthread", "-o", "dynamic_host", FOREIGN / "dynamic_host.c")
    for name in ["linux_program", "linux_signals", "storm"]:
        cc("-pthread", "-o", name, FOREIGN / f"{name}.c")
        cc("-pthread", "-static", "-o", f"{name}_static", FOREIGN / f"{name}.c")
    cc("-o", "without_sud", FOREIGN / "without_sud.c")
    os.chmod(at, 0o755)


def hosts(at):
    return {"static": [at / "static_host"], "dynamic": [at / "dynamic_host", at / "image", at / "sigstruct"]}
