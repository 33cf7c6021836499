"""The trusted runtime and the loader, end to end, in both modes of the emulator."""

import os
import re
import shutil

import pytest

def good(done, words=b"ok"):
    assert (done.returncode, done.stderr) == (0, b""), done
    assert done.stdout.startswith(words), done

def test_arguments_reach_the_program(programs, mode):
    done = programs.run("--emu", mode, "--", "args", "a", "", "b c", "x" * 5000)
    good(done, b"[a]\n[]\n[b c]\n[xxx")

def test_too_many_arguments_are_refused_with_a_sentence(programs):
    done = programs.run("--emu", "fast", "--", "args", *["a"] * 2000)
    assert done.returncode == 125 and b"arguments" in done.stderr

def test_data_goes_in_and_out_unchanged(programs, mode):
    data = os.urandom(1_000_003)
    done = programs.run("--emu", mode, "--", "echo", input=data)
    assert done.returncode == 0 and done.stdout == data

@pytest.mark.parametrize("status", [0, 1, 77, 255])
def test_the_exit_status_is_the_programs(programs, mode, status):
    assert programs.run("--emu", mode, "--", "exit", status).returncode == status

@pytest.mark.parametrize("what", ["clock", "random", "heap", "exceptions", "nested"])
def test_exercises(programs, mode, what):
    good(programs.run("--emu", mode, "--stack", "0x40000", "--", what))

@pytest.mark.parametrize("xfrm", ["3", "7", "0xe7"])
def test_registers_survive_exceptions_under_every_xfrm(programs, mode, xfrm):
    if int(xfrm, 0) & 0xe0 and "avx512f" not in open("/proc/cpuinfo").read():
        pytest.skip("no AVX-512 here")
    good(programs.run("--emu", mode, "--xfrm", xfrm, "--stack", "0x40000", "--", "exceptions"))

def test_an_enclave_that_starts_at_address_zero(programs, mode):
    good(programs.run("--emu", mode, "--base-zero", "--", "exceptions"))

CRASHES = {
    "ud": (132, b"enclave: invalid instruction (#UD) that nothing handles"),
    "de": (136, b"enclave: division error (#DE) that nothing handles"),
    "pf": (139, b"enclave: page fault (#PF) that nothing handles"),
    "declined": (132, b"enclave: invalid instruction (#UD) that nothing handles"),
    "stack": (125, b"host: the enclave gave up: an exception came when its stack was used up"),
    "canary": (125, b"host: the enclave gave up: a stack frame was overwritten"),
    "double-free": (125, b"host: the enclave gave up: its heap was damaged, or something was freed twice"),
}

@pytest.mark.parametrize("how", CRASHES)
def test_crashes_end_with_a_sentence_and_a_status(programs, mode, how):
    done = programs.run("--emu", mode, "--", "crash", how)
    status, words = CRASHES[how]
    assert done.returncode == status and done.stderr.startswith(words), done
    assert done.stderr.count(b"\n") == 1 and done.stdout == b""

def test_only_a_debug_enclave_says_where_it_crashed(programs):
    secret = programs.run("--emu", "fast", "--", "crash", "ud")
    debug = programs.run("--emu", "fast", "--debug", "--", "crash", "ud")
    assert b"0x" not in secret.stderr
    assert re.search(rb"image offset 0x[0-9a-f]+$", debug.stderr.strip())

def test_without_exinfo_a_page_fault_ends_the_enclave(programs, mode):
    done = programs.run("--emu", mode, "--no-exinfo", "--", "crash", "pf")
    assert done.returncode == 125 and b"exception 14" in done.stderr and b"EXINFO" in done.stderr

@pytest.mark.parametrize("what", ["syscall", "int80"])
def test_a_system_call_inside_is_an_invalid_instruction(programs, mode, what):
    good(programs.run("--emu", mode, "--", what, image=programs.syscaller))

def test_64_tcs_at_once(programs, mode):
    rounds = 20 if mode == "trap" else 100
    done = programs.run("--emu", mode, "--threads", "64", "--heap", "0x800000", "--", "threads", "63", rounds)
    good(done, b"ok, at most ")

def test_a_full_house_is_refused_and_recovers(programs, mode):
    good(programs.run("--emu", mode, "--threads", "8", "--", "crowd"))
    good(programs.run("--emu", mode, "--threads", "1", "--", "crowd"))

def test_too_little_epc_is_said(programs):
    done = programs.run("--emu", "fast", "--epc", "1048576", "--", "args")
    assert done.returncode == 125 and done.stderr.startswith(b"host: the EPC is full after")
    assert b"--epc" in done.stderr

