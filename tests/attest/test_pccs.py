# SPDX-License-Identifier: Apache-2.0
"""Collateral from a PCCS on loopback: both versions of the paths, the cache, and a service that misbehaves."""

import datetime
import ipaddress
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from attest_kit import ACCEPTED, DATA, REFUSED, UNDECIDED
from pccs import Pccs

AT = "2025-09-01T00:00:00Z"
SET = DATA / "sgx-v3-sw-hardening"


@pytest.fixture
def pccs():
    server = Pccs(SET)
    yield server
    server.close()


def verify(attest, server, *args, at=AT, folder=SET):
    return attest.verify(folder / "quote.bin", "--pccs", server.url, "--at", at, *args)


def test_quote_is_verified_with_collateral_from_a_pccs(attest, pccs):
    status, got = verify(attest, pccs)
    assert (status, got["tcb_status"], got["emulated"]) == (ACCEPTED, "SWHardeningNeeded", False)
    assert pccs.asked == ["/sgx/certification/v4/tcb?fmspc=00606a000000", "/sgx/certification/v4/qe/identity",
                          "/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "/sgx/certification/v4/rootcacrl"]


@pytest.mark.parametrize("suffix", ["/", "/sgx/certification/v4", "/sgx/certification/v4/"])
def test_address_may_end_in_the_path(attest, pccs, suffix):
    pccs.url += suffix
    assert verify(attest, pccs)[0] == ACCEPTED


def test_version_3_has_other_header_names(attest):
    folder = DATA / "sgx-v3-out-of-date"
    server = Pccs(folder)
    server.url += "/sgx/certification/v3/"
    status, got = verify(attest, server, at="2023-05-15T15:41:43Z", folder=folder)
    server.close()
    assert (status, got["tcb_status"]) == (REFUSED, "OutOfDate")
    assert server.asked[0] == "/sgx/certification/v3/tcb?fmspc=00706e470000"
    assert "ca=processor" in server.asked[2]


def test_tdx_has_its_own_paths(attest):
    folder = DATA / "tdx-v4-up-to-date"
    server = Pccs(folder)
    status, got = verify(attest, server, at="2025-07-01T00:00:00Z", folder=folder)
    assert (status, got["tcb_status"]) == (ACCEPTED, "UpToDate")
    assert server.asked[0].startswith("/tdx/certification/v4/tcb")
    server.url += "/sgx/certification/v3"
    done = attest.run("collateral", "fetch", "--quote", folder / "quote.bin", "--pccs", server.url)
    server.close()
    assert done.returncode == UNDECIDED and b"needs version v4" in done.stderr


@pytest.mark.parametrize("option, query", [(["--early"], "update=early"),
                                           (["--evaluation-number", "17"], "tcbEvaluationDataNumber=17")])
def test_evaluation_number_is_chosen(attest, pccs, option, query):
    assert verify(attest, pccs, *option)[0] == ACCEPTED
    assert pccs.asked[0].endswith("&" + query) and pccs.asked[1].endswith("?" + query)


def test_cache_serves_until_a_third_is_left(attest, pccs):
    assert verify(attest, pccs)[0] == ACCEPTED
    asked = len(pccs.asked)
    assert verify(attest, pccs)[0] == ACCEPTED
    assert len(pccs.asked) == asked
    assert verify(attest, pccs, at="2025-09-05T00:00:00Z")[0] == ACCEPTED  # 9 of 30 days are left
    assert len(pccs.asked) == 2 * asked
    pccs.faults["tcb"] = pccs.status(404)
    done = attest.run("quote", "verify", SET / "quote.bin", "--pccs", pccs.url, "--at", "2025-09-05T00:00:00Z")
    assert done.returncode == ACCEPTED and b"could not be renewed" in done.stderr and b"404" in done.stderr
    status, got = verify(attest, pccs, at="2025-09-20T00:00:00Z")  # ended, and no new one
    assert status == UNDECIDED and "404" in got["error"]


def test_cache_serves_without_the_service(attest, pccs):
    assert attest.run("collateral", "fetch", "--quote", SET / "quote.bin", "--pccs", pccs.url).returncode == 0
    pccs.close()
    assert verify(attest, pccs)[0] == ACCEPTED


def test_fetch_writes_a_folder_that_verify_takes(attest, pccs, tmp_path):
    out = tmp_path / "a" / "b"
    done = attest.run("collateral", "fetch", "--fmspc", "00606a000000", "--ca", "platform", "--pccs", pccs.url, "--out", out)
    assert done.returncode == 0, done.stderr
    assert (out / "tcb_info.json").read_bytes() == (SET / "tcb_info.json").read_bytes()
    assert (out / "tcb_info_issuer_chain.pem").read_bytes() == (SET / "tcb_info_issuer_chain.pem").read_bytes()
    assert attest.verify(SET / "quote.bin", "--collateral", out, "--at", AT)[0] == ACCEPTED


def fails(attest, server, sentence, *args):
    status, got = verify(attest, server, *args)
    assert status == UNDECIDED, got
    assert sentence in got["error"], got["error"]


@pytest.mark.parametrize("end", ["tcb", "identity", "pckcrl", "rootcacrl"])
def test_404_names_what_is_missing(attest, pccs, end):
    pccs.faults[end] = pccs.status(404)
    fails(attest, pccs, end)


def test_410_and_500_are_said(attest, pccs):
    pccs.faults["tcb"] = pccs.status(410)
    fails(attest, pccs, "no longer served")
    pccs.faults["tcb"] = pccs.status(500)
    fails(attest, pccs, "status 500")


def test_429_is_tried_again_after_the_time_it_names(attest, pccs):
    pccs.faults["tcb"] = pccs.status(429, [("Retry-After", "1")], times=1)
    start = time.monotonic()
    assert verify(attest, pccs)[0] == ACCEPTED
    assert time.monotonic() - start >= 1
    assert len([path for path in pccs.asked if "/tcb" in path]) == 2


def test_429_for_ever_ends(attest, pccs):
    pccs.faults["tcb"] = pccs.status(429, [("Retry-After", "1")])
    fails(attest, pccs, "429", "--timeout", "1")
    pccs.faults["tcb"] = pccs.status(429, [("Retry-After", "86400")])
    start = time.monotonic()
    fails(attest, pccs, "429")
    assert time.monotonic() - start < 5  # a day is not waited for


def test_hang_ends_with_the_timeout(attest, pccs):
    pccs.faults["identity"] = pccs.hang(20)
    start = time.monotonic()
    fails(attest, pccs, "qe/identity", "--timeout", "1")
    assert time.monotonic() - start < 5


def test_huge_body_is_refused(attest, pccs):
    pccs.faults["tcb"] = pccs.body(b"x" * (3 << 20), [("TCB-Info-Issuer-Chain", "x")])
    fails(attest, pccs, "tcb?fmspc")


def test_chain_that_is_missing_or_broken_is_refused(attest, pccs):
    body = (SET / "tcb_info.json").read_bytes()
    pccs.faults["tcb"] = pccs.body(body)
    fails(attest, pccs, "no header TCB-Info-Issuer-Chain")
    pccs.faults["tcb"] = pccs.body(body, [("TCB-Info-Issuer-Chain", "%4")])
    fails(attest, pccs, "not percent-encoded PEM")
    pccs.faults["tcb"] = pccs.body(body, [("TCB-Info-Issuer-Chain", "hello")])
    fails(attest, pccs, "no PEM certificate")
    pccs.faults["tcb"] = pccs.body(b"", [("TCB-Info-Issuer-Chain", "hello")])
    fails(attest, pccs, "empty answer")


def test_forged_collateral_is_not_kept(attest, pccs):
    body = (SET / "tcb_info.json").read_bytes().replace(b'"SWHardeningNeeded"', b'"UpToDate"')
    pccs.faults["tcb"] = pccs.body(body, [("TCB-Info-Issuer-Chain", pccs.chain("tcb_info_issuer_chain.pem"))])
    fails(attest, pccs, "tcb_info.signature")
    assert not list(attest.cache.glob("*"))


def test_nobody_listens(attest, pccs):
    pccs.close()
    fails(attest, pccs, "127.0.0.1")


def self_signed(folder):
    """A certificate for 127.0.0.1 and its key, as a PCCS makes at installation."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pccs")])
    now = datetime.datetime.utcnow()
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return paths


def test_tls_authority_must_be_known_or_named(attest, tmp_path):
    paths = self_signed(tmp_path)
    server = Pccs(SET, tls=paths)
    fails(attest, server, "https://127.0.0.1")
    assert not server.asked
    assert verify(attest, server, "--ca-file", paths[0])[0] == ACCEPTED
    server.close()
