"""How many states a cell holds in the window: the draft's number, times a factor for each site."""

from __future__ import annotations

import pytest
import torch

from deepdos_nb.core.grids import Kind
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.inference.loading import load_model
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.totals import MOST, DraftedTotals, ElectronTotals, PhononTotals, make_totals
from deepdos_nb.training.losses import CLOSE, states_error

CONFIG = ModelConfig.standard(Kind.edos, width=12)


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        (ModelConfig.standard(Kind.phdos), PhononTotals),
        (ModelConfig.standard(Kind.edos), DraftedTotals),
        (ModelConfig.standard(Kind.edos, draft=False), ElectronTotals),
        (ModelConfig(kind=Kind.edos, draft=True), ElectronTotals),  # weights of before
    ],
)
def test_each_kind_of_model_has_its_rule(config, rule):
    assert isinstance(make_totals(config), rule)


def test_untaught_it_says_what_the_draft_holds_and_grows_with_the_cell():
    rule = DraftedTotals(CONFIG)
    sites, draft = torch.randn(2, 3, 12), 5.0 * torch.rand(2, 3, 128)
    weight = torch.tensor([[1.0, 2.0, 0.0], [4.0, 1.0, 3.0]])
    once = rule(sites, weight, draft)
    held = (weight * draft.sum(dim=-1)).sum(dim=1)
    torch.testing.assert_close(once, held, rtol=1e-3, atol=0.2)
    torch.testing.assert_close(rule(sites, 2 * weight, draft), 2 * once)


def test_a_crystal_unlike_any_other_gets_a_finite_number():
    rule = DraftedTotals(CONFIG)
    torch.nn.init.normal_(rule.factor[-1].weight, std=1e3)
    states = rule(torch.randn(1, 2, 12), torch.ones(1, 2), torch.zeros(1, 2, 128))
    assert 0 < states.item() < 2 * 0.02 * 2.72**MOST


def test_the_loss_of_a_number_is_absolute_where_it_is_far_off():
    true = torch.tensor([10.0, 10.0])
    far = states_error(torch.tensor([20.0, 10.0]), true)
    assert far.item() == pytest.approx((0.693147 - CLOSE / 2) / 2, rel=1e-5)
    near = states_error(torch.tensor([10.1, 10.0]), true)
    assert near.item() == pytest.approx(0.0099503**2 / (2 * CLOSE) / 2, rel=1e-3)
    assert states_error(torch.tensor([3.0]), torch.tensor([0.0])).item() == 0


def test_the_shipped_weights_count_states_better_than_their_drafts():
    model = load_model("edos", device="cpu")
    records = [r for r in load_embedded("edos")["test"] if r.n_atoms <= 4][:40]
    graphs = [model.graph(r.structure, r.orbits) for r in records]
    off, draft_off = [], []
    for record, graph, (_, _, states) in zip(
        records, graphs, model.predict_graphs(graphs), strict=True
    ):
        held = float((graph.draft.sum(axis=-1).mean(axis=0) * graph.weight).sum())
        off.append(abs(states.mean() / record.states - 1))
        draft_off.append(abs(held / record.states - 1))
    assert sum(off) / len(off) < 0.08
    assert sum(off) < sum(draft_off)