def test_an_ordinary_user_can_run_it(programs, mode, tmp_path):
    if os.getuid() != 0:
        pytest.skip("already an ordinary user")
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    for folder in tmp_path.parents:  # pytest's folders are for their owner only
        if folder.stat().st_uid == 0 and folder.name.startswith("pytest-"):
            folder.chmod(folder.stat().st_mode | 0o011)
    image = tmp_path / "exercise.enclave"
    shutil.copy(programs.exercise, image)
    key = tmp_path / "key.pem"
    shutil.copy(programs.env["CELLA_TEST_KEY"], key)
    runner = tmp_path / "runner"
    shutil.copy(programs.build / "tests/enclave/enclave_runner", runner)
    tmp_path.chmod(0o755)
    done = programs.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
                          "--bounding-set=-all", runner, "--emu", mode, image, "exceptions",
                          env={"XDG_STATE_HOME": str(state), "CELLA_TEST_KEY": str(key)})
    good(done)

@pytest.mark.parametrize("what", ["empty", "text", "cut", "random"])
def test_a_broken_image_is_refused_with_a_sentence(programs, tmp_path, what):
    whole = programs.exercise.read_bytes()
    content = {"empty": b"", "text": b"hello\n", "cut": whole[:5000], "random": os.urandom(8192)}[what]
    image = tmp_path / "image"
    image.write_bytes(content)
    done = programs.run("--", "args", image=image)
    assert done.returncode == 125 and done.stderr.count(b"\n") == 1 and done.stdout == b""

def test_a_missing_image_is_said(programs, tmp_path):
    done = programs.run("--", "args", image=tmp_path / "none")
    assert done.returncode == 125 and b"No such file" in done.stderr

def test_no_device_is_said(programs):
    if os.path.exists("/dev/sgx_enclave"):
        pytest.skip("there is a device")
    done = programs.run("--emu", "off", "--", "args")
    assert done.returncode == 125 and b"no SGX device" in done.stderr


@pytest.mark.parametrize("xfrm", ["3", "7", "0xe7"])
def test_no_register_holds_a_secret_behind_eexit(programs, mode, xfrm):
    if int(xfrm, 0) & 0xe0 and "avx512f" not in open("/proc/cpuinfo").read():
        pytest.skip("no AVX-512 here")
    good(programs.start(programs.build / "tests/enclave/enclave_leak", "--emu", mode, "--xfrm", xfrm, programs.exercise))


def test_entries_that_should_not_be_are_refused_and_change_nothing(programs, mode):
    good(programs.start(programs.build / "tests/enclave/enclave_entries", "--emu", mode, programs.exercise))


@pytest.mark.parametrize("what", [("exceptions",), ("nested",), ("threads", "3", "300"), ("arithmetic", "20000"), ("heap",)])
def test_signals_at_a_high_rate_change_nothing(programs, mode, what):
    done = programs.run("--emu", mode, "--threads", "4", "--stack", "0x40000", "--timer", "150", "--", *what)
    good(done)
    assert re.search(rb"^[0-9]+ signals$", done.stdout, re.M), done


def test_pages_added_on_demand_are_taken_inside(programs, mode):
    good(programs.run("--emu", mode, "--elrange", "0x1000000", "--gap", "0x8000", "--", "accept"))


def in_a_strange_dev(programs, script, *runner):
    """The runner under a /dev of its own, in namespaces that end with it."""
    if os.getuid() != 0:
        pytest.skip("needs root for a mount namespace")
    command = " ".join(f"'{word}'" for word in map(str, runner))
    dev = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9"
    return programs.start("unshare", "--mount", "sh", "-c", f"{dev} && {script} && exec $PREFIX {command}")


def test_a_device_that_may_not_be_opened_is_said_and_not_emulated(programs):
    script = "unset CELLA_TEST_KEY; touch /dev/sgx_enclave && chmod 000 /dev/sgx_enclave && " \
             "PREFIX='setpriv --reuid=65534 --regid=65534 --clear-groups'"
    runner = programs.build / "tests/enclave/enclave_runner"
    done = in_a_strange_dev(programs, script, runner, programs.exercise, "args")
    assert done.returncode == 125, done
    assert b"may not open /dev/sgx_enclave" in done.stderr and b"--emu fast" in done.stderr


@pytest.mark.parametrize("name", ["sgx_enclave", "sgx/enclave", "isgx"])
def test_every_name_of_the_device_is_found_and_the_kernel_without_sgx_is_said(programs, name):
    script = f"mkdir -p /dev/sgx && touch /dev/{name} && chmod 666 /dev/{name}"
    runner = programs.build / "tests/enclave/enclave_runner"
    done = in_a_strange_dev(programs, script, runner, programs.exercise, "args")
    assert done.returncode == 125 and f"/dev/{name} is there".encode() in done.stderr, done
    assert b"Linux 5.11" in done.stderr
