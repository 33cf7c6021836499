# SPDX-License-Identifier: Apache-2.0
"""`cella quote verify` over all sets and mutations of the test data, and what it says."""

import datetime
import json
import shutil

import pytest

from attest_kit import ACCEPTED, DATA, REFUSED, UNDECIDED, expected

SETS = sorted(p.parent.name for p in DATA.glob("*/expected.json") if (p.parent / "quote.bin").exists())
MUTATIONS = json.loads((DATA / "mutations.json").read_text())["mutations"] if SETS else []


@pytest.mark.parametrize("name", SETS)
def test_set_has_its_verdict(attest, name):
    want = expected(name)
    status, got = attest.verify_set(name)
    acceptable = want["verdict"] in ("UpToDate", "SWHardeningNeeded") and not want.get("debug")
    assert status == (ACCEPTED if acceptable else REFUSED)
    assert got["accepted"] is acceptable
    assert got["tcb_status"] == (want["verdict"] if want["error"] != "collateral_expired" else want["verdict_if_waived"])
    assert sorted(got["advisory_ids"]) == sorted(want["advisory_ids"])
    assert got["tcb_evaluation_data_number"] == want["tcb_evaluation_data_number"]
    assert got["emulated"] is (name == "sgx-v3-synthetic-root")
    assert {c["state"] for c in got["checks"]} <= {"passed", "failed", "not judged", "not applicable"}
    if want.get("report"):
        assert got["quote"]["report"]["mrenclave"] == want["report"]["mrenclave"]
    else:
        assert got["quote"]["td"]["mrtd"] == want["td"]["mrtd"]


def test_synthetic_root_counts_once_named_and_is_marked(attest):
    root = DATA / "sgx-v3-synthetic-root" / "root_ca.pem"
    status, got = attest.verify_set("sgx-v3-synthetic-root", "--trust-root", root)
    assert (status, got["tcb_status"], got["emulated"]) == (ACCEPTED, "UpToDate", True)
    text = attest.run("quote", "verify", root.parent / "quote.bin", "--collateral", root.parent, "--trust-root", root,
                      "--at", "2024-01-01T00:00:00Z").stdout.decode()
    assert "EMULATED" in text


def mutate(folder, mutation):
    path = folder / mutation["file"]
    op = mutation["op"]
    kind = op["kind"]
    if kind == "none":
        return
    data = bytearray(path.read_bytes())
    if kind == "xor":
        data[op["offset"]] ^= op["value"]
    elif kind == "set":
        new = bytes.fromhex(op["hex"])
        data[op["offset"]:op["offset"] + len(new)] = new
    elif kind == "truncate":
        del data[op["length"]:]
    elif kind == "append":
        data += bytes.fromhex(op["hex"])
    elif kind == "replace":
        assert op["find"].encode() in data
        data = data.replace(op["find"].encode(), op["with_"].encode(), 1)
    elif kind == "from":
        data = (DATA / op["set"] / mutation["file"]).read_bytes()
    elif kind == "flip_last_hex_of_signature":
        at = data.rindex(b'"') - 1
        data[at] = ord("1") if data[at] == ord("0") else ord("0")
    elif kind == "reindent":
        data = json.dumps(json.loads(data), indent=2).encode()
    else:
        raise AssertionError(kind)
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m["name"])
def test_mutation_has_its_verdict(attest, tmp_path, mutation):
    folder = tmp_path / "set"
    shutil.copytree(DATA / mutation["base"], folder)
    mutate(folder, mutation)
    at = datetime.datetime.fromtimestamp(mutation["verification_time"], datetime.timezone.utc)
    status, got = attest.verify(folder / "quote.bin", "--collateral", folder, "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if mutation["expected"] == "accept as the base":
        assert (status, got["tcb_status"]) == (ACCEPTED, "SWHardeningNeeded")
    else:
        assert status == REFUSED
        assert not got["accepted"]
        assert got["failed"]


def test_refusal_explains_itself(attest):
    name = "sgx-v3-eval-number-19"
    done = attest.run("quote", "verify", DATA / name / "quote.bin", "--collateral", DATA / name, "--at",
                      "2025-07-01T00:00:00Z")
    text = done.stdout.decode()
    assert done.returncode == REFUSED
    assert text.startswith("REFUSED")
    for part in ("lies with: the machine that made the quote", "what to do:", "lacks security updates",
                 "SGX component 1 (BIOS, Early Microcode Update) has version 14, needs 16"):
        assert part in text


def test_quote_comes_by_standard_input(attest):
    folder = DATA / "sgx-v3-sw-hardening"
    status, got = attest.verify("-", "--collateral", folder, "--at=2025-09-01T00:00:00Z",
                                stdin=(folder / "quote.bin").read_bytes())
    assert status == ACCEPTED and got["accepted"]


@pytest.mark.parametrize("policy, status, check", [
    ({"accepted_tcb_statuses": ["OutOfDate"]}, ACCEPTED, None),
    ({"accepted_tcb_statuses": ["OutOfDate"], "tolerated_advisories": ["INTEL-SA-00615"]}, REFUSED, "policy.advisories"),
    ({"accepted_tcb_statuses": ["OutOfDate"], "mrenclave": "00" * 32}, REFUSED, "policy.mrenclave"),
    ({"accepted_tcb_statuses": ["OutOfDate"], "min_evaluation_number": 19}, REFUSED, "policy.evaluation_number"),
    ({"accepted_tcb_statuses": ["OutOfDate"], "max_age_days": {"root_crl": 30}}, REFUSED, "policy.age.root_crl"),
])
def test_policy_file_rules(attest, tmp_path, policy, status, check):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy))
    got_status, got = attest.verify_set("sgx-v3-eval-number-18", "--policy", path)
    assert got_status == status
    assert got["failed"] == ([check] if check else [])


