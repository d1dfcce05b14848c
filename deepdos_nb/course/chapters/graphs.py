"""Chapter 1, crystals as graphs: images, a smooth cutoff, and one crystal in many descriptions."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.things import Thing

if TYPE_CHECKING:
    from pymatgen.core import Structure


def distances(lattice: Array, frac: Array, centre: int, reach: Array) -> Array:
    """From one atom to all atoms of all cells up to `reach` cells away along each vector."""
    images = np.array(list(product(*(range(-n, n + 1) for n in reach))))
    apart = (frac[None] + images[:, None] - frac[centre]) @ lattice
    return np.linalg.norm(apart, axis=-1).reshape(-1)


def enough(lattice: Array, cutoff: float) -> Array:
    """Cells to look at: the cutoff over the distance of lattice planes, and one for offsets."""
    planes = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    return np.ceil(cutoff / planes).astype(int) + 1


def count_neighbours(lattice: Array, frac: Array, centre: int, cutoff: float) -> int:
    """Neighbours of an atom closer than the cutoff, images included, itself not."""
    r = distances(lattice, frac, centre, enough(lattice, cutoff))
    return int(((r > 1e-8) & (r < cutoff)).sum())


def with_itself(lattice: Array, frac: Array, centre: int, cutoff: float) -> int:
    """The atom counted as its own neighbour at distance zero."""
    return count_neighbours(lattice, frac, centre, cutoff) + 1


def no_images(lattice: Array, frac: Array, centre: int, cutoff: float) -> int:
    """Atoms of the cell alone."""
    r = distances(lattice, frac, centre, np.zeros(3, dtype=int))
    return int(((r > 1e-8) & (r < cutoff)).sum())


def next_cells(lattice: Array, frac: Array, centre: int, cutoff: float) -> int:
    """Cells that touch this one, and no others."""
    r = distances(lattice, frac, centre, np.ones(3, dtype=int))
    return int(((r > 1e-8) & (r < cutoff)).sum())


def nearest_images(lattice: Array, frac: Array, centre: int, cutoff: float) -> int:
    """Each atom once, at its nearest image."""
    apart = frac - frac[centre]
    r = np.linalg.norm((apart - np.round(apart)) @ lattice, axis=-1)
    return int(((r > 1e-8) & (r < cutoff)).sum())


def neighbour_trials() -> list[tuple[Any, ...]]:
    """A cube with atoms near its two ends, a far cutoff, a slanted cell, and rock salt."""
    ends = (4.0 * np.eye(3), np.array([[0.05, 0, 0], [0.9, 0, 0], [0.4, 0.5, 0]]), 0, 3.0)
    cube = (3.0 * np.eye(3), np.zeros((1, 3)), 0, 7.0)
    slanted = np.array([[3.0, 0, 0], [2.9, 3.1, 0], [0.4, 0.2, 4.0]])
    salt = 2.1 * np.array([[0, 1.0, 1.0], [1.0, 0, 1.0], [1.0, 1.0, 0]])
    return [
        ends,
        cube,
        (slanted, np.array([[0, 0, 0], [0.4, 0.55, 0.45]]), 1, 6.0),
        (salt, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), 0, 4.5),
    ]


def envelope(r: Array, cutoff: float) -> Array:
    """Cosine cutoff, zero beyond it."""
    return unclipped(np.clip(r, 0, cutoff), cutoff)


def unclipped(r: Array, cutoff: float) -> Array:
    """Grows again beyond the cutoff."""
    return 0.5 * (np.cos(np.pi * r / cutoff) + 1)


def step(r: Array, cutoff: float) -> Array:
    """A hard cutoff."""
    return (r < cutoff).astype(float)


def not_halved(r: Array, cutoff: float) -> Array:
    """Two at r = 0."""
    return 2 * envelope(r, cutoff)


def degrees(r: Array, cutoff: float) -> Array:
    """Half a turn in degrees."""
    return 0.5 * (np.cos(180 * np.clip(r, 0, cutoff) / cutoff) + 1)


def same_crystal(answer: Structure, structure: Structure) -> bool:
    """Whether two structures are one crystal to the last digits, described differently."""
    return is_structure(answer) and not written_alike(answer, structure) and fits(answer, structure)


def is_structure(answer: Any) -> bool:
    """Whether it is a pymatgen Structure; one that is not is told so by the checker."""
    if not hasattr(answer, "lattice"):
        raise TypeError("make a pymatgen Structure")
    return True


def written_alike(answer: Structure, structure: Structure) -> bool:
    """Same cell vectors and same atoms in the same places of the list."""
    return (
        answer.species == structure.species
        and np.allclose(answer.lattice.matrix, structure.lattice.matrix, atol=1e-6)
        and np.allclose(answer.frac_coords, structure.frac_coords, atol=1e-6)
    )


def fits(answer: Structure, structure: Structure) -> bool:
    """Whether they are one crystal, lengths included."""
    from pymatgen.analysis.structure_matcher import StructureMatcher

    matcher = StructureMatcher(0.001, 0.001, 0.01, primitive_cell=True, scale=False)
    return bool(matcher.fit(answer, structure))


def supercell(structure: Structure) -> Structure:
    """Twice as long along a."""
    return structure.copy().make_supercell([2, 1, 1], in_place=False)


def larger(structure: Structure) -> Structure:
    """Swollen by five per cent."""
    swollen = structure.copy()
    swollen.scale_lattice(1.05**3 * structure.volume)
    return swollen


def other_elements(structure: Structure) -> Structure:
    """Another element in every place of the first one."""
    other = structure.copy()
    other.replace_species({structure[0].specie.symbol: "Be"})
    return other


CHAPTER = Chapter(
    exercises={
        "neighbours": Function(
            right=count_neighbours,
            trials=neighbour_trials,
            hint="loop over the cells n = (n1, n2, n3), far enough in every direction; an atom's "
            "image lies at (frac + n) @ lattice.",
            praise="Images count, an atom's own images too, and the atom itself does not.",
            mistakes=(
                Mistake(with_itself, "One too many: an atom at distance zero is the atom itself."),
                Mistake(
                    no_images,
                    "You looked at the atoms of one cell. The crystal goes on beyond it: add n @ "
                    "lattice for cells n around it.",
                ),
                Mistake(
                    nearest_images,
                    "Each atom counted once, at its nearest image. In a small cell several images "
                    "of one atom are neighbours.",
                ),
                Mistake(
                    next_cells,
                    "You looked at the cells that touch this one. The cutoff may reach further, "
                    "the more so in a slanted cell.",
                ),
            ),
        ),
        "envelope": Function(
            right=envelope,
            trials=lambda: [(np.linspace(0, 7, 50), 5.0), (np.linspace(0.5, 12, 40), 8.0)],
            hint="½ (cos(π r / cutoff) + 1) inside, zero beyond; np.clip or np.where.",
            praise="It starts at one, ends at zero, and has no slope at either end.",
            mistakes=(
                Mistake(step, "That is a hard cutoff: a neighbour vanishes all at once."),
                Mistake(unclipped, "Beyond the cutoff the cosine comes back: there it must be 0."),
                Mistake(not_halved, "It should be one at r = 0: the factor ½ is missing."),
                Mistake(degrees, "np.cos takes radians: half a turn is π, not 180."),
            ),
        ),
        "disguise": Thing(
            right=supercell,
            holds=same_crystal,
            hint="structure.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 1]], in_place=False) "
            "chooses another cell; a supercell, a turn or another order of the atoms will do too.",
            praise="Another list of numbers, the same crystal.",
            mistakes=(
                Mistake(
                    lambda structure: structure,
                    "This changed `structure` itself. Run the cell that made it again, and pass "
                    "in_place=False or work on structure.copy().",
                    seen=lambda answer, structure: answer is structure,
                ),
                Mistake(
                    lambda structure: structure.copy(),
                    "That is the same crystal described by the same numbers. Change the "
                    "description.",
                    seen=written_alike,
                ),
                Mistake(
                    larger,
                    "Lengths have changed: that is the crystal under another pressure.",
                    seen=lambda answer, structure: (
                        not np.isclose(
                            answer.volume / len(answer),
                            structure.volume / len(structure),
                            rtol=1e-3,
                        )
                    ),
                ),
                Mistake(
                    other_elements,
                    "The elements are not the same ones, or not in the same proportion.",
                    seen=lambda answer, structure: (
                        answer.composition.reduced_formula != structure.composition.reduced_formula
                    ),
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "A cell holds one atom. How many neighbours can that atom have?",
            (
                Option("None", "Its own images in other cells are neighbours."),
                Option("As many images as fit within the cutoff", "In fcc it is 12 and more."),
                Option("26, the cells around it", "It is distance that counts, not the cell."),
            ),
            "b",
        ),
        Question(
            "Why must the cutoff be smooth?",
            (
                Option(
                    "Otherwise a tiny strain could change the prediction by a jump",
                    "Whole shells cross a hard cutoff at once.",
                ),
                Option("To save time", "It costs a cosine for each edge."),
                Option("To have more neighbours", "It has exactly as many, with weights."),
            ),
            "a",
        ),
        Question(
            "The same crystal comes as a cell of 2 atoms and as one of 16. What differs?",
            (
                Option("The density of states for each atom", "It is a property of the crystal."),
                Option("The neighbourhoods of the atoms", "They are the same ones, eight times."),
                Option(
                    "The number of states for each cell",
                    "A cell of eight times as many atoms has eight times as many.",
                ),
            ),
            "c",
        ),
    ),
)
