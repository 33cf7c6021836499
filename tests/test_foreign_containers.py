# SPDX-License-Identifier: Apache-2.0
"""sgx-emu under the default seccomp profiles and capabilities of docker and podman, as root and as an ordinary user: the
real engines start a container whose root holds nothing but sgx-emu, the foreign hosts and their libraries.  Everything
happens in mount and network name spaces of the test's own."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from foreign_programs import SGX_EMU, build_foreign

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="the engines need root here")
LIBRARIES = ["/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"]
STATIC = ["/bin/static_host"]
DYNAMIC = ["/bin/dynamic_host", "/bin/image", "/bin/sigstruct"]
RUNS = [[*options, *host] for options in (["--mode", "trap"], ["--mode", "fast"], ["--guard", "seccomp"])
        for host in (STATIC, DYNAMIC)]
USERS = ["0", "1000"]

# Runs "$@" + each line of words, after the engine is up; prints a JSON list of [status, output].
PODMAN = """
run() { podman --root $D/storage --runroot $D/run --storage-driver vfs run --rm --network none "$@"; }
image="--rootfs $ROOT"
"""
DOCKER = """
dockerd --data-root $D/storage --exec-root $D/run --pidfile $D/pid -H unix://$D/sock --oom-score-adjust=0 \\
    --iptables=false --bridge=none --storage-driver vfs >$D/log 2>&1 &
i=0
until docker -H unix://$D/sock version >/dev/null 2>&1; do
    i=$((i + 1)); [ $i -lt 100 ] || { tail -5 $D/log; exit 1; }; sleep 0.2
done
tar -C $ROOT -c . | docker -H unix://$D/sock import - foreign >/dev/null || exit 1
run() { docker -H unix://$D/sock run --rm --network none "$@"; }
image=foreign
trap 'kill $(cat $D/pid); wait' EXIT
"""
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=20000:20000","nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    at = tmp_path_factory.mktemp("root")
    built = tmp_path_factory.mktemp("built")
    build_foreign(built)
    for folder in ["bin", "tmp", "proc", "dev", "sys", "lib64", "lib/x86_64-linux-gnu"]:
        (at / folder).mkdir(parents=True, exist_ok=True)
    for file in [SGX_EMU, "/bin/busybox", "/bin/true", *(built / name for name in ("static_host", "dynamic_host", "image", "sigstruct"))]:
        shutil.copy(file, at / "bin")
    os.chmod(at, 0o755)
    for library in LIBRARIES:
        shutil.copy(library, at / library[1:])
    return at


def in_containers(engine, root, folder):
    """One container for each user; a dictionary of what each way to run printed there."""
    (folder / "containers.conf").write_text(CONTAINERS_CONF)
    inside = "grep Seccomp: /proc/self/status; " + "".join(
        f"echo; echo next; /bin/sgx-emu {' '.join(words)} 2>&1; echo status $?; " for words in RUNS)
    script = engine + "".join(f"run --user {user} $image /bin/busybox sh -c '{inside}' >$D/out-{user} 2>&1\n"
                              for user in USERS)
    env = {**os.environ, "D": str(folder), "ROOT": str(root), "CONTAINERS_CONF": str(folder / "containers.conf")}
    done = subprocess.run(["unshare", "-m", "-n", "sh", "-c", script], capture_output=True, text=True, timeout=180, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return {user: (folder / f"out-{user}").read_text().split("\nnext\n") for user in USERS}


@pytest.mark.parametrize("name,script", [("podman", PODMAN), ("dockerd", DOCKER)], ids=["podman", "docker"])
def test_default_profile(root, name, script):
    if not shutil.which(name) or not shutil.which("runc"):
        pytest.skip(f"{name} is not installed")
    with tempfile.TemporaryDirectory(prefix="cella-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        results = in_containers(script, root, pathlib.Path(folder))  # podman wants short paths
    for user, (profile, *outputs) in results.items():
        assert profile.split() == ["Seccomp:", "2"], "the profile is not in force: " + profile
        assert len(outputs) == len(RUNS)
        for words, out in zip(RUNS, outputs):
            bad = [line for line in out.splitlines()
                   if line and not line.startswith(("ok ", "sgx-emu: what enclaves seal is lost"))]
            assert bad == ["all passed", "status 0"], f"user {user}: {words}\n" + "\n".join(bad)
