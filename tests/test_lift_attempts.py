"""Who is blamed for a dead worker where no parent watches: the notes of attempts, without and with a process."""

import subprocess
import sys

from partwise.lift.attempts import LATE_EXIT, Attempt, read_poison


def died_at(path, *names):
    """An attempt that ends with its last touch, as a killed process leaves it."""
    attempt = Attempt(path, 60.0).__enter__()
    for name in names:
        attempt.touch(name)
    attempt._cancel()
    return attempt


def test_the_second_death_on_an_input_is_poison_and_others_are_free(tmp_path):
    path = tmp_path / "notes" / "7.jsonl"
    assert read_poison(path) == {}
    assert died_at(path, "a", "b").poison == {}
    assert died_at(path, "a", "b").poison == {}
    assert died_at(path, "a", "c").poison == {"b": "2 workers died on it"}
    with Attempt(path, 60.0) as attempt:
        assert attempt.poison.keys() == {"b"}
        attempt.touch("a")
    assert read_poison(path).keys() == {"b"}  # an attempt that came to its end blames nobody


def test_a_death_before_any_input_blames_nobody(tmp_path):
    for _ in range(5):
        died_at(tmp_path / "n")
    assert read_poison(tmp_path / "n") == {}


def test_an_input_that_takes_too_long_ends_the_process_and_is_named(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from partwise.lift.attempts import Attempt\n"
        "with Attempt(Path(sys.argv[1]), 0.2) as attempt:\n"
        "    attempt.touch('quick'); attempt.touch('slow'); time.sleep(30)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "n")], timeout=60)
    assert run.returncode == LATE_EXIT
    assert read_poison(tmp_path / "n") == {"slow": "took longer than 0.2 s"}
