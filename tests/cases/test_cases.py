"""Case studies: the crystals are what their names say, and their references are kept apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import deepdos_nb as dd
from deepdos_nb.cases import alloy, studies
from deepdos_nb.cases.chalcogenides import MEMBERS, copper_barium
from deepdos_nb.cases.substitution import SITES, substituted
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.checks import check_structure
from deepdos_nb.crystal.names import known_as
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.data.splits import protocol
from deepdos_nb.widgets.explorer.search import entry_of

CASES = [case for study in dd.case_studies().values() for case in study]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)


def test_seven_semiconductors_two_alloys_five_steps():
    assert {name: len(cases) for name, cases in dd.case_studies().items()} == {
        "Cu2BaMX4": 7,
        "CuPtFeCoNi": 2,
        "InP to GaP": 5,
    }
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.reference is not None for case in CASES)


@each_case
def test_no_two_atoms_are_too_near(case: studies.Case):
    distances = case.structure.distance_matrix
    assert distances[~np.eye(len(distances), dtype=bool)].min() > 2.0


@pytest.mark.parametrize("formula", MEMBERS)
def test_semiconductors_are_of_one_type(formula: str):
    crystal = copper_barium(formula)
    assert crystal.get_space_group_info()[0] == "P3_121"
    assert len(crystal) == 24
    metal = next(s for s in crystal.symbol_set if s not in ("Cu", "Ba", "S", "Se"))
    for site in crystal:
        if site.specie.symbol in ("Cu", metal):
            reach = 1.35 * min(n.nn_distance for n in crystal.get_neighbors(site, 3.2))
            anions = [n for n in crystal.get_neighbors(site, reach) if n.specie.symbol[0] == "S"]
            assert len([n for n in anions if n.specie.symbol in ("S", "Se")]) == 4, site


def test_they_are_called_as_chemists_call_them():
    crystal = check_structure(copper_barium("Cu2BaTiS4"))
    assert crystal.composition.reduced_formula == "BaTi(CuS2)2"
    assert known_as(crystal) == entry_of(crystal, "1").formula == "Cu2BaTiS4"
    assert known_as(read_structure(crystal)) == "Cu2BaTiS4"
    plain = substituted(0)
    assert known_as(plain) == known_as(check_structure(plain)) == "InP"


def test_gallium_takes_indiums_place():
    lengths = [substituted(k).lattice.a for k in range(SITES + 1)]
    assert np.allclose(np.diff(lengths), lengths[1] - lengths[0])
    for gallium in range(SITES + 1):
        crystal = substituted(gallium)
        assert crystal.composition["Ga"] == gallium
        assert crystal.composition["In"] == SITES - gallium
        assert crystal.composition["P"] == SITES


@pytest.mark.parametrize("gallium", [1, 2, 3])
def test_phosphorus_sits_nearer_to_gallium(gallium: int):
    crystal = substituted(gallium)
    bonds: dict[str, list[float]] = {"Ga": [], "In": []}
    for site in crystal[SITES:]:
        for neighbour in crystal.get_neighbors(site, 2.75):
            bonds[neighbour.specie.symbol].append(neighbour.nn_distance)
    assert len(bonds["Ga"]) == 4 * gallium
    assert max(bonds["Ga"]) < min(bonds["In"])
    ideal = substituted(gallium, relaxed=False)
    assert np.allclose(ideal.frac_coords % 0.25, 0.0)


@pytest.mark.parametrize("atoms", alloy.CELLS)
def test_alloys_hold_as_many_of_each(atoms: int):
    crystal = alloy.quasi_random(atoms)
    assert len(crystal) == atoms
    assert all(crystal.composition[metal] == atoms / 5 for metal in alloy.METALS)
    # Per atom twelve, six and twenty-four neighbours: an fcc lattice, nothing missing.
    assert [len(s[0]) / atoms for s in alloy.neighbours(crystal)] == [12, 6, 24]
    assert crystal.volume / atoms == pytest.approx(alloy.LATTICE_CONSTANT**3 / 4)


def test_swaps_make_pairs_more_even():
    drawn = [alloy.quasi_random(20, seed=s, swaps=0) for s in range(5)]
    swapped = [alloy.quasi_random(20, seed=s) for s in range(5)]
    for before, after in zip(drawn, swapped, strict=True):
        first, last = (np.abs(alloy.short_range_order(c)[0]).mean() for c in (before, after))
        assert last < first
        # All pairs of a shell together are as many as there are.
        assert np.allclose(alloy.short_range_order(after).sum(axis=(1, 2)), 0.0)


def test_the_same_seed_gives_the_same_alloy():
    one, two = alloy.quasi_random(10, seed=3), alloy.quasi_random(10, seed=3)
    assert one == two


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: alloy.quasi_random(12), "12 atoms"),
        (lambda: substituted(5), "5 gallium atoms"),
        (lambda: copper_barium("Cu2BaSnS4"), "Cu2BaSnS4"),
    ],
)
def test_what_there_is_not_is_refused(build: object, words: str):
    with pytest.raises(ConfigError, match=words) as caught:
        build()  # type: ignore[operator]
    assert caught.value.remedy


def test_nothing_held_out_is_shipped():
    rules = protocol()
    held_out = {*rules.held_out_edos.values(), *rules.held_out_phdos.values()}
    assert not held_out & {case.structure.composition.reduced_formula for case in CASES}


def test_references_are_in_no_data_set():
    names = {e.material_id for e in dd.open_dataset("embedded-edos").entries()}
    assert not names & {record.material_id for record in studies.references()}


@pytest.mark.parametrize("case", [c for c in CASES if c.record], ids=lambda c: c.name)
def test_references_belong_to_the_crystals_that_are_built(case: studies.Case):
    assert case.record is not None
    assert case.record.material_id == case.name
    assert case.record.structure.matches(case.structure, scale=False)
    assert np.allclose(case.record.lattice, case.structure.lattice.matrix, atol=1e-4)
    facts = case.record.provenance
    assert facts["integral"] == pytest.approx(facts["electrons"], abs=0.02)
    assert case.reference is not None
    assert case.reference.sites.min() >= 0
    assert np.allclose(case.reference.sites.sum(axis=0), case.reference.total)


def test_without_references_the_crystals_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(studies, "REFERENCES", tmp_path / "none.npz")
    studies.references.cache_clear()
    try:
        assert all(c.reference is None for cases in dd.case_studies().values() for c in cases)
    finally:
        studies.references.cache_clear()
