"""The explorer without a browser: collections, search, traits, curves, errors and files."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import pytest
import traitlets
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from nglview.remote_thread import RemoteCallThread
from pymatgen.core import Structure
from synthetic import make_spectrum, make_trace, metal_with_gap, rock_salt

from deepdos_nb.cases.studies import case_studies
from deepdos_nb.core.errors import ConfigError, StructureError
from deepdos_nb.crystal.read import example, examples, parse_structure
from deepdos_nb.data.baseline_curves import embedded_baselines
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.embedded import honest_part
from deepdos_nb.data.splits import part_of, protocol
from deepdos_nb.metrics.scores import mse
from deepdos_nb.metrics.valence_gap import vb_gap
from deepdos_nb.widgets import Dashboard, SpectrumExplorer, SpectrumPlot, ViewState
from deepdos_nb.widgets.base.payload import NOTHING_KNOWN, TOTAL_ONLY
from deepdos_nb.widgets.explorer.collections import (
    Examples,
    Folder,
    Items,
    Records,
    as_collection,
    as_study,
    shipped_collections,
)
from deepdos_nb.widgets.explorer.materials import PAGE, MaterialList
from deepdos_nb.widgets.explorer.search import Entry, matches
from deepdos_nb.widgets.explorer.standing import NO_REFERENCE, WORTH

# How a thread of nglview is ended.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

PNG = b"\x89PNG\r\n\x1a\n"
MGO = rock_salt()


class Model:
    """Predicts as a loaded model does, and counts how often."""

    def __init__(self, kind: str = "phdos", seed: int = 1) -> None:
        self.kind, self.seed, self.calls = kind, seed, 0

    def predict(self, structure: Structure):
        self.calls += 1
        if self.kind == "edos":
            return metal_with_gap(structure, seed=self.seed, n_seeds=4)
        return make_spectrum(structure, "phdos", seed=self.seed)

    def trace(self, structure: Structure, *, seed: int = 0):
        return make_trace(structure, self.kind, seed)


CRYSTALS = [example(name) for name in ("NiAl", "TiO2", "SrTiO3")]
REFERENCES = [metal_with_gap(s, source="PBE") for s in CRYSTALS]


@pytest.fixture
def look() -> SpectrumExplorer:
    return SpectrumExplorer(
        {"Examples": Examples(), "Electrons": REFERENCES},
        {"phdos": Model(), "edos": Model("edos")},
        baselines={"Mat2Spec": Model("edos", 2)},
        backend="image",
    )


# Collections -------------------------------------------------------------------------------------


def test_examples_are_all_there():
    labels = Examples().entries
    assert [label.id for label in labels] == list(examples())
    assert len(labels) == len(Examples()) == 13
    mgo = next(label for label in labels if label.id == "MgO")
    assert (mgo.formula, mgo.n_atoms, set(mgo.elements)) == ("MgO", 2, {"Mg", "O"})


def record(structure: Structure, name: str, *, sites: bool) -> Record:
    n, shape = len(structure), np.full(51, 1 / 51)
    return Record(
        material_id=name,
        kind="phdos",
        lattice=structure.lattice.matrix,
        numbers=np.array([s.specie.Z for s in structure]),
        frac=structure.frac_coords,
        orbits=np.arange(n),
        shape=shape,
        site_shape=np.repeat(shape[None], n, axis=0) if sites else None,
        outside=np.zeros(n) if sites else None,
        source="made up",
    )


def test_data_sets_and_lists_of_records():
    records = [record(MGO, "mp-1", sites=True), record(CRYSTALS[1], "mp-2", sites=False)]
    for source in (Dataset.of(records), records):
        collection = as_collection(source)
        assert isinstance(collection, Records)
        assert [(x.id, x.formula, x.n_atoms) for x in collection.entries] == [
            ("mp-1", "MgO", 8),
            ("mp-2", "TiO2", 6),
        ]
        structure, reference = collection.item(0)
        assert len(structure) == 8
        np.testing.assert_allclose(reference.states, 24)
        assert TOTAL_ONLY in collection.item(1)[1].notes


def test_a_folder_lists_files_without_reading_them(tmp_path: Path):
    for name in ("MgO", "TiO2"):
        (tmp_path / f"{name}.cif").write_text(examples()[name].read_text())
    CRYSTALS[2].to(str(tmp_path / "POSCAR_sto"), fmt="poscar")
    (tmp_path / "broken.cif").write_text("data_x\nnothing here")
    (tmp_path / "notes.txt").write_text("MgO")
    (tmp_path / "empty.vasp").write_text("")
    folder = as_collection(tmp_path)
    assert isinstance(folder, Folder)
    found = {label.id: label.formula for label in folder.entries}
    assert found == {
        "broken.cif": "", "empty.vasp": "", "MgO.cif": "MgO", "POSCAR_sto": "SrTiO3",
        "TiO2.cif": "TiO2",
    }  # fmt: skip
    assert set(folder.entries[3].elements) == {"Sr", "Ti", "O"}
    structure, reference = folder.item(3)
    assert structure.composition.reduced_formula == "SrTiO3"
    assert reference is None
    with pytest.raises(StructureError, match=r"broken\.cif"):
        folder.item(0)
    with pytest.raises(ConfigError, match="no such folder"):
        as_collection(tmp_path / "nowhere")


def test_things_in_memory():
    collection = as_collection({"mine": MGO, "known": REFERENCES[0], "both": (MGO, None)})
    assert isinstance(collection, Items)
    assert [label.id for label in collection.entries] == ["mine", "known", "both"]
    assert collection.item(0) == (MGO, None)
    assert collection.item(1)[1] is REFERENCES[0]
    with pytest.raises(ConfigError, match="int cannot be listed"):
        as_collection(3)
    with pytest.raises(ConfigError, match="str is no crystal"):
        as_collection(["MgO"])


def test_shipped_collections_start_with_what_can_be_scored():
    found = shipped_collections(["phdos", "edos"])
    assert [*found][:2] == ["DFT electrons", "ML-potential phonons"]
    assert [c.kind for c in found.values() if isinstance(c, Examples)] == ["phdos", "edos"]
    assert isinstance(list(shipped_collections().values())[-1], Examples)


@dataclass
class MadeUpCase:
    """As much of a case of a study as a collection reads."""

    name: str
    structure: Structure
    reference: Any


def test_a_case_without_a_reference_says_so():
    known, unknown = CRYSTALS[:2]
    cases = [
        MadeUpCase("known", known, REFERENCES[0]),
        MadeUpCase("still missing", unknown, None),
    ]
    look = SpectrumExplorer(
        {"Study": as_study(cases)}, {"phdos": Model(), "edos": Model("edos")}, backend="image"
    )
    assert [row["id"] for row in look.materials.rows] == ["known", "still missing"]
    assert look.views.spectrum.chips
    assert look._standing.value == ""
    look.index = 1
    assert look.opened.main.kind == "edos", "a study is about electrons, referenced or not"
    assert look.views.spectrum.chips == []
    assert NO_REFERENCE in look._standing.value
    assert NO_REFERENCE in look.describe()


@pytest.mark.slow
def test_the_case_studies_have_tabs_and_say_what_is_missing():
    board = Dashboard(backend="canvas")
    board.selected = "studies"
    assert board.error == ""
    view = board.view
    studies = case_studies()
    assert [len(c) for c in view.collections.values()] == [len(c) for c in studies.values()]
    for (name, collection), cases in zip(view.collections.items(), studies.values(), strict=True):
        view.dataset = name
        assert view.error == ""
        for i in (0, len(collection) - 1):
            view.index = i
            known = cases[i].reference is not None
            assert (view.opened.reference is not None) == known
            assert (NO_REFERENCE in view.describe()) == (not known)
            assert view.opened.main.kind == "edos"


# Parts -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded() -> SpectrumExplorer:
    sets = {name: open_dataset(name) for name in ("embedded-edos", "embedded-phdos")}
    return SpectrumExplorer(sets, {"phdos": Model(), "edos": Model("edos")}, backend="image")


def test_every_record_has_its_part_and_the_list_opens_on_test(embedded: SpectrumExplorer):
    embedded.dataset = "embedded-edos"
    entries = embedded.collections["embedded-edos"].entries
    assert {e.part for e in entries} == {"train", "valid", "test"}
    assert embedded.part == "test"
    assert embedded.index == embedded.materials.fitting[0]
    assert {entries[i].part for i in embedded.materials.fitting} == {"test"}
    counts = {p["key"]: p["count"] for p in embedded.materials.parts}
    assert sum(counts.values()) == len(entries)
    assert {row["part"] for row in embedded.materials.rows} == {"test"}
    embedded.part = "train"
    assert embedded.materials.found == counts["train"]
    embedded.part = ""
    assert embedded.materials.found == len(entries)
    with pytest.raises(traitlets.TraitError, match="no part 'tset'"):
        embedded.part = "tset"


def test_a_score_is_told_what_it_is_worth(embedded: SpectrumExplorer):
    embedded.dataset = "embedded-edos"
    entries = embedded.collections["embedded-edos"].entries
    for part, words in WORTH.items():
        embedded.index = next(i for i, e in enumerate(entries) if e.part == part)
        assert embedded.opened.part == part
        assert words in embedded.describe()
        assert f'data-part="{part}"' in embedded._standing.value


def test_nothing_the_weights_know_from_elsewhere_is_called_a_test():
    """The phonon weights learnt from the benchmark and phonondb, whatever the embedded part is."""
    entries = list(open_dataset("embedded-phdos").entries())
    known = [e for e in entries if part_of(e) in ("valid", "test") and honest_part(e) == "train"]
    assert {e.formula for e in known} >= {"NaCl", "LiF", "GaP"}
    # What the benchmark tests or validates on is not among them.
    rules = protocol()
    assert not {e.formula for e in known} & {*rules.test.values(), *rules.valid.values()}
    listed = as_collection(open_dataset("embedded-phdos")).entries
    assert [e.part for e in listed] == [honest_part(e) or "" for e in entries]
    # No part is known of what somebody else has collected.
    assert {e.part for e in as_collection([record(MGO, "mine", sites=True)]).entries} == {""}


@pytest.mark.parametrize(
    ("kind", "models"), [("edos", ["Mat2Spec", "DOSTransformer"]), ("phdos", ["Mat2Spec"])]
)
def test_curves_of_the_baselines(embedded: SpectrumExplorer, kind: str, models: list[str]):
    data = open_dataset(f"embedded-{kind}")
    curves = embedded_baselines(kind)
    split = data.split()
    asked = {e.material_id for part in ("valid", "test") for e in split[part].entries()}
    # The set has grown since; none that was trained on is among them.
    assert set(curves.materials) <= asked
    assert len(curves.materials) > len(asked) / 2
    assert [*curves.totals] == models
    references = {r.material_id: r.shape for part in ("valid", "test") for r in split[part]}
    truth = np.stack([references[m] for m in curves.materials])
    mean = np.repeat(np.mean([r.shape for r in split["train"]], axis=0)[None], len(truth), axis=0)
    for totals in curves.totals.values():
        np.testing.assert_allclose(totals.sum(axis=1), 1, atol=2e-3)
        # They are of these crystals, in this order: better than one curve for all.
        assert mse(totals, truth, "max") < mse(mean, truth, "max")
    # They are drawn beside our own, with the reference's number of states, and scored.
    embedded.dataset = f"embedded-{kind}"
    entries = embedded.collections[embedded.dataset].entries
    embedded.index = next(
        i for i in embedded.materials.fitting if entries[i].id in curves.materials
    )
    main, lines = embedded.opened.main, embedded.views.spectrum.lines
    assert [line["name"] for line in lines[1:]] == models
    known = embedded.opened.reference
    for name, spectrum in embedded.opened.baselines.items():
        assert (spectrum.kind, spectrum.source) == (main.kind, name)
        np.testing.assert_allclose(spectrum.total.sum(), known.total.sum(), rtol=2e-3)
    names = [chip["name"] for chip in embedded.views.spectrum.chips]
    assert names == ["MSE", "R²", "WD", *(f"{model} MSE" for model in models)]
    assert "Re-implemented and trained on" in embedded.describe()
    embedded.part = "train"
    embedded.index = embedded.materials.fitting[0]
    assert embedded.opened.baselines == {} or kind == "phdos"


LABELS = [
    Entry("mp-149", "Si", 2, ("Si",)),
    Entry("mp-8062", "SiC", 2, ("Si", "C")),
    Entry("mp-85", "Sm", 1, ("Sm",)),
    Entry("mp-1143", "Al2O3", 10, ("Al", "O")),
    Entry("file.cif", "", 0, ()),
    Entry("mp-3536", "MgAl2O4", 14, ("Mg", "Al", "O")),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("Si", [0, 1]),
        ("si", [0, 1]),
        ("C", [1]),
        ("Si C", [1]),
        ("C-Si", [1]),
        ("Al-O", [3]),
        ("O", [3, 5]),
        ("al2", [3, 5]),
        ("MP-149", [0]),
        ("mp-", [0, 1, 2, 3, 5]),
        ("file", [4]),
        ("Si Xx", []),
        ("Zr", []),
    ],
)
def test_search(query: str, found: list[int]):
    assert matches(LABELS, query) == found


# List --------------------------------------------------------------------------------------------


def many(n: int) -> list[Entry]:
    return [Entry(f"mp-{i}", f"Si{i}O" if i % 2 else "MgO", 2, ("Mg", "O")) for i in range(n)]


def test_list_sends_one_page():
    materials = MaterialList()
    materials.fill(many(1500))
    assert (materials.available, materials.found, len(materials.rows)) == (1500, 1500, PAGE)
    materials.first = 1450
    assert materials.first == 1400
    assert [r["index"] for r in materials.rows] == list(range(1400, 1500))
    materials.first = 9999
    assert materials.first == 1400
    materials.query = "mp-149"
    assert materials.first == 0
    assert [r["index"] for r in materials.rows] == [149, *range(1490, 1500)]
    assert materials.rows[0]["formula"] == "Si₁₄₉O"
    assert materials.describe() == "11 of 1500 crystals that fit 'mp-149'."
    materials.query = "nothing like this"
    assert (materials.rows, materials.found, materials.first) == ([], 0, 0)
    materials.fill(many(3))
    assert (materials.query, materials.selected, materials.found) == ("", -1, 3)
    assert materials.error == ""


def test_python_and_javascript_agree_on_the_traits_of_the_list():
    text = str(MaterialList._esm)
    own = set(MaterialList.class_traits(sync=True)) - set(
        anywidget.AnyWidget.class_traits(sync=True)
    )
    assert set(re.findall(r'model\.get\("(\w+)"\)', text)) == own
    assert set(re.findall(r'model\.set\("(\w+)"', text)) <= own
    assert set(re.findall(r'"change:(\w+)"', text)) <= own
    assert re.search(r"const PAGE = (\d+)", text)[1] == str(PAGE)


# Plot --------------------------------------------------------------------------------------------


def test_plot_sends_reference_and_baselines():
    prediction, other = metal_with_gap(MGO, seed=1, n_seeds=3), metal_with_gap(MGO, seed=2)
    reference = metal_with_gap(MGO, source="PBE")
    plot = SpectrumPlot(prediction, reference=reference, baselines={"Mat2Spec": other})
    assert [line["name"] for line in plot.lines] == ["PBE", "Mat2Spec"]
    np.testing.assert_allclose(plot.lines[0]["values"], reference.total, rtol=1e-3)
    assert plot.lines[0]["dash"] != plot.lines[1]["dash"]
    assert plot.lines[0]["colour"] != plot.lines[1]["colour"]
    assert plot.header["bandIsTotal"]
    score, fit, distance, theirs = plot.chips
    expected = mse(prediction.total[None], reference.total[None], "max")
    assert (score["value"], score["protocol"]) == (f"{expected:.4f}", "max-normalised")
    assert (fit["name"], distance["name"], theirs["name"]) == ("R²", "WD", "Mat2Spec MSE")
    assert distance["value"].endswith(" eV")
    assert distance["protocol"] == "sum-normalised"
    assert score["words"] in plot.describe()
    assert "divided by their own maximum" in score["words"]


def test_scores_follow_the_step():
    trace = make_trace(MGO)
    plot = SpectrumPlot(trace, reference=make_spectrum(MGO, seed=3))
    plot.state.step = 0
    first = plot.chips[0]["value"]
    expected = mse(trace.spectrum(0).total[None], make_spectrum(MGO, seed=3).total[None], "max")
    assert first == f"{expected:.4f}"
    plot.state.step = trace.n_steps
    assert plot.chips[0]["value"] != first


def test_no_reference_no_scores():
    assert SpectrumPlot(make_spectrum(MGO)).chips == []
    with pytest.raises(ConfigError, match="'DFT' belongs to another crystal"):
        SpectrumPlot(make_spectrum(MGO), baselines={"DFT": make_spectrum(CRYSTALS[0])})


def test_names_that_would_clash_are_told_apart():
    same = make_spectrum(MGO)
    plot = SpectrumPlot(same, reference=same, baselines={"deepdos_nb": same, "total": same})
    names = [line["name"] for line in plot.lines]
    assert names == ["deepdos_nb", "deepdos_nb (other)", "total (other)"]


def test_gap_is_that_of_the_definition():
    spectrum = metal_with_gap(MGO)
    expected = vb_gap(spectrum.energies, spectrum.total)
    plot = SpectrumPlot(spectrum)
    assert expected is not None
    assert plot.gap == pytest.approx([expected.low, expected.high], abs=1e-3)
    assert f"{expected.width:.2f} eV wide" in plot.describe()
    assert SpectrumPlot(make_spectrum(MGO)).gap is None


def test_site_view_has_a_row_for_each_set_of_equal_sites():
    spectrum = metal_with_gap(CRYSTALS[2])
    plot = SpectrumPlot(spectrum)
    assert (plot.site_rows, plot.site_curves) == ([], b"")
    plot.state.mode = "sites"
    assert [row["label"] for row in plot.site_rows] == ["Sr1", "Ti2", "O3 ×3"]
    assert plot.site_rows[2]["sites"] == [2, 3, 4]
    curves = np.frombuffer(plot.site_curves, "<f4").reshape(3, 128)
    np.testing.assert_allclose(curves, spectrum.sites[:3], rtol=1e-6)
    plot.state.mode = "total"
    assert plot.site_rows == []


def test_rows_that_do_not_fit_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("deepdos_nb.widgets.base.payload.MOST_ROWS", 24)
    cell = Structure(np.eye(3) * 12.0, ["Ba", "O"] * 20, np.random.default_rng(0).random((40, 3)))
    plot = SpectrumPlot(make_spectrum(cell))
    plot.state.mode = "sites"
    groups = plot.data.groups
    assert len(groups) > len(plot.site_rows) == 24
    assert f"24 of {len(groups)} sets of equal sites have a row" in plot.readout
    # Of many, those with most states come first.
    states = [plot.data.steps[-1][g[0]].sum() for g in groups]
    assert states == sorted(states, reverse=True)
    plot.state.mode = "elements"
    assert "sets of equal sites" not in plot.readout


def test_hidden_curves_are_shared():
    plot = SpectrumPlot(make_spectrum(MGO), reference=make_spectrum(MGO, seed=2))
    before = plot.png()
    plot.hidden_curves = ["deepdos_nb", "ensemble"]
    assert plot.state.hidden_curves == ("deepdos_nb", "ensemble")
    assert plot.png() != before
    plot.state.hidden_curves = ()
    assert plot.hidden_curves == []
    with pytest.raises(traitlets.TraitError, match="hidden_curves holds names"):
        plot.state.hidden_curves = (1,)


def test_several_traits_in_one_message_do_not_undo_each_other():
    plot = SpectrumPlot(make_trace(MGO))
    seen: list[tuple[str, Any]] = []
    plot.observe(lambda change: seen.append((change["name"], change["new"])), plot.LINKED)
    plot.set_state(
        {"hidden_elements": ["O"], "hidden_curves": ["total"], "playing": True, "step": 0}
    )
    assert sorted(seen) == [
        ("hidden_curves", ["total"]),
        ("hidden_elements", ["O"]),
        ("playing", True),
        ("step", 0),
    ], "each changes once, and never back"
    assert (plot.state.hidden_curves, plot.state.hidden_elements) == (("total",), ("O",))
    assert (plot.state.playing, plot.state.step) == (True, 0)


def test_a_state_of_more_steps_is_left_alone():
    state = ViewState(step=8)
    spectrum, trace = SpectrumPlot(make_trace(MGO), state=state), make_trace(MGO)
    spectrum.show(replace(trace, density=trace.density[:3], fractions=trace.fractions[:2]))
    state.step = 8
    assert spectrum.step == 2
    spectrum.hidden_curves = ["total"]
    assert state.step == 8


def test_plot_takes_another_crystal():
    plot = SpectrumPlot(make_trace(MGO))
    plot.state.selected_sites, plot.state.energy_range = (7,), (100.0, 200.0)
    plot.state.hidden_elements = ("Mg",)
    serial = plot.header["serial"]
    plot.show(make_trace(CRYSTALS[1]))
    assert plot.header["serial"] != serial
    assert "TiO₂" in plot.header["title"]
    assert plot.state.selected_sites == plot.state.hidden_elements == ()
    assert plot.state.energy_range == (100.0, 200.0)
    assert plot.step == 8
    plot.show(metal_with_gap(CRYSTALS[1]))
    assert plot.state.energy_range is None, "energies of another unit"
    assert (plot.step, plot.header["steps"], plot.header["xUnit"]) == (0, 0, "eV")
    plot.show(make_trace(MGO))
    assert plot.step == 8
    assert plot.error == ""


# Explorer ----------------------------------------------------------------------------------------


def test_explorer_opens_the_first_crystal(look: SpectrumExplorer):
    assert (look.dataset, look.index, look.query) == ("Examples", 0, "")
    assert look.opened.main.formula == "Al"
    assert look.materials.selected == 0
    assert [tab["title"] for tab in look.tabs.tabs] == ["Examples (13)", "Electrons (3)"]


def test_clicks_and_traits_are_the_same(look: SpectrumExplorer):
    look.materials.selected = 4
    assert (look.index, look.opened.main.formula) == (4, "MgO")
    look.index = 8
    assert look.materials.selected == 8
    assert look.views.structure.structure is look.opened.main.structure
    assert look.opened.main.formula == "Si"
    look.materials.query = "Ti"
    assert look.query == "Ti"
    look.query = "O"
    assert look.materials.query == "O"
    assert len(look.materials.fitting) == 5
    look.tabs.selected = "Electrons"
    assert (look.dataset, look.index, look.query) == ("Electrons", 0, "")
    assert look.opened.main.kind == "edos"
    assert [c["name"] for c in look.views.spectrum.chips][-1] == "Mat2Spec MSE"
    look.dataset = "Examples"
    assert look.tabs.selected == "Examples"
    assert look.opened.main.kind == "phdos"
    assert look.error == ""


def pick(look: SpectrumExplorer, row: int, serial: int) -> None:
    """What arrives when a browser picks a row of the list that had this number."""
    look.materials._picked(None, {"pick": row, "serial": serial}, [])


def test_a_late_click_on_a_list_that_is_gone_opens_nothing(look: SpectrumExplorer):
    before = look.materials.serial
    pick(look, 4, before)
    assert look.opened.main.formula == "MgO"
    look.dataset = "Electrons"
    pick(look, 2, before)
    assert (look.dataset, look.index) == ("Electrons", 0)
    pick(look, 2, look.materials.serial)
    assert look.index == 2
    pick(look, 9, look.materials.serial)
    assert (look.index, look.error, look.materials.error) == (2, "", "")


def test_what_fails_after_a_click_is_shown(look: SpectrumExplorer):
    look.materials.selected = 99
    assert "no crystal 99" in look.error


def test_what_does_not_exist_is_refused(look: SpectrumExplorer):
    with pytest.raises(traitlets.TraitError, match="no crystal 13; there are 0 to 12"):
        look.index = 13
    with pytest.raises(traitlets.TraitError, match="no data set 'Mine'"):
        look.dataset = "Mine"
    assert (look.dataset, look.index) == ("Examples", 0)


def test_predictions_are_made_once(look: SpectrumExplorer):
    model = look.predictors["phdos"]
    before = model.calls
    for index in (1, 2, 1, 2, 1):
        look.index = index
    assert model.calls == before + 2


def test_only_so_many_predictions_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("deepdos_nb.widgets.explorer.explorer.KEPT", 2)
    model = Model()
    look = SpectrumExplorer({"Examples": Examples()}, model, backend="image")
    for index in (1, 2, 0):
        look.index = index
    assert model.calls == 4
    assert len(look._opened) == 2


def test_selection_links_both_views(look: SpectrumExplorer):
    look.dataset, look.index = "Electrons", 2
    look.state.energy_range = (-1.0, 1.0)
    shares = look.views.structure.shares.values
    np.testing.assert_allclose(shares, look.opened.main.window_share(-1.0, 1.0))
    look.views.structure.table.selected_sites = [1]
    assert [o["label"] for o in look.views.spectrum.overlay] == ["Ti2"]
    look.index = 1
    assert look.state.selected_sites == ()
    assert len(look.views.structure.shares.values) == 6
    assert look.error == look.views.error == look.views.structure.error == ""


def test_the_list_of_sites_is_that_of_the_new_crystal(look: SpectrumExplorer):
    view = look.views.structure
    look.state.selected_sites = (0,)
    look.index = 3
    assert look.views.structure is view
    assert view.structure is look.opened.main.structure
    assert view.table.selected_sites == []
    assert [r["label"] for r in sorted(view.table.rows, key=lambda r: r["site"])] == view.labels
    look.state.selected_sites = (0,)
    assert view.table.selected_sites == [0]


def test_a_bad_file_is_explained_and_the_last_good_one_stays(tmp_path: Path):
    (tmp_path / "a.cif").write_text(examples()["MgO"].read_text())
    (tmp_path / "b.cif").write_text("data_x\nnothing here")
    look = SpectrumExplorer({"Mine": tmp_path}, Model(), backend="image")
    look.index = 1
    assert "b.cif" in look.error
    assert "b.cif" in look._line.value
    assert "could not be updated" in look.describe()
    assert look.views.spectrum.source.formula == "MgO"
    look.index = 0
    assert look.error == ""


def test_without_a_model_the_reference_is_the_curve():
    look = SpectrumExplorer({"Electrons": REFERENCES}, None, backend="image")
    assert look.opened.main is REFERENCES[0]
    assert look.opened.reference is None
    assert look.views.spectrum.lines == []
    with pytest.raises(ConfigError, match="no model that could be traced"):
        look.trace()


def test_without_model_and_reference_there_is_still_the_crystal():
    look = SpectrumExplorer({"Examples": Examples()}, None, backend="image")
    assert not look.views.spectrum.header["resolved"]
    assert "neither a model nor a reference" in look.describe()
    assert look.views.structure.caption == NOTHING_KNOWN
    assert look.views.spectrum.notes == [NOTHING_KNOWN]
    assert NO_REFERENCE in look._standing.value
    assert look.views.error == ""
    assert look.png().startswith(PNG)


def test_a_total_is_not_passed_off_as_sites():
    records = [record(MGO, "mp-1", sites=False), record(CRYSTALS[0], "mp-2", sites=True)]
    look = SpectrumExplorer({"Records": records}, None, backend="image")
    assert not look.views.spectrum.header["resolved"]
    assert look.views.structure.shares is None
    assert list(pd.read_csv(io.StringIO(look.csv())).columns) == [
        "energy (cm⁻¹)",
        "made up: total (states/cm⁻¹/cell)",
    ]
    look.index = 1
    assert look.views.spectrum.header["resolved"]
    assert look.views.structure.shares is not None


def test_trace_of_the_open_crystal(look: SpectrumExplorer):
    look.index = 4
    trace = look.trace(seed=2)
    assert (trace.seed, trace.structure) == (2, look.opened.main.structure)


def test_files(look: SpectrumExplorer):
    look.dataset, look.index = "Electrons", 1
    assert look.png().startswith(PNG)
    svg = look.svg()
    assert svg.startswith(b"<?xml")
    assert svg == look.svg()
    frame = pd.read_csv(io.StringIO(look.csv()))
    unit = "(states/eV/cell)"
    main = look.opened.main
    np.testing.assert_allclose(frame[f"deepdos_nb: total {unit}"], main.total, rtol=1e-5)
    np.testing.assert_allclose(frame[f"PBE: total {unit}"], REFERENCES[1].total, rtol=1e-5)
    np.testing.assert_allclose(
        frame[[f"Ti {unit}", f"O {unit}"]].sum(axis=1), main.total, rtol=1e-4, atol=1e-6
    )
    assert f"Mat2Spec: total {unit}" in frame
    again = parse_structure(look.cif())
    assert [s.specie.symbol for s in again] == main.symbols
    assert look.downloads.stem == "TiO2-edos"
    assert {e: look.downloads.make(e)[:4] for e in ("png", "cif")} == {
        "png": PNG[:4],
        "cif": b"# ge",
    }


def test_nothing_to_show_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="no crystal to show"):
        SpectrumExplorer({"Empty": tmp_path, "None": []}, None)
    with pytest.raises(ConfigError, match="str predicts nothing"):
        SpectrumExplorer(predictor="phdos")
    look = SpectrumExplorer({"Empty": tmp_path, "Mine": [MGO]}, Model(), backend="image")
    assert look.dataset == "Mine"
    look.dataset = "Empty"
    assert (look.index, look.materials.found) == (-1, 0)
    assert look.error == ""


def test_alone_it_shows_scored_electrons_with_the_shipped_weights():
    look = SpectrumExplorer(backend="image")
    assert (look.dataset, look.part) == ("DFT electrons", "test")
    assert look.opened.main.kind == look.opened.reference.kind == "edos"
    assert [chip["name"] for chip in look.views.spectrum.chips][:3] == ["MSE", "R²", "WD"]
    look.dataset = "Examples, phonons"
    assert look.opened.main.kind == "phdos"
    assert NO_REFERENCE in look.describe()
    look.query = "Mg-O"
    look.index = look.materials.fitting[0]
    spectrum = look.opened.main
    assert len(spectrum.members) > 1
    np.testing.assert_allclose(spectrum.states + spectrum.outside.sum(), 6.0, rtol=1e-5)
    assert look.trace().n_steps > 0


def test_output_has_a_picture_and_words(look: SpectrumExplorer):
    look.dataset = "Electrons"
    data, _ = look._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    for part in ("Electrons, crystal 1 of 3", "Gap below the Fermi level", "max", "AlNi"):
        assert part in data["text/plain"]


def all_widgets(widget: Widget) -> list[Widget]:
    return [widget, *(w for c in getattr(widget, "children", ()) for w in all_widgets(c))]


def test_saved_state_stays_small():
    cell = Structure(
        [[12.0, 0, 0], [0, 13.0, 0], [0, 0, 14.0]],
        ["Ba", "Cu", "Ti", "Zn", "Sn"] * 8 + ["O"] * 160,
        np.random.default_rng(0).random((200, 3)),
    )
    items = [replace(metal_with_gap(cell, seed=1), source="PBE")] * 1500
    models = {f"other {i}": Model("edos", i) for i in range(3)}
    look = SpectrumExplorer({"Many": items}, Model("edos"), baselines=models)
    look.state.mode = "sites"
    look.state.selected_sites = tuple(range(200))
    look.state.energy_range = (-1.0, 1.0)

    def plain(value: Any) -> Any:
        packed = isinstance(value, (bytes, memoryview))
        return base64.b64encode(bytes(value)).decode() if packed else str(value)

    sizes = {
        type(w).__name__: len(json.dumps(w.get_state(), default=plain)) for w in all_widgets(look)
    }
    assert {"SpectrumPlot", "MaterialList", "NGLWidget", "TabBar", "Downloads"} <= set(sizes)
    assert max(sizes.values()) < 100_000, sizes


@pytest.mark.parametrize("backend", ["image", "nglview"])
def test_leafing_leaves_nothing_behind(backend: str):
    look = SpectrumExplorer({"Examples": Examples()}, Model(), backend=backend)
    look.index = 1
    before = len(_instances)
    for index in (2, 3, 4, 5):
        look.index = index
    assert len(_instances) == before
    threads = [t for t in threading.enumerate() if isinstance(t, RemoteCallThread)]
    mine = {id(t.view) for t in threads if t.view.comm is None}
    wait = time.monotonic() + 10
    while mine & {id(t.view) for t in threads if t.is_alive()} and time.monotonic() < wait:
        time.sleep(0.05)
    assert not mine & {id(t.view) for t in threads if t.is_alive()}
