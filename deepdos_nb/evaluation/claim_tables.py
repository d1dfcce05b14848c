"""Tables of what a claim must say beside its scores; the numbers come from `score_claims`."""

from __future__ import annotations

from collections.abc import Mapping

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import NOTHING, markdown_table

STAGES = {"start_": "draft", "moved_": "after the transport", "": "prediction"}
"""Steps of a prediction by how the names of their scores begin."""


def with_interval(scores: Mapping[str, float], key: str, form: str) -> str:
    """A score, with its interval where there is one; a dash if there is no score."""
    if key not in scores:
        return NOTHING
    cell = format(scores[key], form)
    if f"{key}_ci_low" not in scores:
        return cell
    low, high = (format(scores[f"{key}_ci_{end}"], form) for end in ("low", "high"))
    return f"{cell} ({low} to {high})"


def twin_table(scores: Mapping[str, float], kind: str) -> str:
    """Test crystals with and without a twin in training: the ensemble, and a prototype look-up."""
    kind = Kind(kind)
    columns = {"mse_max": ".4f", "wd_mean": kind.distance_format}
    lines = []
    for part, name in (
        ("", "all"),
        ("twin_", "with a twin in training"),
        ("alone_", "without one"),
    ):
        count = scores["n"] if not part else scores[f"{part}n"]
        cells = [
            with_interval(scores, key, form) if key in scores else NOTHING
            for whose in ("", "lookup_")
            for stem, form in columns.items()
            for key in (f"{part}{whose}{stem}",)
        ]
        lines.append([name, f"{count:.0f}", *cells])
    heads = [
        f"{whose}: {score}"
        for whose in ("these weights", "look-up")
        for score in ("MSE (max)", f"WD ({kind.grid.unit})")
    ]
    return markdown_table(["test crystals", "number", *heads], lines, left=1)


def sharp_table(scores: Mapping[str, float], kind: str) -> str:
    """Edges, gaps and flanks of the draft, after the transport, and in the end."""
    kind = Kind(kind)
    lines = []
    for begin, name in STAGES.items():
        if f"{begin}edge_error" not in scores:
            continue
        cells = [
            format(scores[f"{begin}edge_error"], ".1f" if kind.fixed_modes else ".3f"),
            format(scores[f"{begin}gap_filling"], ".3f"),
            format(scores[f"{begin}slope_error"], ".3f"),
            format(scores[f"{begin}mse_max"], ".4f"),
            format(scores[f"{begin}wd_mean"], kind.distance_format),
        ]
        lines.append([name, *cells])
    heads = [
        f"edges ({kind.grid.unit})",
        f"filling of gaps ({scores['gap_crystals']:.0f} crystals)",
        "slopes",
        "MSE (max)",
        f"WD ({kind.grid.unit})",
    ]
    return markdown_table(["of", *heads], lines, left=1)


def averaging_table(scores: Mapping[str, float]) -> str:
    """What averaging seeds does to max-normalised curves whose peaks it lowers."""
    rows = [
        ("kept_low_", "the half whose peaks are lowered most"),
        ("kept_high_", "the other half"),
    ]
    lines = [
        [
            name,
            f"{scores[begin.rstrip('_')]:.3f}",
            f"{scores[f'{begin}seeds_mse_max']:.4f}",
            f"{scores[f'{begin}mse_max']:.4f}",
        ]
        for begin, name in rows
        if f"{begin}mse_max" in scores
    ]
    heads = ["peak of the mean over mean peak", "MSE (max), one seed", "MSE (max), their mean"]
    return markdown_table(["test crystals", *heads], lines, left=1)
