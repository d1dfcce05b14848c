"""Spectra as pymatgen's and ASE's objects, plotted by their own plotters, and read back."""

from __future__ import annotations

import numpy as np
import pytest
from crystals import mgo, rutile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from pymatgen.core import Lattice, Structure
from pymatgen.electronic_structure.core import Orbital, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from pymatgen.electronic_structure.plotter import DosPlotter
from pymatgen.phonon.dos import CompletePhononDos, PhononDos
from pymatgen.phonon.plotter import PhononDosPlotter
from synthetic import make_spectrum

from deepdos_nb.core.errors import ConfigError, DataError, DataWarning
from deepdos_nb.core.grids import Kind, grid_for
from deepdos_nb.core.resampling import TO_EV
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.spectra.drawable import TOTAL_ONLY
from deepdos_nb.spectra.spectrum import Spectrum

KINDS = tuple(Kind)
THZ = TO_EV["THz"] / TO_EV["cm⁻¹"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_there_and_back_nothing_changes(kind: Kind, seed: int):
    spectrum = make_spectrum(rutile(), kind, seed=seed)
    back = Spectrum.from_pymatgen(spectrum.to_pymatgen(), zero=0.0, source="ours")
    assert (back.kind, back.source, back.notes) == (kind, "ours", ())
    np.testing.assert_allclose(back.sites, spectrum.sites, rtol=1e-9, atol=1e-12)
    if kind == "phdos":
        held = back.sites.sum(axis=1) * back.grid.step + back.outside
        np.testing.assert_allclose(held, 3.0, rtol=1e-9)


def test_pymatgen_plots_our_phonons_and_finds_the_same_heat():
    spectrum = make_spectrum(mgo(), "phdos")
    dos = spectrum.to_pymatgen()
    assert isinstance(dos, CompletePhononDos)
    plotter = PhononDosPlotter()
    plotter.add_dos_dict({str(k): v for k, v in dos.get_element_dos().items()})
    axes = plotter.get_plot(units="cm-1")
    drawn = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    for name, curve in spectrum.by_element().items():
        inside = drawn[name][:, 0] <= 1000.5
        x, y = drawn[name][inside].T
        # pymatgen turns the axis into cm⁻¹ and leaves the density per THz.
        np.testing.assert_allclose(np.interp(x, spectrum.energies, curve) * THZ, y, rtol=1e-3)
    plt.close("all")
    # Far above all modes each gives one k_B: pymatgen counts the states that we do.
    inside = spectrum.sites[:, 1:].sum() * spectrum.grid.step
    assert dos.cv(temp=20_000) == pytest.approx(8.31446 * inside, rel=0.03)


def test_pymatgen_plots_our_electrons_and_is_told_that_there_are_no_orbitals():
    spectrum = make_spectrum(rutile(), "edos")
    dos = spectrum.to_pymatgen()
    assert isinstance(dos, CompleteDos)
    assert dos.efermi == 0.0
    plotter = DosPlotter()
    plotter.add_dos_dict({str(k): v for k, v in dos.get_element_dos().items()})
    axes = plotter.get_plot()
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    for name, curve in spectrum.by_element().items():
        assert drawn[name].max() == pytest.approx(curve.max(), rel=1e-9)
    plt.close("all")
    first = dos.get_site_dos(dos.structure[0]).densities[Spin.up]
    np.testing.assert_allclose(first, spectrum.sites[0])
    with pytest.raises(ConfigError, match="get_element_dos"):
        dos.get_element_spd_dos("O")
    stored = dos.as_dict()
    assert stored["spd_dos"] == {}
    again = CompleteDos.from_dict(stored)
    np.testing.assert_allclose(again.densities[Spin.up], spectrum.total)


@pytest.mark.parametrize("kind", KINDS)
def test_ase_selects_and_sums_our_sites(kind: Kind):
    spectrum = make_spectrum(rutile(), kind)
    rows = spectrum.to_ase()
    assert len(rows) == len(spectrum.structure)
    in_ev = TO_EV[spectrum.grid.unit]
    np.testing.assert_allclose(rows.get_energies(), spectrum.energies * in_ev)
    oxygen = rows.select(symbol="O").sum_all()
    np.testing.assert_allclose(oxygen.get_weights() * in_ev, spectrum.by_element()["O"])
    states = rows.sum_all().get_weights().sum() * spectrum.grid.step * in_ev
    assert states == pytest.approx(spectrum.states)


def test_another_grid_keeps_its_modes():
    frequencies = np.linspace(-2.0, 40.0, 841)
    bump = np.exp(-0.5 * ((frequencies - 12.0) / 1.5) ** 2)
    bump *= 6.0 / np.trapezoid(bump, frequencies)
    structure = mgo()
    read = Spectrum.from_pymatgen(PhononDos(frequencies, bump), structure, source="DFPT")
    assert read.states == pytest.approx(6.0, abs=1e-6)
    assert read.energies[read.total.argmax()] == pytest.approx(12.0 * THZ, abs=read.grid.step)
    assert read.notes == (TOTAL_ONLY,)
    # A curve normalised to one is no crystal's; its modes are known.
    scaled = Spectrum.from_pymatgen(PhononDos(frequencies, bump / 6.0), structure)
    np.testing.assert_allclose(scaled.total, read.total, rtol=1e-9, atol=1e-12)
    assert any("three modes" in note for note in scaled.notes)


def test_electrons_start_at_the_top_of_the_valence_band_and_keep_every_state():
    energies = np.linspace(-10.0, 15.0, 2501)
    density = np.where((energies < 3.0) | (energies > 5.0), 2.0, 0.0)
    structure = mgo()
    # Projections inside spheres miss a part; the sites share it out.
    parts = {
        site: {Orbital.s: {Spin.up: weight * density / 2, Spin.down: weight * density / 2}}
        for site, weight in zip(structure, (0.2, 0.6), strict=True)
    }
    both = {Spin.up: density / 2, Spin.down: density / 2}
    read = Spectrum.from_pymatgen(CompleteDos(structure, Dos(4.0, energies, both), parts))
    below = read.energies < -2 * read.grid.step
    gap = (read.energies > 2 * read.grid.step) & (read.energies < 2.0 - 2 * read.grid.step)
    np.testing.assert_allclose(read.total[below], 2.0, rtol=1e-9)
    np.testing.assert_allclose(read.total[gap], 0.0, atol=1e-9)
    np.testing.assert_allclose(read.sites[0, below] / read.total[below], 0.25, rtol=1e-9)
    metal = Spectrum.from_pymatgen(Dos(1.0, energies, {Spin.up: np.ones(2501)}), structure)
    assert metal.states == pytest.approx(128 * grid_for("edos").step)


def projected(structure: Structure) -> CompletePhononDos:
    """The first site vibrates about 5 THz, the second about 9; three modes each."""
    frequencies = np.linspace(0.0, 20.0, 401)
    rows = np.exp(-0.5 * ((frequencies - [[5.0], [9.0]]) / 0.5) ** 2)
    rows *= 3.0 / np.trapezoid(rows, frequencies)[:, None]
    parts = dict(zip(structure, rows, strict=True))
    return CompletePhononDos(structure, PhononDos(frequencies, rows.sum(axis=0)), parts)


def salt() -> Structure:
    lattice = Lattice([[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]])
    return Structure(lattice, ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def magnetic() -> Structure:
    return salt().copy(site_properties={"magmom": [0.0, 0.0]})


def charged() -> Structure:
    return salt().copy().add_oxidation_state_by_element({"Na": 1, "Cl": -1})


def moved(by: tuple[float, float, float]) -> Structure:
    given = salt()
    return Structure(given.lattice, ["Na", "Cl"], [[0, 0, 0], 0.5 + np.array(by)])


@pytest.mark.parametrize(
    "asked", [salt(), magnetic(), charged(), moved((1, -1, 0)), moved((0, 0, 0.005))]
)
@pytest.mark.parametrize("held", [salt(), magnetic(), charged()])
def test_a_site_is_known_again_by_its_element_and_place(held: Structure, asked: Structure):
    read = Spectrum.from_pymatgen(projected(held), asked)
    assert read.notes == ()
    np.testing.assert_allclose(read.energies[read.sites.argmax(axis=1)] / THZ, [5, 9], atol=0.5)
    turned = Spectrum.from_pymatgen(projected(held), Structure.from_sites(asked[::-1]))
    np.testing.assert_allclose(turned.sites, read.sites[::-1])


def test_a_site_without_a_part_is_told():
    """Neither another element nor a place half an ångström away is the same site."""
    swapped = Structure(salt().lattice, ["Cl", "Na"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    for other in (swapped, moved((0, 0, 0.1))):
        read = Spectrum.from_pymatgen(projected(salt()), other)
        assert read.notes == (TOTAL_ONLY,)
        np.testing.assert_allclose(read.sites[0], read.sites[1])


def electrons(structure: Structure) -> CompleteDos:
    """Flat densities, a quarter of them on the first site."""
    energies = np.linspace(-10.0, 10.0, 401)
    parts = {
        site: {Orbital.s: {Spin.up: np.full(401, weight)}}
        for site, weight in zip(structure, (1.0, 3.0), strict=True)
    }
    return CompleteDos(structure, Dos(0.0, energies, {Spin.up: np.full(401, 4.0)}), parts)


def test_electrons_of_a_site_are_found_beside_its_moment():
    read = Spectrum.from_pymatgen(electrons(magnetic()), salt())
    assert read.notes == ()
    np.testing.assert_allclose(read.sites, np.array([[1.0], [3.0]]) + np.zeros(128))


def test_a_semicore_peak_does_not_make_a_semimetal_an_insulator():
    energies = np.linspace(-30.0, 15.0, 4501)
    density = np.where(np.abs(energies) < 0.65, 0.125, 2.0)
    density += 20.0 * np.exp(-0.5 * ((energies + 24.0) / 0.04) ** 2) / (0.04 * np.sqrt(2 * np.pi))
    given = Dos(0.0, energies, {Spin.up: density})
    read = Spectrum.from_pymatgen(given, mgo())
    still = Spectrum.from_pymatgen(given, mgo(), zero=0.0)
    np.testing.assert_allclose(read.total, still.total)


def test_a_curve_with_nothing_near_its_fermi_level_starts_at_its_highest_state_below():
    energies = np.linspace(-30.0, 30.0, 6001)
    density = np.where(np.abs(energies) > 5.5, 2.0, 0.0)
    read = Spectrum.from_pymatgen(Dos(0.0, energies, {Spin.up: density}), mgo())
    assert read.total[0] == pytest.approx(2.0)
    assert read.total[-1] == pytest.approx(0.0)


def test_the_zero_of_our_own_curves_stays():
    """Where a threshold finds no states at the zero: made up, and two embedded references."""
    structure = mgo()
    energies = grid_for("edos").energies
    sites = np.where(np.abs(energies + 0.2) < 0.35, 0.0, 2.0) + np.zeros((2, 1))
    given = Spectrum("edos", structure, sites)
    back = Spectrum.from_pymatgen(given.to_pymatgen())
    np.testing.assert_allclose(back.total, given.total)
    records = {r.formula: r for part in load_embedded("edos").values() for r in part}
    for formula in ("CsAu", "RbAu"):
        reference = records[formula].reference()
        again = Spectrum.from_pymatgen(reference.to_pymatgen())
        np.testing.assert_allclose(again.total, reference.total, atol=1e-9)


def test_our_modes_above_the_window_come_back_however_many():
    """In a hydride two thirds of them; through pymatgen's own JSON too."""
    sites = np.zeros((2, 51))
    sites[0, 10] = 3.0 / grid_for("phdos").step
    dos = Spectrum("phdos", mgo(), sites).to_pymatgen()
    assert isinstance(dos, CompletePhononDos)
    for kept in (dos, type(dos).from_dict(dos.as_dict())):
        back = Spectrum.from_pymatgen(kept)
        assert back.notes == ()
        np.testing.assert_allclose(back.sites, sites, atol=1e-12)
        np.testing.assert_allclose(back.outside, [0.0, 3.0], atol=1e-9)


def test_imaginary_modes_are_cut_off_and_not_counted_above_the_window():
    frequencies = np.linspace(-6.0, 20.0, 1041)
    density = 5.4 * np.exp(-0.5 * ((frequencies - 9.0) / 0.5) ** 2)
    density += 0.6 * np.exp(-0.5 * ((frequencies + 3.0) / 0.5) ** 2)
    density *= 6.0 / np.trapezoid(density, frequencies)
    with pytest.warns(DataWarning, match=r"MgO: 10\.0 % of its modes are imaginary"):
        read = Spectrum.from_pymatgen(PhononDos(frequencies, density), mgo())
    np.testing.assert_allclose(read.outside, 0.0, atol=1e-9)
    assert read.states == pytest.approx(6.0)


def test_what_lies_above_the_window_is_counted_there_and_the_rest_made_whole():
    frequencies = np.linspace(0.0, 50.0, 2001)
    low, high = (np.exp(-0.5 * ((frequencies - at) / 0.5) ** 2) for at in (9.0, 40.0))
    density = 3 * low + high
    density *= 5.0 / np.trapezoid(density, frequencies)  # of six modes
    read = Spectrum.from_pymatgen(PhononDos(frequencies, density), mgo())
    np.testing.assert_allclose(read.outside, 0.75, rtol=1e-6)
    assert read.states == pytest.approx(4.5, rel=1e-6)
    assert any("three modes" in note for note in read.notes)


def test_what_is_no_curve_of_a_known_crystal_is_refused():
    bare = PhononDos(np.linspace(0, 30, 50), np.ones(50))
    with pytest.raises(ConfigError, match="structure"):
        Spectrum.from_pymatgen(bare)
    with pytest.raises(ConfigError, match="no density of states"):
        Spectrum.from_pymatgen("DOSCAR", mgo())
    empty = Dos(0.0, np.linspace(-1, 1, 50), {Spin.up: np.ones(50)})
    with pytest.raises(DataError, match="covers"):
        Spectrum.from_pymatgen(empty, mgo(), zero=0.0)
