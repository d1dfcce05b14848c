"""Tight binding: textbook bands, exact counts, honest slopes, one answer whatever the cell."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from crystals import crystals, mgo, other_cell, permuted, rutile, triclinic, turned
from hypothesis import given, settings
from hypothesis import strategies as st
from slater_koster_table import slater_koster

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.elements import atomic_levels, has_d_orbitals, valence_electrons
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.kpoints import wave_vectors
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.weights import load_draft_model, load_weights, save_draft_model, save_weights
from deepdos_nb.physics.draft import draft_spectrum, same_draft_model
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.model_input import model_input
from deepdos_nb.physics.pairs import PairCell, join
from deepdos_nb.physics.slater_koster import ANGULAR, CHANNELS, REVERSED, couplings, d_harmonics
from deepdos_nb.physics.tight_binding import (
    BROADENING,
    OrbitalCell,
    OrbitalDensity,
    Terms,
    bands,
    fermi_level,
    hamiltonians,
    orbital_cell,
    site_states,
)
from deepdos_nb.training.draft import DRAFT, train_draft_model
from deepdos_nb.training.tight_binding import TightBindingConfig, TightBindingTraining

GRID = grid_for("edos")


@cache
def random_bonds(seed: int = 0) -> HoppingNetwork:
    torch.manual_seed(seed)
    return HoppingNetwork().eval().requires_grad_(False)


def cell_of(structure) -> OrbitalCell:
    return orbital_cell(primitive_cell(structure, build_graph(structure)))


def simple_cubic(orbital: int, electrons: int, a: float = 3.0, length: float = 90.0) -> OrbitalCell:
    """One atom with one orbital and six neighbours at distance a."""
    vector = torch.cat([a * torch.eye(3), -a * torch.eye(3)]).double()
    q, weight = wave_vectors(a * np.eye(3), length, centred=True)
    none = torch.zeros(6, dtype=torch.int64)
    pairs = PairCell(
        torch.tensor([11]),
        none,
        none,
        vector,
        torch.ones(6),
        torch.tensor(q),
        torch.tensor(weight),
        torch.tensor([0]),
    )
    return OrbitalCell(pairs, torch.tensor([orbital]), electrons)


def hops(**strengths: float) -> Terms:
    row = torch.tensor([[strengths.get(c, 0.0) for c in CHANNELS]], dtype=torch.float64)
    nothing = torch.zeros(6, len(CHANNELS), dtype=torch.float64)
    levels = torch.zeros(1, len(ANGULAR), dtype=torch.float64)
    return Terms(levels, row.expand(6, -1), nothing, nothing)


def parity() -> torch.Tensor:
    """Sign that every channel takes when its bond is looked at from the other end."""
    moment = [sum(ANGULAR["spdt".index(shell)] for shell in c[:2]) for c in CHANNELS]
    return torch.tensor([(-1.0) ** m for m in moment], dtype=torch.float64)


# Textbooks


def test_an_s_band_is_a_sum_of_cosines():
    cell = simple_cubic(0, 1)
    k = torch.tensor([[0.0, 0, 0], [np.pi / 3, 0, 0], [np.pi / 3] * 3, [0.2, 0.5, 0.7]]).double()
    found = bands(hops(ssσ=-0.5), cell, k)[:, 0]
    torch.testing.assert_close(found, -torch.cos(3.0 * k).sum(dim=1))


def test_a_p_band_is_sigma_along_and_pi_across():
    cell = simple_cubic(1, 1)
    k = torch.tensor([[np.pi / 3, 0, 0], [0, np.pi / 3, 0]]).double()
    found = bands(hops(ppσ=0.8, ppπ=-0.1), cell, k)[:, 0]
    sigma, pi = 2 * 0.8, 2 * -0.1
    assert found.tolist() == pytest.approx([-sigma + 2 * pi, sigma - pi + pi])


def test_d_levels_split_in_a_cubic_field():
    structure = mgo()
    cell = cell_of(structure)
    edges = len(cell.pairs.receiver)
    hoppings, fields, overlaps = torch.zeros(3, edges, len(CHANNELS), dtype=torch.float64)
    levels = torch.zeros(2, len(ANGULAR), dtype=torch.float64)
    terms = Terms(levels, hoppings, fields, overlaps)
    unit = torch.nn.functional.normalize(cell.pairs.vector, dim=-1)
    nearest = cell.pairs.vector.norm(dim=-1) < 2.2
    assert nearest.sum() == 12
    terms.fields[nearest, CHANNELS.index("ddσ")] = 1.0
    field = couplings(terms.fields, unit)[cell.pairs.receiver == 0].sum(dim=0)[4:9, 4:9]
    levels = torch.linalg.eigvalsh(field)
    # t2g, three of them, see no σ; e_g, two of them, do
    torch.testing.assert_close(levels, torch.tensor([0.0, 0, 0, 3, 3]).double())


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_the_tables_of_slater_and_koster(seed):
    direction = np.random.default_rng(seed).normal(size=3)
    direction = direction / np.linalg.norm(direction)
    values = dict(
        zip(CHANNELS, np.random.default_rng(seed + 1).normal(size=len(CHANNELS)), strict=True)
    )
    strength = torch.tensor([[values[c] for c in CHANNELS]])
    block = couplings(strength, torch.tensor(direction)[None])[0]
    np.testing.assert_allclose(block, slater_koster(direction, values), atol=1e-12)
    # seen from the other end
    reversed_ = (strength * parity())[:, list(REVERSED)]
    back = couplings(reversed_, -torch.tensor(direction)[None])[0]
    torch.testing.assert_close(back.T, block)


def test_harmonics_are_complete():
    u = torch.nn.functional.normalize(torch.randn(8, 3, dtype=torch.float64), dim=-1)
    d, p = d_harmonics(u)
    torch.testing.assert_close(d.square().sum(-1), torch.ones(8, dtype=torch.float64))
    assert (p @ d[:, :, None]).abs().max() < 1e-12  # π has no σ in it
    assert (u[:, None, :] @ p).abs().max() < 1e-12  # and lies across the bond
    levels = torch.linalg.eigvalsh(p.transpose(1, 2) @ p)
    torch.testing.assert_close(levels, torch.tensor([0.0, 0, 0, 1, 1]).double().expand(8, 5))


# Counting


def test_the_centred_mesh_has_gamma_one_of_every_pair_and_the_zone_boundary():
    for edges in ((3.0, 4.0, 7.0), (25.0, 6.0, 6.0), (11.0, 11.0, 11.0)):
        q, weight = wave_vectors(np.diag(edges), 20.0, centred=True)
        assert weight.sum() == pytest.approx(1)
        fractional = q @ np.diag(edges) / (2 * np.pi)
        keys = {tuple(k) for k in np.round(fractional % 1 * 840).astype(int) % 840}
        assert (0, 0, 0) in keys
        assert all(e > 20 or any(k[i] == 420 for k in keys) for i, e in enumerate(edges))
        partners = {tuple((-np.array(k)) % 840) for k in keys}
        assert all(k not in partners or k == tuple((-np.array(k)) % 840) for k in keys)
        copies = np.round(weight / weight.min())
        counts = np.ceil(20 / np.array(edges))
        counts += (counts % 2) * (counts > 1)
        assert copies.sum() in (counts.prod(), counts.prod() / 2)


@settings(max_examples=10)
@given(structure=crystals(), seed=st.integers(0, 3))
def test_matrices_are_hermitian_and_both_ends_agree(structure, seed):
    cell = cell_of(structure)
    terms = random_bonds(seed)(cell.pairs).double()
    matrices = hamiltonians(terms, cell, cell.pairs.q[:3])
    assert abs(matrices - matrices.mH).max() == 0
    # were the ends not to agree, half of a hopping would be lost in making them Hermitian
    pairs = list(zip(*(t.tolist() for t in (cell.pairs.receiver, cell.pairs.sender)), strict=True))
    for edge in range(0, len(pairs), 1 + len(pairs) // 5):
        i, j = pairs[edge]
        apart = (cell.pairs.vector + cell.pairs.vector[edge]).abs().amax(dim=1)
        (back,) = [e for e, pair in enumerate(pairs) if pair == (j, i) and apart[e] < 1e-6]
        for strength in (terms.hoppings, terms.overlaps):
            there = (strength[back] * parity())[list(REVERSED)]
            torch.testing.assert_close(strength[edge], there, rtol=1e-4, atol=1e-6)


@settings(max_examples=10)
@given(structure=crystals(), seed=st.integers(0, 3))
def test_every_orbital_owns_two_states_and_the_filled_ones_hold_the_electrons(structure, seed):
    cell = cell_of(structure)
    terms = random_bonds(seed)(cell.pairs).double()
    matrices = hamiltonians(terms, cell, cell.pairs.q)
    energies = torch.linalg.eigvalsh(matrices)
    filling = fermi_level(energies, cell.pairs.weight, cell.electrons)
    wide = torch.linspace(-400, 400, 8001, dtype=torch.float64)
    density = OrbitalDensity.apply(matrices, cell.pairs.weight, cell.electrons, wide, 0.2, None)
    owned = density.sum(dim=1) * 0.1
    torch.testing.assert_close(owned, torch.full_like(owned, 2.0), rtol=1e-6, atol=1e-6)
    below = float(density[:, wide < 0].sum() * 0.1 + density[:, wide == 0].sum() * 0.05)
    # exact but for the Gaussians that reach over the zero
    assert below == pytest.approx(cell.electrons, abs=0.5 + 0.12 * len(cell.orbital))
    assert filling.slope.sum().item() == pytest.approx(1)
    half = cell.electrons / 2
    if half % 1 == 0 and filling.gap > 0.3:
        assert filling.zero == energies[:, int(half) - 1].max()


def test_filling_tells_insulators_from_metals():
    energies = torch.tensor([[-3.0, 1.0], [-2.0, 2.0]]).double()
    weight = torch.tensor([0.5, 0.5]).double()
    full = fermi_level(energies, weight, 2)
    assert (full.zero.item(), full.gap) == (-2.0, 3.0)
    assert full.slope.tolist() == [[0, 0], [1, 0]]
    half = fermi_level(energies, weight, 1)
    assert half.gap == 0
    assert -3.0 < half.zero < -2.0
    assert fermi_level(energies, weight, 4).gap == float("inf")
    one = torch.ones(1).double()
    narrow = fermi_level(torch.tensor([[-1.0, -0.9]]).double(), one, 2)
    assert narrow.gap == pytest.approx(0.1)
    assert -1.0 < narrow.zero < -0.9  # below LEAST_GAP: from the Fermi level
    assert fermi_level(torch.tensor([[-1.0, -0.9]]).double(), one, 2, gapped=True).zero == -1.0


def test_valence_electrons_and_shells():
    numbers = [1, 2, 6, 8, 11, 26, 30, 31, 57, 71, 83, 86]
    assert valence_electrons()[numbers].tolist() == [1, 2, 4, 6, 1, 8, 12, 3, 3, 3, 5, 8]
    assert has_d_orbitals()[[8, 12, 19, 30, 31, 57, 82]].tolist() == [0, 0, 1, 1, 0, 1, 0]
    levels = atomic_levels()
    assert np.isfinite(levels).all()
    assert levels[8].tolist()[:2] == pytest.approx([-23.7, -9.2], abs=0.1)


def test_lanthanides_are_a_row_of_like_elements():
    """Two or three electrons, as the set-ups with 4f shells in the core, and levels in order."""
    europium, ytterbium = 63, 70
    trivalent = [z for z in range(58, 72) if z not in (europium, ytterbium)]
    assert set(valence_electrons()[trivalent]) == {3}
    assert set(valence_electrons()[[europium, ytterbium]]) == {2}
    s, p, d, _ = atomic_levels()[trivalent].T
    assert (np.diff(s) < 0).all()
    assert (np.diff(p) < 0).all()
    assert (np.diff(d) > 0).all()
    assert (atomic_levels()[[europium, ytterbium], 0] > s.max() - 0.1).all()


# Slopes


@pytest.mark.parametrize(("gapped", "electrons"), [(True, 4), (False, 3)])
@pytest.mark.parametrize("degenerate", [False, True])
def test_the_slope_of_a_density_is_that_of_a_small_change(gapped, electrons, degenerate):
    draw = torch.Generator().manual_seed(2)
    size = (2, 5, 5)

    def hermitian() -> torch.Tensor:
        matrix = torch.randn(*size, dtype=torch.complex128, generator=draw)
        return (matrix + matrix.mH) / 2

    base = hermitian()
    if degenerate:
        _, vectors = torch.linalg.eigh(base)
        levels = torch.tensor([-1.0, -1.0, 0.5, 0.5, 0.5], dtype=torch.complex128)
        base = vectors @ torch.diag(levels) @ vectors.mH
        gapped, electrons = False, 5
    weight = torch.tensor([0.4, 0.6]).double()
    grid = torch.linspace(-2, 2, 11).double()
    loss = torch.randn(5, 11, dtype=torch.float64, generator=draw)

    def value(matrices: torch.Tensor) -> torch.Tensor:
        density = OrbitalDensity.apply(matrices, weight, electrons, grid, 0.4, gapped)
        return (density * loss).sum()

    leaf = base.clone().requires_grad_(True)
    value(leaf).backward()
    assert leaf.grad is not None
    change, step = hermitian(), 1e-5
    slope = (value(base + step * change) - value(base - step * change)) / (2 * step)
    found = (leaf.grad.conj() * change).sum().real
    assert found.item() == pytest.approx(slope.item(), rel=1e-5, abs=1e-7)


def test_every_parameter_learns_from_a_symmetric_crystal():
    cell = cell_of(mgo())
    bonds = HoppingNetwork()
    site_states(bonds(cell.pairs).double(), cell).square().sum().backward()
    for name, parameter in bonds.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert bonds.levels.grad[[8, 12]].abs().min(dim=0).values[:2].min() > 0


# One answer


@settings(max_examples=10)
@given(structure=crystals(), seed=st.integers(0, 10**6))
def test_a_draft_does_not_depend_on_how_the_crystal_is_described(structure, seed):
    rng = np.random.default_rng(seed)
    bonds = random_bonds()
    base = draft_spectrum(bonds, structure, build_graph(structure))
    assert base.min() >= 0
    for other in (turned(structure, rng), other_cell(structure, rng)):
        again = draft_spectrum(bonds, other, build_graph(other))
        np.testing.assert_allclose(again, base, atol=2e-4)
    shuffled, order = permuted(structure, rng)
    again = draft_spectrum(bonds, shuffled, build_graph(shuffled))
    np.testing.assert_allclose(again, base[order], atol=2e-4)


@pytest.mark.parametrize("make", [mgo, rutile, triclinic])
def test_a_supercell_has_the_same_draft(make):
    structure = make()
    large = structure.make_supercell([[1, 1, 0], [-1, 1, 0], [0, 0, 1]], in_place=False)
    base = draft_spectrum(random_bonds(), structure, build_graph(structure))
    again = draft_spectrum(random_bonds(), large, build_graph(large))
    np.testing.assert_allclose(again.mean(axis=0), base.mean(axis=0), atol=2e-4)


def test_a_draft_leaves_the_number_of_threads_as_it_was():
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        draft_spectrum(random_bonds(), mgo(), build_graph(mgo()))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


def test_cells_side_by_side_have_the_terms_they_have_alone():
    cells = [cell_of(s).pairs for s in (mgo(), triclinic(), rutile())]
    together = random_bonds()(join(cells))
    alone = [random_bonds()(cell) for cell in cells]
    for part, name in enumerate(Terms._fields):
        torch.testing.assert_close(
            together[part], torch.cat([t[part] for t in alone]), rtol=1e-3, atol=1e-4, msg=name
        )


# What reads the drafts

SMALL = {"width": 24, "heads": 4, "encoder_layers": 2, "moments": 6, "reasoner_width": 16}


@cache
def reader() -> Reasoner:
    torch.manual_seed(1)
    model = Reasoner(ModelConfig(kind="edos", draft=True, **SMALL)).eval()
    model.set_draft_model(random_bonds())
    return model


def test_tight_binding_travels_with_the_model(tmp_path):
    path = save_weights(reader(), tmp_path / "m.safetensors", metadata={}, half=False)
    loaded, _ = load_weights(path)
    assert same_draft_model(loaded.draft_model, reader().draft_model)
    trace = Ensemble([loaded]).trace(rutile())
    assert trace.drafted
    rows = draft_spectrum(random_bonds(), rutile(), build_graph(rutile()))
    np.testing.assert_allclose(trace.density[0], rows / rows.sum(), atol=1e-6)


def test_a_draft_changes_shape_and_number_of_states():
    graphs = [model_input(mgo(), draft_model=random_bonds(seed)) for seed in (0, 4)]
    with torch.inference_mode():
        one, other = (reader()(collate([g])) for g in graphs)
    assert abs(other.density - one.density).max() > 1e-5
    assert abs(other.states - one.states).max() > 1e-4


def test_drafters_round_trip_and_are_not_mixed_up(tmp_path):
    path = save_draft_model(random_bonds(), tmp_path / "b.safetensors", metadata={"training": 1})
    loaded, metadata = load_draft_model(path)
    assert metadata == {"training": 1}
    assert isinstance(loaded, HoppingNetwork)
    assert same_draft_model(
        loaded, load_draft_model(save_draft_model(loaded, path, metadata={}))[0]
    )
    with pytest.raises(ConfigError, match="cannot draft phdos"):
        Reasoner(ModelConfig(draft=True, **SMALL)).set_draft_model(loaded)


# Learning


@pytest.fixture(scope="module")
def records():
    # By size, so that it is quick, and by name, so that it is the same everywhere.
    chosen = sorted(load_embedded("edos")["train"], key=lambda r: (r.n_atoms, r.material_id))
    return [r for r in chosen if r.n_atoms == 2][:8]


@pytest.mark.parametrize("projections", [True, False])
def test_tight_binding_learns(tmp_path, records, projections):
    config = TightBindingConfig(epochs=10, batch_size=4, projections=projections)
    learnt = train_draft_model(records, records, config, tmp_path, progress=False)

    def error(bonds: HoppingNetwork) -> float:
        errors = []
        for record in records:
            rows = draft_spectrum(bonds, record.structure, build_graph(record.structure))
            reference = record.shape * record.states
            errors.append(np.abs(np.cumsum(rows.sum(axis=0) - reference)).mean() / record.n_atoms)
        return float(np.mean(errors))

    assert error(learnt) < 0.6 * error(HoppingNetwork())
    again = train_draft_model(records, records, config, tmp_path, progress=False)
    assert same_draft_model(learnt, again)


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, records, monkeypatch):
    config = TightBindingConfig(epochs=2, batch_size=4)
    straight = train_draft_model(records, records, config, tmp_path / "a", progress=False)
    step = TightBindingTraining.training_step

    def stops(self, batch, index):
        if self.current_epoch == 1:
            raise RuntimeError("power cut")
        return step(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(TightBindingTraining, "training_step", stops)
        with pytest.raises(RuntimeError, match="power cut"):
            train_draft_model(records, records, config, tmp_path / "b", progress=False)
    assert not (tmp_path / "b" / DRAFT).exists()
    resumed = train_draft_model(records, records, config, tmp_path / "b", progress=False)
    assert same_draft_model(straight, resumed)


def test_what_cannot_be_learnt_from_says_so(tmp_path, records):
    config = TightBindingConfig(epochs=1)
    phonons = load_embedded("phdos")["train"][:2]
    with pytest.raises(ConfigError, match="electronic records"):
        train_draft_model(phonons, phonons, config, tmp_path / "a", progress=False)
    bare = [replace(records[0], orbital_shape=None)]
    with pytest.raises(ConfigError, match="no projections"):
        train_draft_model(bare, bare, config, tmp_path / "b", progress=False)
    totals = TightBindingTraining(replace(config, projections=False))
    (example,) = totals.examples(bare, True)
    assert example.rows.sum().item() == pytest.approx(bare[0].states, rel=1e-4)
    (told,) = TightBindingTraining(config).examples(records[:1], True)
    held = records[0].orbital_shape[:, :3].sum() / records[0].orbital_shape.sum()
    assert told.rows.sum().item() == pytest.approx(held * records[0].states, rel=0.02)


def test_the_draft_is_as_broad_as_it_says():
    cell = simple_cubic(0, 1, length=3.0)
    rows = site_states(hops(), cell)
    assert rows.shape == (1, 3, GRID.n_bins)
    peak = rows[0, 0] / rows[0, 0].sum()
    spread = (peak @ torch.from_numpy(GRID.energies**2)).sqrt()
    assert spread.item() == pytest.approx(BROADENING, rel=1e-3)
    assert rows.sum().item() == pytest.approx(2.0, rel=1e-6)
