"""Hundreds of bad and odd files: each gives the right crystal, or one error one can act on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cif_files import rock_salt
from pymatgen.core import Composition
from reading_corpus import CLASSES, Case, Refused, Right, cases

from deepdos_nb.core import errors
from deepdos_nb.crystal.read import notes_of, parse_structure, read_structure

ALL = cases()
SECONDS = 2.0
"""Of one core's time; refusing takes no longer."""


def test_the_corpus_is_large() -> None:
    assert len(ALL) >= 600
    assert all(sum(c.kind == kind for c in ALL) >= 10 for kind in CLASSES)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_case_is_right_or_refused_for_the_true_reason(kind: str) -> None:
    wrong = [
        f"{case.name}: {complaint}\n{case.content[:300]!r}"
        for case in ALL
        if case.kind == kind and (complaint := complaint_about(case))
    ]
    assert not wrong, "\n".join(wrong)


def complaint_about(case: Case) -> str:
    """What is wrong with the answer to a case; empty if nothing is."""
    expected, start = case.expected, time.process_time()
    try:
        found = parse_structure(case.content, case.name)
    except errors.DeepDOSError as error:
        if isinstance(expected, Right):
            return f"refused: {error}"
        return fault_of(error, case, expected, time.process_time() - start)
    notes = notes_of(found)
    if isinstance(expected, Refused):
        return f"read as {found.formula}, {found.volume:.1f} Å³, {notes}"
    if found.composition != Composition(expected.formula):
        return f"read as {found.formula}"
    if abs(found.volume / len(found) / expected.volume - 1) > 2e-3:
        return f"{found.volume / len(found):.2f} Å³ per atom"
    if expected.note == "?":
        return ""
    told = any(expected.note in note for note in notes) if expected.note else not notes
    return "" if told else f"notes are {notes}"


def fault_of(error: errors.DeepDOSError, case: Case, expected: Refused, seconds: float) -> str:
    if not isinstance(error, expected.error) or expected.words not in error.reason:
        return f"refused for another reason: {type(error).__name__}: {error}"
    if error.source != case.name and error.source != case.name.removesuffix(".gz"):
        return f"the source is {error.source}"
    if not (error.remedy and error.remedy.endswith(".") and "Traceback" not in str(error)):
        return f"no remedy: {error}"
    if len(str(error)) > 1000:
        return f"{len(str(error))} characters of message"
    return f"took {seconds:.1f} s" if seconds > SECONDS else ""


def test_files_on_disk_are_answered_like_uploads(tmp_path: Path) -> None:
    for case in ALL[::7]:
        file = tmp_path / case.name
        file.write_bytes(case.content)
        if isinstance(case.expected, Right):
            assert len(read_structure(file)) == len(parse_structure(case.content, case.name))
        else:
            with pytest.raises(case.expected.error):
                read_structure(file)


LIMITED = """
import resource, sys
sys.path.insert(0, {tests!r})
from reading_corpus import cases
from deepdos_nb.core.errors import DeepDOSError
from deepdos_nb.crystal.read import example, parse_structure
example("MgO")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for case in cases():
    if case.kind == "Limits":
        try:
            parse_structure(case.content, case.name)
        except DeepDOSError:
            pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in kB as Linux does")
def test_what_is_refused_stays_small_in_memory() -> None:
    tests = str(Path(__file__).parents[1])
    code = LIMITED.format(tests=tests)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert int(run.stdout) < 600_000, "kB"


def test_special_files_links_and_names(tmp_path: Path) -> None:
    good = tmp_path / "Größe 晶体 (1).cif"
    good.write_text(rock_salt(), encoding="utf-8")
    (tmp_path / "link.cif").symlink_to(good)
    assert len(read_structure(good)) == len(read_structure(tmp_path / "link.cif")) == 8
    (tmp_path / "loop.cif").symlink_to(tmp_path / "loop.cif")
    (tmp_path / "dangling.cif").symlink_to(tmp_path / "nowhere.cif")
    os.mkfifo(tmp_path / "pipe.cif")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.cif"))
        for name, words in {
            "loop.cif": "no such file|cannot be opened",
            "dangling.cif": "no such file",
            "pipe.cif": "device or a pipe",
            "s.cif": "device or a pipe",
            "": "directory",
            "x" * 300 + ".cif": "cannot be opened",
            "a\0b.cif": "no such file|cannot be opened",
        }.items():
            with pytest.raises(errors.UnreadableStructureError, match=words) as caught:
                read_structure(f"{tmp_path}/{name}" if name else tmp_path)
            assert caught.value.remedy
    with pytest.raises(errors.UnreadableStructureError):
        read_structure("/dev/zero")
    with pytest.raises(errors.UnreadableStructureError):
        read_structure("~nobody-of-that-name/a.cif")


def test_a_frame_can_be_chosen(tmp_path: Path) -> None:
    frame = '1\nLattice="{0} 0 0 0 {0} 0 0 0 {0}" Properties=species:S:1:pos:R:3\nPo 0 0 0\n'
    file = tmp_path / "run.extxyz"
    file.write_text(frame.format(3.2) + frame.format(3.4), encoding="utf-8")
    assert read_structure(file, frame=0).lattice.a == pytest.approx(3.2)
    assert read_structure(file, frame=-1).lattice.a == pytest.approx(3.4)
    with pytest.raises(errors.UnreadableStructureError, match="holds 2 structures"):
        read_structure(file)
    for wrong in (2, -3):
        with pytest.raises(errors.ConfigError, match="no frame"):
            read_structure(file, frame=wrong)
    with pytest.raises(errors.ConfigError, match="no frame 1"):
        parse_structure(rock_salt(), "a.cif", frame=1)


@pytest.mark.parametrize("name", ["deep.json", "deep.yaml"])
def test_nested_brackets_are_refused_where_an_import_raised_the_recursion_limit(name: str) -> None:
    # In a process of its own: the fault would be a stack overflow, or minutes of parsing.
    code = f"""
import sys
sys.setrecursionlimit(100_000)  # as symfc, which phonopy uses, does at import
from deepdos_nb.core.errors import StructureError
from deepdos_nb.crystal.read import parse_structure
try:
    parse_structure("[" * 200_000, {name!r})
except StructureError as error:
    assert error.source == {name!r} and error.remedy
else:
    raise AssertionError("read")
assert sys.getrecursionlimit() == 100_000
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
