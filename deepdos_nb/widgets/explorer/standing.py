"""What a score on a crystal is worth: whether models have learnt from it, said beside the plot."""

from __future__ import annotations

import html

WORTH = {
    "train": "Models learnt from this formula: their errors here say nothing about new crystals.",
    "valid": "Settings and epochs were chosen on this crystal: its errors are a little too small.",
    "test": "No model shown was trained or selected on this formula.",
}
"""By part of the data set."""

NO_REFERENCE = "No reference calculation of this crystal is here to compare with."


def standing(part: str, *, referenced: bool, others: str = "") -> str:
    """What is to be known of a crystal before its errors are read, in words.

    Parameters
    ----------
    part : {"train", "valid", "test", ""}
    referenced : bool
        Whether the prediction is compared with anything.
    others : str
        How the other models whose curves are drawn were trained.
    """
    first = WORTH.get(part, "") if referenced else NO_REFERENCE
    return " ".join(filter(None, [first, others]))


def standing_html(part: str, *, referenced: bool, others: str = "") -> str:
    """The same with its badge; how other models were trained is folded away."""
    badge = f'<span class="ddos-part" data-part="{part}">{part}</span> ' if part else ""
    words = html.escape(standing(part, referenced=referenced))
    more = (
        f" <details><summary>the other models</summary>{html.escape(others)}</details>"
        if others
        else ""
    )
    return f'<div class="ddos ddos-standing">{badge}{words}{more}</div>' if badge + words else ""
