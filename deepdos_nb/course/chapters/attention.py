"""Chapter 4, source attention: one head, the element's spectrum, and modes that do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number, Values


def softmax(logits: Array, axis: int) -> Array:
    """Along an axis, safe for large logits."""
    weights = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: Array = weights / weights.sum(axis=axis, keepdims=True)
    return shares


def attention_map(q: Array, k: Array, prior: Array) -> Array:
    """How much each bin looks at each atom."""
    return softmax(q @ k.T / np.sqrt(q.shape[1]) + prior, axis=1)


def over_bins(q: Array, k: Array, prior: Array) -> Array:
    """The softmax over bins."""
    return softmax(q @ k.T / np.sqrt(q.shape[1]) + prior, axis=0)


def unscaled(q: Array, k: Array, prior: Array) -> Array:
    """Without the root of the length."""
    return softmax(q @ k.T + prior, axis=1)


def scaled_by_length(q: Array, k: Array, prior: Array) -> Array:
    """Divided by the length, not by its root."""
    return softmax(q @ k.T / q.shape[1] + prior, axis=1)


def scaled_prior(q: Array, k: Array, prior: Array) -> Array:
    """The prior divided as well."""
    return softmax((q @ k.T + prior) / np.sqrt(q.shape[1]), axis=1)


def without_prior(q: Array, k: Array, prior: Array) -> Array:
    """No prior."""
    return softmax(q @ k.T / np.sqrt(q.shape[1]), axis=1)


def logits_only(q: Array, k: Array, prior: Array) -> Array:
    """No softmax."""
    logits: Array = q @ k.T / np.sqrt(q.shape[1]) + prior
    return logits


def trials() -> Iterator[tuple[Any, ...]]:
    """Random queries, keys and priors; large logits in the last."""
    random = np.random.default_rng(4)
    for bins, atoms, length, size in ((4, 3, 5, 1.0), (6, 2, 16, 1.0), (3, 4, 7, 30.0)):
        yield (
            size * random.normal(size=(bins, length)),
            random.normal(size=(atoms, length)),
            random.normal(size=(bins, atoms)),
        )


def last_element(trace: Any) -> Array:
    """Atoms of the element that the last atom is of."""
    atoms: Array = np.array(trace.symbols) == trace.symbols[-1]
    return atoms


def element_curve(trace: Any, total: Array) -> Array:
    """Spectrum of the last element, from ownership."""
    curve: Array = trace.ownership[:, last_element(trace)].sum(axis=1) * total
    return curve


def attention_curve(trace: Any, total: Array) -> Array:
    """The same from attention."""
    shares = trace.source_attention.mean(axis=(0, 1))
    curve: Array = shares[:, last_element(trace)].sum(axis=1) * total
    return curve


def modes_by_attention(trace: Any) -> float:
    """Modes of the first atom, if attention were ownership."""
    shares = trace.source_attention.mean(axis=(0, 1))
    return float((shares[:, 0] * trace.total[-1]).sum() * trace.states)


CHAPTER = Chapter(
    exercises={
        "map": Function(
            right=attention_map,
            trials=trials,
            within=1e-6,
            hint="logits are q @ k.T / np.sqrt(d) + prior; then a softmax along each row.",
            praise="Each row adds up to one: every energy looks somewhere.",
            mistakes=(
                Mistake(
                    over_bins,
                    "The softmax runs along the wrong axis: here each atom shares itself out over "
                    "the energies. Every energy is to share its attention over the atoms.",
                ),
                Mistake(
                    unscaled,
                    "Dot products grow with the length of the vectors: divide by the root of d.",
                ),
                Mistake(scaled_by_length, "Divide by the root of d, not by d."),
                Mistake(
                    scaled_prior,
                    "The prior is a logarithm of shares already: only the dot products are divided "
                    "by the root of d.",
                ),
                Mistake(without_prior, "The prior is missing: add it to the logits."),
                Mistake(logits_only, "These are logits. A softmax makes shares of them."),
            ),
        ),
        "element": Values(
            right=element_curve,
            within=1e-4,
            hint="pick the columns of full.ownership whose symbol is the element, sum over them, "
            "and multiply by the total.",
            praise="It is the element's spectrum exactly, not on average.",
            mistakes=(
                Mistake(
                    attention_curve,
                    "That is attention × total. Attention tells where the model looked; take "
                    "full.ownership.",
                ),
                Mistake(
                    lambda trace, total: trace.ownership[:, last_element(trace)].sum(axis=1),
                    "That is the element's share of each bin. How many states are there?",
                ),
                Mistake(
                    lambda trace, total: trace.ownership.sum(axis=1) * total,
                    "You summed over all atoms, which gives the total back. Pick the element's.",
                ),
                Mistake(
                    lambda trace, total: trace.ownership[:, -1] * total,
                    "That is one atom. Sum over all atoms of the element.",
                ),
            ),
        ),
        "modes": Number(
            right=modes_by_attention,
            within=1e-3,
            hint="average vibrating.source_attention over its first two axes, take column 0, "
            "multiply by vibrating.total[-1], sum, and multiply by vibrating.states.",
            praise="It should be three. A map does not count.",
            mistakes=(
                Mistake(
                    3.0,
                    "That is what it has by its density. What would the attention map give it?",
                ),
                Mistake(
                    lambda trace: modes_by_attention(trace) / trace.states,
                    "That is a share of all modes. How many are there in the cell?",
                ),
                Mistake(
                    lambda trace: (
                        trace.source_attention.mean(axis=(0, 1))[:, 0].mean() * trace.states
                    ),
                    "Bins with many states count more: weigh the attention of a bin with its "
                    "total.",
                ),
                Mistake(
                    lambda trace: trace.states - modes_by_attention(trace),
                    "That is the other atom. The first one is asked for.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "A bin in the middle of a gap gives oxygen 90 % of its attention. What does it mean?",
            (
                Option(
                    "Oxygen owns 90 % of the states there",
                    "There are next to none. The weights add up to one all the same.",
                ),
                Option(
                    "The model took most of what it needed for that bin from oxygen",
                    "That is all that attention says.",
                ),
                Option("The gap is an oxygen band", "A gap is where no band is."),
            ),
            "b",
        ),
        Question(
            "What is the ownership map times the total?",
            (
                Option(
                    "An estimate of the spectra of the sites, better than attention",
                    "It is no estimate: the map is the sites' density over its sum.",
                ),
                Option(
                    "The source attention of the last layer",
                    "Attention comes before the transport, ownership after it.",
                ),
                Option(
                    "The predicted spectra of the sites, exactly",
                    "So they add up to the total, in every bin.",
                ),
            ),
            "c",
        ),
        Question(
            "The maps of a model without a draft are nearly flat over the energies. Can it predict "
            "spectra all the same?",
            (
                Option(
                    "Yes: atoms and bins make the density elsewhere, and no map has to tell atoms "
                    "apart",
                    "Training asks for the right density. It does not ask the maps for anything.",
                ),
                Option(
                    "No, its attention is broken",
                    "A map tells what was read, not what was concluded.",
                ),
                Option(
                    "No, then every bin has the same density",
                    "A bin has a query of its own besides what it reads of the atoms.",
                ),
            ),
            "a",
        ),
    ),
)
