"""Chapter 3, the encoder: distances, attention over neighbours, and moments that may be turned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function

Trial = tuple[Any, ...]


def radial_basis(distance: Tensor, envelope: Tensor, size: int) -> Tensor:
    """Gaussians from 0.5 to 8 Å, times the envelope: (N, M) to (N, M, size)."""
    return gaussians(distance, size) * envelope[..., None]


def gaussians(distance: Tensor, size: int) -> Tensor:
    """The Gaussians alone."""
    centres = torch.linspace(0.5, 8.0, size).to(distance)
    return torch.exp(-((size / 8.0) ** 2) * (distance[..., None] - centres) ** 2)


def wide_gaussians(distance: Tensor, envelope: Tensor, size: int) -> Tensor:
    """With size/8 not squared."""
    centres = torch.linspace(0.5, 8.0, size).to(distance)
    wide = torch.exp(-(size / 8.0) * (distance[..., None] - centres) ** 2)
    return wide * envelope[..., None]


def growing(distance: Tensor, envelope: Tensor, size: int) -> Tensor:
    """Without the minus sign."""
    return 1 / gaussians(distance, size) * envelope[..., None]


def scores(query: Tensor, key: Tensor, heads: int) -> Tensor:
    """Q · k of every head, (N, heads, M)."""
    q, k = query.unflatten(-1, (heads, -1)), key.unflatten(-1, (heads, -1))
    return torch.einsum("nhd,nmhd->nhm", q, k)


def attention(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """The weights alone, (N, heads, M)."""
    logits = scores(query, key, heads) / (query.shape[-1] // heads) ** 0.5
    return torch.softmax(logits + torch.log(envelope + 1e-9)[:, None], dim=-1)


def no_envelope(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """Neighbours at the cutoff count like any other."""
    logits = scores(query, key, heads) / (query.shape[-1] // heads) ** 0.5
    return torch.softmax(logits, dim=-1)


def after_the_softmax(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """Multiplied afterwards, so that weights no longer sum to one."""
    return no_envelope(query, key, envelope, heads) * envelope[:, None]


def by_the_width(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """Divided by the root of the whole width."""
    logits = scores(query, key, heads) / query.shape[-1] ** 0.5
    return torch.softmax(logits + torch.log(envelope + 1e-9)[:, None], dim=-1)


def unscaled(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """Not divided at all."""
    return torch.softmax(scores(query, key, heads) + torch.log(envelope + 1e-9)[:, None], dim=-1)


def over_heads(query: Tensor, key: Tensor, envelope: Tensor, heads: int) -> Tensor:
    """Softmax along the heads."""
    logits = scores(query, key, heads) / (query.shape[-1] // heads) ** 0.5
    return torch.softmax(logits + torch.log(envelope + 1e-9)[:, None], dim=1)


def invariants(moment: Tensor, harmonics: Tensor) -> Tensor:
    """Sum of l = 0 and lengths of l = 1, 2, shape (N, 3 C), the channels of one l together."""
    zeroth, first, second = sums(moment, harmonics)
    lengths = [(m.square().sum(-1) + 1e-6).sqrt() for m in (first, second)]
    return torch.cat([zeroth.squeeze(-1), *lengths], dim=-1)


def sums(moment: Tensor, harmonics: Tensor) -> tuple[Tensor, ...]:
    """m_c,lm for l = 0, 1, 2, shapes (N, C, 1), (N, C, 3), (N, C, 5)."""
    return (moment.transpose(1, 2) @ harmonics).split([1, 3, 5], dim=-1)


def squares(moment: Tensor, harmonics: Tensor) -> Tensor:
    """Squared lengths."""
    zeroth, first, second = sums(moment, harmonics)
    lengths = [m.square().sum(-1) for m in (first, second)]
    return torch.cat([zeroth.squeeze(-1), *lengths], dim=-1)


def components(moment: Tensor, harmonics: Tensor) -> Tensor:
    """Every component, which turns with the crystal."""
    return torch.cat([m.flatten(1) for m in sums(moment, harmonics)], dim=-1)


def lengths_first(moment: Tensor, harmonics: Tensor) -> Tensor:
    """Lengths of each neighbour's own vector, summed: angles are lost."""
    parts = harmonics.split([1, 3, 5], dim=-1)
    return torch.cat(
        [torch.einsum("nmc,nm->nc", moment, p.square().sum(-1).sqrt()) for p in parts], dim=-1
    )


def neighbourhoods(seed: int) -> tuple[Tensor, Tensor]:
    """Distances and cutoffs of a few atoms, made up; the last neighbour of each is padding."""
    generator = torch.Generator().manual_seed(seed)
    distance = 1.5 + 4.0 * torch.rand(3, 7, generator=generator, dtype=torch.float64)
    envelope = 0.5 * (torch.cos(torch.pi * distance / 5.5) + 1)
    envelope[:, -1] = 0.0
    return distance, envelope


