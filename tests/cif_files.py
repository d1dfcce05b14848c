"""CIFs written line by line, so that tests can spell them in every way people do."""

from __future__ import annotations

from collections.abc import Sequence

Site = tuple[object, ...]

CUBE_F = ("x,y,z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2", "x+1/2,y+1/2,z")
P3M1 = (
    "x,y,z",
    "-y,x-y,z",
    "-x+y,-x,z",
    "y,x,-z",
    "x-y,-y,-z",
    "-x,-x+y,-z",
    "-x,-y,-z",
    "y,-x+y,-z",
    "x-y,x,-z",
    "-y,-x,z",
    "-x+y,y,z",
    "x,x-y,z",
)
"""Operators of P -3 m 1."""

FRACTIONS = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")


def cif(
    cell: Sequence[object],
    sites: Sequence[Site],
    *,
    columns: Sequence[str] = ("_atom_site_label",),
    items: dict[str, object] | None = None,
    operators: Sequence[str] = (),
    operator_tag: str = "_symmetry_equiv_pos_as_xyz",
    head: str = "data_crystal",
) -> str:
    """A CIF of a cell (a, b, c, α, β, γ) and sites (values of `columns`, then x, y, z)."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [head, *(f"_cell_{n} {v}" for n, v in zip(names, cell, strict=True))]
    for tag, value in (items or {}).items():
        text = str(value)
        lines.append(f"{tag} '{text}'" if " " in text else f"{tag} {text}")
    if operators:
        lines += ["loop_", operator_tag, *(f"'{o}'" for o in operators)]
    lines += ["loop_", *columns, *FRACTIONS]
    lines += [" ".join(f"'{v}'" if " " in str(v) else str(v) for v in site) for site in sites]
    return "\n".join(lines) + "\n"


def cubic(a: float) -> tuple[float, ...]:
    return (a, a, a, 90, 90, 90)


def hexagonal(a: float, c: float) -> tuple[float, ...]:
    return (a, a, c, 90, 90, 120)


ROCK_SALT = (("Na1", 0, 0, 0), ("Cl1", 0.5, 0.5, 0.5))


def rock_salt(symbol: str = "F m -3 m", tag: str = "_symmetry_space_group_name_H-M") -> str:
    """NaCl with its symmetry in a symbol."""
    return cif(cubic(5.64), ROCK_SALT, items={tag: symbol})
