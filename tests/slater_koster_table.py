"""Table I of Slater and Koster, Phys. Rev. 94, 1498 (1954), line by line, as a reference.

Energy integrals between orbitals of a first and a second atom, with direction cosines l, m, n of
the second as the first sees it. What the paper leaves to cyclic permutation is permuted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from deepdos_nb.core.arrays import Array

ORBITALS = ("s", "x", "y", "z", "xy", "yz", "z²", "zx", "x²−y²", "s")
"""In the package's order, which ends with a second s."""

NEXT = {"x": "y", "y": "z", "z": "x", "xy": "yz", "yz": "zx", "zx": "xy", "s": "s"}
ROOT3 = 3**0.5
SHELLS = "spppdddddt"


def slater_koster(direction: Array, integrals: Mapping[str, float]) -> Array:
    """Matrix (10, 10): rows are orbitals of the first atom, columns of the second.

    Parameters
    ----------
    direction : ndarray, shape (3,)
        Unit vector from the first atom to the second.
    integrals : mapping
        Named ssσ, spσ, psσ, …; the shell of the first atom comes first, and psσ, dsσ, dpσ, dpπ
        stand where the paper has spσ, sdσ, pdσ, pdπ of the same direction.
    """
    table = np.zeros((10, 10))
    for row, a in enumerate(ORBITALS):
        for column, b in enumerate(ORBITALS):
            pair = SHELLS[row] + SHELLS[column]
            v = [integrals.get(pair + symmetry, 0.0) for symmetry in "σπδ"]
            table[row, column] = _integral(a, b, direction, v)
    return table


def _integral(a: str, b: str, direction: Array, v: Sequence[float]) -> float:
    for _ in range(3):
        for first, second in ((a, b), (b, a)):
            value = _line(first, second, *direction, *v)
            if value is not None:
                return value
        # The same integral with every axis renamed: x → y → z → x.
        a, b, direction = NEXT[a], NEXT[b], np.roll(direction, 1)
    raise AssertionError(f"no line for {a}, {b}")


def _line(
    a: str,
    b: str,
    l: float,  # noqa: E741
    m: float,
    n: float,
    σ: float,
    π: float,
    δ: float,
) -> float | None:
    """A line of the table, or None where it has none."""
    ll, mm, nn = l * l, m * m, n * n
    z2, x2 = nn - (ll + mm) / 2, ll - mm
    # fmt: off
    lines = {
        ("s", "s"): σ,
        ("s", "x"): l * σ,
        ("x", "x"): ll * σ + (1 - ll) * π,
        ("x", "y"): l * m * (σ - π),
        ("x", "z"): l * n * (σ - π),
        ("s", "xy"): ROOT3 * l * m * σ,
        ("s", "x²−y²"): ROOT3 / 2 * x2 * σ,
        ("s", "z²"): z2 * σ,
        ("x", "xy"): ROOT3 * ll * m * σ + m * (1 - 2 * ll) * π,
        ("x", "yz"): ROOT3 * l * m * n * σ - 2 * l * m * n * π,
        ("x", "zx"): ROOT3 * ll * n * σ + n * (1 - 2 * ll) * π,
        ("x", "x²−y²"): ROOT3 / 2 * l * x2 * σ + l * (1 - x2) * π,
        ("y", "x²−y²"): ROOT3 / 2 * m * x2 * σ - m * (1 + x2) * π,
        ("z", "x²−y²"): ROOT3 / 2 * n * x2 * σ - n * x2 * π,
        ("x", "z²"): l * z2 * σ - ROOT3 * l * nn * π,
        ("y", "z²"): m * z2 * σ - ROOT3 * m * nn * π,
        ("z", "z²"): n * z2 * σ + ROOT3 * n * (ll + mm) * π,
        ("xy", "xy"): 3 * ll * mm * σ + (ll + mm - 4 * ll * mm) * π + (nn + ll * mm) * δ,
        ("xy", "yz"): 3 * l * mm * n * σ + l * n * (1 - 4 * mm) * π + l * n * (mm - 1) * δ,
        ("xy", "zx"): 3 * ll * m * n * σ + m * n * (1 - 4 * ll) * π + m * n * (ll - 1) * δ,
        ("xy", "x²−y²"): 1.5 * l * m * x2 * σ - 2 * l * m * x2 * π + l * m * x2 / 2 * δ,
        ("yz", "x²−y²"):
            1.5 * m * n * x2 * σ - m * n * (1 + 2 * x2) * π + m * n * (1 + x2 / 2) * δ,
        ("zx", "x²−y²"):
            1.5 * n * l * x2 * σ + n * l * (1 - 2 * x2) * π - n * l * (1 - x2 / 2) * δ,
        ("xy", "z²"):
            ROOT3 * (l * m * z2 * σ - 2 * l * m * nn * π + l * m * (1 + nn) / 2 * δ),
        ("yz", "z²"):
            ROOT3 * (m * n * z2 * σ + m * n * (ll + mm - nn) * π - m * n * (ll + mm) / 2 * δ),
        ("zx", "z²"):
            ROOT3 * (l * n * z2 * σ + l * n * (ll + mm - nn) * π - l * n * (ll + mm) / 2 * δ),
        ("x²−y²", "x²−y²"): 0.75 * x2**2 * σ + (ll + mm - x2**2) * π + (nn + x2**2 / 4) * δ,
        ("x²−y²", "z²"): ROOT3 * (x2 * z2 / 2 * σ - nn * x2 * π + (1 + nn) * x2 / 4 * δ),
        ("z²", "z²"): z2**2 * σ + 3 * nn * (ll + mm) * π + 0.75 * (ll + mm) ** 2 * δ,
    }
    # fmt: on
    return lines.get((a, b))
