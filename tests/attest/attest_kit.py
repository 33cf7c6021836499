# SPDX-License-Identifier: Apache-2.0
"""What the tests of `cella quote` and `cella collateral` share."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLA_BUILD", ROOT / "build"))
DATA = pathlib.Path(os.environ.get("CELLA_TESTDATA", ROOT.parent / "shared" / "testdata")) / "attestation"
ACCEPTED, REFUSED, UNDECIDED = 0, 1, 2


class Attest:
    """Runs the program; its cache is a folder of the test's own."""

    def __init__(self, cache):
        self.cache = cache

    def run(self, *args, stdin=b""):
        env = {**os.environ, "CELLA_COLLATERAL": str(self.cache), "no_proxy": "*"}
        return subprocess.run([BUILD / "src/cli/cella", *map(str, args)], input=stdin, capture_output=True, timeout=60,
                              env=env)

    def verify(self, quote, *args, **more):
        """(exit status, the JSON) of a verification."""
        done = self.run("quote", "verify", quote, "--json", *args, **more)
        return done.returncode, json.loads(done.stdout)

    def verify_set(self, name, *args, at=None):
        folder = DATA / name
        return self.verify(folder / "quote.bin", "--collateral", folder, "--at", at or expected(name)["verification_time"],
                           *args)


def expected(name):
    return json.loads((DATA / name / "expected.json").read_text())
