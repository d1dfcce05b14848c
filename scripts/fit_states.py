"""Teach electronic weights the number of states anew: `python scripts/fit_states.py FROM OUT`.

FROM  folder of weights (*.safetensors), or the word shipped
OUT   folder for the same weights with `ModelConfig.states_from_draft`

Encoder, decoder and transport stay as they are, so that no curve changes its shape. The epoch is
the best on the validation part. `deepdos pack OUT --kind edos` scores the result.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from deepdos_nb.core.files import PACKAGE
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.training_sets import training_data
from deepdos_nb.model import Reasoner
from deepdos_nb.model.weights import load_weights, save_weights
from deepdos_nb.training.batches import Item, collate_items, prepare
from deepdos_nb.training.losses import states_error
from deepdos_nb.training.start import SHIPPED

EPOCHS, BATCH, RATE, DECAY = 60, 32, 2e-3, 0.05

Rows = tuple[Tensor, Tensor, Tensor, Tensor]
"""Of C crystals: embeddings of sites (C, S, W), their atoms (C, S), their drafts (C, S, B), and the
number of states (C,)."""


@torch.no_grad()
def seen(model: Reasoner, items: list[Item]) -> Rows:
    """What the rule reads of every crystal, and what it is to say."""
    most = max(graph.n_nodes for graph, _ in items)
    found: list[Rows] = []
    for start in range(0, len(items), BATCH):
        batch, target = collate_items(items[start : start + BATCH])
        assert batch.draft is not None
        lacking = most - batch.site_weight.shape[1]
        sites = pad(batch.pad(model.encoder(batch).nodes), (0, 0, 0, lacking))
        draft = pad(batch.draft, (0, 0, 0, lacking))
        found.append((sites, pad(batch.site_weight, (0, lacking)), draft, target.states))
    sites, weight, draft, states = (torch.cat(part) for part in zip(*found, strict=True))
    return sites, weight, draft, states


def taught(model: Reasoner, train: list[Item], valid: list[Item], seed: int) -> Reasoner:
    """The same model with another rule for the number of states."""
    torch.manual_seed(seed)
    changed = Reasoner(replace(model.config, states_from_draft=True))
    kept = {k: v for k, v in model.state_dict().items() if not k.startswith("totals.")}
    changed.load_state_dict(kept, strict=False)
    rule = changed.totals
    (sites, weight, draft, states), held = seen(model, train), seen(model, valid)
    optimiser = torch.optim.AdamW(rule.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(states) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    least, best = float("inf"), rule.state_dict()
    for _ in range(EPOCHS):
        for i in torch.randperm(len(states)).split(BATCH):
            loss = states_error(rule(sites[i], weight[i], draft[i]), states[i])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            error = float(states_error(rule(*held[:3]), held[3]))
        if error < least:
            least, best = error, {k: v.clone() for k, v in rule.state_dict().items()}
    rule.load_state_dict(best)
    with torch.no_grad():
        off = (rule(*held[:3]) / held[3] - 1.0).abs()
    print(f"validation: off by {100 * off.mean():.1f} % (median {100 * off.median():.1f} %)")
    return changed.eval()


def main(source: str, out: str) -> None:
    folder = PACKAGE / "weights" / "edos" if source == SHIPPED else Path(source)
    parts = training_data(Kind.edos)
    for file in sorted(folder.glob("*.safetensors")):
        model, facts = load_weights(file)
        train, valid = (
            prepare(p, draft_model=model.draft_model) for p in (parts.train, parts.valid)
        )
        seed = facts["training"]["seed"]
        facts["training"]["model"]["states_from_draft"] = True
        save_weights(taught(model, train, valid, seed), Path(out) / file.name, metadata=facts)


if __name__ == "__main__":
    main(*sys.argv[1:])
