"""The embedded data set keeps what its card promises."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition, Element
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

import deepdos_nb as dd
from deepdos_nb.core.errors import LabelError
from deepdos_nb.data.label_shards import Label, read_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.splits import protocol
from deepdos_nb.labelling.jobs import Job
from deepdos_nb.labelling.process import compute, engine
from deepdos_nb.labelling.validation import r_squared, total

FOLDER = Path(str(resources.files("deepdos_nb.data"))) / "embedded"
OPEN_4F = set(range(58, 71))


def labels(kind: str) -> list[Label]:
    return [x for path in sorted((FOLDER / kind).glob("shard-*.npz")) for x in read_shard(path)]


@pytest.fixture(scope="module")
def electrons() -> list[Label]:
    return labels("edos")


@pytest.fixture(scope="module")
def phonons() -> list[Label]:
    return labels("phdos")


def test_small_enough_to_ship():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 12e6


def test_enough_crystals_and_elements_to_learn_from(electrons, phonons):
    assert len(electrons) >= 1000
    assert len({z for label in electrons for z in label.numbers.tolist()}) >= 60
    assert len(phonons) >= 300


def test_every_record_says_where_it_comes_from(electrons, phonons):
    for label in electrons + phonons:
        facts = label.facts
        assert facts["origin"]["source"], label.name
        assert facts["origin"]["licence"], label.name
        assert facts["engine"], label.name
        assert facts["settings"], label.name
        assert facts["seconds"] > 0, label.name


TWICE = {
    ("KMgF3", 221),
    ("NiO", 225),
    ("CsSnI3", 221),
    ("ZnO", 186),
    ("AlNi", 221),
}
"""At two lattices: as a collection has them, and as a class, or an example of the package, does."""


def test_no_crystal_is_there_twice(electrons, phonons):
    for found in (electrons, phonons):
        names = [label.name for label in found]
        assert len(set(names)) == len(names)
        crystals = []
        for label in found:
            structure = to_record(label, "embedded").structure
            group = SpacegroupAnalyzer(structure, symprec=1e-2).get_space_group_number()
            crystals.append((structure.composition.reduced_formula, group))
        twice = {crystal for crystal in crystals if crystals.count(crystal) > 1}
        assert twice <= TWICE
        assert len(crystals) - len(set(crystals)) == len(twice), "three times"


def test_nothing_held_out_is_shipped(electrons, phonons):
    rules = protocol()
    for found, listed in ((electrons, rules.held_out_edos), (phonons, rules.held_out_phdos)):
        kept_back = {Composition(f).reduced_formula for f in listed.values() if f}
        assert kept_back
        shipped = {to_record(label, "embedded").formula for label in found}
        assert not shipped & kept_back


def test_open_4f_shells_are_in_the_core(electrons):
    for label in electrons:
        lanthanides = {Element.from_Z(z).symbol for z in set(label.numbers.tolist()) & OPEN_4F}
        frozen = label.facts["settings"].get("f_in_core", {})
        assert set(frozen) == lanthanides, label.name
        assert all(core.startswith("[Xe]4f") for core in frozen.values()), label.name


def test_electrons_below_the_zero_are_the_valence_electrons(electrons):
    assert electrons
    for label in electrons:
        assert label.facts["integral"] == pytest.approx(label.facts["electrons"], abs=2e-3), (
            label.name
        )


def test_sites_and_orbitals_sum_to_the_total(electrons):
    for label in electrons:
        record = to_record(label, "embedded")
        spectrum = record.reference()
        worst = np.abs(spectrum.sites.sum(axis=0) - spectrum.total).max()
        assert worst < 1e-6 * spectrum.total.max(), label.name
        assert record.orbital_shape is not None
        by_orbital = record.orbital_shape.sum(axis=1)
        assert np.abs(by_orbital - record.site_shape).max() < 1e-6, label.name
        assert label.states.min() >= 0, label.name


def test_gaps_are_empty(electrons):
    """Between the zero and the conduction band there is nothing but the tails of the broadening."""
    gapped = [label for label in electrons if label.facts["gap"] > 1.0]
    assert gapped
    energies = dd.open_dataset("embedded-edos")[0].reference().energies
    for label in gapped:
        inside = (energies > 0.45) & (energies < label.facts["gap"] - 0.45)
        assert total(label)[inside].sum() < 1e-3 * total(label).sum(), label.name


def test_phonons_are_stable_and_complete(phonons):
    assert phonons
    for label in phonons:
        assert label.facts["imaginary"] < 0.01, label.name
        inside = label.states.sum(axis=(1, 2))
        assert np.all(inside < 3.01), label.name
        if label.facts["highest"] < 950:
            assert np.all(inside > 2.95), label.name


def test_validation_is_shipped_and_passes():
    results = json.loads((FOLDER / "validation.json").read_text("utf-8"))
    assert len(results["convergence"]) == 10
    for name, row in results["gaps"].items():
        assert row["ours"] == pytest.approx(row["published"], abs=0.25), name
    for name, row in results["electrons"].items():
        assert row["integral"] == pytest.approx(row["set-up"], abs=1e-3), name


@pytest.mark.slow
def test_relabelling_gives_the_shipped_curve(electrons):
    """A fresh calculation of the cheapest crystal in the set; needs GPAW."""
    try:
        engine("edos")
    except LabelError as error:
        pytest.skip(str(error))
    insulators = [label for label in electrons if label.facts["gap"] > 1.0]
    shipped = min(insulators, key=lambda label: label.facts["seconds"])
    structure = to_record(shipped, "embedded").structure
    fresh = compute(Job(shipped.name, structure), "edos")
    assert r_squared(total(fresh), total(shipped)) > 0.99
    assert fresh.facts["gap"] == pytest.approx(shipped.facts["gap"], abs=0.02)
