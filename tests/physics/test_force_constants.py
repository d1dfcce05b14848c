"""Balls and springs: textbook dispersions, exact sums, one answer whatever the cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from crystals import crystals, mgo, other_cell, permuted, rutile, triclinic, turned
from data_files import salts, write_phonondb
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import SMALL, random_springs, reader

from deepdos_nb.core.errors import ConfigError, WeightsError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.elements import atomic_masses
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.kpoints import wave_vectors
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.weights import load_draft_model, load_weights, save_draft_model, save_weights
from deepdos_nb.physics.draft import draft_spectrum, same_draft_model
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.lattice_dynamics import (
    INVERSE_CM2,
    broadened,
    dynamical_matrices,
    frequencies,
    modes,
    phonon_cell,
)
from deepdos_nb.physics.model_input import model_input
from deepdos_nb.physics.pairs import PairCell, join
from deepdos_nb.training import draft_cache
from deepdos_nb.training.draft import DRAFT, draft_config, train_draft_model
from deepdos_nb.training.force_constants import ForceConstantConfig, ForceConstantTraining

GRID = grid_for("phdos")


def cell_of(structure) -> PairCell:
    return phonon_cell(primitive_cell(structure, build_graph(structure)))


def simple_cubic(numbers: list[int], a: float = 3.0) -> PairCell:
    """Atoms in a row along x, each joined with springs to its six neighbours at distance a."""
    n = len(numbers)
    edges = []
    for i in range(n):
        edges += [(i, (i + 1) % n, (a, 0, 0)), (i, (i - 1) % n, (-a, 0, 0))]
        edges += [(i, i, v) for v in ((0, a, 0), (0, -a, 0), (0, 0, a), (0, 0, -a))]
    receiver, sender, vector = zip(*edges, strict=True)
    lattice = np.diag([n * a, a, a])
    q, weight = wave_vectors(lattice)
    return PairCell(
        torch.tensor(numbers),
        torch.tensor(receiver),
        torch.tensor(sender),
        torch.tensor(vector, dtype=torch.float64),
        torch.ones(len(edges)),
        torch.from_numpy(q),
        torch.from_numpy(weight),
        torch.arange(n),
    )


def axial(cell: PairCell, along: float, across: float) -> torch.Tensor:
    unit = torch.nn.functional.normalize(cell.vector, dim=-1)
    dyads = unit[:, :, None] * unit[:, None, :]
    return across * torch.eye(3, dtype=torch.float64) + (along - across) * dyads


def test_one_atom_per_cell_has_the_textbook_dispersion():
    """m ω_x² = 2 Σ_axis k (1 − cos q·a), k_L along the axis of motion and k_T across it."""
    cell, a, along, across = simple_cubic([29]), 3.0, 4.0, 0.7
    q = torch.tensor([[0.3, 0.11, 0.57], [0.0, 0.0, 1.0]], dtype=torch.float64)
    found = frequencies(axial(cell, along, across), cell, q)
    one = torch.eye(3, dtype=torch.float64)
    stiffness = across * torch.ones_like(one) + (along - across) * one
    squares = 2 * (1 - torch.cos(q * a)) @ stiffness / atomic_masses()[29]
    expected = (squares * INVERSE_CM2).sqrt().sort(dim=-1).values
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0.6)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-9, atol=1e-9)


def test_two_masses_have_the_textbook_optical_and_acoustic_branch():
    """ω² = k (1/m + 1/M) ± k √[(1/m + 1/M)² − 4 sin²(q a) / (m M)], along a chain."""
    cell, a, k = simple_cubic([11, 17]), 3.0, 2.0
    m, big = atomic_masses()[[11, 17]]
    wave = torch.tensor([[0.2, 0.0, 0.0]], dtype=torch.float64)
    found = frequencies(axial(cell, k, 0.0), cell, wave)[0]
    both = 1 / m + 1 / big
    root = np.sqrt(both**2 - 4 * np.sin(0.2 * a) ** 2 / (m * big))
    expected = np.sqrt(k * np.array([both - root, both + root]) * INVERSE_CM2)
    assert found[-2:].numpy() == pytest.approx(expected, rel=1e-9)


@settings(max_examples=10)
@given(structure=crystals(), seed=st.integers(0, 3))
def test_matrices_are_hermitian_and_a_shift_of_the_crystal_costs_nothing(structure, seed):
    cell = cell_of(structure)
    constants = random_springs(seed)(cell).double()
    matrices = dynamical_matrices(constants, cell, torch.zeros(1, 3, dtype=torch.float64))
    assert abs(matrices - matrices.mH).max() == 0
    root = torch.from_numpy(atomic_masses())[cell.numbers].sqrt()
    shift = torch.stack([torch.kron(root, axis) for axis in torch.eye(3, dtype=torch.float64)])
    residue = matrices[0].real @ shift.T
    assert abs(residue).max() <= 1e-6 * abs(matrices).max() * root.max()


@settings(max_examples=10)
@given(structure=crystals(), seed=st.integers(0, 3))
def test_every_atom_owns_three_modes(structure, seed):
    cell = cell_of(structure)
    wavenumbers, share = modes(random_springs(seed)(cell).double(), cell)
    assert wavenumbers.shape == (len(cell.q), 3 * len(cell.numbers))
    owned = torch.einsum("q,qnm->n", cell.weight, share)
    torch.testing.assert_close(owned, torch.full_like(owned, 3.0), rtol=1e-9, atol=1e-9)


def test_a_spring_pulls_at_both_ends():
    cell = cell_of(triclinic())
    constants = random_springs()(cell)
    pairs = list(zip(cell.receiver.tolist(), cell.sender.tolist(), cell.vector, strict=True))
    for edge in range(0, len(pairs), 7):
        i, j, vector = pairs[edge]
        back = [
            e
            for e, (a, b, v) in enumerate(pairs)
            if (a, b) == (j, i) and abs(v + vector).max() < 1e-6
        ]
        assert len(back) == 1
        torch.testing.assert_close(constants[edge], constants[back[0]], rtol=1e-4, atol=1e-6)


def test_a_drawn_mode_counts_as_one_state_and_none_lies_below_zero():
    places = torch.tensor([500.0, 473.2, 0.0, 12.0, 30.0], dtype=torch.float64)
    counted = broadened(places, GRID).sum(dim=-1)
    torch.testing.assert_close(counted, torch.ones(5, dtype=torch.float64), rtol=0, atol=2e-3)
    assert broadened(torch.tensor([1200.0]), GRID).sum() < 1e-10


@pytest.mark.parametrize("edges", [(3.0, 4.0, 7.0), (25.0, 6.0, 6.0), (2.5, 2.5, 2.5)])
def test_the_mesh_has_one_of_every_pair_and_spares_gamma(edges):
    q, weight = wave_vectors(np.diag(edges))
    counts = np.ceil(20 / np.array(edges) - 1e-3)
    assert weight.sum() == pytest.approx(1)
    # doubled weights stand for the partner that was left out
    assert (weight / weight.min()).sum() in (counts.prod(), counts.prod() / 2)
    assert np.linalg.norm(q, axis=1).min() > 0.05
    reduced = (q @ np.diag(edges)) / (2 * np.pi) % 1
    keys = {tuple(np.round(r * 1e6).astype(int)) for r in reduced}
    partners = {tuple(np.round((-r % 1) * 1e6).astype(int)) for r in reduced}
    assert all(k not in partners or k == tuple((-np.array(k)) % 1_000_000) for k in keys)


@settings(max_examples=12)
@given(structure=crystals(), seed=st.integers(0, 10**6))
def test_a_draft_does_not_depend_on_how_the_crystal_is_described(structure, seed):
    rng = np.random.default_rng(seed)
    springs = random_springs()
    base = draft_spectrum(springs, structure, build_graph(structure))
    for other in (turned(structure, rng), other_cell(structure, rng)):
        again = draft_spectrum(springs, other, build_graph(other))
        np.testing.assert_allclose(again, base, atol=2e-6)
    shuffled, order = permuted(structure, rng)
    again = draft_spectrum(springs, shuffled, build_graph(shuffled))
    np.testing.assert_allclose(again, base[order], atol=2e-6)


@pytest.mark.parametrize("make", [mgo, rutile, triclinic])
@pytest.mark.parametrize("scaling", [[2, 1, 1], [[1, 1, 0], [-1, 1, 0], [0, 0, 1]]])
def test_a_supercell_has_the_same_draft(make, scaling):
    structure = make()
    large = structure.make_supercell(scaling, in_place=False)
    base = draft_spectrum(random_springs(), structure, build_graph(structure))
    again = draft_spectrum(random_springs(), large, build_graph(large))
    np.testing.assert_allclose(again.mean(axis=0), base.mean(axis=0), atol=2e-6)
    assert primitive_cell(large, build_graph(large)).graph.n_nodes == len(structure)


def test_equivalent_atoms_have_the_same_draft_and_a_quotient_keeps_it():
    structure, orbit = rutile(), symmetry_orbits(rutile())
    graph = model_input(structure, draft_model=random_springs())
    assert graph.draft is not None
    small = graph.quotient(orbit)
    np.testing.assert_allclose(small.draft[orbit], graph.draft, atol=1e-6)
    assert model_input(structure).draft is None


def test_degenerate_modes_have_finite_slopes():
    cell = cell_of(mgo())
    springs = ForceConstantNetwork()
    frequencies(springs(cell), cell, cell.q).sum().backward()
    grads = [p.grad for p in springs.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in grads)
    assert max(g.abs().max() for g in grads) > 0


def test_the_slope_of_a_frequency_is_that_of_a_small_change():
    cell = cell_of(triclinic())
    q = cell.q[:2]
    constants = random_springs()(cell).double().requires_grad_(True)
    frequencies(constants, cell, q).sum().backward()
    assert constants.grad is not None
    step = 1e-5
    change = torch.zeros_like(constants)
    for edge in (0, 5):
        change.zero_()
        change[edge, 0, 0] = step
        with torch.no_grad():
            up, down = (frequencies(constants + sign * change, cell, q).sum() for sign in (1, -1))
        assert constants.grad[edge, 0, 0] == pytest.approx(
            ((up - down) / (2 * step)).item(), rel=1e-4, abs=1e-6
        )


def test_cells_side_by_side_have_the_constants_they_have_alone():
    cells = [cell_of(s) for s in (mgo(), triclinic(), rutile())]
    together = random_springs()(join(cells)).split([len(c.receiver) for c in cells])
    for cell, constants in zip(cells, together, strict=True):
        torch.testing.assert_close(constants, random_springs()(cell), rtol=1e-4, atol=1e-6)


# What reads the drafts


def run(model: Reasoner, *structures):
    with torch.inference_mode():
        return model(collate([model_input(s, draft_model=model.draft_model) for s in structures]))


@settings(max_examples=8)
@given(structure=crystals(), seed=st.integers(0, 10**6))
def test_a_model_with_springs_is_as_invariant_as_one_without(structure, seed):
    rng = np.random.default_rng(seed)
    base = run(reader(), structure).density[0]
    for other in (turned(structure, rng), other_cell(structure, rng)):
        assert abs(run(reader(), other).density[0] - base).max() < 2e-5 * base.sum(0).max()


def test_a_draft_changes_the_answer_and_padding_does_not():
    alone = run(reader(), mgo())
    crowded = run(reader(), rutile(), mgo(), triclinic())
    assert abs(crowded.density[1, :2] - alone.density[0]).max() < 1e-6
    assert crowded.density[1, 2:].abs().max() == 0
    graph = model_input(mgo(), draft_model=random_springs(5))
    with torch.inference_mode():
        other = reader()(collate([graph]))
    assert abs(other.density - alone.density).max() > 1e-5


def test_a_model_with_springs_wants_a_draft_and_springs_and_phonons():
    with pytest.raises(ConfigError, match="reads drafts"):
        reader()(collate([build_graph(mgo())]))
    with pytest.raises(ConfigError, match="needs a draft model"):
        Reasoner(ModelConfig(draft=True, **SMALL)).set_draft_model(None)
    with pytest.raises(ConfigError, match="cannot use any"):
        Reasoner(ModelConfig(**SMALL)).set_draft_model(random_springs())
    with pytest.raises(ConfigError, match="cannot draft edos"):
        Reasoner(ModelConfig(kind="edos", draft=True, **SMALL)).set_draft_model(random_springs())


def test_springs_travel_with_the_model(tmp_path):
    path = save_weights(reader(), tmp_path / "m.safetensors", metadata={}, half=False)
    loaded, _ = load_weights(path)
    assert same_draft_model(loaded.draft_model, reader().draft_model)
    spectrum = Ensemble([loaded]).predict(rutile())
    scale = spectrum.total.max()
    np.testing.assert_allclose(
        spectrum.sites,
        run(reader(), rutile()).density[0].numpy() * 18 / GRID.step,
        atol=1e-5 * scale,
    )
    trace = Ensemble([loaded]).trace(rutile())
    assert trace.drafted
    rows = draft_spectrum(random_springs(), rutile(), build_graph(rutile()))
    np.testing.assert_allclose(trace.density[0], rows / 6, atol=1e-6)


def test_seeds_may_read_drafts_of_their_own_but_all_or_none_read_one():
    other = Reasoner(ModelConfig(draft=True, **SMALL))
    other.set_draft_model(random_springs(7))
    both = Ensemble([reader(), other, reader()])
    assert both.graph(mgo()).draft.shape == (2, 2, GRID.n_bins)
    alone = [Ensemble([m]).predict(rutile()).total for m in (reader(), other, reader())]
    np.testing.assert_allclose(both.predict(rutile()).members, np.concatenate([[a] for a in alone]))
    bare = Reasoner(ModelConfig(**SMALL))
    with pytest.raises(ConfigError, match="all without"):
        Ensemble([reader(), bare])


# Learning them


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return load_phonondb(write_phonondb(tmp_path_factory.mktemp("db"), salts()))


def test_springs_learn(tmp_path):
    """From twenty real crystals in a few epochs: their own spectra come out much nearer."""
    records = load_embedded("phdos")["train"][:20]
    config = ForceConstantConfig(epochs=12, batch_size=4)
    springs = train_draft_model(records, records, config, tmp_path, progress=False)

    def distance(these: ForceConstantNetwork) -> float:
        curves = [g.weight @ g.draft for g in draft_cache.record_inputs(records, these)]
        from deepdos_nb.metrics.scores import wasserstein

        reference = np.stack([r.shape for r in records])
        return float(wasserstein(np.stack(curves), reference, GRID.step).mean())

    torch.manual_seed(0)
    assert distance(springs) < 0.6 * distance(ForceConstantNetwork())


def test_an_interrupted_training_ends_with_the_same_drafter(tmp_path, labelled, monkeypatch):
    config = ForceConstantConfig(epochs=3, batch_size=2)
    straight = train_draft_model(labelled, labelled, config, tmp_path / "a", progress=False)
    step = ForceConstantTraining.training_step

    def stops(self, batch, number):
        if self.current_epoch == 2:
            raise KeyboardInterrupt
        return step(self, batch, number)

    with monkeypatch.context() as patch:
        patch.setattr(ForceConstantTraining, "training_step", stops)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            train_draft_model(labelled, labelled, config, tmp_path / "b", progress=False)
    assert not (tmp_path / "b" / DRAFT).exists()
    resumed = train_draft_model(labelled, labelled, config, tmp_path / "b", progress=False)
    assert same_draft_model(straight, resumed)


def test_finished_springs_are_read_and_other_settings_refused(tmp_path, labelled, monkeypatch):
    config = ForceConstantConfig(epochs=1, batch_size=4)
    first = train_draft_model(labelled, labelled, config, tmp_path, progress=False)
    monkeypatch.setattr(ForceConstantTraining, "examples", lambda *_: 1 / 0)
    again = train_draft_model(labelled, labelled, config, tmp_path, progress=False)
    assert same_draft_model(first, again)
    with pytest.raises(ConfigError, match="other settings"):
        train_draft_model(labelled, labelled, replace(config, seed=1), tmp_path, progress=False)


def test_electrons_have_no_springs(tmp_path):
    records = load_embedded("edos")["valid"][:2]
    with pytest.raises(ConfigError, match="phonon records"):
        train_draft_model(
            records,
            records,
            ForceConstantConfig(),
            tmp_path,
            progress=False,
        )


def test_springs_round_trip_and_unusable_files_say_why(tmp_path):
    path = save_draft_model(random_springs(), tmp_path / "s.safetensors", metadata={"training": 1})
    loaded, metadata = load_draft_model(path)
    assert metadata == {"training": 1}
    # as stored: a second rounding changes nothing
    again, _ = load_draft_model(save_draft_model(loaded, tmp_path / "t.safetensors", metadata={}))
    assert same_draft_model(loaded, again)
    assert not same_draft_model(loaded, random_springs(3))
    with pytest.raises(WeightsError, match="no such file"):
        load_draft_model(tmp_path / "none.safetensors")
    model = save_weights(reader(), tmp_path / "m.safetensors", metadata={})
    with pytest.raises(WeightsError, match="but this reads"):
        load_draft_model(model)
    (tmp_path / "bad.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load_draft_model(tmp_path / "bad.safetensors")


def test_drafts_are_computed_once_and_a_damaged_file_again(tmp_path, labelled, monkeypatch):
    springs = random_springs()
    first = draft_cache.record_inputs(labelled, springs, tmp_path)
    assert [g.draft.shape for g in first] == [(r.orbits.max() + 1, GRID.n_bins) for r in labelled]
    (file,) = tmp_path.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(draft_cache, "draft_spectra", lambda *_: 1 / 0)
        again = draft_cache.record_inputs(labelled[::-1], springs, tmp_path)
        with pytest.raises(ZeroDivisionError):
            draft_cache.record_inputs(labelled, random_springs(9), tmp_path)
    for a, b in zip(first, again[::-1], strict=True):
        np.testing.assert_array_equal(a.draft, b.draft)
    file.write_bytes(file.read_bytes()[:100])
    for a, b in zip(first, draft_cache.record_inputs(labelled, springs, tmp_path), strict=True):
        np.testing.assert_array_equal(a.draft, b.draft)


def test_training_goes_on_from_a_draft_model_that_its_settings_name(tmp_path, labelled):
    config = ForceConstantConfig(epochs=2, batch_size=2)
    first = train_draft_model(labelled, labelled, config, tmp_path / "a", progress=False)
    onward = replace(draft_config("phdos", epochs=1, start=first), batch_size=2, learning_rate=1e-9)
    still = train_draft_model(
        labelled, labelled, onward, tmp_path / "b", start=first, progress=False
    )
    for name, value in first.state_dict().items():
        torch.testing.assert_close(still.state_dict()[name], value, rtol=0, atol=1e-5)
    assert draft_config("phdos", start=first).learning_rate < config.learning_rate
    with pytest.raises(ConfigError, match="another draft model"):
        train_draft_model(labelled, labelled, onward, tmp_path / "c", progress=False)
    assert not (tmp_path / "c").exists()
    with pytest.raises(ConfigError, match="cannot start one for edos"):
        draft_config("edos", start=first)
