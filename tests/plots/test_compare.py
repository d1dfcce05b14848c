"""`compare`: curves of one crystal over each other, each with its distance from the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from crystals import mgo, rutile
from figures import GROUNDS, drawn_colours
from matplotlib import pyplot as plt
from synthetic import make_spectrum

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.scores import mse, wasserstein
from deepdos_nb.style import palette


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("kind", ["phdos", "edos"])
@pytest.mark.parametrize("dark", GROUNDS)
def test_curves_are_drawn_per_cell_with_their_errors(kind, dark):
    truth = replace(make_spectrum(rutile(), kind, seed=1), source="PBE")
    ours = make_spectrum(rutile(), kind, seed=2)
    doubled = rutile() * (1, 1, 2)
    big = replace(make_spectrum(doubled, kind, seed=3), source="potential")
    axes = dd.compare(truth, ours, big.to_pymatgen() if kind == "phdos" else big, dark=dark)
    lines = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
    assert [line.get_label().splitlines()[0] for line in lines][:2] == ["PBE", ours.source]
    np.testing.assert_allclose(lines[0].get_ydata(), truth.total)
    np.testing.assert_allclose(lines[2].get_ydata(), big.total / 2, rtol=1e-9)
    p, r = ours.total[None], truth.total[None]
    assert f"MSE {mse(p, r, 'max'):.4f}" in lines[1].get_label()
    assert f"WD {wasserstein(p, r, truth.grid.step)[0]:.3g}" in lines[1].get_label()
    # The reference is the clearest line there is.
    assert lines[0].get_linewidth() > max(line.get_linewidth() for line in lines[1:])
    assert "against PBE" in axes.texts[0].get_text()
    for what, colour in drawn_colours(axes.figure).items():
        for ground in GROUNDS[dark]:
            assert palette.contrast(colour, ground) >= 2.95, f"{what} on {ground}"


def test_names_may_be_given():
    a, b = make_spectrum(mgo(), "phdos"), make_spectrum(mgo(), "phdos", seed=1)
    labels = [t.get_text() for t in dd.compare(a, b, names=("DFT", "model")).get_legend().texts]
    assert labels[0] == "DFT"
    assert labels[1].startswith("model\nMSE")


def test_what_does_not_belong_together_is_refused():
    a = make_spectrum(mgo(), "phdos")
    with pytest.raises(ConfigError, match="two or more"):
        dd.compare(a)
    with pytest.raises(ConfigError, match="different crystals"):
        dd.compare(a, make_spectrum(rutile(), "phdos"))
    with pytest.raises(ConfigError, match="different crystals"):
        dd.compare(a, make_spectrum(mgo(), "edos"))
    with pytest.raises(ConfigError, match="1 names for 2"):
        dd.compare(a, a, names=("one",))