def basis_trials() -> list[Trial]:
    """Two sizes of the basis."""
    return [(*neighbourhoods(0), 24), (*neighbourhoods(1), 8)]


def attention_trials() -> list[Trial]:
    """Two numbers of heads."""
    trials: list[Trial] = []
    for seed, heads, width in ((2, 2, 8), (3, 3, 12)):
        generator = torch.Generator().manual_seed(seed)
        query = torch.randn(3, width, generator=generator, dtype=torch.float64)
        key = torch.randn(3, 7, width, generator=generator, dtype=torch.float64)
        trials.append((query, key, neighbourhoods(seed)[1], heads))
    return trials


def moment_trials() -> list[Trial]:
    """Random weights on the harmonics of random directions."""
    from deepdos_nb.crystal.harmonics import real_harmonics

    generator = torch.Generator().manual_seed(5)
    vectors = torch.randn(3, 7, 3, generator=generator, dtype=torch.float64)
    harmonics = torch.from_numpy(real_harmonics(vectors.numpy()))
    return [
        (torch.randn(3, 7, c, generator=generator, dtype=torch.float64), harmonics) for c in (4, 2)
    ]


CHAPTER = Chapter(
    exercises={
        "radial": Function(
            right=radial_basis,
            trials=basis_trials,
            hint="torch.linspace(0.5, 8, size) gives the centres; distance[..., None] - centres "
            "has shape (N, M, size).",
            praise="A length has become a smooth vector that fades out at the cutoff.",
            mistakes=(
                Mistake(
                    lambda distance, envelope, size: gaussians(distance, size),
                    "The envelope is missing: an edge must fade out before the cutoff drops it.",
                ),
                Mistake(wide_gaussians, "The factor in the exponent is (size / 8)², squared."),
                Mistake(growing, "A Gaussian falls on both sides: mind the sign of the exponent."),
            ),
        ),
        "attention": Function(
            right=attention,
            trials=attention_trials,
            hint='unflatten(-1, (heads, -1)) splits the width, and einsum("nhd,nmhd->nhm", q, k) '
            "gives the products.",
            praise="Every row of every head sums to one, and a neighbour at the cutoff has no say.",
            mistakes=(
                Mistake(
                    no_envelope,
                    "The envelope is missing: its logarithm is added to the logits, so that an "
                    "atom at the cutoff, or padding, has no weight.",
                ),
                Mistake(
                    after_the_softmax,
                    "Weights must sum to one. Add log(envelope) before the softmax instead of "
                    "multiplying after it.",
                ),
                Mistake(
                    by_the_width,
                    "Divide by the root of the length of one head's query, not of the whole width.",
                ),
                Mistake(unscaled, "The products are not divided by the root of their length."),
                Mistake(over_heads, "The softmax runs over the neighbours, the last axis."),
            ),
        ),
        "moments": Function(
            right=invariants,
            trials=moment_trials,
            hint="moment.transpose(1, 2) @ harmonics sums over neighbours; split(...) parts the "
            "nine components into l = 0, 1, 2.",
            praise="Turn the crystal, and these numbers stay: yet they know about angles.",
            mistakes=(
                Mistake(squares, "Take the root: lengths are asked for, with 1e-6 under the root."),
                Mistake(
                    components,
                    "These components turn with the crystal. Take the length for each l.",
                ),
                Mistake(
                    lengths_first,
                    "Each neighbour's own vector has length one. Sum over neighbours first, then "
                    "take the length: that is where the angles are.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "Why is the logarithm of the envelope added to the logits?",
            (
                Option(
                    "So that a neighbour that crosses the cutoff changes nothing abruptly",
                    "Its weight has gone to zero by then, and the prediction is continuous.",
                ),
                Option(
                    "To make weights larger than one",
                    "The softmax still makes every row sum to one.",
                ),
                Option("To make the softmax faster", "It is one more sum."),
            ),
            "a",
        ),
        Question(
            "Two neighbourhoods have equal distances and different angles. Who tells them apart?",
            (
                Option("The queries", "They know the atom itself, not where neighbours are."),
                Option("The radial basis", "It knows distances, which are the same."),
                Option(
                    "The lengths of the moments for l = 1 and 2",
                    "Vectors that add up or cancel have sums of different length.",
                ),
            ),
            "c",
        ),
        Question(
            "The cell is doubled. What happens to the embedding of an atom?",
            (
                Option("It doubles", "Weights of attention sum to one, however many atoms."),
                Option(
                    "Nothing",
                    "The atom has the same neighbours at the same distances as before.",
                ),
                Option("It depends on the axis", "No axis of the cell enters the graph."),
            ),
            "b",
        ),
    ),
)
