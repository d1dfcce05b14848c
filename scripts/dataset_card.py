"""Write the card of the embedded data set: `python scripts/dataset_card.py`.

Every number on it is counted from the shards.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.data.label_shards import Label, read_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.splits import part_of
from deepdos_nb.labelling.gpaw import ElectronSettings
from deepdos_nb.labelling.setups import CORES

EMBEDDED = Path(__file__).parents[1] / "deepdos_nb" / "data" / "embedded"
CARD = EMBEDDED / "DATASET_CARD.md"

INTRODUCTION = """\
# The embedded data set

Reference spectra that come with the package, so that every lesson runs without a network. They were
computed for it, from structures that packages on public registries ship; nothing is copied from a
database of spectra. This card is written by `python scripts/dataset_card.py`, which counts
everything below from the files themselves.
"""

ELECTRONS = """\
**What.** Total density of states and its projections on sites and s, p, d, f, on 128 points from
−4 to 4 eV about the valence-band maximum (where the gap on the mesh exceeds 0.3 eV) or the Fermi
level; stored as states of one atom per bin, so that sites add up to the total.

**How.** GPAW, plane waves, PBE, no spin-orbit coupling; cut-off 450 eV; density on a Γ-centred
mesh of 2 k-points per Å⁻¹ (3 with spin), states on 5 (4 in cells of more than four atoms), half of
both in cells of more than 16, even numbers; {finer} of the crystals, the first to be computed and
some small ones, have finer ones, and every record states its own. Linear tetrahedra counted
exactly in each bin, then a Gaussian of 0.1 eV.
Spin polarisation, started ferromagnetic, where there is Fe, Co, Ni, Mn or Cr. The 4f electrons of
{core}
are in the core: what they would add is not in the curves, and they carry no moment; La has none,
the full shell of Lu is in the valence.
Projections are the parts inside the PAW spheres divided by their sum, state by state: element
shares depend on that convention. Cells as their source gives them, in the standard primitive
setting, not relaxed again.

**Mind.** PBE gaps are too small; one magnetic order was tried; no U, no open 4f shells.
Curves of small metallic cells depend on the mesh of wave vectors: of 317 labels of the edition
before, twenty drawn at random were computed again with 7 instead of 5 points per Å⁻¹ and 600
instead of 450 eV. The two differ by an MSE (oracle total) of 0.0013 and a Wasserstein distance of
0.018 eV, R² is 0.98 in the median and 0.81 at least (ZnSb as caesium chloride).
Values are stored in twelve bits, off by at most 0.025 % of the largest of their crystal.
"""

PHONONS = """\
**What.** *ML-potential phonons*: total and site-projected density of states on the benchmark's 51
points from 0 to 1000 cm⁻¹, modes of one atom per bin. Teaching labels, not density-functional
theory; nothing the package reports against the benchmark was trained or tested on them.

**How.** SevenNet 7net-l3i5: cell and positions relaxed with symmetry kept (0.001 eV/Å), finite
displacements of 0.01 Å in a supercell whose shortest lattice vector is at least 9 Å, phonopy on a
45 Å mesh, Gaussians of 6 cm⁻¹, then the benchmark's own smoothing. No Born charges, so no LO-TO
splitting. Only crystals with less than 1 % imaginary modes (below −5 cm⁻¹).

