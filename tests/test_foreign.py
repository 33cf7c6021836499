# SPDX-License-Identifier: Apache-2.0
"""sgx-emu runs SGX programs that were not written for it (tests/foreign), unchanged: in both modes, with both guards,
and as an ordinary user.  Ordinary programs run as they do natively, and wrong input gets one sentence."""

import os
import pathlib
import shutil
import subprocess

import pytest

from foreign_programs import FOREIGN, ROOT, SGX_EMU, all_passed, build_foreign, emu, hosts, run

CACHE = pathlib.Path(os.environ.get("CELLA_CACHE", pathlib.Path.home() / ".cache" / "cella"))
NO_SGX = 77
NOBODY = 65534


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    at = tmp_path_factory.mktemp("foreign")
    build_foreign(at)
    return at


BOTH = pytest.mark.parametrize("host", ["static", "dynamic"])
MODES = pytest.mark.parametrize("mode", ["trap", "fast"])
GUARDS = pytest.mark.parametrize("guard", ["sud", "seccomp"])


@BOTH
def test_natively_there_is_no_device(foreign, host):
    if os.path.exists("/dev/sgx_enclave"):
        pytest.skip("this machine has SGX")
    status, out, _ = run(*hosts(foreign)[host])
    assert status == NO_SGX and "no /dev/sgx_enclave" in out


@BOTH
@MODES
@GUARDS
def test_host_runs_unchanged(foreign, host, mode, guard):
    all_passed(emu("--mode", mode, "--guard", guard, *hosts(foreign)[host]))


@BOTH
def test_host_runs_as_an_ordinary_user(foreign, tmp_path, host):
    if os.getuid() == 0:
        os.chown(tmp_path, NOBODY, NOBODY)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.getuid() and folder != pathlib.Path("/"):
            os.chmod(folder, folder.stat().st_mode | 0o055)
    user = [] if os.getuid() else ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
                                   "--inh-caps=-all", "--no-new-privs"]
    for guard in ["sud", "seccomp"]:
        all_passed(run(*user, SGX_EMU, "--guard", guard, *hosts(foreign)[host],
                       env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}))


def test_epc_can_be_too_small(foreign):
    status, out, _ = emu("--epc", "16K", foreign / "static_host")
    assert status == 1 and "FAILED add pages: found -12" in out


def test_without_dispatch_the_filter_is_taken(foreign):
    status, out, err = run(foreign / "without_sud", SGX_EMU, "--verbose", foreign / "static_host")
    all_passed((status, out, err))
    assert "Syscall User Dispatch is not available here" in err
    assert "caught by seccomp filter" in err


def test_without_dispatch_it_is_not_pretended(foreign):
    status, _, err = run(foreign / "without_sud", SGX_EMU, "--guard", "sud", "/bin/true")
    assert status == 126 and "Syscall User Dispatch" in err and len(err.splitlines()) == 1


def test_choice_is_visible(foreign):
    _, _, err = emu("--verbose", "--guard", "sud", "/bin/true")
    assert "mode trap" in err and "Syscall User Dispatch" in err
    _, _, err = emu("--verbose", "--mode", "fast", "--guard", "seccomp", "/bin/true")
    assert "mode fast" in err and "seccomp filter" in err


def test_secret_that_cannot_be_kept_is_said(foreign, tmp_path):
    status, out, err = emu(foreign / "static_host", env={"XDG_STATE_HOME": "/proc/nowhere"})
    all_passed((status, out, err))
    assert "secret" in err and len(err.splitlines()) == 1
    status, out, err = emu("--secret", tmp_path / "file", foreign / "static_host", env={})
    all_passed((status, out, err))
    assert err == "" and (tmp_path / "file").stat().st_size == 64


# Ordinary programs: Linux is the oracle.

LINUX = pytest.mark.parametrize("program", ["linux_program", "linux_program_static", "linux_signals",
                                            "linux_signals_static"])


@LINUX
def test_linux_natively(foreign, program):
    all_passed(run(foreign / program))


@GUARDS
@LINUX
def test_linux_as_without_the_launcher(foreign, program, guard):
    all_passed(emu("--guard", guard, foreign / program))


@GUARDS
def test_signal_storm(foreign, guard):
    status, out, err = emu("--guard", guard, foreign / "storm", "2")
    all_passed((status, out, err))
    assert int(err.split()[0]) > 100


def test_process_looks_like_the_program():
    assert emu("cat", "/proc/self/cmdline")[1] == "cat\0/proc/self/cmdline\0"
    assert emu("cat", "/proc/self/comm")[1] == "cat\n"


