"""A host that lies in every answer: the enclave goes on correctly or gives up with a sentence, and its memory stays whole."""

import pytest

SENTENCES = (b"host: the enclave gave up", b"host: the enclave left with", b"host: the enclave refused")


@pytest.mark.parametrize("round_of", range(3))
def test_lies_in_results_change_no_memory(programs, mode, round_of):
    done = programs.liar("--emu", mode, "--", "lies", 20 if mode == "trap" else 200)
    assert done.returncode == 0 and done.stdout == b"", done


def test_lies_about_threads(programs, mode):
    done = programs.liar("--emu", mode, "--threads", "8", "--", "lies", 5 if mode == "trap" else 30, "threads")
    assert done.returncode == 0 and done.stdout == b"", done


@pytest.mark.parametrize("round_of", range(3))
def test_shared_memory_that_changes_under_the_feet(programs, mode, round_of):
    done = programs.liar("--emu", mode, "--", "lies", 20 if mode == "trap" else 200, env={"LIAR_SCRIBBLES": "1"})
    assert b"something happened that cannot" not in done.stderr, done  # the enclave's own checks speak through a register
    assert 0 <= done.returncode < 126, done
    assert done.stderr == b"" or done.stderr.startswith(SENTENCES), done
