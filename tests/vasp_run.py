"""A small vasprun.xml: one ionic step, a density of states, with or without projections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

FIELDS = ("s", "p", "d")


def write_vasprun(
    path: Path,
    structure: Structure,
    energies: np.ndarray,
    rows: Sequence[Sequence[np.ndarray]],
    fermi: float,
    *,
    spins: int = 1,
    projected: bool = True,
) -> Path:
    """`rows[site][l]` are states/eV; without rows the total is one Gaussian at E_F."""
    total = (
        np.sum([curve for site in rows for curve in site], axis=0)
        if len(rows)
        else np.exp(-0.5 * (energies - fermi) ** 2)
    )
    steps = np.gradient(energies)
    sets = [
        _spin_set(s, energies, total / spins, np.cumsum(total / spins * steps))
        for s in range(spins)
    ]
    partial = _partial(energies, rows, spins) if projected else ""
    path.write_text(
        f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
 <generator>
  <i name="program" type="string">vasp </i>
  <i name="version" type="string">6.4.2  </i>
  <i name="date" type="string">2026 01 01 </i>
  <i name="time" type="string">12:00:00 </i>
 </generator>
 <incar>
  <i name="NELM">    60</i>
  <i type="int" name="ISPIN">     {spins}</i>
 </incar>
 <kpoints>
  <generation param="Gamma">
   <v type="int" name="divisions">       8        8        8 </v>
   <v name="usershift">      0.0      0.0      0.0 </v>
  </generation>
  <varray name="kpointlist" ><v>       0.0       0.0       0.0 </v></varray>
  <varray name="weights" ><v>       1.0 </v></varray>
 </kpoints>
 <parameters>
  <separator name="electronic" >
   <i type="int" name="NELM">    60</i>
   <i type="int" name="ISPIN">     {spins}</i>
   <i type="int" name="NELMIN">     2</i>
  </separator>
  <separator name="ionic" >
   <i type="int" name="NSW">     0</i>
   <i type="int" name="IBRION">    -1</i>
  </separator>
  <i type="logical" name="LNONCOLLINEAR"> F  </i>
  <i type="int" name="LORBIT">    {10 if projected else 0}</i>
 </parameters>
{_atoms(structure)}
{_cell(structure, ' name="initialpos"')}
 <calculation>
  <scstep>
   <energy><i name="e_fr_energy">    -12.0 </i><i name="e_0_energy">    -12.0 </i></energy>
  </scstep>
{_cell(structure, "")}
  <energy>
   <i name="e_fr_energy">    -12.0 </i>
   <i name="e_wo_entrp">    -12.0 </i>
   <i name="e_0_energy">    -12.0 </i>
  </energy>
  <dos>
   <i name="efermi">      {fermi:.8f} </i>
   <total>
    <array>
     <dimension dim="1">gridpoints</dimension>
     <dimension dim="2">spin</dimension>
     <field>energy</field>
     <field>total</field>
     <field>integrated</field>
     <set>
{"".join(sets)}
     </set>
    </array>
   </total>
{partial}
  </dos>
 </calculation>
{_cell(structure, ' name="finalpos"')}
</modeling>
"""
    )
    return path


def _spin_set(spin: int, *columns: np.ndarray) -> str:
    lines = "\n".join(
        "<r> " + " ".join(f"{v:.6f}" for v in row) + " </r>" for row in zip(*columns, strict=True)
    )
    return f'<set comment="spin {spin + 1}">\n{lines}\n</set>\n'


def _partial(energies: np.ndarray, rows: Sequence[Sequence[np.ndarray]], spins: int) -> str:
    none = np.zeros_like(energies)
    sets = ""
    for i, site in enumerate(rows):
        columns = [*site, *[none] * (len(FIELDS) - len(site))]
        inner = "".join(_spin_set(s, energies, *[c / spins for c in columns]) for s in range(spins))
        sets += f'<set comment="ion {i + 1}">\n{inner}</set>\n'
    fields = "".join(f"<field>{name:>6}</field>" for name in ("energy", *FIELDS))
    return f"""<partial><array>
<dimension dim="1">gridpoints</dimension>
<dimension dim="2">spin</dimension>
<dimension dim="3">ion</dimension>
{fields}
<set>
{sets}</set></array></partial>"""


def _atoms(structure: Structure) -> str:
    symbols = [site.specie.symbol for site in structure]
    kinds = list(dict.fromkeys(symbols))
    atoms = "".join(f"<rc><c>{s} </c><c>{kinds.index(s) + 1:4d}</c></rc>" for s in symbols)
    types = "".join(
        f"<rc><c>{symbols.count(s)}</c><c>{s} </c><c>1.0</c><c>1.0</c>"
        f"<c> PAW_PBE {s} 01Jan2000 </c></rc>"
        for s in kinds
    )
    return f"""<atominfo>
<atoms> {len(symbols)} </atoms>
<types> {len(kinds)} </types>
<array name="atoms" ><dimension dim="1">ion</dimension>
<field type="string">element</field><field type="int">atomtype</field><set>{atoms}</set></array>
<array name="atomtypes" ><dimension dim="1">type</dimension>
<field type="int">atomspertype</field><field type="string">element</field><field>mass</field>
<field>valence</field><field type="string">pseudopotential</field><set>{types}</set></array>
</atominfo>"""


def _cell(structure: Structure, name: str) -> str:
    def rows(array: np.ndarray) -> str:
        return "".join("<v> " + " ".join(f"{v:.8f}" for v in row) + " </v>" for row in array)

    lattice = structure.lattice
    return f"""<structure{name}><crystal>
<varray name="basis" >{rows(lattice.matrix)}</varray>
<i name="volume">{lattice.volume:.8f}</i>
<varray name="rec_basis" >{rows(lattice.reciprocal_lattice_crystallographic.matrix)}</varray>
</crystal><varray name="positions" >{rows(structure.frac_coords)}</varray></structure>"""
