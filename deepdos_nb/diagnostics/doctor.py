"""`doctor`: what is installed here, what is missing, and the commands that mend it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from deepdos_nb.diagnostics.checks import Check, all_checks


@dataclass(frozen=True)
class Checkup:
    """The result of `doctor`; a notebook shows it with what only the browser knows."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether everything essential is in order."""
        return not any(c.essential and c.status in ("missing", "broken") for c in self.checks)

    def describe(self) -> str:
        """What was found, one line each, and what to do about it."""
        marks = {"ok": "ok     ", "note": "note   ", "missing": "missing", "broken": "BROKEN "}
        lines = []
        for check in self.checks:
            lines.append(f"{marks[check.status]}  {check.name}: {check.found}")
            lines += [f"           {line}" for line in check.remedy.splitlines()]
        return "\n".join([*lines, self.verdict()])

    def verdict(self) -> str:
        """The sum of it, in one sentence."""
        bad = [c for c in self.checks if c.essential and c.status in ("missing", "broken")]
        if bad:
            return f"Not in order: {', '.join(c.name for c in bad)}."
        absent = sum(c.status in ("missing", "broken") for c in self.checks)
        return "Predictions and views are in order." + (
            f" {absent} optional part{'s are' if absent > 1 else ' is'} not there."
            if absent
            else ""
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {"ok": self.ok, "checks": [asdict(c) for c in self.checks]}

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def __repr__(self) -> str:
        return self.describe()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        try:
            from deepdos_nb.widgets.base.probe import BrowserProbe
        except ImportError:  # the very thing this is to report
            return {"text/plain": self.describe()}
        rows = [asdict(check) for check in self.checks]
        probe = BrowserProbe(rows=rows, verdict=self.verdict(), words=self.describe())
        return probe._repr_mimebundle_(**kwargs)


def doctor(*, gpu: bool = True) -> Checkup:
    """Look at versions, extensions, engines, data and weights.

    Parameters
    ----------
    gpu : bool
        Also ask torch for a GPU, which takes a second or two.

    Returns
    -------
    Checkup
        As the last value of a notebook's cell it also shows what only the browser knows: whether
        it has WebGL, and whether widgets reach Python.
    """
    return Checkup(tuple(all_checks(gpu=gpu)))
