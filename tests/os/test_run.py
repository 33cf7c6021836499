"""Unmodified programs under `cella run`, in both modes of the emulator."""

import hashlib
import pathlib
import signal
import subprocess

import pytest

KINDS = ("static", "dynamic")


@pytest.mark.parametrize("kind", KINDS)
def test_hello_gets_its_arguments_and_gives_its_status(cella, mode, kind):
    done = cella.run(f"/bin/hello-{kind}", "you", options=mode)
    assert (done.stdout, done.stderr, done.returncode) == (b"hello you\n", b"", 1)


def test_the_environment_is_what_e_says(cella, mode):
    done = cella.run("/bin/hello-static", options=(*mode, "-e", "GREETING=bonjour"))
    assert done.stdout == b"bonjour world\n"


@pytest.mark.parametrize("kind", KINDS)
def test_threads_run_and_are_used_again(cella, mode, kind):
    done = cella.run(f"/bin/threads-{kind}", options=mode)
    assert (done.stdout, done.stderr, done.returncode) == (b"32000 8000.0\n", b"", 0)


@pytest.mark.parametrize("how", ("wait", "spin"))
def test_term_from_outside_arrives(cella, mode, how):
    with subprocess.Popen(cella.command("/bin/signals-static", how, options=mode), stdout=subprocess.PIPE,
                          env=cella.env) as child:
        try:
            assert child.stdout.readline() == b"ready\n"
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=20) == 3
        finally:
            child.kill()


def test_a_signal_without_a_handler_ends_it_with_128_and_its_number(cella, mode):
    with subprocess.Popen(cella.command("/bin/signals-static", "default", options=mode), stdout=subprocess.PIPE,
                          env=cella.env) as child:
        try:
            assert child.stdout.readline() == b"ready\n"
            child.send_signal(signal.SIGUSR1)
            assert child.wait(timeout=20) == 128 + signal.SIGUSR1
        finally:
            child.kill()


def test_a_fault_is_a_signal_with_its_address(cella, mode):
    done = cella.run("/bin/signals-static", "fault", options=mode)
    assert (done.stdout, done.returncode) == (b"signal 11 at 0x123450\n", 5)


def test_abort_is_128_and_6(cella, mode):
    assert cella.run("/bin/signals-static", "die", options=mode).returncode == 128 + signal.SIGABRT


def test_standard_input_comes_through(cella, mode):
    data = b"abc" * 100000
    done = cella.run("/usr/bin/sha256sum", root=pathlib.Path("/"), options=mode, input=data)
    assert done.stdout == hashlib.sha256(data).hexdigest().encode() + b"  -\n"


@pytest.mark.parametrize("words, output", [
    (("/bin/bash", "-c", "x=6; echo $((x * 7)); [[ abc =~ b ]] && echo yes"), b"42\nyes\n"),
    (("/usr/bin/python3", "-c", "import json, hashlib; print(json.dumps({'a': hashlib.sha256(b'').hexdigest()[:8]}))"),
     b'{"a": "e3b0c442"}\n'),
])
def test_programs_of_the_machine_itself(cella, mode, words, output):
    done = cella.run(*words, root=pathlib.Path("/"), options=mode)
    assert (done.stdout, done.stderr, done.returncode) == (output, b"", 0)


@pytest.mark.parametrize("words, status, text", [
    (("/bin/nothing",), 127, b"/bin/nothing"),
    (("nothing",), 127, b"nothing"),
])
def test_what_cannot_be_started_has_a_status_of_container_engines(cella, words, status, text):
    done = cella.run(*words)
    assert done.returncode == status
    assert text in done.stderr


def test_a_mounted_folder_is_seen_under_its_path(cella, tmp_path):
    (tmp_path / "word").write_text("from the host\n")
    done = cella.run("/bin/cat", "/given/word", root="/", options=("--mount", f"{tmp_path}:/given:ro"))
    assert (done.returncode, done.stdout) == (0, b"from the host\n")


@pytest.mark.parametrize("options, text", [
    (("-v", "data:/data"), b"volumes are not there yet"),
    (("--memory", "3"), b"--memory"),
    (("--threads", "0"), b"--threads"),
    (("--mount", "relative"), b"HOSTDIR:/PATH"),
    (("--emu", "slow"), b"trap, fast or off"),
])
def test_wrong_usage_is_125_and_a_sentence(cella, options, text):
    done = cella.run("/bin/hello-static", options=options)
    assert done.returncode == 125
    assert text in done.stderr


def test_a_root_that_is_not_there_is_125(cella):
    done = cella.run("/bin/hello-static", root="/no/such/folder")
    assert (done.returncode, b"/no/such/folder: No such file" in done.stderr) == (125, True)


@pytest.fixture(scope="session")
def image(cella, tmp_path_factory):
    """The same root as a verified image."""
    path = tmp_path_factory.mktemp("image") / "root.img"
    subprocess.run([cella.program, "rootfs", "--quiet", cella.root, "-o", path], check=True, stdout=subprocess.PIPE)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_programs_run_from_a_verified_image(cella, mode, image, kind):
    done = cella.run(f"/bin/hello-{kind}", "you", root=image, options=mode)
    assert (done.stdout, done.stderr, done.returncode) == (b"hello you\n", b"", 1)
    done = cella.run(f"/bin/threads-{kind}", root=image, options=mode)
    assert (done.stdout, done.stderr, done.returncode) == (b"32000 8000.0\n", b"", 0)


def test_a_flipped_bit_of_the_image_is_seen_where_it_is_read(cella, image, tmp_path):
    content = bytearray(image.read_bytes())
    at = content.find((cella.root / "bin/hello-static").read_bytes()[:4096])
    assert at > 0
    content[at + 1000] ^= 1
    bad = tmp_path / "bad.img"
    bad.write_bytes(content)
    done = cella.run("/bin/hello-static", root=bad)
    assert done.stdout == b"" and done.returncode in (125, 126)
    assert b"/bin/hello-static" in done.stderr and b"does not match its hash" in done.stderr
    assert cella.run("/bin/signals-static", "die", root=bad).returncode == 134


def test_a_file_that_is_no_image_is_125(cella, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(bytes(8192))
    done = cella.run("/bin/hello-static", root=other)
    assert done.returncode == 125 and str(other).encode() in done.stderr