**Mind.** The potential is too soft. {frequencies}
"""


def main() -> None:
    text = [INTRODUCTION]
    for kind, title, about in (
        (Kind.edos, "Electrons", ELECTRONS),
        (Kind.phdos, "Phonons", PHONONS),
    ):
        labels = [
            x for path in sorted((EMBEDDED / kind).glob("shard-*.npz")) for x in read_shard(path)
        ]
        if labels:
            about = about.replace("{frequencies}", frequencies())
            about = about.replace("{core}", ", ".join(CORES))
            about = about.replace("{finer}", str(sum(map(finer, labels))))
            text += [f"## {title}\n", about, section(kind, labels)]
    write_text(CARD, "\n".join(text))


def section(kind: Kind, labels: list[Label]) -> str:
    records = [to_record(label, f"embedded-{kind}") for label in labels]
    seconds = np.array([label.facts["seconds"] for label in labels])
    atoms = Counter(len(label.numbers) for label in labels)
    elements = Counter(symbol for r in records for symbol in {str(s.specie) for s in r.structure})
    parts = Counter(str(part_of(record)) for record in records)
    engines = sorted({label.facts["engine"] for label in labels})
    rows = [
        ("crystals", f"{len(labels)}"),
        ("train / valid / test, by reduced formula", " / ".join(str(parts[p]) for p in PARTS)),
        ("elements", f"{len(elements)}"),
        (
            "atoms per cell",
            f"{min(atoms)} to {max(atoms)}, median {np.median(list(atoms.elements())):.0f}",
        ),
        (
            "cells of at most four atoms",
            f"{100 * sum(atoms[n] for n in range(5)) / len(labels):.0f} %",
        ),
        ("CPU time", f"median {np.median(seconds):.1f} s, {seconds.sum() / 3600:.1f} h in all"),
        ("engines", "; ".join(engines)),
    ]
    if kind is Kind.edos:
        gaps = np.array([label.facts["gap"] for label in labels])
        magnetic = [abs(label.facts["magnetization"]) > 0.1 for label in labels]
        rows += [
            ("with a gap above 0.3 eV", f"{100 * np.mean(gaps > 0):.0f} %"),
            ("magnetic (above 0.1 μB)", f"{sum(magnetic)}"),
        ]
    else:
        highest = np.array([label.facts["highest"] for label in labels])
        rows.append(("highest frequency", f"{highest.min():.0f} to {highest.max():.0f} cm⁻¹"))
    table = markdown_table(["", ""], rows)
    return "\n\n".join([table, sources(labels), element_list(elements), failures(kind)]) + "\n"


def finer(label: Label) -> bool:
    """Whether a record has a finer mesh than its settings would give it now."""
    used = label.facts["settings"]
    if "density_mesh" not in used:
        return False
    now = ElectronSettings().meshes(to_record(label, "embedded").structure)
    return (used["density_mesh"], used["state_mesh"]) != now


def frequencies() -> str:
    found = json.loads((EMBEDDED / "validation.json").read_text("utf-8"))["frequencies"]
    percent = {key: f"{100 * value:.0f} %" for key, value in found.items() if key != "crystals"}
    return (
        f"On the {found['crystals']} crystals that phonondb has too (PBEsol, equal formula, space\n"
        "group and, within 10 %, volume), the median of its mean frequencies is "
        f"{percent['median']} of\nthe DFT ones; {percent['within_5_percent']} lie within 5 %, "
        f"{percent['within_10_percent']} within 10 %."
    )


def sources(labels: list[Label]) -> str:
    found = Counter((x.facts["origin"]["source"], x.facts["origin"]["licence"]) for x in labels)
    rows = [(*origin, n) for origin, n in found.most_common()]
    return markdown_table(["structures from", "licence", "crystals"], rows)


def element_list(elements: Counter[str]) -> str:
    falling = sorted(elements.items(), key=lambda found: (-found[1], found[0]))
    listed = ", ".join(f"{symbol} {n}" for symbol, n in falling)
    return f"Crystals with each element: {listed}."


def failures(kind: Kind) -> str:
    path = EMBEDDED / kind / "failures.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    reasons = Counter(plain(json.loads(line)["reason"]) for line in lines)
    if not reasons:
        return "No crystal failed."
    return markdown_table(["not in the set, because", "crystals"], reasons.most_common())


def plain(reason: str) -> str:
    """A reason without the numbers that differ between crystals."""
    words = ["…" if any(c.isdigit() for c in word) else word for word in reason.split()]
    return " ".join(words).replace("|", "/")[:120]


PARTS = ("train", "valid", "test")

if __name__ == "__main__":
    main()
