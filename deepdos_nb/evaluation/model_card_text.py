"""The words of a model card; its numbers come from `cards`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.version import __version__
from deepdos_nb.data.splits import protocol
from deepdos_nb.data.training_sets import TrainingData, seen_elements


def card_text(
    tables: Sequence[str], settings: Sequence[dict[str, Any]], data: TrainingData, command: str
) -> str:
    """The model card as Markdown.

    Parameters
    ----------
    tables : sequence of str
        Scores of totals and, where known, of sites, as Markdown tables.
    settings : sequence of dict
        `TrainConfig.to_dict` of each seed.
    data : TrainingData
    command : str
        How the runs were made.
    """
    about = ABOUT[data.kind](data) | (_own(data, settings) if data.name else {})
    seeds = ", ".join(str(s["seed"]) for s in settings)
    epochs = _all("epochs", settings)
    dropout = _all("dropout", [s["model"] for s in settings])
    drafted = any(s["model"].get("draft") for s in settings)
    text = f"""# {about["title"]}: {len(settings)} seeds

Written by deepdos_nb {__version__} on {date.today().isoformat()}.

## What it is

An ensemble of {len(settings)} models (seeds {seeds}) that predict {about["what"]} Weights are
safetensors in float16, used in float32.{about["draft"] if drafted else ""}

## Training data

{about["data"]}
- {len(seen_elements(data.train))} elements. Others are extrapolation, and the prediction says so.

## Protocol

The epoch of each seed, and all settings, were selected on the validation part alone; the test part
had no say in any choice. It is scored with the float16 weights as shipped. Totals are scored on
the {len(data.test)} test crystals ({len(data.valid)} for validation) against {about["against"]}, as
the mean spectrum over seeds. *max* divides both curves by their own maximum, *oracle total*
rescales the prediction to the reference's sum and divides both by the reference's maximum, *sum*
divides both by their own sum{about["absolute"]}. Epochs: {epochs}; dropout: {dropout}; one CPU core
for each seed.

{tables[0]}

The rows of the draft, and of what stands after the transport, tell what each step adds in these
models, not whether another step of equal size would add more.
"""
    if len(tables) > 1:
        text += f"""
{about["sites"]}

{tables[1]}

{_supervision(settings)} The last columns are median cosines of answers that are told the true
total and only share it out, so that they compare like for like: *shares* does so bin by bin as the
model's site densities do; of the two naive answers, *equal share* gives every atom the same part,
and *source attention* goes by the attention map.
"""
    if len(tables) > 2:
        text += f"""
Of the {len(data.test_first)} test crystals of the first edition alone:

{tables[2]}
"""
    return (
        text
        + f"""
## How sure it is

The spread over seeds is smaller than the error, because seeds share errors. The error band that
figures show adds the spread and the density itself, with weights fitted to the validation part and
set so that it holds 68.3 % of its bins (`metrics.calibration.fit_band`); how many it holds of the
test part is in the last rows of the first table. Bins where both curves stay below one per cent of
the maximum do not count.

## Limits

{about["limits"]}

## Licence

The weights are under the MIT licence, like the code. The training data are credited above.

## Made by

```
{command}
```
"""
    )


def _all(name: str, settings: Sequence[dict[str, Any]]) -> str:
    return ", ".join(sorted({str(s[name]) for s in settings}))


def _supervision(settings: Sequence[dict[str, Any]]) -> str:
    if all(s["loss"]["sites"] == 0 for s in settings):
        return "Trained on totals alone: no projection was ever seen."
    return "The projections of *training* crystals were supervised."


def _phonons(data: TrainingData) -> dict[str, str]:
    labelled = sum(r.site_shape is not None for r in data.train)
    return {
        "title": "Phonon density of states",
        "what": """\
the phonon density of states of a
crystal, site by site, on 51 points from 0 to 1000 cm⁻¹. Every site owns three modes; the rest is
shape.""",
        "data": f"""\
- {len(data.train) - labelled} crystals of the benchmark's training part: G. Petretto et al.,
  *High-throughput density-functional perturbation theory phonons for inorganic materials*,
  Scientific Data 5, 180065 (2018), CC BY 4.0; totals only.
