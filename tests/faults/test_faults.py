"""Commands killed at random moments end as undisturbed ones do; `make faults` tries more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from script_modules import load_script

faults = load_script("faults")


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_killed_command_goes_on_and_ends_as_if_nothing_had_been(name: str):
    tried = faults.try_faults(faults.FAULTS[name](), kills=1, seed=3)
    assert tried["wrong"] == []


class Leaves(faults.Fault):
    name = "leaves"

    def command(self, folder: Path) -> list[str]:
        code = (
            "import pathlib, time; p = pathlib.Path('out'); p.mkdir(exist_ok=True);"
            "n = len(list(p.iterdir())); (p / f'.{n}.part').touch(); time.sleep(0.5)"
        )
        return [sys.executable, "-c", code]

    def result(self, folder: Path) -> int:
        return len(list((folder / "out").iterdir()))


def test_the_check_itself_sees_other_results_and_what_is_left():
    wrong = faults.try_faults(Leaves(), kills=4, seed=0)["wrong"]
    assert any("left out/" in line for line in wrong)
    assert any("another result" in line for line in wrong)