PROGRAMS = {
    "true": ["true"],
    "echo": ["echo", "a", "", "b c"],
    "ls": ["ls", "-la", "/usr/share/doc/bash"],
    "bash": ["bash", "-c", "x=$(echo $((6*7)) | tr 4 5); (exit 3); echo $x $?; for i in 1 2 3; do /bin/echo $i; done | sort -r"],
    "perl": ["perl", "-e", "$SIG{USR1}=sub{print 'got'}; kill 'USR1',$$; print `echo sub`; system('exit 5'); print $?>>8"],
    "python": ["/usr/bin/python3", "-c", "import threading,hashlib,subprocess,multiprocessing as m\n"
               "r=[]\nt=[threading.Thread(target=lambda i=i:r.append(hashlib.sha256(b'%d'%i).hexdigest())) for i in range(20)]\n"
               "[x.start() for x in t];[x.join() for x in t]\nprint(sorted(r)[0])\n"
               "print(subprocess.run(['/bin/echo','x'],capture_output=True).stdout)\n"
               "p=m.get_context('fork').Pool(3)\nprint(p.map(abs,[-1,-2]))\np.close();p.join()"],
    "busybox": ["busybox", "sh", "-c", "echo hi | busybox sed s/h/H/; busybox true && echo $?"],
    "git": ["git", "-C", ROOT, "log", "-1", "--format=%an"],
    "sqlite3": ["sqlite3", ":memory:", "select sum(x) from (values (1),(2)) as t(x)"],
    "node": ["node", "-e", "new (require('worker_threads').Worker)('console.log(1+1)',{eval:true})"],
    "ld.so": ["/lib64/ld-linux-x86-64.so.2", "/bin/echo", "by the loader"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_ordinary_program(name):
    command = PROGRAMS[name]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    native = run(*command)
    assert emu(*command) == native


def test_go_program(tmp_path):
    go = next((p for p in ["/usr/lib/go-1.19/bin/go", shutil.which("go")] if p and os.path.exists(p)), None)
    if not go:
        pytest.skip("no Go compiler")
    (tmp_path / "x.go").write_text('package main\nimport ("fmt";"sync";"time")\nfunc main() {\nvar w sync.WaitGroup\n'
                                   'for i := 0; i < 500; i++ { w.Add(1); go func() { time.Sleep(time.Millisecond); w.Done() }() }\n'
                                   'w.Wait(); defer func() { fmt.Println(recover() != nil) }(); var p *int; *p = 1 }\n')
    env = {**os.environ, "GOCACHE": str(CACHE / "go"), "GO111MODULE": "off", "CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", "x", "x.go"], cwd=tmp_path, check=True, env=env)
    assert emu(tmp_path / "x") == (0, "true\n", "")


def test_musl_program(tmp_path):
    if not shutil.which("musl-gcc"):
        pytest.skip("no musl-gcc")
    subprocess.run(["musl-gcc", "-static", "-pthread", "-o", tmp_path / "x", FOREIGN / "threads.c"], check=True)
    assert emu(tmp_path / "x") == (0, "1275\n", "")


@GUARDS
def test_children_are_covered(foreign, guard):
    status, out, _ = emu("--guard", guard, "bash", "-c", f"exec 3>&1; ({foreign}/static_host | tail -1); /usr/bin/env {foreign}/static_host | tail -1")
    assert status == 0 and out == "all passed\nall passed\n"


@pytest.mark.skipif(os.getuid() != 0, reason="chroot needs root")
def test_without_proc(foreign, tmp_path):
    (tmp_path / "bin").mkdir()
    for file in [SGX_EMU, "/bin/busybox", foreign / "static_host"]:
        shutil.copy(file, tmp_path / "bin")
    all_passed(run("chroot", tmp_path, "/bin/sgx-emu", "--secret", "/secret", "/bin/busybox", "sh", "-c",
                   "/bin/static_host"))


def test_script_of_a_script(tmp_path):
    (tmp_path / "inner").write_text("#!/bin/sh -e\necho \"$0\" \"$@\"; cat /proc/self/comm; readlink /proc/self/exe\n")
    (tmp_path / "outer").write_text(f"#!{tmp_path}/inner an argument\n")
    for name in ["inner", "outer"]:
        (tmp_path / name).chmod(0o755)
    native = run(tmp_path / "outer", "x", "y z")
    assert emu(tmp_path / "outer", "x", "y z") == native
    assert emu("/bin/bash", "-c", f'"{tmp_path}/outer" x "y z"') == native


def test_status_of_a_killed_program():
    for signal in ["TERM", "KILL", "SEGV", "ILL", "TRAP", "SYS", "FPE", "BUS", "ABRT"]:
        native = run("/bin/sh", "-c", f"ulimit -c 0; kill -{signal} $$")
        assert emu("/bin/sh", "-c", f"ulimit -c 0; kill -{signal} $$")[0] == native[0]


def test_debugger_inside(foreign):
    for command in [["gdb", "-q", "-nx", "-batch", "-ex", "run", "/bin/echo"], ["strace", "-o", "/dev/null", "/bin/echo"]]:
        if shutil.which(command[0]):
            status, out, _ = emu(*command, timeout=30)
            assert status == 0 and "\n" in out


@pytest.mark.parametrize("kind", ["address", "thread", "undefined"])
def test_sanitizer(tmp_path, kind):
    """Sanitizers want much of the address space for themselves."""
    subprocess.run(["gcc", f"-fsanitize={kind}", "-pthread", "-o", tmp_path / "x", FOREIGN / "threads.c"], check=True)
    assert emu(tmp_path / "x") == (0, "1275\n", "")


def test_memory_sanitizer(tmp_path):
    subprocess.run(["clang-14", "-fsanitize=memory", "-pthread", "-o", tmp_path / "x", FOREIGN / "threads.c"], check=True)
    assert emu(tmp_path / "x") == (0, "1275\n", "")


@pytest.mark.skipif(os.getuid() != 0, reason="makes a set-user-id program")
def test_set_user_id_program(tmp_path):
    shutil.copy("/usr/bin/id", tmp_path / "id")
    os.chown(tmp_path / "id", 1234, -1)
    (tmp_path / "id").chmod(0o4755)
    assert emu("/bin/sh", "-c", f"{tmp_path}/id -u") == (0, "1234\n", "")
    assert emu(tmp_path / "id", "-u") == (0, "1234\n", "")
    assert emu("--guard", "seccomp", "/bin/sh", "-c", f"{tmp_path}/id -u") == (0, "0\n", "")


def test_launcher_inside_the_launcher(foreign):
    for guard in ["sud", "seccomp"]:
        all_passed(emu("--guard", guard, "/bin/sh", "-c", f"{SGX_EMU} {foreign}/static_host"))
    all_passed(emu(SGX_EMU, foreign / "static_host"))


def test_gdb_reads_the_symbols(foreign):
    if not shutil.which("gdb"):
        pytest.skip("no gdb")
    commands = ["break launch_jump", "run", "sgx-symbols", "break host_enclu", "continue", "backtrace"]
    _, out, err = run("gdb", "-q", "-nx", "-batch", "-x", ROOT / "tools" / "gdbinit", *[w for c in commands for w in ("-ex", c)],
                      "--args", SGX_EMU, *hosts(foreign)["dynamic"])
    assert "host_enclu ()" in out and "in main (argc=" in out, out + err


# Wrong input: one sentence, and the exit status of a shell.

def refused(result, status, *words):
    found, out, err = result
    assert found == status and out == "" and len(err.splitlines()) == 1 and err.startswith("sgx-emu: "), result
    assert len(err) < 300
    for word in words:
        assert word in err, err


def test_no_such_program(tmp_path):
    refused(emu(tmp_path / "missing"), 127, "no such file")
    refused(emu("a-program-that-is-not-there"), 127, "no such program in $PATH")
    refused(emu(tmp_path / "a" / "b"), 127, "no such file")


def test_programs_that_cannot_be_run(tmp_path):
    text = tmp_path / "text"
    text.write_text("hello\n")
    refused(emu(text), 126, "not executable")
    text.chmod(0o755)
    refused(emu(text), 126, "neither an ELF program nor a script")
    refused(emu(tmp_path), 126, "directory")
    refused(emu("/dev/null"), 126, "not a regular file")
    empty = tmp_path / "empty"
    empty.touch(0o755)
    refused(emu(empty), 126, "neither")


@pytest.mark.parametrize("offset,value,word", [(4, 1, "32-bit"), (18, 183, "another machine"), (16, 4, "type 4"),
                                               (54, 0, "program headers"), (56, 255, "program headers")])
def test_damaged_header(tmp_path, offset, value, word):
    data = bytearray(pathlib.Path("/bin/true").read_bytes())
    data[offset] = value
    (tmp_path / "x").write_bytes(data)
    (tmp_path / "x").chmod(0o755)
    refused(emu(tmp_path / "x"), 126, word)


@pytest.mark.parametrize("size", [3, 4, 63, 64, 100, 700, 5000, 20000])
def test_truncated_program(tmp_path, size):
    (tmp_path / "x").write_bytes(pathlib.Path("/bin/true").read_bytes()[:size])
    (tmp_path / "x").chmod(0o755)
    refused(emu(tmp_path / "x"), 126)


def test_missing_interpreter(tmp_path):
    data = pathlib.Path("/bin/true").read_bytes().replace(b"/lib64/ld-linux-x86-64.so.2", b"/lib64/ld-linux-x86-64.so.9")
    (tmp_path / "x").write_bytes(data)
    (tmp_path / "x").chmod(0o755)
    refused(emu(tmp_path / "x"), 127, "ld-linux-x86-64.so.9")
    (tmp_path / "s").write_text("#!/no/such/interpreter\n")
    (tmp_path / "s").chmod(0o755)
    refused(emu(tmp_path / "s"), 127, "/no/such/interpreter")
    (tmp_path / "l").write_text(f"#!{tmp_path}/l\n")
    (tmp_path / "l").chmod(0o755)
    refused(emu(tmp_path / "l"), 126, "interpreters")


@pytest.mark.parametrize("words", [[], ["--mode", "quick", "true"], ["--mode"], ["--epc", "much", "true"],
                                   ["--epc", "0", "true"], ["--guard", "dog", "true"], ["--frobnicate", "true"]])
def test_usage(words):
    refused(emu(*words), 2)


def test_help():
    status, out, err = emu("--help")
    assert status == 0 and out.startswith("usage: sgx-emu") and err == ""
