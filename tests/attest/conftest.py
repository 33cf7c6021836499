# SPDX-License-Identifier: Apache-2.0
"""The fixture of these tests; attest_kit.py has the rest, under a name that no other folder has."""

import pytest

from attest_kit import DATA, Attest


@pytest.fixture
def attest(tmp_path):
    if not DATA.is_dir():
        pytest.skip("the test data is not there: set CELLA_TESTDATA")
    return Attest(tmp_path / "cache")
