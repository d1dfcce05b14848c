"""Lanthanides with their 4f electrons in the core."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
from pymatgen.core import Element, Lattice, Structure

from deepdos_nb.core.errors import LabelError
from deepdos_nb.labelling import setups
from deepdos_nb.labelling.gpaw import electron_dos
from deepdos_nb.labelling.process import engine


def electrons(configuration: str) -> int:
    """Electrons of ``[Xe]4f9,5d1,6s2`` and the like."""
    return 54 + sum(int(n) for n in re.findall(r"\d[spdf](\d+)", configuration))


@pytest.mark.parametrize("symbol", setups.CORES)
def test_configurations_are_those_of_neutral_atoms(symbol):
    assert electrons(setups.CORES[symbol]) == Element(symbol).Z


@pytest.mark.parametrize("symbol", setups.CORES)
def test_what_is_not_in_the_core_is_in_the_valence(symbol):
    outer = (
        electrons(setups.CORES[symbol])
        - 54
        - int(re.findall("4f([0-9]+)", setups.CORES[symbol])[0])
    )
    assert setups.valence_electrons(symbol) == setups.SEMICORE + outer


def test_other_elements_keep_the_set_ups_of_gpaw():
    assert setups.frozen(["La", "Lu", "O"]) == {}
    assert setups.frozen(["O", "Dy", "Dy", "Ce"]) == {
        "Ce": "[Xe]4f1,5d1,6s2",
        "Dy": "[Xe]4f9,5d1,6s2",
    }


def need_gpaw() -> None:
    try:
        engine("edos")
    except LabelError as error:
        pytest.skip(str(error))


def test_a_generator_that_fails_is_reported_and_leaves_no_file(tmp_path, monkeypatch):
    need_gpaw()
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))

    def fails(command, **options):
        return subprocess.CompletedProcess(command, 1, "", "no convergence\n")

    monkeypatch.setattr(setups.subprocess, "run", fails)
    with pytest.raises(LabelError, match=r"Dy.*4f electrons in the core \(no convergence\)"):
        setups.prepare(["Dy", "N"])
    assert not list(tmp_path.rglob("*.PBE"))


@pytest.mark.slow
def test_ytterbium_is_labelled_without_its_f_electrons(tmp_path, monkeypatch):
    """A set-up made on the spot, and fcc ytterbium with it; needs GPAW."""
    need_gpaw()
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))
    structure = Structure(Lattice(2.74 * (np.ones((3, 3)) - np.eye(3))), ["Yb"], [[0, 0, 0]])
    label = electron_dos(structure)
    assert [path.name for path in (tmp_path / "setups").iterdir()] == ["Yb.fcore.PBE"]
    assert label.details["f_in_core"] == {"Yb": "[Xe]4f14,6s2"}
    assert label.electrons == setups.valence_electrons("Yb")
    assert label.integral == pytest.approx(label.electrons, abs=1e-3)
    assert label.magnetization == 0
    by_channel = label.states.sum(axis=(0, 2))
    # No ghost of the frozen shell, which would be fourteen states.
    assert by_channel[3] < 0.01 * by_channel.sum()