@pytest.mark.parametrize("args, sentence", [
    (["quote", "verify"], "one quote file expected"),
    (["quote", "verify", "/nonexistent", "--collateral", str(DATA / "sgx-v3-sw-hardening")], "/nonexistent"),
    (["quote", "verify", "/dev/null", "--collateral", "/nonexistent"], "no collateral there"),
    (["quote", "verify", "/dev/null", "--at", "yesterday", "--collateral", "/"], "a time like 2025"),
    (["quote", "verify", "/dev/null", "--policy", "/dev/null", "--collateral", "/"], "policy: not JSON"),
    (["quote", "verify", "/dev/null", "--trust-root", "/dev/null", "--collateral", "/"], "no PEM certificate"),
    (["quote", "verify", "/dev/null", "--colateral", "/"], "\"--colateral\" is not known"),
    (["quote", "verify", "/dev/null", "--collateral", "/", "--pccs", "http://x"], "exclude each other"),
    (["quote", "verify", "/dev/null", "--at"], "--at needs a value"),
    (["quote", "verify", "/dev/null", "/dev/null"], "one quote file expected"),
    (["collateral", "show", "/nonexistent"], "no collateral there"),
    (["collateral", "fetch"], "--quote FILE, or --fmspc HEX and --ca"),
    (["collateral", "fetch", "--fmspc", "12", "--ca", "platform"], "12 hex digits"),
    (["collateral", "fetch", "--fmspc", "00606a000000", "--ca", "other"], "platform or processor"),
    (["collateral", "fetch", "--fmspc", "00606a000000", "--ca", "platform", "--pccs", "ftp://x"], "https://host:8081"),
    (["collateral", "fetch", "--early", "--evaluation-number", "3"], "exclude each other"),
    (["collateral", "fetch", "--timeout", "0"], "a number from 1 to 3600"),
])
def test_trouble_is_one_sentence_and_status_2(attest, args, sentence):
    done = attest.run(*args)
    assert done.returncode == UNDECIDED
    assert sentence in done.stderr.decode() and done.stderr.decode().startswith("cella: ")


def test_policy_with_an_unknown_key_stops(attest, tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{"mrenclaves": []}')
    status, got = attest.verify_set("sgx-v3-sw-hardening", "--policy", path)
    assert status == UNDECIDED
    assert got["verdict"] == "undecided" and '"mrenclaves" is not known' in got["error"]


def test_missing_collateral_is_undecided(attest, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(DATA / "sgx-v3-sw-hardening", folder)
    (folder / "tcb_info.json").unlink()
    status, got = attest.verify(folder / "quote.bin", "--collateral", folder, "--at", "2025-09-01T00:00:00Z")
    assert (status, got["verdict"], got["tcb_status"]) == (UNDECIDED, "undecided", None)


def test_inspect_shows_fields_and_warns(attest):
    quote = DATA / "tdx-v5-tcb-not-supported" / "quote.bin"
    text = attest.run("quote", "inspect", quote).stdout.decode()
    assert text.startswith("NOT VERIFIED") and "MRTD" in text
    got = json.loads(attest.run("quote", "inspect", quote, "--json").stdout)
    assert got["platform"]["fmspc"] == "90c06f000000"
    assert attest.run("quote", "inspect", "/dev/null").returncode == REFUSED


def test_show_says_what_is_current(attest):
    folder = DATA / "sgx-v3-expired-collateral"
    done = attest.run("collateral", "show", folder, "--at", "2023-07-20T00:00:00Z")
    assert done.returncode == REFUSED and b"expired" in done.stdout
    done = attest.run("collateral", "show", DATA / "tdx-v4-up-to-date", "--at", "2025-07-01T00:00:00Z", "--json")
    assert done.returncode == ACCEPTED
    assert all(item["authentic"] and item["time"] == "current" for item in json.loads(done.stdout))


def test_import_keeps_good_collateral_only(attest, tmp_path):
    good = DATA / "sgx-v3-sw-hardening"
    done = attest.run("collateral", "import", good)
    assert done.returncode == 0, done.stderr
    kept = attest.cache / "00606a000000-sgx-platform-standard"
    assert (kept / "tcb_info.json").read_bytes() == (good / "tcb_info.json").read_bytes()
    assert not (kept / "pck_chain.pem").exists()
    older = attest.run("collateral", "import", DATA / "sgx-v3-eval-number-17")
    assert older.returncode == UNDECIDED and b"issued later" in older.stderr
    bad = tmp_path / "bad"
    shutil.copytree(good, bad)
    path = bad / "tcb_info.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"OutOfDate"', b'"UpToDate"', 1))
    done = attest.run("collateral", "import", bad)
    assert done.returncode == REFUSED and b"tcb_info.signature" in done.stderr
    foreign = attest.run("collateral", "import", DATA / "sgx-v3-synthetic-root")
    assert foreign.returncode == REFUSED and b"expected a root that is trusted here" in foreign.stderr
