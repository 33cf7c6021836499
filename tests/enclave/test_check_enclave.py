"""tools/check-enclave lets our images through and refuses each thing that it is there to refuse."""

import subprocess

import pytest

SCRIPT = "src/enclave/enclave.lds"
FLAGS = ["-nostdlib", "-nostartfiles", "-ffreestanding", "-fno-asynchronous-unwind-tables", "-fcf-protection=none",
         "-fno-stack-protector"]
LINK = ["-static-pie", "-Wl,-z,noexecstack,--build-id=none"]


def check(programs, image):
    return programs.start(programs.root / "tools/check-enclave", image)


def make(programs, folder, code, flags=(), link=LINK, script=True, suffix=".c"):
    source = folder / f"bad{suffix}"
    source.write_text(code)
    image = folder / "bad.enclave"
    layout = [f"-Wl,-T,{programs.root / SCRIPT}"] if script else ["-Wl,-e,enclave_entry"]
    subprocess.run(["gcc", "-fPIE", *FLAGS, *flags, "-o", str(image), str(source), *link, *layout], check=True,
                   capture_output=True)
    return image


def entry(body="", more=""):
    return f'{more}\n__attribute__((section(".text.entry"))) void enclave_entry(void) {{ {body} }}\n'


def test_our_images_pass(programs):
    images = [programs.exercise, *(programs.build / "src/enclave").glob("*.enclave")]
    assert len(images) >= 3
    for image in images:
        done = check(programs, image)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_small_good_image_passes(programs, tmp_path):
    image = make(programs, tmp_path, entry('__asm__("mov $4, %eax; .byte 0x0f, 0x01, 0xd7, 0x0f, 0x0b");'))
    assert check(programs, image).returncode == 0


def test_an_image_that_calls_the_operating_system_is_refused(programs):
    done = check(programs, programs.syscaller)
    assert done.returncode == 1
    assert b"`syscall`" in done.stdout and b"`int    $0x80`" in done.stdout


@pytest.mark.parametrize("code, words", [
    ("sysenter", b"sysenter"), ("cpuid", b"cpuid"), ("rdtsc", b"rdtsc"), ("in %dx, %al", b"port"), ("iretq", b"iretq"),
    (".byte 0x0f, 0x01, 0xd7; nop", b"without ud2 or 66 90"), (".byte 0x0f, 0x01, 0xd7; ret", b"without ud2 or 66 90"),
])
def test_an_image_with_a_forbidden_instruction_is_refused(programs, tmp_path, code, words):
    done = check(programs, make(programs, tmp_path, entry(f'__asm__("{code}");')))
    assert done.returncode == 1 and words in done.stdout


def test_an_undefined_symbol_is_refused(programs, tmp_path):
    code = entry("missing();", "void missing(void);")
    done = check(programs, make(programs, tmp_path, code, link=["-shared"], script=False))
    assert done.returncode == 1 and b"undefined symbol missing" in done.stdout


def test_a_shared_library_is_refused(programs, tmp_path):
    code = entry("puts(\"x\");", "int puts(const char *);")
    image = make(programs, tmp_path, code, link=["-pie", "-Wl,--no-as-needed", "-lc"], script=False)
    done = check(programs, image)
    assert done.returncode == 1 and b"shared library" in done.stdout and b"dynamic linker" in done.stdout


def test_thread_local_storage_is_refused(programs, tmp_path):
    code = entry("counter++;", "__thread int counter = 1;")
    done = check(programs, make(programs, tmp_path, code, script=False))
    assert done.returncode == 1 and b"PT_TLS" in done.stdout


def test_a_segment_that_is_writable_and_executable_is_refused(programs, tmp_path):
    image = make(programs, tmp_path, entry(), link=[*LINK, "-Wl,--omagic"], script=False)
    done = check(programs, image)
    assert done.returncode == 1 and b"writable and executable (LOAD" in done.stdout


def test_an_executable_stack_is_refused(programs, tmp_path):
    image = make(programs, tmp_path, entry(), link=["-static-pie", "-Wl,-z,execstack"], script=False)
    done = check(programs, image)
    assert done.returncode == 1 and b"GNU_STACK" in done.stdout


def test_a_fixed_address_is_refused(programs, tmp_path):
    image = make(programs, tmp_path, entry(), flags=["-fno-pie"], link=["-static", "-no-pie"], script=False)
    done = check(programs, image)
    assert done.returncode == 1 and b"position-independent" in done.stdout


def test_a_relocation_in_the_text_is_refused(programs, tmp_path):
    code = ".section .text.entry,\"ax\"\n.globl enclave_entry\nenclave_entry: ret\n.quad enclave_entry\n"
    image = make(programs, tmp_path, code, link=[*LINK, "-Wl,-z,notext"], suffix=".s")
    done = check(programs, image)
    assert done.returncode == 1 and b"TEXTREL" in done.stdout


def test_an_entry_point_outside_the_code_is_refused(programs, tmp_path):
    image = make(programs, tmp_path, entry())
    content = bytearray(image.read_bytes())
    content[24:32] = (0x100000).to_bytes(8, "little")
    image.write_bytes(content)
    done = check(programs, image)
    assert done.returncode == 1 and b"entry point" in done.stdout


def test_what_is_no_elf_file_is_refused(programs, tmp_path):
    image = tmp_path / "text"
    image.write_text("hello")
    done = check(programs, image)
    assert done.returncode == 1 and done.stderr.startswith(b"check-enclave: readelf:")


def test_what_is_loaded_does_not_depend_on_where_it_was_built(programs):
    """MRENCLAVE covers the loaded segments: no path of this machine may be in them."""
    for name in ("prover", "verifier"):
        image = programs.build / f"src/enclave/{name}.enclave"
        headers = subprocess.run(["readelf", "-lW", str(image)], check=True, capture_output=True, text=True).stdout
        loads = [line.split() for line in headers.splitlines() if line.strip().startswith("LOAD")]
        assert len(loads) == 3
        content = image.read_bytes()
        for load in loads:
            offset, size = int(load[1], 16), int(load[4], 16)
            assert str(programs.root).encode() not in content[offset:offset + size]
            assert b".c\0" not in content[offset:offset + size]
