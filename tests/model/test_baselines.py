"""The baselines: what their papers promise, what a fair comparison needs, and that they learn."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from crystals import mgo, permuted, rutile, triclinic, turned
from pymatgen.core import Lattice, Structure

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import CrystalGraph, build_graph
from deepdos_nb.crystal.symmetry import SYSTEMS, UNKNOWN_SYSTEM, crystal_system, symmetry_orbits
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.baselines import (
    NAMES,
    Baseline,
    BaselineConfig,
    curve_error,
    make_baseline,
    parameter_count,
)
from deepdos_nb.model.baselines.mat2spec import Mixture, info_nce, mixture_kl

KINDS = ("phdos", "edos")
SMALL = {"width": 24, "heads": 4, "layers": 2, "radial": 12}


@cache
def random_model(name: str, kind: str = "phdos") -> Baseline:
    torch.manual_seed(0)
    return make_baseline(BaselineConfig(name, kind, **SMALL)).eval()


def graph(structure: Structure) -> CrystalGraph:
    return replace(build_graph(structure), system=SYSTEMS.index(crystal_system(structure)))


@torch.inference_mode()
def run(model: Baseline, *graphs: CrystalGraph) -> np.ndarray:
    return model(collate(graphs)).numpy()


def reference(n_bins: int, *centres: float) -> torch.Tensor:
    x = torch.linspace(0, 1, n_bins)
    curves = torch.exp(-0.5 * ((x - torch.tensor(centres)[:, None]) / 0.08) ** 2)
    return curves / curves.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_curves_are_never_negative_and_fit_the_grid(name, kind):
    model = random_model(name, kind)
    out = run(model, graph(mgo()), graph(rutile()), graph(triclinic()))
    assert out.shape == (3, model.config.grid.n_bins)
    assert out.min() >= 0
    assert abs(out[0] - out[1]).max() > 1e-4 * out.max()


@pytest.mark.parametrize("name", NAMES)
def test_batch_mates_and_padding_do_not_leak(name):
    model = random_model(name)
    alone = run(model, graph(mgo()))[0]
    large = graph(rutile().make_supercell([2, 1, 1], in_place=False))
    crowded = run(model, large, graph(mgo()), graph(triclinic()))[1]
    assert abs(crowded - alone).max() < 1e-5 * alone.max()


@pytest.mark.parametrize("name", NAMES)
def test_invariance(name):
    """Rotation, reflection and shift; order of atoms; origin on another lattice point."""
    model, structure = random_model(name), triclinic()
    rng = np.random.default_rng(1)
    base = run(model, graph(structure))
    shifted = structure.copy()
    shifted.translate_sites([0, 2], [1, -1, 2], to_unit_cell=False)
    for other in (turned(structure, rng), permuted(structure, rng)[0], shifted):
        assert abs(run(model, graph(other)) - base).max() < 1e-5 * base.max()


@pytest.mark.parametrize("name", NAMES)
def test_the_quotient_graph_and_a_supercell_give_the_same_answer(name):
    model, structure = random_model(name), rutile()
    full = graph(structure)
    small = full.quotient(symmetry_orbits(structure))
    assert small.n_nodes == 2
    assert small.weight.tolist() == [2, 4]
    double = graph(structure.make_supercell([1, 1, 2], in_place=False))
    base = run(model, full)
    for other in (small, double):
        assert abs(run(model, other) - base).max() < 1e-5 * base.max()
    # Without the orbits' sizes the answer is another one, so the test above can fail.
    wrong = replace(small, weight=np.ones(2))
    assert abs(run(model, wrong) - base).max() > 1e-4 * base.max()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter(name):
    torch.manual_seed(3)
    model = make_baseline(BaselineConfig(name, **SMALL)).train()
    batch = collate([graph(rutile()), graph(triclinic())])
    model.loss(batch, reference(model.config.grid.n_bins, 0.3, 0.6))["loss"].backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().max()]
    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_lower_the_loss(name):
    torch.manual_seed(0)
    model = make_baseline(BaselineConfig(name, **SMALL, dropout=0.0))
    batch = collate([graph(mgo()), graph(rutile())])
    target = reference(model.config.grid.n_bins, 0.35, 0.6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    error = curve_error("mse")
    before = error(model.eval()(batch), target).mean().item()
    model.train()
    for _ in range(10):
        optimizer.zero_grad()
        model.loss(batch, target)["loss"].backward()
        optimizer.step()
    with torch.inference_mode():
        after = error(model.eval()(batch), target).mean().item()
    assert after < 0.8 * before


@pytest.mark.parametrize("name", NAMES)
def test_another_error_can_be_trained_on(name):
    model = random_model(name)
    batch = collate([graph(mgo())])
    target = reference(model.config.grid.n_bins, 0.4)
    nothing = model.loss(batch, target, lambda curve, _: 0 * curve.sum(dim=1))
    own = model.loss(batch, target)
    key = "global" if name == "dostransformer" else "curve"
    assert nothing[key].item() == 0
    assert own[key].item() > 0
    assert nothing["loss"] < own["loss"]


def test_errors_against_hand_computed_values():
    target = torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    curve = torch.tensor([[3.0, 0.0, 0.0, 3.0]])
    # by maximum: (1, 0, 0, 1) against (1, 1, 0, 0)
    assert curve_error("mse")(curve, target).item() == pytest.approx(0.5)
    assert curve_error("rmse")(curve, target).item() == pytest.approx(0.5**0.5)
    # cumulative: (½, ½, ½, 1) against (½, 1, 1, 1)
    assert curve_error("wd")(curve, target).item() == pytest.approx(0.25)
    even = torch.ones(1, 4)
    assert curve_error("kl")(even, target).item() == pytest.approx(np.log(2))
    for name in ("mse", "rmse", "wd", "kl"):
        assert curve_error(name)(7 * target, target).item() == pytest.approx(0, abs=2e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_default_sizes_are_near_ours(name, kind):
    ours = parameter_count(Reasoner(ModelConfig(kind=kind)))
    theirs = parameter_count(make_baseline(BaselineConfig(name, kind)))
    assert theirs == pytest.approx(ours, rel=0.06)


def test_mat2spec_predicts_without_its_label_path():
    model = make_baseline(BaselineConfig("mat2spec", **SMALL)).eval()
    graphs = [graph(mgo()), graph(rutile())]
    base = run(model, *graphs)
    assert np.array_equal(run(model, *graphs), base)
    with torch.no_grad():
        for part in (model.label, model.label_mixture, model.projection):
            for parameter in part.parameters():
                parameter.fill_(torch.nan)
    assert np.array_equal(run(model, *graphs), base)
    loss = model.loss(collate(graphs), reference(model.config.grid.n_bins, 0.3, 0.6))
    assert loss["loss"].isnan()
    assert loss["curve"].isfinite()


def test_mat2spec_draws_in_training_only():
    model = make_baseline(BaselineConfig("mat2spec", **SMALL, dropout=0.0)).train()
    assert not np.array_equal(run(model, graph(mgo())), run(model, graph(mgo())))


def test_mixture_divergence_bounds_the_true_one():
    torch.manual_seed(1)

    def mixture() -> Mixture:
        share = torch.randn(1, 3).log_softmax(-1)
        return Mixture(share, torch.randn(1, 3, 1), 0.3 * torch.randn(1, 3, 1))

    def density(m: Mixture, x: torch.Tensor) -> torch.Tensor:
        normal = torch.distributions.Normal(m.mean[0], m.log_std[0].exp())
        return (normal.log_prob(x).T + m.log_share[0]).logsumexp(dim=-1).exp()

    p, q = mixture(), mixture()
    x = torch.linspace(-12, 12, 4001)
    true = torch.trapezoid(density(p, x) * (density(p, x) / density(q, x)).log(), x).item()
    assert mixture_kl(p, p).item() == pytest.approx(0, abs=1e-6)
    assert mixture_kl(p, q).item() >= true > 0
    # One component each: the closed form of two Gaussians, exactly.
    one = Mixture(torch.zeros(1, 1), torch.tensor([[[0.5]]]), torch.tensor([[[0.2]]]))
    two = Mixture(torch.zeros(1, 1), torch.tensor([[[-0.3]]]), torch.tensor([[[-0.1]]]))
    exact = torch.distributions.kl_divergence(
        *(torch.distributions.Normal(m.mean, m.log_std.exp()) for m in (one, two))
    )
    assert mixture_kl(one, two).item() == pytest.approx(exact.item(), rel=1e-5)


def test_contrast_is_lowest_where_views_match():
    views = torch.eye(4)
    matched, mixed = info_nce(views, 2 * views, 0.1), info_nce(views, views.roll(1, 0), 0.1)
    assert matched.item() == pytest.approx(np.log(1 + 3 * np.exp(-10)), rel=1e-2)
    assert mixed.item() == pytest.approx(10, rel=1e-2)


def test_the_prompt_changes_dostransformers_answer_and_no_others():
    base = graph(rutile())
    assert SYSTEMS[base.system] == "tetragonal"
    other = replace(base, system=SYSTEMS.index("cubic"))
    for name in NAMES:
        model = random_model(name)
        change = abs(run(model, base) - run(model, other)).max()
        assert (change > 1e-4) if name == "dostransformer" else (change == 0)
    with torch.inference_mode():
        (alone, prompted), (alone_2, prompted_2) = (
            random_model("dostransformer").both(collate([g])) for g in (base, other)
        )
    assert torch.equal(alone, alone_2)
    assert not torch.equal(prompted, prompted_2)


def test_dostransformer_refuses_an_unknown_system():
    assert build_graph(mgo()).system == UNKNOWN_SYSTEM
    with pytest.raises(ConfigError, match=r"needs the crystal system.*crystal_system"):
        run(random_model("dostransformer"), graph(mgo()), build_graph(mgo()))


@pytest.mark.parametrize(
    ("lattice", "group", "system"),
    [
        (Lattice.cubic(4), "Pm-3m", "cubic"),
        (Lattice.hexagonal(3, 5), "P6/mmm", "hexagonal"),
        (Lattice.hexagonal(3, 5), "P-3m1", "trigonal"),
        (Lattice.tetragonal(3, 5), "P4/mmm", "tetragonal"),
        (Lattice.orthorhombic(3, 4, 5), "Pmmm", "orthorhombic"),
        (Lattice.monoclinic(3, 4, 5, 100), "P2/m", "monoclinic"),
    ],
)
def test_crystal_systems(lattice, group, system):
    # A general-enough second orbit, so that no higher symmetry sneaks in.
    x = [1 / 3, 2 / 3, 0.21] if system == "trigonal" else [0.2, 0.0, 0.37]
    structure = Structure.from_spacegroup(group, lattice, ["Na", "O"], [[0, 0, 0], x])
    assert crystal_system(structure) == system
    assert crystal_system(triclinic()) == "triclinic"


@pytest.mark.parametrize(
    "changes",
    [{"name": "e3nn"}, {"width": 50}, {"criterion": "mae"}, {"kind": "xdos"}],
)
def test_senseless_settings_are_refused(changes):
    with pytest.raises(ConfigError):
        BaselineConfig(**changes).grid  # noqa: B018


def test_settings_round_trip():
    config = BaselineConfig("mat2spec", "edos", **SMALL)
    assert BaselineConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="do not fit"):
        BaselineConfig.from_dict(config.to_dict() | {"colour": 1})
