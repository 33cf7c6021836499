"""`cella enclave run`, as a person uses it and misuses it; the good case is in `make demo`."""

import os
import subprocess

import pytest


class Signed:
    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = folder
        self.cella = programs.build / "src/cli/cella"
        self.image = programs.exercise
        self.sigstruct = folder / "exercise.sig"
        done = programs.start(self.cella, "sign", "-k", programs.env["CELLA_TEST_KEY"], "-o", self.sigstruct,
                              "--threads", 2, "--miscselect", "exinfo", self.image)
        assert done.returncode == 0, done

    def run(self, *arguments, sigstruct=None, image=None, layout=("--threads", 2, "--miscselect", "exinfo")):
        return self.programs.start(self.cella, "enclave", "run", "-s", sigstruct or self.sigstruct, *layout,
                                   *arguments[:arguments.index("--")], image or self.image,
                                   *arguments[arguments.index("--"):])


@pytest.fixture(scope="module")
def signed(programs, tmp_path_factory):
    return Signed(programs, tmp_path_factory.mktemp("signed"))


def refused(done, words, status=1):
    assert done.returncode == status and done.stdout == b"", done
    assert done.stderr.count(b"\n") == 1 and words in done.stderr, done


def test_it_runs_and_passes_arguments_and_status_on(signed, mode):
    done = signed.run("--emu", mode, "--", "args", "--threads", "-x", "--")
    assert (done.returncode, done.stdout) == (0, b"[--threads]\n[-x]\n[--]\n"), done
    assert signed.run("--emu", mode, "--", "exit", "42").returncode == 42
    assert signed.run("--emu", mode, "--", "crash", "ud").returncode == 132


def test_exceptions_are_handled_when_exinfo_was_signed(signed, mode):
    assert signed.run("--emu", mode, "--", "crash", "pf").returncode == 139


def test_verbose_says_what_it_runs_on(signed):
    done = signed.run("--emu", "fast", "--verbose", "--", "exit", "0")
    assert b"host: enclaves run on: emulator, fast mode" in done.stderr


def test_other_layout_options_than_signed_are_refused(signed):
    done = signed.run("--emu", "fast", "--", "exit", "0", layout=("--threads", 3))
    refused(done, b"EINIT refused the enclave: its pages give MRENCLAVE")


def test_debug_is_refused_unless_the_signer_left_it_open(signed, programs, tmp_path):
    done = signed.run("--emu", "fast", "--attributes", "debug", "--", "crash", "ud")
    assert b"would say where" in done.stderr  # not asked for: the signer's word counts
    loose = tmp_path / "loose.sig"
    done = programs.start(signed.cella, "sign", "-k", programs.env["CELLA_TEST_KEY"], "-o", loose, "--threads", 2,
                          "--attributes-mask", hex(0xffffffffffffffff & ~2), signed.image)
    assert done.returncode == 0, done
    done = signed.run("--emu", "fast", "--attributes", "debug", "--", "crash", "ud", sigstruct=loose)
    assert b"image offset 0x" in done.stderr


@pytest.mark.parametrize("what", ["missing", "empty", "cut", "long", "random", "header"])
def test_a_bad_sigstruct_is_refused(signed, tmp_path, what):
    good = signed.sigstruct.read_bytes()
    path = tmp_path / "bad.sig"
    content = {"empty": b"", "cut": good[:1000], "long": good + b"x", "random": os.urandom(1808),
               "header": b"\1" + good[1:]}.get(what)
    if content is not None:
        path.write_bytes(content)
    done = signed.run("--emu", "fast", "--", "exit", "0", sigstruct=path)
    refused(done, b"cella enclave run: ")


@pytest.mark.parametrize("what", ["missing", "empty", "random", "cut"])
def test_a_bad_image_is_refused(signed, tmp_path, what):
    path = tmp_path / "bad.enclave"
    content = {"empty": b"", "random": os.urandom(10000), "cut": signed.image.read_bytes()[:9000]}.get(what)
    if content is not None:
        path.write_bytes(content)
    refused(signed.run("--emu", "fast", "--", "exit", "0", image=path), b"cella enclave run: ")


def test_every_byte_of_the_loaded_file_counts(signed, tmp_path):
    """One bit flipped anywhere in what is loaded: EINIT refuses."""
    good = signed.image.read_bytes()
    headers = subprocess.run(["readelf", "-lW", str(signed.image)], check=True, capture_output=True, text=True).stdout
    loads = [line.split() for line in headers.splitlines() if line.strip().startswith("LOAD")]
    assert len(loads) == 3
    for load in loads:
        offset, size = int(load[1], 16), int(load[4], 16)
        for at in (offset, offset + size // 2, offset + size - 1):
            bad = bytearray(good)
            bad[at] ^= 0x10
            path = tmp_path / "flipped.enclave"
            path.write_bytes(bad)
            refused(signed.run("--emu", "fast", "--", "exit", "0", image=path), b"EINIT refused the enclave")


def test_too_little_epc_names_the_remedy(signed):
    refused(signed.run("--emu", "fast", "--epc", "1M", "--", "exit", "0"), b"--epc")


def test_wrong_usage_is_status_2(signed, programs):
    refused(programs.start(signed.cella, "enclave", "run", signed.image), b"--sigstruct is missing", 2)
    refused(programs.start(signed.cella, "enclave", "run", "-s", signed.sigstruct), b"an argument is missing", 2)
    refused(signed.run("--emu", "slow", "--", "x"), b"expected trap, fast or off", 2)


def test_help_names_the_options(signed, programs):
    done = programs.start(signed.cella, "enclave", "run", "--help")
    assert done.returncode == 0 and b"--sigstruct FILE" in done.stdout and b"--emu trap|fast|off" in done.stdout
