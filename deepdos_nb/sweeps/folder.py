"""The folder of a sweep: what is to be run, and what became of every run.

It holds

- `sweep.json`       the notebook's place, the parameters, and the runs in order,
- `notebook.ipynb`   the notebook as it was when the sweep began, which all runs execute,
- `runs/KEY.json`    what became of a run, with its results or its traceback,
- `runs/KEY.ipynb`   the executed notebook.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.files import write_text
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.sweeps.keys import key_of, text_of


@dataclass(frozen=True)
class Run:
    """What became of one run.

    Attributes
    ----------
    parameters : dict
    state : {"finished", "failed"}
    seconds : float
    rows : list of dict
        Results that the notebook handed over.
    error, traceback : str
        Why it failed, in a line and in full.
    """

    parameters: dict[str, Any]
    state: str
    seconds: float
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    traceback: str = ""


class SweepFolder:
    """A sweep on disk.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.notebook = self.path / "notebook.ipynb"
        self._manifest = self.path / "sweep.json"
        self._runs = self.path / "runs"

    def begin(
        self, notebook: Path, points: list[dict[str, Any]], varied: list[str]
    ) -> list[dict[str, Any]]:
        """Write down what is to be run; into a folder that has a sweep, what is new to it.

        Returns
        -------
        list of dict
            The points as the folder has them: one that it knew may name its parameters in another
            order, by which its run is called.

        Raises
        ------
        ConfigError
            If the folder holds a sweep of another notebook.
        """
        source = notebook.read_text(encoding="utf-8")
        stored: dict[str, dict[str, Any]] = {}
        if self._manifest.exists():
            if _cells(self.notebook.read_text(encoding="utf-8")) != _cells(source):
                raise ConfigError(
                    "the folder holds a sweep of another notebook, or of an earlier version.",
                    source=str(self.path),
                    remedy="Choose another folder, or delete this one to start again.",
                )
            known = self.manifest()
            stored = {text_of(point): point for point in known["points"]}
            varied = known["varied"] + [name for name in varied if name not in known["varied"]]
        else:
            write_text(self.notebook, source)
        wanted = [stored.setdefault(text_of(point), point) for point in points]
        content = {
            "notebook": notebook.name,
            "cwd": str(notebook.parent.resolve()),
            "varied": varied,
            "points": list(stored.values()),
        }
        write_text(self._manifest, json.dumps(content, indent=1))
        return wanted

    def manifest(self) -> dict[str, Any]:
        """What `begin` wrote.

        Raises
        ------
        DataError
            If there is no sweep in the folder.
        """
        try:
            content: dict[str, Any] = parse_json(self._manifest.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise DataError("holds no sweep.", source=str(self.path)) from None
        except ValueError as error:
            raise DataError(f"damaged ({error}).", source=str(self._manifest)) from error
        return content

    def points(self) -> dict[str, dict[str, Any]]:
        """Parameters of every run, in order, by key."""
        return {key_of(point): point for point in self.manifest()["points"]}

    def varied(self) -> list[str]:
        """Names that take several values: those of the grids, then what else differs among points.

        Two sweeps in one folder may share a grid and differ in what was fixed.
        """
        content = self.manifest()
        points, varied = content["points"], list(content["varied"])
        for name in dict.fromkeys(name for point in points for name in point):
            values = {text_of({name: point[name]}) if name in point else "" for point in points}
            if name not in varied and len(values) > 1:
                varied.append(name)
        return varied

    def has(self, key: str) -> bool:
        """Whether a run has come to an end, good or bad."""
        return self._record(key).exists()

    def run(self, key: str) -> Run | None:
        """What became of a run; None before its end.

        Raises
        ------
        DataError
            If its record is damaged.
        """
        try:
            return Run(**parse_json(self._record(key).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DataError(
                f"damaged ({error}).",
                source=str(self._record(key)),
                remedy="Delete it, and the run is done again.",
            ) from error

    def keep(self, key: str, run: Run) -> None:
        """Write down what became of a run."""
        write_text(self._record(key), json.dumps(asdict(run), indent=1))

    def executed(self, key: str) -> Path:
        """Where the executed notebook of a run is."""
        return self._runs / f"{key}.ipynb"

    def forget_failures(self) -> None:
        """Let failed runs be done again."""
        for key in self.points():
            run = self.run(key)
            if run is not None and run.state == "failed":
                self._record(key).unlink(missing_ok=True)

    def _record(self, key: str) -> Path:
        return self._runs / f"{key}.json"


def _cells(notebook: str) -> list[tuple[str, str]]:
    """What a notebook says, whether or not somebody has executed it in between."""
    import nbformat

    cells = nbformat.reads(notebook, as_version=4).cells
    return [(cell.cell_type, cell.source) for cell in cells]
