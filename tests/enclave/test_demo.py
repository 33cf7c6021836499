"""`make demo` is a test as well: it checks each of its claims itself."""


def test_the_demo_is_true_from_beginning_to_end(programs):
    done = programs.start(programs.root / "tools/demo")
    assert done.returncode == 0, done.stdout.decode()
    assert b"NOT TRUE" not in done.stdout
    assert b"claims, all true." in done.stdout.splitlines()[-1]
