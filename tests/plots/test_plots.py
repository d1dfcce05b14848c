"""Figures say what the numbers say: assertions on the artists that are drawn."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from figures import GROUNDS, drawn_colours
from matplotlib import pyplot as plt
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from synthetic import make_spectrum, make_trace

from deepdos_nb import plots
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.read import example
from deepdos_nb.plots.transport import mean_shift
from deepdos_nb.spectra.drawing import _nice
from deepdos_nb.spectra.spectrum import element_sums
from deepdos_nb.style import palette


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    before = dict(mpl.rcParams)
    plt.switch_backend("agg")
    yield
    plt.close("all")
    changed = {k for k, v in before.items() if mpl.rcParams[k] != v} - {"backend"}
    assert not changed, "figures must leave the global settings alone"


def line(ax: Any, label: str) -> Any:
    return next(artist for artist in ax.lines if artist.get_label() == label)


def top_of(area: PolyCollection, energies: Any) -> Any:
    """Upper and lower border of a filled area at each energy."""
    points = area.get_paths()[0].vertices
    pairs = [points[np.isclose(points[:, 0], e), 1] for e in energies]
    return np.array([p.max() for p in pairs]), np.array([p.min() for p in pairs])


def areas(ax: Any) -> dict[str, PolyCollection]:
    found = [c for c in ax.collections if str(c.get_gid()).startswith("element ")]
    return {str(c.get_label()): c for c in found}


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_spectrum_shows_total_elements_and_spread(kind: Kind) -> None:
    spectrum = make_spectrum(example("SrTiO3"), kind)
    ax = plots.spectrum_axes(spectrum)
    np.testing.assert_array_equal(line(ax, "Total").get_ydata(), spectrum.total)
    np.testing.assert_array_equal(line(ax, "Total").get_xdata(), spectrum.energies)

    stack, floor = areas(ax), np.zeros_like(spectrum.total)
    assert list(stack) == ["Sr", "Ti", "O"]
    for symbol, part in spectrum.by_element().items():
        top, bottom = top_of(stack[symbol], spectrum.energies)
        np.testing.assert_allclose(bottom, floor, atol=1e-12)
        np.testing.assert_allclose(top - bottom, part, atol=1e-12)
        floor = top
    np.testing.assert_allclose(floor, spectrum.total, rtol=1e-9)

    band = next(c for c in ax.collections if "±" in str(c.get_label()))
    top, bottom = top_of(band, spectrum.energies)
    np.testing.assert_allclose(top, spectrum.total + spectrum.spread, atol=1e-12)
    np.testing.assert_allclose(
        bottom, np.maximum(spectrum.total - spectrum.spread, 0.0), atol=1e-12
    )


def test_axes_carry_units_title_and_zero_line() -> None:
    ax = plots.spectrum_axes(make_spectrum(example("Bi2Te3")))
    assert ax.get_xlabel() == "Wavenumber (cm⁻¹)"
    assert "states/cm⁻¹/cell" in ax.get_ylabel()
    assert "Bi₂Te₃" in ax.get_title(loc="left")
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_xlim() == (0.0, 1000.0)
    assert not [a for a in ax.lines if a.get_gid() == "zero"]

    ax = plots.spectrum_axes(make_spectrum(example("GaAs"), "edos"))
    assert "eV" in ax.get_xlabel()
    assert "VBM" in ax.get_xlabel()
    assert "states/eV/cell" in ax.get_ylabel()
    zero = next(a for a in ax.lines if a.get_gid() == "zero")
    assert set(zero.get_xdata()) == {0.0}


def test_legend_names_every_curve_once() -> None:
    spectrum = make_spectrum(example("MgO"))
    reference = dataclasses.replace(spectrum, source="DFPT", members=np.zeros((0, 0)))
    legend = plots.spectrum_axes(spectrum, reference=reference).get_legend()
    assert legend is not None
    texts = [t.get_text() for t in legend.get_texts()]
    assert texts == ["Total", "± 1 σ over seeds", "DFPT", "O", "Mg"]
    bare = plots.spectrum_axes(spectrum, elements=False, spread=False)
    assert not areas(bare)
    assert [t.get_text() for t in bare.get_legend().get_texts()] == ["Total"]


def test_normalised_curves_have_maximum_one() -> None:
    spectrum = make_spectrum(example("MgO"))
    reference = dataclasses.replace(spectrum, sites=spectrum.sites * 3, source="DFPT")
    ax = plots.spectrum_axes(spectrum, reference=reference, normalised=True)
    np.testing.assert_allclose(line(ax, "Total").get_ydata(), spectrum.shape(), rtol=1e-12)
    assert line(ax, "DFPT").get_ydata().max() == pytest.approx(1.0)
    assert "highest value = 1" in ax.get_ylabel()
    assert "states" not in ax.get_ylabel().replace("Density of states", "")


def test_reference_is_scaled_to_the_cell_and_must_be_of_the_same_kind() -> None:
    spectrum = make_spectrum(example("NaCl"))
    primitive = make_spectrum(example("NaCl").get_primitive_structure())
    ax = plots.spectrum_axes(spectrum, reference=dataclasses.replace(primitive, source="ref"))
    np.testing.assert_allclose(line(ax, "ref").get_ydata(), 4 * primitive.total)
    assert line(ax, "ref").get_linestyle() != "-", "must not rest on colour alone"
    with pytest.raises(ConfigError, match="the reference is a edos"):
        plots.spectrum_axes(spectrum, reference=make_spectrum(example("NaCl"), "edos"))


def test_cautions_and_states_beyond_the_window_are_written_below() -> None:
    spectrum = make_spectrum(example("MgO"))
    heavy = dataclasses.replace(
        spectrum, outside=np.full(2, spectrum.states / 8), notes=("Unseen element: Mg.",)
    )
    texts = " ".join(t.get_text() for t in plots.spectrum_axes(heavy).texts)
    assert "20 % of the states lie beyond 1000 cm⁻¹." in texts
    assert "Unseen element: Mg." in texts
    none = dataclasses.replace(spectrum, outside=np.zeros(2), notes=())
    assert not plots.spectrum_axes(none).texts


def test_given_axes_are_used_and_keep_their_look() -> None:
    spectrum = make_spectrum(example("MgO"))
    figure = Figure()
    ax = figure.subplots()
    ax.tick_params(labelcolor="#123456")
    before = plt.get_fignums()
    assert plots.spectrum_axes(spectrum, ax) is ax
    assert plots.sites_axes(spectrum, figure.add_subplot()) is not ax
    assert plt.get_fignums() == before
    assert ax.xaxis.get_major_ticks()[0].label1.get_color() == "#123456"


def test_sites_are_one_ridge_each() -> None:
    spectrum = make_spectrum(example("Bi2Te3"))
    ax = plots.sites_axes(spectrum, merge=False)
    assert [t.get_text() for t in ax.get_yticklabels()] == spectrum.site_labels
    for row, drawn, base in zip(spectrum.sites, ax.lines, ax.get_yticks(), strict=True):
        np.testing.assert_allclose(drawn.get_ydata() - base, row, atol=1e-12)
    spacing = ax.get_yticks()[0] - ax.get_yticks()[1]
    assert f"Rows are {spacing:g} states/cm⁻¹/cell apart." in ax.texts[0].get_text()
    assert max(a.get_ydata().max() for a in ax.lines) <= ax.get_ylim()[1]


def test_equal_sites_are_merged_and_long_lists_cut() -> None:
    spectrum = make_spectrum(example("SiO2"))
    same = spectrum.sites.copy()
    same[:3], same[3:] = same[0], same[3]
    merged = plots.sites_axes(dataclasses.replace(spectrum, sites=same))
    labels = [t.get_text() for t in merged.get_yticklabels()]
    assert labels == ["Si1 ×3", "O4 ×6"]
    cut = plots.sites_axes(spectrum, merge=False, limit=4)
    assert len(cut.lines) == 4
    assert "4 of 9 sites" in cut.get_title(loc="left")


@pytest.mark.parametrize("value", [3e-4, 0.011, 0.8, 1.0, 7.3, 99.0])
def test_row_spacing_is_round_and_large_enough(value: float) -> None:
    assert value * (1 - 1e-6) <= _nice(value) <= 1.6 * value
    assert len(f"{_nice(value):.12g}".replace(".", "").strip("0")) <= 2


def test_attention_map_is_the_trace() -> None:
    trace = make_trace(example("SrTiO3"), "edos")
    ax = plots.attention_axes(trace, layer=0, head=1)
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    np.testing.assert_allclose(mesh.get_array(), trace.source_attention[0, 1].T)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Sr1", "Ti2", "O3", "O4", "O5"]
    assert ax.yaxis_inverted()
    assert mesh.norm.vmin == 0.0
    assert "layer 1 of 3, head 2" in ax.get_title(loc="left")
    bar = [a for a in ax.figure.axes if a is not ax]
    assert "sums to 1 over sites" in bar[0].get_ylabel()

    ax = plots.attention_axes(trace, by="element")
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    expected = [
        v[-1].mean(axis=0)
        for v in element_sums(trace.symbols, np.moveaxis(trace.source_attention, -1, -2)).values()
    ]
    np.testing.assert_allclose(mesh.get_array(), expected)
    np.testing.assert_allclose(np.sum(mesh.get_array(), axis=0), 1.0, rtol=1e-5)
    for options in ({"layer": 3}, {"head": 9}, {"by": "orbital"}):
        with pytest.raises(ConfigError):
            plots.attention_axes(trace, **options)  # type: ignore[arg-type]


def test_attention_grid_has_every_map_on_one_scale() -> None:
    trace = make_trace(example("Bi2Te3"))
    figure = plots.attention_grid(trace)
    meshes = [c for a in figure.axes for c in a.collections if a.get_ylim()[0] > a.get_ylim()[1]]
    n_layers, n_heads = trace.source_attention.shape[:2]
    assert len(meshes) == n_layers * n_heads
    assert {m.norm.vmax for m in meshes} == {float(trace.source_attention.max())}
    last = np.asarray(meshes[-1].get_array())
    np.testing.assert_allclose(last, trace.source_attention[-1, -1].T)
    assert not plt.get_fignums(), "a returned figure must not be shown twice"


def test_a_model_that_moves_nothing_says_so() -> None:
    trace = make_trace(example("MgO"))
    still = dataclasses.replace(
        trace,
        density=trace.density[:1],
        outside=trace.outside[:1],
        fractions=trace.fractions[:0],
        strides=(),
    )
    figure = plots.transport_figure(still)
    figure.draw_without_rendering()
    assert [t.get_text() for t in figure.axes[1].texts] == ["No step moves states."]


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_transport_shows_every_step_and_the_invariants(kind: Kind) -> None:
    trace = make_trace(example("MgO"), kind)
    figure = plots.transport_figure(trace)
    density, moves, share, shift, key, readout = figure.axes[:6]
    assert len(key.texts) == trace.n_steps + 1
    curves = [a for a in density.lines if a.get_gid() != "zero"]
    assert len(curves) == trace.n_steps + 1
    for k, curve in enumerate(curves):
        np.testing.assert_allclose(curve.get_ydata(), trace.sites(k).sum(axis=0), rtol=1e-9)
    assert len({a.get_color() for a in curves}) == trace.n_steps + 1
    mesh = next(c for c in moves.collections if isinstance(c, QuadMesh))
    np.testing.assert_allclose(mesh.get_array(), trace.velocity)
    assert mesh.norm.vmin == -mesh.norm.vmax
    busy = trace.total[:-1] > 0.02 * trace.total[:-1].max()
    assert (np.abs(trace.velocity)[busy] <= mesh.norm.vmax).all()
    alpha = np.asarray(mesh.get_alpha())
    assert (alpha[busy] == 1.0).all()
    assert (alpha[trace.total[:-1] < 0.001 * trace.total[:-1].max()] < 0.06).all()
    cumulative = [a for a in share.lines if a.get_gid() != "zero"]
    np.testing.assert_allclose([a.get_ydata() for a in cumulative], trace.cdf)
    widths = [bar.get_width() for bar in shift.patches]
    np.testing.assert_allclose(widths, mean_shift(trace))
    text = readout.texts[0].get_text()
    assert f"{trace.mass_error.max():.1e}" in text
    assert f"{trace.minimum.min():.1e}" in text
    assert trace.grid.unit in share.get_xlabel()
    assert trace.grid.density_unit in density.get_ylabel()


def test_mean_shift_adds_up_to_the_whole_move() -> None:
    trace = make_trace(example("MgO"))
    mean = [float(p @ trace.energies / p.sum()) for p in trace.total]
    assert mean_shift(trace).sum() == pytest.approx(mean[-1] - mean[0])
    assert np.abs(mean_shift(trace)).max() > 0.1


@pytest.mark.parametrize("dark", [True, False, None])
def test_everything_drawn_can_be_read_on_its_background(dark: bool | None) -> None:
    spectrum, trace = make_spectrum(example("SrTiO3"), "edos"), make_trace(example("MgO"))
    figures = [
        plots.spectrum_axes(spectrum, reference=spectrum, dark=dark).figure,
        plots.sites_axes(spectrum, dark=dark).figure,
        plots.attention_axes(trace, dark=dark).figure,
        plots.attention_grid(trace, dark=dark),
        plots.transport_figure(trace, dark=dark),
    ]
    for figure in figures:
        assert isinstance(figure, Figure)
        ground = to_hex(figure.get_facecolor(), keep_alpha=True)
        expected = {True: palette.DARK + "ff", False: palette.LIGHT + "ff", None: "#ffffff00"}
        assert ground in (expected[dark], "#00000000" if dark is None else expected[dark])
        colours = drawn_colours(figure)
        assert len(colours) > 12
        for what, colour in colours.items():
            for background in GROUNDS[dark]:
                assert palette.contrast(colour, background) >= 3.0, (what, colour, background)


def test_palette_is_legible_distinct_and_stable() -> None:
    colours = palette.element_colours(["Sr", "Ti", "O", "O", "Sr"])
    assert list(colours) == ["Sr", "Ti", "O"]
    ten = palette.element_colours([f"E{i}" for i in range(10)])
    assert len(set(ten.values())) == 10
    assert list(colours.values()) == list(ten.values())[:3]
    named = (palette.TOTAL, palette.SPREAD, palette.REFERENCE, palette.INK[None])
    for colour in (*ten.values(), *named, *palette.share_colours(np.linspace(0, 1, 21))):
        for background in (palette.LIGHT, palette.DARK):
            assert palette.contrast(colour, background) >= 3.0, (colour, background)


def test_contrast_follows_the_standard() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_shares_run_from_grey_to_vivid_and_darken() -> None:
    colours = palette.share_colours(np.linspace(0, 1, 21))
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours])
    assert np.ptp(rgb[0]) == 0, "zero is neutral"
    assert np.ptp(rgb[-1]) > 100
    assert len(set(colours)) == 21
    against_white = [palette.contrast(c, palette.LIGHT) for c in colours]
    assert (np.diff(against_white) > 0).all()
    assert palette.share_colours([-1.0, np.nan, 7.0]) == [colours[0], colours[0], colours[-1]]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_saving_is_atomic_repeatable_and_checked(ending: str, tmp_path: Path) -> None:
    trace = make_trace(example("MgO"))
    path = plots.save(plots.transport_figure(trace), tmp_path / "new" / f"a.{ending}")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    first = path.read_bytes()
    assert first.startswith(start)
    assert plots.save(plots.transport_figure(trace), path).read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    figure = Figure()

    def fail(part: Path, **_: Any) -> None:
        part.write_bytes(b"half a fig")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        plots.save(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ConfigError, match=r"Use \.png, \.svg or \.pdf"):
        plots.save(figure, tmp_path / "a.gif")


def test_formulas_have_subscripts() -> None:
    assert plots.formula_text("Bi2Te3") == "Bi₂Te₃"
    assert plots.formula_text("Ca(OH)12") == "Ca(OH)₁₂"


def test_no_torch() -> None:
    code = "import sys, deepdos_nb.plots, deepdos_nb.style.palette; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_notebook_shows_every_figure_once():
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "from synthetic import make_spectrum, make_trace, rock_salt\n"
        "from deepdos_nb import plots\n"
        "spectrum, trace = make_spectrum(rock_salt(), 'phdos'), make_trace(rock_salt(), 'phdos')",
        "spectrum.plot();",
        "spectrum.plot()",
        "plots.attention_axes(trace);",
        "plots.sites_axes(spectrum);",
        "plots.transport_figure(trace)",
        "plots.attention_grid(trace)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    here = str(Path(__file__).parents[1])
    NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": here}}
    ).execute()
    for cell in notebook.cells[1:]:
        pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        assert len(pictures) == 1, cell.source
