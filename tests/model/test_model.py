"""What must hold for any weights: invariance, exact sums, no leaks through padding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from crystals import crystals, mgo, other_cell, permuted, rutile, triclinic, turned
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import SMALL, random_model

from deepdos_nb.core.errors import ConfigError, WeightsError
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.elements import element_features
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.draft_reader import FLOOR
from deepdos_nb.model.weights import load_weights, save_weights

KINDS = ("phdos", "edos")


@torch.inference_mode()
def run(model: Reasoner, *structures) -> object:
    return model(collate([build_graph(s) for s in structures]))


def per_atom_total(out, crystal: int = 0) -> np.ndarray:
    return out.density[crystal].sum(0).numpy()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(structure=crystals(), seed=st.integers(0, 10**6))
def test_invariance(kind, structure, seed):
    """Rotation, reflection, shift, order of atoms, primitive cell: 1e-5 in units of the maximum."""
    rng = np.random.default_rng(seed)
    model = random_model(kind)
    base = run(model, structure)
    scale = float(base.density[0].sum(0).max())
    same = [turned(structure, rng), other_cell(structure, rng)]
    for other in same:
        out = run(model, other)
        assert abs(out.density - base.density).max() < 1e-5 * scale
        assert abs(out.states - base.states).max() < 1e-4 * abs(base.states).max()
    shuffled, order = permuted(structure, rng)
    out = run(model, shuffled)
    assert abs(out.density[0] - base.density[0][torch.as_tensor(order)]).max() < 1e-5 * scale


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [mgo, triclinic])
@pytest.mark.parametrize("scaling", [[2, 1, 1], [[1, 1, 0], [-1, 1, 0], [0, 0, 1]]])
def test_a_supercell_has_the_same_spectrum_per_atom(kind, make, scaling):
    model, structure = random_model(kind), make()
    base, large = (
        run(model, structure),
        run(model, structure.make_supercell(scaling, in_place=False)),
    )
    ratio = large.density.shape[1] / base.density.shape[1]
    assert ratio == 2
    assert (
        abs(per_atom_total(large) - per_atom_total(base)).max() < 1e-5 * per_atom_total(base).max()
    )
    assert large.states.item() == pytest.approx(ratio * base.states.item(), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [mgo, rutile, triclinic])
def test_the_quotient_graph_gives_the_same_answer(kind, make):
    model, structure = random_model(kind), make()
    orbit = symmetry_orbits(structure)
    graph = build_graph(structure)
    with torch.inference_mode():
        full, small = model(collate([graph])), model(collate([graph.quotient(orbit)]))
    counts = torch.as_tensor(np.bincount(orbit))
    spread_out = (small.density[0] / counts[:, None])[torch.as_tensor(orbit)]
    assert abs(spread_out - full.density[0]).max() < 1e-5 * full.density.max()
    assert small.states.item() == pytest.approx(full.states.item(), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refiner", ["transport", "remap", "factor", "softmax", "none"])
@settings(max_examples=12)
@given(
    structure=crystals(),
    seed=st.integers(0, 5),
    scale=st.sampled_from([0.0, 1.0, 4.0]),
    steps=st.sampled_from([1, 6, 64]),
)
def test_never_negative_and_conserving_at_every_step(kind, refiner, structure, seed, scale, steps):
    """For any weights, any K up to 64 and any batch mates: p ≥ 0 and Σp = 1 to round-off, float32.

    Every step rounds once more: half a unit in the last place each, beside 1e-6 at the start.
    """
    strides = tuple(1 + k % 5 for k in range(steps))
    model = random_model(kind, seed, scale, refiner=refiner, strides=strides)
    out = run(model, structure, rutile())
    assert out.refined.cells.dtype == torch.float32
    assert len(out.refined.cells) == (1 if refiner == "none" else steps + 1)
    assert out.refined.cells.min() >= 0
    total = out.refined.cells.double().sum((2, 3))
    # The controls divide by sums, which round more than a donor that keeps what it does not give.
    round_off = 2.0**-24 if refiner in ("transport", "none") else 2.0**-21
    assert abs(total - 1).max() <= 1e-6 + steps * round_off


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refiner", ["transport", "remap", "factor", "softmax", "none"])
@settings(max_examples=8)
@given(
    structure=crystals(),
    seed=st.integers(0, 5),
    scale=st.sampled_from([0.0, 1.0, 4.0]),
    correction=st.booleans(),
)
def test_from_a_draft_too(kind, refiner, structure, seed, scale, correction):
    """Whatever was drafted, of whatever size: non-negative and conserving, from the draft on."""
    model = random_model(kind, seed, scale, refiner=refiner, draft=True, correction=correction)
    rng = np.random.default_rng(seed)
    drafts = [
        rng.random((len(s), model.config.grid.n_bins)) ** 8 * (rng.random((len(s), 1)) + 0.01)
        for s in (structure, rutile())
    ]
    if kind == "phdos":
        drafts = [d / d.sum(axis=1, keepdims=True) * rng.random((len(d), 1)) for d in drafts]
    graphs = [
        replace(build_graph(s), draft=d.astype(np.float32))
        for s, d in zip((structure, rutile()), drafts, strict=True)
    ]
    with torch.inference_mode():
        out = model(collate(graphs))
    cells = out.refined.cells.double()
    assert cells.min() >= 0
    assert abs(cells.sum((2, 3)) - 1).max() <= 2e-6
    for place, drafted in enumerate(drafts):
        n = len(drafted)
        shares = drafted / (len(drafted) if kind == "phdos" else drafted.sum())
        np.testing.assert_allclose(out.steps.density[0, place, :n], shares, atol=1e-6)
        assert not cells[:, place, n:].any()
        if kind == "phdos" and not model.config.corrects:
            assert abs(cells[:, place, :n].sum(-1) - 1 / n).max() <= 1e-6, "three modes an atom"


@pytest.mark.parametrize("kind", KINDS)
def test_attention_is_grounded_in_the_draft(kind):
    """Of queries that ask for nothing a map is the draft; without belief in it, flat."""
    model = random_model(kind, 3, draft=True, decoder_layers=1)
    rng = np.random.default_rng(0)
    graph = build_graph(rutile())
    draft = rng.random((6, model.config.grid.n_bins)).astype(np.float32)
    layer = model.decoder.layers[0]
    state = {k: v.clone() for k, v in layer.state_dict().items()}
    try:
        with torch.no_grad():
            layer.source.query.weight.zero_()
            for belief, expected in ((1.0, None), (0.0, 1 / 6)):
                layer.belief.fill_(belief)
                (found,) = model(collate([replace(graph, draft=draft)])).decoded.source_attention
                height = draft * (draft.shape[1] / Kind(kind).states_per_atom) + FLOOR
                share = (height / height.sum(axis=0)).T if expected is None else expected
                np.testing.assert_allclose(
                    found[0], np.broadcast_to(share, found[0].shape), rtol=1e-4
                )
    finally:
        layer.load_state_dict(state)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_mates_and_padding_do_not_leak(kind):
    model = random_model(kind)
    alone = run(model, mgo())
    crowded = run(model, rutile(), mgo(), triclinic())
    assert abs(crowded.density[1, :2] - alone.density[0]).max() < 1e-6
    assert crowded.density[1, 2:].abs().max() == 0
    assert crowded.outside[1, 2:].abs().max() == 0
    for attention in crowded.decoded.source_attention:
        assert attention[1, ..., 2:].abs().max() == 0
        assert abs(attention.sum(-1) - 1).max() < 1e-5


def test_every_phonon_site_owns_three_modes_at_every_step():
    out = run(random_model("phdos"), rutile())
    assert abs(out.refined.cells.sum(-1) - 1 / 6).max() < 1e-6
    assert out.states.item() == 18


def test_attention_over_neighbours_sums_to_one():
    graph = build_graph(rutile())
    batch = collate([graph])
    with torch.inference_mode():
        encoded = random_model("phdos").encoder(batch)
    for attention in encoded.attention:
        assert abs(attention.sum(-1) - 1).max() < 1e-5
        assert attention.masked_select(~batch.edge[:, None]).abs().sum() == 0


def test_neighbour_attention_equals_the_formula():
    """One head of one atom, computed from its definition with plain loops."""
    model, graph = random_model("phdos"), build_graph(triclinic())
    batch, layer = collate([graph]), model.encoder.layers[0]
    with torch.inference_mode():
        h = model.encoder.elements(batch.numbers)
        radial = model.encoder.radial(batch.distance, batch.envelope)
        _, attention = layer(h, radial, batch)
        x, width = layer.norm(h), SMALL["width"]
        head, size = 1, width // SMALL["heads"]
        part = slice(head * size, (head + 1) * size)
        weights = []
        for column in range(int(graph.degree[2])):
            key = layer.sender(x[batch.neighbour[2, column]]) + layer.edge(radial[2, column])
            logit = layer.query(x[2])[part] @ key[:width][part] / size**0.5
            weights.append(batch.envelope[2, column] * torch.exp(logit))
    weights = torch.stack(weights)
    torch.testing.assert_close(
        attention[2, head, : len(weights)], weights / weights.sum(), rtol=1e-4, atol=1e-6
    )


def test_angles_matter_to_the_moments_only():
    """Two neighbourhoods with the same distances: straight and bent."""
    from pymatgen.core import Lattice, Structure

    def trimer(angle: float) -> Structure:
        end = [2 * np.cos(angle), 2 * np.sin(angle), 0]
        cart = np.array([[0, 0, 0], [2, 0, 0], end]) + 20
        return Structure(Lattice.cubic(60), ["O", "H", "H"], cart, coords_are_cartesian=True)

    def centre(structure: Structure, moments: int) -> torch.Tensor:
        graph = build_graph(structure, radius=3.0, min_neighbours=1)
        keep = graph.receiver == 0
        assert keep.sum() == 2
        model = random_model("phdos", moments=moments)
        with torch.inference_mode():
            batch = collate([graph])
            radial = model.encoder.radial(batch.distance, batch.envelope)
            h = model.encoder.elements(batch.numbers)
            return model.encoder.layers[0](h, radial, batch)[0][0]

    bent, straight = trimer(1.9), trimer(np.pi)
    assert abs(centre(bent, 0) - centre(straight, 0)).max() < 1e-6
    assert abs(centre(bent, 6) - centre(straight, 6)).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refiner", ["transport", "remap", "factor", "softmax"])
def test_every_parameter_learns(kind, refiner):
    model = random_model(kind, 3, refiner=refiner).train()
    model.zero_grad()
    out = model(collate([build_graph(rutile()), build_graph(triclinic())]))
    weights = torch.linspace(0, 1, out.density.shape[-1]) ** 2
    (
        ((out.density * weights).sum((1, 2)) ** 2).sum()
        + out.states.sum() * 1e-3
        + out.outside.sum()
    ).backward()
    silent = [
        name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() == 0
    ]
    # What is added to every bin's logit alike cancels in a softmax over bins.
    cancels = [] if refiner == "transport" else ["reasoner.velocity.moves.bias"]
    cancels += [f"decoder.layers.{k}.belief" for k in range(2)]  # there is no draft to believe
    assert [name for name in silent if name not in cancels] == []


def test_weights_round_trip(tmp_path):
    model = random_model("edos")
    path = save_weights(
        model, tmp_path / "m.safetensors", metadata={"elements": [12, 8]}, half=False
    )
    loaded, metadata = load_weights(path)
    assert loaded.config == model.config
    assert metadata == {"elements": [12, 8]}
    assert torch.equal(run(loaded, mgo()).density, run(model, mgo()).density)
    assert {p.name for p in tmp_path.iterdir()} == {path.name, "SHA256SUMS"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04pickle", "not a safetensors file"),
        (None, "no such file"),
    ],
)
def test_unusable_weights_say_why(tmp_path, content, reason):
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason) as caught:
        load_weights(path)
    assert str(path) in str(caught.value)


def test_weights_of_another_architecture_are_refused(tmp_path):
    import json

    from safetensors.torch import load_file, save_file

    path = save_weights(random_model("phdos"), tmp_path / "m.safetensors", metadata={})
    tensors = load_file(path)
    config = random_model("phdos").config.to_dict() | {"width": 48}
    save_file(
        tensors,
        path,
        metadata={"format": "deepdos_nb-1", "config": json.dumps(config), "card": "{}"},
    )
    path.with_name("SHA256SUMS").unlink()
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights(path)


@pytest.mark.parametrize(
    "changes",
    [{"width": 50, "heads": 4}, {"refiner": "magic"}, {"strides": (0,)}, {"kind": "xdos"}],
)
def test_senseless_settings_are_refused(changes):
    with pytest.raises(ConfigError):
        ModelConfig(**changes).grid  # noqa: B018


def test_models_share_no_table(tmp_path):
    """What is written into one, as loading weights does, must not reach the next."""
    first = Reasoner(ModelConfig(**SMALL))
    before = element_features().copy()
    with torch.no_grad():
        first.encoder.elements.table.add_(1.0)
    np.testing.assert_array_equal(element_features(), before)
    second = Reasoner(ModelConfig(**SMALL))
    np.testing.assert_array_equal(second.encoder.elements.table.numpy(), before)
