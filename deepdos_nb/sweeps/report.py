"""What came out of a sweep: its runs, one table, one figure."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import write_text
from deepdos_nb.sweeps.folder import SweepFolder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

WAITING = "waiting"


class Sweep:
    """A sweep, finished or not; read from its folder whenever it is asked.

    Parameters
    ----------
    folder : path or SweepFolder
    """

    def __init__(self, folder: str | Path | SweepFolder):
        self.folder = folder if isinstance(folder, SweepFolder) else SweepFolder(folder)
        self.notebook = str(self.folder.manifest()["notebook"])

    def runs(self) -> pd.DataFrame:
        """One row a run: what varies, `state` (finished, failed, waiting), seconds, rows, error."""
        import pandas as pd

        varied = self.folder.varied()
        rows = []
        for key, point in self.folder.points().items():
            run = self.folder.run(key)
            rows.append(
                {name: point.get(name) for name in varied}
                | {
                    "state": run.state if run else WAITING,
                    "seconds": run.seconds if run else None,
                    "rows": len(run.rows) if run else 0,
                    "error": run.error if run else "",
                }
            )
        return pd.DataFrame(rows)

    def traceback(self, number: int) -> str:
        """Full traceback of a failed run, by its row in `runs`."""
        run = self.folder.run(list(self.folder.points())[number])
        return run.traceback if run else ""

    def table(self) -> pd.DataFrame:
        """All results: the row of every finished run, or rows, after the parameters that vary.

        A result of the same name as a parameter is called "NAME (result)".
        """
        import pandas as pd

        varied = self.folder.varied()
        rows: list[dict[str, Any]] = []
        for key, point in self.folder.points().items():
            run = self.folder.run(key)
            if run is None or run.state != "finished":
                continue
            shown = {name: point.get(name) for name in varied}
            for row in run.rows or [{}]:
                named = {f"{n} (result)" if n in shown else n: v for n, v in row.items()}
                rows.append(shown | named)
        return pd.DataFrame(rows)

    def figure(self, score: str | None = None, along: str | None = None) -> Figure:
        """One score against one parameter, a point for every row of the table.

        See `plots.sweep`.

        Parameters
        ----------
        score : str, optional
            Column of the table; its first column of numbers without it.
        along : str, optional
            Parameter of the horizontal axis; the first that takes several values without it.
        """
        from deepdos_nb.plots.sweep import sweep_figure

        varied = self.folder.varied()
        return sweep_figure(self._results(), varied, score=score, along=along, title=self.notebook)

    def report(self, score: str | None = None, along: str | None = None) -> tuple[Path, Path]:
        """Write the table and the figure beside the runs; their paths."""
        from deepdos_nb.style.axes import save

        table = self._results()
        path = write_text(self.folder.path / "report.csv", table.to_csv(index=False))
        picture = self.folder.path / "report.png"
        save(self.figure(score, along), picture)
        return path, picture

    def _results(self) -> pd.DataFrame:
        table = self.table()
        if table.empty:
            raise DataError("no run has finished.", source=str(self.folder.path))
        return table

    def describe(self) -> str:
        """How many runs are in which state, in words."""
        counts = Counter(self.runs()["state"])
        states = ", ".join(f"{counts[s]} {s}" for s in ("finished", "failed", WAITING) if counts[s])
        return f"{self.notebook}: {states}, in {self.folder.path}/"

    def __repr__(self) -> str:
        return f"Sweep({self.describe()})"

    def _repr_html_(self) -> str:
        table = self.runs().to_html(index=False, max_rows=40, na_rep="–")
        return f"<p>{escape(self.describe())}</p>{table}"
