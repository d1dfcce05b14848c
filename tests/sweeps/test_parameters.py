"""Parameters cells: what they declare, and the sentence for a wrong value."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from papermill.exceptions import PapermillExecutionError
from sweep_notebook import PARAMETERS, write_notebook

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.sweeps.parameters import check_values, declared, read_parameters

SHIPPED = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_names_types_ranges_and_words_are_read():
    found = declared(PARAMETERS)
    assert list(found) == ["width", "seed", "kind", "fail", "weights", "strides"]
    assert [p.type for p in found.values()] == ["float", "int", "str", "bool", "list", "list"]
    assert found["width"].describe() == "a number in (0, 10]"
    assert found["seed"].describe() == "a whole number in [0, inf)"
    assert found["kind"].describe() == "one of 'phdos', 'edos'"
    assert found["strides"].describe() == "a list, each item a whole number in [1, 8]"
    assert found["width"].help == "of the peak, in eV"
    assert found["fail"].help == "on purpose"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("width", 0, "a number in (0, 10]"),
        ("width", 10.5, "a number in (0, 10]"),
        ("width", math.nan, "a number"),
        ("width", "1", "a number"),
        ("seed", 1.5, "a whole number in [0, inf)"),
        ("seed", True, "a whole number"),
        ("seed", -1, "a whole number in [0, inf)"),
        ("kind", "phonons", "one of 'phdos', 'edos'"),
        ("fail", 1, "True or False"),
        ("weights", "[0]", "a list, each item a number in [0, 1]"),
        ("weights", [], "a list"),
        ("weights", [0.5, 2.0], "a list, each item a number in [0, 1]"),
        ("strides", [1.5], "a list, each item a whole number"),
    ],
)
def test_a_wrong_value_gets_a_sentence(name, value, remedy):
    with pytest.raises(ConfigError) as raised:
        check_values(declared(PARAMETERS), {name: value})
    text = str(raised.value)
    assert text.startswith(f"{name}: {value!r} is not allowed here. Give ")
    assert remedy in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 10),
        ("width", 0.1),
        ("seed", 0),
        ("seed", 10**9),
        ("weights", [0, 1.0, 0.5]),
        ("strides", []),
        ("strides", [1, 8]),
    ],
)
def test_a_right_value_passes(name, value):
    check_values(declared(PARAMETERS), {name: value})


def test_an_unknown_name_gets_the_known_ones():
    with pytest.raises(ConfigError, match=r"has no parameter 'sigma'. It has width, seed, kind"):
        check_values(declared(PARAMETERS), {"sigma": 1})


@pytest.mark.parametrize("source", ["import os", "a = open('x')", "a, b = 1, 2\nf(a)"])
def test_a_cell_that_does_more_than_declare_is_refused(source):
    with pytest.raises(ConfigError, match="no plain"):
        declared(source)


def test_dictionaries_are_checked_by_item():
    found = declared('longer = {"a": 2}  # [1, 100] times')
    check_values(found, {"longer": {"b": 3}})
    check_values(found, {"longer": {}})
    with pytest.raises(ConfigError, match="each item a whole number in"):
        check_values(found, {"longer": {"b": 0}})


@pytest.mark.parametrize("path", SHIPPED, ids=[p.stem for p in SHIPPED])
def test_every_shipped_notebook_declares_types_and_words_and_checks_them(path: Path):
    import nbformat

    parameters = read_parameters(path)
    if not parameters:
        assert path.stem == "dashboard"
        return
    for parameter in parameters.values():
        assert parameter.type, parameter.name
        assert parameter.help, parameter.name
        parameter.check(parameter.default)
        numbers = "int" in (parameter.type, parameter.item)
        assert parameter.allowed is not None or not numbers, f"{parameter.name} has no range"
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert "check_parameters()" in code[1].source


def test_files_that_are_no_notebooks_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"absent\.ipynb: no such notebook"):
        read_parameters(tmp_path / "absent.ipynb")
    (tmp_path / "text.ipynb").write_text("hello")
    with pytest.raises(ConfigError, match=r"text\.ipynb: not a notebook"):
        read_parameters(tmp_path / "text.ipynb")


def test_a_notebook_checks_its_own_before_it_begins(tmp_path: Path):
    import papermill

    notebook = write_notebook(tmp_path)
    with pytest.raises(PapermillExecutionError, match=r"seed: 1\.5 is not allowed here\. Give a"):
        papermill.execute_notebook(
            str(notebook), None, parameters={"seed": 1.5}, kernel_name="python3", progress_bar=False
        )
    assert not (tmp_path / "log.txt").exists()