- {labelled} crystals of phonondb (A. Togo, Kyoto, 2018-04-17, CC BY 4.0; VASP, PBEsol, finite
  displacements), with the share of imaginary modes below 0.1 %: totals and site projections.
- Kept out: every phonondb crystal whose identifier or reduced formula is in the benchmark's
  validation or test part, or in a published list of {len(protocol().held_out_phdos)} held-out
  materials. The benchmark's split is 80/10/10 by reduced formula.""",
        "draft": """

Every seed reads a draft by springs (some share one): Born-von Kármán force constants learnt before,
from the totals of the same training crystals (primitive cells of at most 40 atoms), and which
travel with the weights. Its own scores stand in the tables.""",
        "against": "DFPT",
        "absolute": "",
        "sites": f"""\
Site projections of the {len(data.test_sites)} test crystals that phonondb also holds (VASP),
never trained on, for elements and inequivalent sites:""",
        "limits": """\
Bulk crystals near equilibrium. Soft and imaginary modes, magnetism, disorder, surfaces and
pressure were not in the data. Features narrower than the benchmark's smoothing (about 50 cm⁻¹
Savitzky-Golay window) cannot be resolved.""",
    }


def _electrons(data: TrainingData) -> dict[str, str]:
    metals = sum(r.gap == 0 for r in data.train)
    return {
        "title": "Electronic density of states",
        "what": """\
the electronic density of states of a
crystal, site by site, on 128 points from −4 to 4 eV about the valence-band maximum, or about the
Fermi level of a metal, and the number of states in that window.""",
        "data": f"""\
- {len(data.train)} crystals of the set inside this package, {metals} without a gap: PBE with GPAW,
  plane waves, tetrahedra; totals and site projections. `deepdos data show embedded-edos` says
  where the structures come from.
- Kept out: every crystal whose reduced formula is in a published list of
  {len(protocol().held_out_edos)} held-out materials. The split is 80/10/10 by reduced formula; a
  formula stays in its part as the set grows. Scores on the {len(data.test_first)} test crystals of
  its first edition stand beside those on all, so that editions compare.""",
        "draft": """

Every seed reads a draft by tight binding (some share one): levels of s, p and d shells and of a
second s shell, Slater-Koster hoppings and overlaps, that were learnt before, from the states of
every shell of every atom of the same training crystals (primitive cells of at most ten atoms), and
which travel with the weights. Its own scores stand in the tables.""",
        "against": "PBE",
        "absolute": """\
. *End-to-end* and
*none* rescale nothing, so that the model's own number of states counts too""",
        "sites": f"""\
Site projections of the {len(data.test_sites)} test crystals, for elements and inequivalent
sites:""",
        "limits": """\
Small sets make coarse models: expect the gross shape of the bands, not their fine structure. PBE
itself puts gaps too low. Cells of up to a dozen atoms near equilibrium; spin only with Cr, Mn, Fe,
Co, Ni; no spin-orbit coupling, no open 4f shells, no disorder, no surfaces.""",
    }


def _own(data: TrainingData, settings: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What differs on the card of weights that learnt from another data set than the shipped."""
    methods = sorted({r.method for r in data.train})
    licences = sorted({str(r.provenance.get("licence") or "not stated") for r in data.train})
    begun = sorted({str(s["start"]) for s in settings if s.get("start")})
    fine = ""
    if begun:
        fine = f"""
- Training went on from weights that had learnt from other data before (fingerprints
  {", ".join(begun)}); what those had seen is on their own card. Formulas of the test part may have
  been among it."""
    return {
        "data": f"""\
- {len(data.train)} crystals of the data set *{data.name}*: {", ".join(methods[:4])}. Licence:
  {", ".join(licences[:4])}.{fine}
- The split is by reduced formula, 80/10/10, with a few formulas at least in each part. Materials of
  published held-out lists are in none.""",
        "draft": """

Every seed reads drafts by physics of a model that was learnt before, and which travels with the
weights. Their own scores stand in the tables.""",
        "against": "the references of the data set",
        "limits": """\
Crystals like those of the data set; others are extrapolation.""",
    }


ABOUT: dict[Kind, Callable[[TrainingData], dict[str, str]]] = {
    Kind.phdos: _phonons,
    Kind.edos: _electrons,
}
"""What a card says of each kind."""
