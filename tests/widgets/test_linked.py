"""Views that share a state: several changes at once, and what a view cannot show."""

from __future__ import annotations

from typing import Any

import pytest
from synthetic import make_spectrum, make_trace
from traitlets import TraitError

from deepdos_nb import example
from deepdos_nb.widgets.attention.map import AttentionMap
from deepdos_nb.widgets.base.linked import Linked
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.ensemble.ensemble import EnsembleView
from deepdos_nb.widgets.spectrum.plot import SpectrumPlot
from deepdos_nb.widgets.transport.laboratory import TransportLab
from deepdos_nb.widgets.transport.view import TransportView

MGO = example("MgO")

MESSAGES: dict[type[Linked], dict[str, Any]] = {
    SpectrumPlot: {"energy_range": [100.0, 300.0], "hidden_elements": ["O"], "step": 0},
    TransportView: {"energy_range": [100.0, 300.0], "selected_sites": [1], "playing": True},
    AttentionMap: {"energy_range": [100.0, 300.0], "selected_sites": [1], "head": 0},
    EnsembleView: {"energy_range": [100.0, 300.0], "hidden_curves": ["ensemble"]},
}


def view(kind: type[Linked], state: ViewState | None = None) -> Any:
    source = make_spectrum(MGO) if kind is EnsembleView else make_trace(MGO)
    return kind(source, **({} if state is None else {"state": state}))


@pytest.mark.parametrize("kind", MESSAGES)
def test_one_message_changes_each_trait_once(kind: type[Linked]):
    plot, seen = view(kind), []
    plot.observe(lambda change: seen.append((change["name"], change["new"])), plot.LINKED)
    plot.set_state(MESSAGES[kind])
    assert sorted(name for name, _ in seen) == sorted(MESSAGES[kind]), "never back and again"
    for name, value in MESSAGES[kind].items():
        held = getattr(plot.state, name)
        assert (list(held) if isinstance(held, tuple) else held) == value
    assert plot.error == ""


@pytest.mark.parametrize("kind", [SpectrumPlot, TransportView])
def test_a_step_that_a_view_lacks_stays_in_the_state(kind: type[Linked]):
    plot = view(kind)
    last = plot.data.n_steps
    plot.state.step = last + 5
    assert plot.step == last
    plot.energy_range = [100.0, 300.0]
    assert plot.state.energy_range == (100.0, 300.0)
    assert plot.state.step == last + 5


def test_a_late_step_of_the_browser_is_the_nearest_there_is():
    for stepped in (view(SpectrumPlot), view(TransportView), TransportLab()):
        for asked, taken in ((99, stepped.last_step), (-3, 0)):
            stepped.set_state({"step": asked})
            assert (stepped.step, stepped.error) == (taken, "")
        with pytest.raises(TraitError, match="does not exist"):
            stepped.step = 99


def test_a_site_that_a_map_lacks_stays_in_the_state():
    attention = view(AttentionMap)
    attention.state.selected_sites = (0, 7)
    assert attention.selected_sites == [0]
    attention.head = 0
    assert attention.state.selected_sites == (0, 7)
