"""The ensemble: mean and spread, batches, traces, warnings, the shipped weights."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from crystals import mgo, rutile, triclinic
from networks import random_model
from pymatgen.core import Lattice, Structure

from deepdos_nb.core.errors import (
    ConfigError,
    ExtrapolationWarning,
    StructureError,
    TooManyAtomsError,
    WeightsError,
)
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.grouping import FEWEST, MOST_PADDING, like_sized
from deepdos_nb.inference.loading import load_model
from deepdos_nb.model.weights import save_weights
from deepdos_nb.physics.model_input import model_inputs
from deepdos_nb.spectra.error_band import ErrorBand

KINDS = ("phdos", "edos")


@pytest.fixture(params=KINDS)
def ensemble(request) -> Ensemble:
    return Ensemble([random_model(request.param, seed) for seed in range(3)])


def test_the_mean_over_seeds_and_their_spread(ensemble):
    spectrum = ensemble.predict(rutile())
    alone = [Ensemble([m]).predict(rutile()) for m in ensemble.models]
    np.testing.assert_allclose(
        spectrum.sites, np.mean([s.sites for s in alone], axis=0), rtol=1e-5, atol=1e-12
    )
    np.testing.assert_allclose(
        spectrum.spread, np.std([s.total for s in alone], axis=0, ddof=1), rtol=1e-4, atol=1e-9
    )
    np.testing.assert_allclose(spectrum.sites.sum(0), spectrum.total, rtol=1e-12)
    assert spectrum.sites.min() >= 0
    assert (alone[0].spread == 0).all()


def test_phonons_have_three_modes_per_site_in_absolute_units():
    spectrum = Ensemble([random_model("phdos", s) for s in (0, 1)]).predict(rutile())
    modes = spectrum.sites.sum(axis=1) * spectrum.grid.step + spectrum.outside
    np.testing.assert_allclose(modes, 3.0, rtol=1e-6)


def test_many_at_once_are_the_same_as_one_by_one(ensemble, monkeypatch):
    structures = [rutile(), mgo(), triclinic(), mgo()]
    alone = [ensemble.predict(s) for s in structures]
    for bound in (60_000, 300):
        monkeypatch.setattr("deepdos_nb.inference.grouping.EDGES_PER_BATCH", bound)
        together = ensemble.predict_many(structures)
        for a, b in zip(alone, together, strict=True):
            assert a.structure == b.structure
            np.testing.assert_allclose(a.sites, b.sites, atol=1e-5 * a.total.max())
    assert ensemble.predict_many([]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_orbits_as_nodes_give_what_all_atoms_give(kind):
    model = load_model(kind, device="cpu")
    conventional = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
    crystals = [rutile(), conventional, mgo() * (2, 1, 1), triclinic()]
    nodes = [g.n_nodes for g in model_inputs(crystals, by_orbit=True)]
    assert nodes == [2, 1, 2, len(triclinic())]
    by_orbit = model.predict_many(crystals)
    every_atom = model.predict_graphs([model.graph(s) for s in crystals])
    for spectrum, (density, outside, states) in zip(by_orbit, every_atom, strict=True):
        absolute = (density * states[:, None, None]).mean(axis=0) / model.grid.step
        highest = spectrum.sites.max()
        np.testing.assert_allclose(spectrum.sites, absolute, atol=1e-5 * highest)
        beyond = (outside * states[:, None]).mean(axis=0)
        np.testing.assert_allclose(spectrum.outside, beyond, atol=1e-5)


def test_groups_are_of_like_sizes_and_hold_every_graph_once():
    crystals = [mgo(), rutile(), triclinic(), mgo() * (2, 2, 2)] * 10
    graphs = model_inputs(crystals)
    groups = list(like_sized(graphs))
    assert sorted(i for group in groups for i in group) == list(range(len(graphs)))
    for group in groups:
        sizes = [graphs[i].n_nodes for i in group]
        assert len(group) <= FEWEST or max(sizes) * len(sizes) <= MOST_PADDING * sum(sizes)


def test_trace_ends_in_the_prediction_and_keeps_every_promise(ensemble):
    structure = rutile()
    trace = ensemble.trace(structure, seed=1)
    alone = Ensemble([ensemble.models[1]]).predict(structure)
    np.testing.assert_allclose(trace.sites(), alone.sites, rtol=1e-4, atol=1e-8)
    assert trace.mass_error.max() <= 1e-6
    assert trace.minimum.min() >= 0
    config, n_bins = ensemble.models[1].config, trace.grid.n_bins
    n_edges = build_graph(structure).n_edges
    assert trace.site_embeddings.shape == (config.encoder_layers + 1, 6, config.width)
    assert trace.neighbour_attention.shape == (config.encoder_layers, config.heads, n_edges)
    assert trace.bin_attention.shape == (config.decoder_layers, config.heads, n_bins, n_bins)
    assert trace.source_attention.shape == (config.decoder_layers, config.heads, n_bins, 6)
    np.testing.assert_allclose(trace.ownership * trace.total[-1][:, None], trace.density[-1].T)
    assert trace.density.shape == (len(config.strides) + 1, 6, n_bins)
    assert trace.fractions.shape == (len(config.strides), n_bins, 3)
    for attention in (trace.bin_attention, trace.source_attention):
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)
    per_site = np.zeros((config.encoder_layers, config.heads, 6))
    np.add.at(per_site, (..., trace.graph.receiver), trace.neighbour_attention)
    np.testing.assert_allclose(per_site, 1, atol=1e-5)
    # Each step follows from the one before it and its fractions.
    for k, stride in enumerate(trace.strides):
        left, stay, right = (trace.total[k] * trace.fractions[k, :, i] for i in range(3))
        after = stay.copy()
        after[:-stride] += left[stride:]
        after[stride:] += right[:-stride]
        # Phonons may pass between the window and what lies beyond it, through its upper end.
        inner = slice(0, -stride if trace.kind == "phdos" else None)
        np.testing.assert_allclose(trace.total[k + 1][inner], after[inner], atol=1e-6)


def test_the_mean_of_all_seeds_has_a_trace_that_ends_in_the_prediction(ensemble):
    trace, spectrum = ensemble.trace(rutile()), ensemble.predict(rutile())
    assert trace.seed is None
    np.testing.assert_allclose(trace.sites(), spectrum.sites, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(trace.outside[-1] * trace.states, spectrum.outside, atol=1e-6)
    assert trace.mass_error.max() <= 1e-6
    single = [ensemble.trace(rutile(), seed=i) for i in range(len(ensemble.models))]
    maps = np.mean([t.source_attention for t in single], axis=0)
    np.testing.assert_allclose(trace.source_attention, maps, atol=1e-7)
    for k, stride in enumerate(trace.strides):
        left, stay, right = (trace.total[k] * trace.fractions[k, :, i] for i in range(3))
        after = stay.copy()
        after[:-stride] += left[stride:]
        after[stride:] += right[:-stride]
        inner = slice(0, -stride if trace.kind == "phdos" else None)
        np.testing.assert_allclose(trace.total[k + 1][inner], after[inner], atol=1e-6)


def test_paths_and_ase_objects_are_structures_too(ensemble, tmp_path):
    structure = rutile()
    path = tmp_path / "POSCAR"
    structure.to(str(path), fmt="poscar")
    expected = ensemble.predict(structure).total
    for same in (path, str(path), structure.to_ase_atoms()):
        np.testing.assert_allclose(
            ensemble.predict(same).total, expected, atol=1e-5 * expected.max()
        )


def test_large_cells_are_accepted_on_request(ensemble):
    large = mgo() * (2, 2, 2)
    with pytest.raises(StructureError, match="limit"):
        ensemble.predict(large, max_atoms=10)
    assert len(ensemble.predict(large, max_atoms=16).sites) == 16


def test_a_seed_that_is_not_there(ensemble):
    with pytest.raises(ConfigError, match="seeds 0 to 2"):
        ensemble.trace(mgo(), seed=3)


def test_unseen_elements_are_called_extrapolation():
    model = random_model("phdos")
    ensemble = Ensemble([model], [{"elements": [8, 12]}])
    assert ensemble.predict(mgo()).notes == ()
    with pytest.warns(ExtrapolationWarning, match="Ti"):
        spectrum = ensemble.predict(rutile())
    assert "Ti" in spectrum.notes[0]
    assert "Ti" in spectrum.describe()


def test_a_trace_carries_the_cautions_of_its_prediction():
    ensemble = Ensemble([random_model("phdos")], [{"elements": [8, 12]}])
    with pytest.warns(ExtrapolationWarning, match="Ti"):
        trace = ensemble.trace(rutile())
    assert "Ti" in trace.notes[0]
    assert trace.spectrum().notes == trace.notes


@pytest.mark.parametrize(
    ("refiner", "does"),
    [("factor", "correction"), ("softmax", "correction"), ("remap", "remap")],
)
def test_operators_without_a_reach_claim_none(refiner, does):
    trace = Ensemble([random_model("phdos", refiner=refiner)]).trace(mgo())
    assert set(trace.strides) == {0}
    assert set(trace.step_names[1:]) == {does}
    assert not trace.velocity.any()
    assert np.abs(np.diff(trace.total, axis=0)).max() > 0


def test_bad_structures_are_refused_before_any_work(ensemble):
    crowded = Structure(Lattice.cubic(4), ["Na", "Cl"], [[0, 0, 0], [0, 0, 0.01]])
    with pytest.raises(StructureError):
        ensemble.predict(crowded)


def test_an_ensemble_is_of_one_kind():
    with pytest.raises(ConfigError):
        Ensemble([])
    with pytest.raises(ConfigError):
        Ensemble([random_model("phdos"), random_model("edos")])
    with pytest.raises(ConfigError, match="the same steps"):
        Ensemble([random_model("phdos"), random_model("phdos", refiner="factor")])


def test_weights_from_a_folder(tmp_path):
    for seed in (0, 1):
        save_weights(
            random_model("edos", seed),
            tmp_path / f"seed-{seed}.safetensors",
            metadata={"elements": [1]},
        )
    assert len(load_model("edos", folder=tmp_path).models) == 2
    with pytest.raises(WeightsError, match="another kind"):
        load_model("phdos", folder=tmp_path)
    with pytest.raises(WeightsError, match=r"no weights for 'phdos'.*deepdos train"):
        load_model("phdos", folder=tmp_path / "empty")
    with pytest.raises(ConfigError, match="unknown kind"):
        load_model("xdos")


def test_the_shipped_ensemble_predicts_offline():
    model = load_model("phdos")
    assert len(model.models) >= 2
    assert {8, 12, 14} <= model.elements
    spectrum = model.predict(mgo())
    assert spectrum.states == pytest.approx(6, rel=1e-2)
    assert spectrum.spread.max() > 0
    # MgO's phonons end near 720 cm⁻¹ (neutron scattering: Sangster et al., J. Phys. C 3 (1970)).
    assert spectrum.total[spectrum.energies > 800].sum() < 0.02 * spectrum.total.sum()
    heavy, light = (
        spectrum.by_element()[e] @ spectrum.energies / spectrum.by_element()[e].sum()
        for e in ("Mg", "O")
    )
    assert heavy < light


@pytest.mark.parametrize("kind", KINDS)
def test_the_bands_of_the_shipped_weights_were_fitted(kind):
    model = load_model(kind)
    band = model.error_band
    # A search that ended where it began would leave all three alike.
    assert len({band.spread, band.near, band.wide}) == 3
    spectrum = model.predict(mgo())
    seeds_alone = ErrorBand(band.spread, 0.0, 0.0).sigma(spectrum.total, spectrum.spread)
    assert (seeds_alone**2).sum() > 0.1 * (spectrum.band**2).sum()


def test_predictions_do_not_depend_on_the_number_of_threads():
    model, threads = Ensemble([random_model("phdos")]), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = model.predict(rutile()).total
        torch.set_num_threads(2)
        two = model.predict(rutile()).total
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-9)
    assert one.shape == (grid_for("phdos").n_bins,)


def test_the_band_is_as_wide_as_the_scores_beside_the_weights_say(tmp_path):
    for seed in (0, 1):
        save_weights(
            random_model("phdos", seed), tmp_path / f"seed-{seed}.safetensors", metadata={}
        )
    plain = load_model("phdos", folder=tmp_path).predict(mgo())
    np.testing.assert_array_equal(plain.band, plain.spread)
    scores = tmp_path / "scores.json"
    scores.write_text('{"valid": {"band_spread": 9, "band_near": 0.1, "band_wide": 0}}', "utf-8")
    wide = load_model("phdos", folder=tmp_path).predict(mgo())
    expected = ErrorBand(9.0, 0.1, 0.0).sigma(plain.total, plain.spread)
    np.testing.assert_allclose(wide.band, expected)
    assert wide.band.max() > plain.band.max()
    np.testing.assert_allclose(wide.outer_band, 2 * wide.band)
    tailed = {"band_spread": 9, "band_near": 0.1, "band_wide": 0, "band_outer": 2.5}
    scores.write_text(json.dumps({"valid": tailed}), "utf-8")
    tails = load_model("phdos", folder=tmp_path).predict(mgo())
    np.testing.assert_allclose(tails.outer_band, 2.5 * wide.band)
    for text in ("{", "[]", '{"valid": {"band_spread": {}, "band_near": 1, "band_wide": 1}}'):
        scores.write_text(text, "utf-8")
        with pytest.raises(WeightsError, match=r"scores cannot be read.*deepdos pack"):
            load_model("phdos", folder=tmp_path)


def test_every_way_obeys_the_limit(ensemble):
    with pytest.raises(TooManyAtomsError, match="holds 6 atoms, the limit is 5"):
        ensemble.trace(rutile(), max_atoms=5)
    assert len(ensemble.trace(rutile(), max_atoms=6).structure) == 6
    with pytest.raises(TooManyAtomsError):
        ensemble.predict(rutile(), max_atoms=5)


def test_what_was_assumed_of_a_file_reaches_the_spectrum(ensemble, tmp_path):
    text = rutile().to(fmt="cif").replace("_symmetry_equiv_pos_as_xyz", "_other")
    kept = [
        line
        for line in text.splitlines()
        if not line.startswith(("_symmetry", "_chemical", "_cell_formula"))
    ]
    (tmp_path / "bare.cif").write_text("\n".join(kept), encoding="utf-8")
    spectrum = ensemble.predict(tmp_path / "bare.cif")
    assert spectrum.notes == (
        "The file states no symmetry; its atoms were taken as all of the cell.",
    )
    loose = rutile()
    loose.scale_lattice(3 * loose.volume)
    notes = ensemble.predict(loose).notes
    assert notes
    assert all(note.startswith("Caution:") for note in notes)
    assert ensemble.predict(rutile()).notes == ()


def test_far_from_training_the_band_is_wider(ensemble):
    banded = Ensemble(ensemble.models, error_band=ErrorBand(1.0, 0.1, 0.1))
    stretched = mgo()
    stretched.scale_lattice(8 * stretched.volume)
    near, far = banded.predict(mgo()), banded.predict(stretched)
    assert any(note.startswith("Caution:") for note in far.notes)
    assert near.band_name == "± 1 σ, calibrated"
    assert far.band_name == "± 1 σ, widened × 2"
    np.testing.assert_allclose(far.band, 2 * ErrorBand(1.0, 0.1, 0.1).sigma(far.total, far.spread))
    unknown = Ensemble(ensemble.models, [{"elements": [8]}], error_band=ErrorBand(1.0, 0.1, 0.1))
    with pytest.warns(ExtrapolationWarning):
        assert unknown.predict(mgo()).widened == 2.0
