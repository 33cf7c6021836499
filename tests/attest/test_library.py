# SPDX-License-Identifier: Apache-2.0
"""libcella-attest: what it shows, its example, and its header from C and C++."""

import ctypes
import datetime
import json
import re
import shutil
import subprocess

import pytest

from attest_kit import BUILD, DATA, ROOT, expected

LIBRARY = BUILD / "src/attest/libcella-attest.so"
HEADER = ROOT / "src/attest/cella_attest.h"
DECLARED = set(re.findall(r"\b(cella_attest_\w+)\(", re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)))


def test_only_the_header_is_visible():
    out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout
    shown = {line.split()[-1].split("@")[0] for line in out.splitlines() if " A " not in line}
    assert shown == DECLARED


def test_header_compiles_alone_in_c_and_cxx(tmp_path):
    for compiler, language in (("cc", "c"), ("cc", "c++")):
        if language == "c++" and not shutil.which("c++"):
            continue
        subprocess.run([compiler, "-x", language, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", HEADER],
                       check=True, stdin=subprocess.DEVNULL)


def test_man_page_is_clean_and_names_the_functions():
    page = ROOT / "docs/man/libcella-attest.3"
    assert set(re.findall(r"cella_attest_\w+", page.read_text())) - DECLARED <= {"cella_attest_collateral", "cella_attest_result",
                                                                               "cella_attest_verdict"}
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True)
        assert done.returncode == 0 and done.stderr == b""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", f"-I{HEADER.parent}", ROOT / "examples/attest/verify.c",
                    f"-L{LIBRARY.parent}", "-lcella-attest", f"-Wl,-rpath,{LIBRARY.parent}", "-o", folder / "verify"],
                   check=True)
    return folder / "verify"


@pytest.mark.parametrize("name, status, line", [
    ("sgx-v3-sw-hardening", 0, "accepted, SWHardeningNeeded"),
    ("tdx-v4-up-to-date", 0, "accepted, UpToDate"),
    ("sgx-v3-eval-number-19", 1, "policy.tcb_status: OutOfDate"),
    ("sgx-v3-synthetic-root", 2, None),
])
def test_example_runs(example, name, status, line):
    if not DATA.is_dir():
        pytest.skip("the test data is not there")
    folder = DATA / name
    done = subprocess.run([example, folder / "quote.bin", folder, str(expected(name)["verification_time_unix"])],
                          capture_output=True, text=True)
    if name == "sgx-v3-synthetic-root":  # its root is not trusted, and its certificates were not given
        assert done.returncode == 1 and "pck.format" in done.stdout
    else:
        assert done.returncode == status and line in done.stdout


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Collateral(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [(name, Bytes) for name in (
        "tcb_info", "tcb_info_issuer_chain", "qe_identity", "qe_identity_issuer_chain", "pck_crl", "pck_crl_issuer_chain",
        "root_ca_crl", "pck_chain")]


def test_every_function_by_hand():
    """From Python, as another language would: order of calls, errors, fields."""
    if not DATA.is_dir():
        pytest.skip("the test data is not there")
    lib = ctypes.CDLL(str(LIBRARY))
    for name in DECLARED:
        if re.search(r"error|tcb_status|advisory|problem|json|text", name):
            getattr(lib, name).restype = ctypes.c_char_p
        if re.search(r"report_data|mrenclave|mrsigner|mrtd", name):
            getattr(lib, name).restype = ctypes.POINTER(ctypes.c_ubyte)
    lib.cella_attest_result_collateral_ends.restype = ctypes.c_int64
    v = ctypes.c_void_p()
    r = ctypes.c_void_p()
    assert lib.cella_attest_new(ctypes.byref(v)) == 0
    folder = DATA / "sgx-v3-synthetic-root"
    quote = (folder / "quote.bin").read_bytes()
    at = ctypes.c_int64(1704067200)
    assert lib.cella_attest_verify(v, quote, len(quote), at, ctypes.byref(r)) < 0
    assert lib.cella_attest_error(v) == b"no collateral was set"
    bad = b'{"allow_all": true}'
    assert lib.cella_attest_set_policy(v, bad, len(bad)) < 0
    assert b'"allow_all" is not known' in lib.cella_attest_error(v)
    good = b'{"accepted_tcb_statuses": ["UpToDate"]}'
    assert lib.cella_attest_set_policy(v, good, len(good)) == 0
    root = (folder / "root_ca.pem").read_bytes()
    assert lib.cella_attest_trust_root(v, b"x", 1) < 0
    assert lib.cella_attest_trust_root(v, root, len(root)) == 0
    c = Collateral()
    assert lib.cella_attest_set_collateral(v, ctypes.byref(c)) < 0  # struct_size
    c.struct_size = ctypes.sizeof(c)
    for field, file in (("tcb_info", "tcb_info.json"), ("tcb_info_issuer_chain", "tcb_info_issuer_chain.pem"),
                        ("qe_identity", "qe_identity.json"), ("pck_crl", "pck_crl.der"),
                        ("pck_crl_issuer_chain", "pck_crl_issuer_chain.pem"), ("root_ca_crl", "root_ca_crl.der"),
                        ("pck_chain", "pck_chain.pem")):
        data = (folder / file).read_bytes()
        setattr(c, field, Bytes(data, len(data)))
    assert lib.cella_attest_set_collateral(v, ctypes.byref(c)) == 0
    assert lib.cella_attest_trust_root(v, root, len(root)) < 0  # too late
    assert lib.cella_attest_verify(v, quote, len(quote), at, ctypes.byref(r)) == 0
    assert lib.cella_attest_result_verdict(r) == 1
    assert lib.cella_attest_result_emulated(r) == 1
    assert lib.cella_attest_result_tcb_status(r) == b"UpToDate"
    assert lib.cella_attest_result_advisory(r, ctypes.c_size_t(0)) is None
    assert lib.cella_attest_result_collateral_ends(r) == int(
        datetime.datetime.fromisoformat(expected(folder.name)["valid_until"]).timestamp())
    assert bytes(lib.cella_attest_result_mrenclave(r)[:32]).hex() == expected(folder.name)["report"]["mrenclave"]
    assert bytes(lib.cella_attest_result_mrsigner(r)[:32]).hex() == expected(folder.name)["report"]["mrsigner"]
    assert bytes(lib.cella_attest_result_report_data(r)[:64]).hex() == expected(folder.name)["report"]["reportdata"]
    assert not lib.cella_attest_result_mrtd(r)
    assert (lib.cella_attest_result_isvprodid(r), lib.cella_attest_result_isvsvn(r)) == (0, 0)
    assert lib.cella_attest_result_debug(r) == 0
    assert lib.cella_attest_result_problem(r, ctypes.c_size_t(0), None, None) is None
    assert json.loads(lib.cella_attest_result_json(r))["accepted"]
    assert b"EMULATED" in lib.cella_attest_result_text(r)
    lib.cella_attest_result_free(r)
    assert lib.cella_attest_verify(v, b"x", 1, at, ctypes.byref(r)) == 0
    assert lib.cella_attest_result_verdict(r) == 2
    assert lib.cella_attest_result_problem(r, ctypes.c_size_t(0), None, None) == b"quote.format"
    assert not lib.cella_attest_result_report_data(r) and not lib.cella_attest_result_mrenclave(r)
    assert lib.cella_attest_result_isvsvn(r) == -1 and lib.cella_attest_result_debug(r) == -1
    lib.cella_attest_result_free(r)
    lib.cella_attest_free(v)
