"""Sweeps: every point once, failures kept, the table read back; from Python and the shell."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from sweep_notebook import ran, write_notebook
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.plots import sweep_figure
from deepdos_nb.sweeps.keys import key_of
from deepdos_nb.sweeps.report import Sweep
from deepdos_nb.sweeps.results import KEY, MIME, read_results

run = CliRunner()
GRID = {"width": [1.0, 2.0], "fail": [False, True]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def swept(place: Path) -> Sweep:
    notebook = write_notebook(place)
    return dd.sweep(notebook, GRID, folder=place / "out", parameters={"seed": 3}, progress=False)


def test_a_failed_run_keeps_its_traceback_and_stops_nobody(swept: Sweep, place: Path):
    runs = swept.runs()
    assert runs["state"].tolist() == ["finished", "failed", "finished", "failed"]
    assert runs["width"].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert runs["error"][1] == "ValueError: this was asked for"
    assert 'raise ValueError("this was asked for")' in swept.traceback(1)
    assert "\x1b" not in swept.traceback(1)
    assert swept.describe().startswith("peak.ipynb: 2 finished, 2 failed")
    assert ran(place) == ["1.0 3", "1.0 3", "2.0 3", "2.0 3"]
    executed = sorted((place / "out" / "runs").glob("*.ipynb"))
    assert len(executed) == 4
    assert not list((place / "out").rglob(".*"))


def test_results_are_one_table(swept: Sweep):
    table = swept.table()
    assert list(table.columns) == ["width", "fail", "height", "unknown"]
    assert table["width"].tolist() == [1.0, 2.0]
    assert table["height"][0] - 2 * (table["height"][1] - 0.5) > 0.4
    assert table["unknown"].isna().all()
    assert "2 finished" in swept._repr_html_()


def test_finished_and_failed_runs_are_not_run_again_but_new_points_are(swept: Sweep, place: Path):
    before = ran(place)
    dd.sweep(place / "peak.ipynb", GRID, folder=place / "out", parameters={"seed": 3})
    assert ran(place) == before
    more = {"width": [3.0], "fail": [False]}
    wider = dd.sweep(place / "peak.ipynb", more, folder=place / "out", parameters={"seed": 3})
    assert ran(place) == [*before, "3.0 3"]
    assert wider.table()["width"].tolist() == [1.0, 2.0, 3.0]


def test_what_a_kernel_says_is_kept_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """In a notebook it would stand below the cell that sweeps."""
    body = "import os\nos.write(2, b'last words')\nif width == 1.0:\n    os._exit(1)"
    notebook = write_notebook(tmp_path, body=body, checked=False)
    grid = {"width": [1.0, 2.0]}
    died = dd.sweep(notebook, grid, folder=tmp_path / "out", progress=False)
    assert died.runs()["state"].tolist() == ["failed", "finished"]
    assert "last words" in died.traceback(0)
    assert capfd.readouterr() == ("", "")


def test_failed_runs_are_done_again_when_asked(tmp_path: Path):
    notebook = write_notebook(tmp_path, body="assert width != 1.0 or not Path(LOG).exists()")
    body = (
        "from pathlib import Path\nif not Path(LOG).exists():\n    Path(LOG).touch()\n"
        "    raise OSError('the first time')"
    )
    notebook = write_notebook(tmp_path, body=body)
    grid = {"width": [1.0]}
    first = dd.sweep(notebook, grid, folder=tmp_path / "out", progress=False)
    assert first.runs()["error"].tolist() == ["OSError: the first time"]
    again = dd.sweep(notebook, grid, folder=tmp_path / "out", progress=False, again=True)
    assert again.runs()["state"].tolist() == ["finished"]


@pytest.mark.parametrize(
    ("grid", "reason"),
    [
        ({"width": [1.0, 11.0]}, r"width: 11\.0 is not allowed here\. Give a number in"),
        ({"sigma": [1.0]}, "has no parameter 'sigma'"),
        ({"seed": [0, "1"]}, "seed: '1' is not allowed"),
    ],
)
def test_everything_is_checked_before_the_first_run(tmp_path: Path, grid, reason):
    notebook = write_notebook(tmp_path)
    with pytest.raises(ConfigError, match=reason):
        dd.sweep(notebook, grid, folder=tmp_path / "out")
    assert ran(tmp_path) == []
    assert not (tmp_path / "out").exists()


def test_another_notebook_is_not_mixed_in(swept: Sweep, tmp_path: Path, place: Path):
    other = write_notebook(tmp_path, body="pass")
    with pytest.raises(ConfigError, match="another notebook"):
        dd.sweep(other, GRID, folder=place / "out")


def test_the_same_notebook_is_known_when_it_was_executed_in_between(swept: Sweep, place: Path):
    before = ran(place)
    notebook = nbformat.read(place / "peak.ipynb", as_version=4)
    notebook.cells[0].execution_count = 7
    notebook.cells[0].id = "another"
    nbformat.write(notebook, place / "peak.ipynb")
    dd.sweep(place / "peak.ipynb", GRID, folder=place / "out", parameters={"seed": 3})
    assert ran(place) == before


def test_keys_are_distinct_for_distinct_values():
    keys = {key_of({"a": value}) for value in (1, 1.0, "1", [1], True, None, "x/../y")}
    assert len(keys) == 7
    assert all("/" not in key for key in keys)
    assert (
        key_of({"a": 1, "b": 2}).rpartition("-")[2] == key_of({"b": 2, "a": 1}).rpartition("-")[2]
    )


def test_only_results_under_the_key_are_read():
    new = nbformat.v4
    shown = [{KEY: [{"a": 1}]}, {"other": 1}, [1, 2]]
    outputs = [new.new_output("display_data", data={MIME: value}) for value in shown]
    notebook = new.new_notebook(cells=[new.new_code_cell("", outputs=outputs)])
    assert read_results(notebook) == [{"a": 1}]
    notebook.cells[0].outputs[0]["data"][MIME][KEY] = {"a": 1}
    with pytest.raises(DataError, match="no list of rows"):
        read_results(notebook)


class TestFigure:
    TABLE = pd.DataFrame(
        {
            "rate": [1e-4, 1e-2, 1e-4, 1e-2],
            "model": ["a", "a", "b", "b"],
            "score": [3.0, 1.0, 2.0, 2.5],
        }
    )

    def test_a_line_for_each_group_through_its_means(self):
        figure = sweep_figure(self.TABLE, ["rate", "model"])
        (axes,) = figure.axes
        assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("rate", "score", "log")
        lines = {line.get_label(): line.get_ydata().tolist() for line in axes.lines[1::2]}
        assert lines == {"a": [3.0, 1.0], "b": [2.0, 2.5]}

    def test_texts_on_the_horizontal_axis(self):
        figure = sweep_figure(self.TABLE, ["rate", "model"], along="model")
        assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["a", "b"]

    def test_unknown_columns_are_named(self):
        with pytest.raises(ConfigError, match=r"cost: there is no score.*There are score"):
            sweep_figure(self.TABLE, ["rate", "model"], score="cost")


class TestCommand:
    @pytest.fixture
    def grid(self, swept: Sweep, place: Path) -> Path:
        path = place / "grid.yaml"
        path.write_text(
            "notebook: peak.ipynb\nparameters: {seed: 3}\n"
            "grid:\n  width: [1.0, 2.0]\n  fail: [false, true]\n"
        )
        return path

    def test_run_status_report(self, grid: Path, place: Path):
        out = str(place / "out")
        before = ran(place)
        done = run.invoke(app, ["sweep", str(grid), "--out", out])
        assert done.exit_code == 2, done.output
        assert "finished, 2 failed" in done.output
        assert ran(place) == before
        status = run.invoke(app, ["sweep", "status", out], env={"COLUMNS": "160"})
        assert status.exit_code == 0, status.output
        assert "ValueError: this was asked for" in status.output
        report = run.invoke(app, ["sweep", "report", out])
        assert report.exit_code == 0, report.output
        table = pd.read_csv(place / "out" / "report.csv")
        assert {"width", "height"} <= set(table.columns)
        assert plt.imread(place / "out" / "report.png").shape[2] >= 3

    def test_bad_input_is_one_line(self, grid: Path, tmp_path: Path):
        for arguments, reason in [
            ([str(tmp_path / "absent.yaml")], "absent.yaml: no such file"),
            (["status", str(tmp_path)], "holds no sweep"),
            (["report", str(tmp_path)], "holds no sweep"),
        ]:
            done = run.invoke(app, ["sweep", *arguments])
            assert done.exit_code == 2
            assert reason in done.output
            assert "Traceback" not in done.output


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_processes_make_the_table_of_one(tmp_path: Path):
    notebook = write_notebook(tmp_path)
    grid = {"width": [1.0, 2.0], "seed": [0, 1]}
    one = dd.sweep(notebook, grid, folder=tmp_path / "one", progress=False)
    two = dd.sweep(notebook, grid, folder=tmp_path / "two", progress=False, workers=2)
    pd.testing.assert_frame_equal(one.table(), two.table())
