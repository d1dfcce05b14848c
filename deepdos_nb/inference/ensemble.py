"""Structures in, spectra out: the seed ensemble and its traces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Grid, Kind
from deepdos_nb.crystal.checks import CAUTION
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.crystal.read import MAX_ATOMS, notes_of, read_structure, warn_unseen
from deepdos_nb.inference.grouping import like_sized
from deepdos_nb.inference.tracing import make_trace
from deepdos_nb.model import Prediction, Reasoner, collate
from deepdos_nb.parallel.threads import side_by_side
from deepdos_nb.physics.draft import DraftMemory, DraftModel, same_draft_model
from deepdos_nb.physics.model_input import model_inputs
from deepdos_nb.spectra.error_band import ErrorBand
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from deepdos_nb.model.batch import GraphBatch

FEW_NODES = 40
"""Nodes of all graphs below which the seeds go one after the other: threads would cost more."""

FAR = 2.0
"""Factor on the band of crystals that look like none of the training crystals."""

EXTRAPOLATION = "Extrapolation:"
FAR_NOTES = (CAUTION, EXTRAPOLATION)
"""How notes begin that widen the band."""


class Ensemble:
    """Models of several seeds that answer together.

    Parameters
    ----------
    models : sequence of Reasoner
        Same kind; at least one.
    metadata : sequence of dict, optional
        What is known about each model's training.
    device : str or torch.device, optional
        A GPU where there is one, else the CPU.
    error_band : ErrorBand, optional
        Tells the size of a prediction's error.

    Raises
    ------
    ConfigError
        If there is no model, or their kinds or steps differ.
    """

    def __init__(
        self,
        models: Sequence[Reasoner],
        metadata: Sequence[dict[str, Any]] = (),
        device: str | torch.device | None = None,
        error_band: ErrorBand | None = None,
    ):
        if not models or len({m.config.kind for m in models}) != 1:
            raise ConfigError("an ensemble needs one or more models of the same kind.")
        steps = {
            (m.config.refiner, m.config.strides, m.config.corrects, m.config.draft) for m in models
        }
        if len(steps) != 1:
            raise ConfigError(
                "the models of an ensemble need the same steps, from a draft or all without.",
                remedy="Train every seed with the same settings.",
            )
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.models = [m.eval().to(self.device) for m in models]
        self.metadata = list(metadata)
        self.error_band = error_band
        self._memories: list[DraftMemory] = []
        self._reads = [self._memory_of(m.draft_model) for m in models]

    def _memory_of(self, draft_model: DraftModel | None) -> int:
        """Place of a draft model among those the seeds read; equal ones are kept once."""
        for place, memory in enumerate(self._memories):
            if same_draft_model(memory.draft_model, draft_model):
                return place
        if draft_model is not None:
            self._memories.append(DraftMemory(draft_model))
        return len(self._memories) - 1

    @property
    def draft_model(self) -> DraftModel | None:
        """What drafts for the first seed; None for models that read no draft."""
        return self.models[0].draft_model

    @property
    def kind(self) -> Kind:
        """Kind of spectrum the ensemble predicts."""
        return self.models[0].config.kind

    @property
    def grid(self) -> Grid:
        """Energy grid of the predictions."""
        return self.kind.grid

    @cached_property
    def elements(self) -> set[int]:
        """Atomic numbers seen in training; empty where unknown."""
        lists = [known.get("elements") for known in self.metadata]
        return {z for some in lists if isinstance(some, list) for z in some if isinstance(z, int)}

    def predict(self, structure: Any, *, max_atoms: int = MAX_ATOMS) -> Spectrum:
        """Predict one crystal's spectrum.

        Parameters
        ----------
        structure : pymatgen Structure, ASE Atoms, or path
            Whatever `read_structure` takes.
        max_atoms : int
            Largest number of atoms accepted.

        Returns
        -------
        Spectrum
            Mean over seeds, with each seed's total in `members`.

        Raises
        ------
        StructureError
            If the structure cannot be used.

        Warns
        -----
        ExtrapolationWarning
            If it holds elements the models have never seen.
        """
        return self.predict_many([structure], max_atoms=max_atoms)[0]

    def predict_many(
        self, structures: Iterable[Any], *, max_atoms: int = MAX_ATOMS
    ) -> list[Spectrum]:
        """Predict many crystals, several at a time; the order is kept."""
        structures = [read_structure(s, max_atoms=max_atoms) for s in structures]
        notes = [self.notes_on(s) for s in structures]
        graphs = self.graphs(structures)
        shares = self.predict_graphs(graphs)
        spectra = []
        for structure, note, graph, (density, outside, states) in zip(
            structures, notes, graphs, shares, strict=True
        ):
            # The atoms of an orbit are alike.
            one = 1.0 / graph.weight[graph.orbit]
            density, outside = density[:, graph.orbit] * one[:, None], outside[:, graph.orbit] * one
            absolute = density * states[:, None, None] / self.grid.step
            spectra.append(
                Spectrum(
                    self.kind,
                    structure,
                    absolute.mean(axis=0),
                    members=absolute.sum(axis=1),
                    outside=(outside * states[:, None]).mean(axis=0),
                    notes=note,
                    error_band=self.error_band,
                    widened=FAR if any(n.startswith(FAR_NOTES) for n in note) else 1.0,
                )
            )
        return spectra

    def graph(self, structure: Structure, orbits: Array | None = None) -> CrystalGraph:
        """What the models read of a crystal, see `model_inputs`; drafts are remembered.

        One node for each atom, or for each of some given orbits.
        """
        (graph,) = model_inputs([structure], self._memories)
        return graph if orbits is None else graph.quotient(orbits)

    def graphs(
        self, structures: Sequence[Structure], orbits: Sequence[Array] | None = None
    ) -> list[CrystalGraph]:
        """The same of many crystals, which are drafted together; a node for each symmetry orbit.

        Orbits are found to a thousandth of an Å unless they are given.
        """
        if orbits is None:
            return model_inputs(structures, self._memories, by_orbit=True)
        graphs = model_inputs(structures, self._memories)
        return [graph.quotient(rows) for graph, rows in zip(graphs, orbits, strict=True)]

    def forget_drafts(self) -> None:
        """Draft crystals anew that were looked at before."""
        for memory in self._memories:
            memory.drafts.clear()

    def predict_graphs(
        self, graphs: Sequence[CrystalGraph], *, step: int = -1
    ) -> list[tuple[Array, Array, Array]]:
        """Shares of states from graphs, quotient graphs too, after a step (0: the start).

        Returns
        -------
        list of (density, outside, states)
            For each graph, shapes (n_seeds, n_nodes, n_bins), (n_seeds, n_nodes) and (n_seeds,),
            float64. A node that stands for m atoms carries the shares of all m.
        """
        answers: list[Any] = [None] * len(graphs)
        for group, outputs in self.outputs(graphs):
            density, outside, states = (
                torch.stack(parts, dim=1).double().cpu().numpy()
                for parts in (
                    [o.steps.density[step] for o in outputs],
                    [o.steps.outside[step] for o in outputs],
                    [o.states for o in outputs],
                )
            )
            for row, i in enumerate(group):
                n = graphs[i].n_nodes
                answers[i] = density[row, :, :n], outside[row, :, :n], states[row]
        return answers

    def source_attention(self, graphs: Sequence[CrystalGraph]) -> list[Array]:
        """Attention of every bin over the nodes, averaged over decoder layers and heads.

        Returns
        -------
        list of ndarray, each of shape (n_seeds, n_bins, n_nodes)
            Rows sum to one; a node that stands for m atoms carries the attention of all m.
        """
        answers: list[Any] = [None] * len(graphs)
        for group, outputs in self.outputs(graphs):
            maps = torch.stack(
                [torch.stack(o.decoded.source_attention).mean(dim=(0, 2)) for o in outputs], dim=1
            )
            for row, i in enumerate(group):
                answers[i] = _array(maps[row, ..., : graphs[i].n_nodes])
        return answers

    def outputs(
        self, graphs: Sequence[CrystalGraph]
    ) -> Iterator[tuple[list[int], list[Prediction]]]:
        """What every seed computed, for indices of graphs that went through together.

        Graphs of similar size go together, see `like_sized`.
        """
        for group in like_sized(graphs):
            yield group, self._run([graphs[i] for i in group])

    def _run(self, graphs: Sequence[CrystalGraph]) -> list[Prediction]:
        """Every seed's answer, each read from its own draft."""
        bare = collate([replace(graph, draft=None) for graph in graphs]).to(self.device)
        batches = [bare]
        if self._memories:
            drafts = zip(*(g.draft for g in graphs if g.draft is not None), strict=True)
            batches = [bare.with_drafts(rows) for rows in drafts]
        pairs = [(m, batches[max(i, 0)]) for m, i in zip(self.models, self._reads, strict=True)]
        if self.device.type != "cpu":
            return [_answer(pair) for pair in pairs]
        few = sum(graph.n_nodes for graph in graphs) < FEW_NODES
        return side_by_side(_answer, pairs, at_once=1 if few else None)

    def trace(
        self, structure: Any, *, seed: int | None = None, max_atoms: int = MAX_ATOMS
    ) -> Trace:
        """Every intermediate of a prediction.

        Parameters
        ----------
        structure : pymatgen Structure, ASE Atoms, or path
        seed : int, optional
            Which member of the ensemble; without it, the mean of all, whose last step is what
            `predict` answers.
        max_atoms : int
            Largest number of atoms accepted.

        Raises
        ------
        ConfigError
            If there is no such member.
        StructureError
            If the structure cannot be used.
        """
        if seed is not None and not 0 <= seed < len(self.models):
            raise ConfigError(
                f"no seed {seed}.", remedy=f"This ensemble has seeds 0 to {len(self.models) - 1}."
            )
        structure = read_structure(structure, max_atoms=max_atoms)
        graph = self.graph(structure)
        outputs = self._run([graph])
        chosen = outputs if seed is None else [outputs[seed]]
        notes = self.notes_on(structure)
        return make_trace(structure, graph, self.models[0].config, chosen, seed, notes)

    def notes_on(self, structure: Structure) -> tuple[str, ...]:
        """What was assumed when a crystal was read, cautions, and elements never trained on."""
        unseen = warn_unseen(structure, self.elements) if self.elements else ()
        if not unseen:
            return notes_of(structure)
        return (
            *notes_of(structure),
            f"{EXTRAPOLATION} {', '.join(unseen)} did not occur in the training data.",
        )

    def __repr__(self) -> str:
        parameters = sum(p.numel() for p in self.models[0].parameters())
        return f"Ensemble({self.kind}, {len(self.models)} seeds × {parameters:,} parameters)"


@torch.inference_mode()
def _answer(pair: tuple[Reasoner, GraphBatch]) -> Prediction:
    model, batch = pair
    answer: Prediction = model(batch)
    return answer


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().cpu().numpy()
