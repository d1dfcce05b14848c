"""Transport schemes: what must hold for any fractions, velocities and faces, and what breaks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import GRIDS
from deepdos_nb.model import transport as model_transport
from deepdos_nb.transport_lab.laboratory import (
    FLUXES,
    NEGATIVE,
    OPERATORS,
    REACHED,
    SCHEMES,
    TARGETS,
    Scheme,
    Task,
    asked_at,
    compare,
    make_task,
    run,
)
from deepdos_nb.transport_lab.schemes import (
    asked_of_cells,
    courant_numbers,
    cumulative,
    displacement,
    donor_step,
    face_step,
    optimal_origins,
    remap_step,
    softmax_fractions,
)

CELLS = 24
PHONONS = GRIDS["phdos"]


def masses(cells: int = CELLS) -> st.SearchStrategy[Array]:
    """Non-negative masses with sum one, empty cells among them."""
    values = arrays(float, cells, elements=st.sampled_from([0.0, 0.0, 1e-9, 0.1, 1.0, 7.0]))
    return values.filter(lambda m: m.sum() > 0).map(lambda m: m / m.sum())


def links(bound: float, cells: int = CELLS, stride: int = 1) -> st.SearchStrategy[Array]:
    return arrays(float, cells - stride, elements=st.floats(-bound, bound))


# Schemes -----------------------------------------------------------------------------------------


@given(
    mass=masses(),
    parts=arrays(float, (CELLS, 3), elements=st.floats(0.0, 1.0)),
    stride=st.integers(1, CELLS - 1),
)
def test_donor_cell_keeps_both_laws_for_any_fractions(mass: Array, parts: Array, stride: int):
    assume((parts.sum(axis=1) > 0).all())
    fractions = parts / parts.sum(axis=1, keepdims=True)
    for _ in range(20):
        mass = donor_step(mass, fractions, stride)
        assert mass.min() >= 0.0
    assert mass.sum() == pytest.approx(1.0, abs=1e-12)


@given(mass=masses(), parts=arrays(float, (CELLS, 3), elements=st.floats(-9, 9)))
def test_donor_cell_is_the_model_s_own_operator(mass: Array, parts: Array):
    stride = 3
    fractions = model_transport.move_fractions(torch.as_tensor(parts), stride)
    expected = model_transport.donor_step(torch.as_tensor(mass), fractions, stride)
    # Ours bars the ends itself; fractions that already do must not be changed by that.
    np.testing.assert_allclose(
        donor_step(mass, fractions.numpy(), stride), expected.numpy(), atol=1e-15
    )


@given(mass=masses(), speeds=links(1.2), stride=st.integers(1, 8))
def test_softmax_fractions_hand_out_at_most_everything(mass: Array, speeds: Array, stride: int):
    speeds = speeds[: CELLS - stride]
    fractions = softmax_fractions(speeds, stride)
    np.testing.assert_allclose(fractions.sum(axis=1), 1.0)
    assert fractions.min() >= 0.0
    # They are a softmax: of the logarithms of what is asked for.
    to_left, to_right = asked_of_cells(speeds, stride)
    asked = np.stack([to_left, np.maximum(1 - to_left - to_right, 0), to_right], axis=1)
    logits = torch.log(torch.as_tensor(asked))
    np.testing.assert_allclose(torch.softmax(logits, dim=1).numpy(), fractions, atol=1e-12)
    # Where no cell is asked for more than it holds, they are the face velocities' own scheme.
    if (to_left + to_right).max() <= 1:
        np.testing.assert_allclose(
            donor_step(mass, fractions, stride), face_step(mass, speeds, stride), atol=1e-15
        )


@given(mass=masses(), speeds=links(0.5), stride=st.integers(1, 8))
def test_face_velocities_up_to_one_half_stay_non_negative(mass: Array, speeds: Array, stride: int):
    after = face_step(mass, speeds[: CELLS - stride], stride)
    assert after.min() >= NEGATIVE
    assert after.sum() == pytest.approx(1.0, abs=1e-12)


@given(bound=st.floats(0.5, 1.2, exclude_min=True))
def test_face_velocities_above_one_half_have_a_counter_example(bound: float):
    """One full cell, emptied through both of its faces."""
    mass = np.array([0.0, 1.0, 0.0])
    after = face_step(mass, np.array([-bound, bound]))
    np.testing.assert_allclose(after, [bound, 1 - 2 * bound, bound])
    assert after.min() < 0.0
    assert after.sum() == pytest.approx(1.0, abs=1e-12)
    # The same wish, granted by the donor.
    kept = donor_step(mass, softmax_fractions(np.array([-bound, bound])))
    np.testing.assert_allclose(kept, [0.5, 0.0, 0.5], atol=1e-15)


def test_one_direction_alone_may_run_at_one():
    """The bound of ½ is for the worst case: nothing is emptied twice in a uniform flow."""
    mass = np.array([0.0, 0.3, 0.7, 0.0])
    np.testing.assert_allclose(face_step(mass, np.ones(3))[1:], [0.0, 0.3, 0.7])


@given(mass=masses(), speeds=links(1.2), flux=st.sampled_from(["upwind", "central"]))
def test_face_fluxes_conserve_even_when_they_break(mass: Array, speeds: Array, flux):
    assert face_step(mass, speeds, 1, flux).sum() == pytest.approx(1.0, abs=1e-12)


@given(courant=st.floats(1e-3, 1.2))
def test_central_flux_goes_negative_at_any_speed(courant: float):
    """An empty cell behind a full one is asked for half of what the full one holds."""
    after = face_step(np.array([0.0, 1.0, 0.0, 0.0]), np.full(3, courant), 1, "central")
    assert after[0] == pytest.approx(-courant / 2)


@given(mass=masses(), origins=arrays(float, CELLS + 1, elements=st.floats(-50, 50)))
def test_remap_keeps_both_laws_for_any_origins(mass: Array, origins: Array):
    after = remap_step(mass, origins)
    assert after.min() >= 0.0
    assert after.sum() == pytest.approx(mass.sum(), abs=1e-12)


@given(mass=masses(), move=arrays(float, CELLS + 1, elements=st.floats(0, 3)))
def test_remap_is_monotone(mass: Array, move: Array):
    """Cumulative shares never cross: a face that comes from further right has no less below it."""
    faces = np.arange(CELLS + 1.0)
    near = np.cumsum(remap_step(mass, faces))
    far = np.cumsum(remap_step(mass, np.maximum.accumulate(faces + move)))
    assert (far >= near - 1e-12).all()


@given(mass=masses(), target=masses())
def test_remap_contains_the_optimal_transport_map(mass: Array, target: Array):
    np.testing.assert_allclose(remap_step(mass, optimal_origins(mass, target)), target, atol=1e-12)


@given(mass=masses(), target=masses())
def test_displacements_cost_the_wasserstein_distance(mass: Array, target: Array):
    """On a line the mean way of the optimal map is the area between the cumulative shares."""
    # Quantiles of one part in ten thousand: no analytic shortcut that could share a mistake.
    share = (np.arange(10_000) + 0.5) / 10_000
    faces = np.arange(CELLS + 1.0)
    at = np.interp(share, cumulative(mass), faces)
    mean_way = np.abs(displacement(mass, target, at)).mean()
    fine = np.linspace(0, CELLS, 20_001)
    gap = np.interp(fine, faces, cumulative(mass)) - np.interp(fine, faces, cumulative(target))
    assert mean_way == pytest.approx(np.abs(gap).mean() * CELLS, abs=2e-2)


@given(mass=masses())
def test_nothing_moves_when_the_target_is_reached(mass: Array):
    for stride in (1, 4):
        np.testing.assert_allclose(courant_numbers(mass, mass, 1.0, stride), 0.0, atol=1e-6)


def test_cumulative_needs_states():
    with pytest.raises(ConfigError, match="without states"):
        cumulative(np.zeros(4))


# Runs --------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    start=masses(),
    target=masses(),
    courant=st.floats(0.0, 1.2),
    scheme=st.sampled_from([s for s in SCHEMES if s.flux == "donor"]),
)
def test_donor_and_remap_runs_never_break(start, target, courant, scheme):
    result = run(Task(start, target, PHONONS), scheme, courant, 12)
    assert result.broke is None
    assert result.conserves
    assert not result.stopped


@settings(max_examples=40)
@given(start=masses(), target=masses(), courant=st.floats(0.0, 0.5))
def test_face_velocity_runs_hold_up_to_one_half(start, target, courant):
    for operator in ("one", "strides"):
        result = run(Task(start, target, PHONONS), Scheme("upwind", operator), courant, 12)
        assert result.broke is None
        assert result.asked.max() <= 1.0 + 1e-12


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("name", TARGETS)
def test_every_task_can_be_solved(name, kind):
    task = make_task(name, GRIDS[kind])
    assert task.start.sum() == pytest.approx(1.0)
    assert task.target.sum() == pytest.approx(1.0)
    strides, remap = (run(task, Scheme("donor", o), 0.5, 40) for o in ("strides", "remap"))
    for result in (strides, remap):
        assert result.reached is not None
        assert result.distance[result.reached] <= REACHED * result.distance[0]
        assert (result.distance[: result.reached] > REACHED * result.distance[0]).all()
    assert remap.reached < strides.reached
    assert run(task, Scheme("donor", "remap"), 1.0, 1).distance[-1] < 1e-9


def test_splitting_breaks_face_velocities_above_one_half_only():
    task = make_task("split", PHONONS)
    assert run(task, Scheme("upwind", "one"), 0.5, 30).broke is None
    broken = run(task, Scheme("upwind", "one"), 0.6, 30)
    assert broken.broke == 1
    assert broken.reached is None
    cell = int(broken.history[1].argmin())
    np.testing.assert_allclose(asked_at(broken, 1, cell), (0.6, 0.6))
    assert broken.minimum[1] == pytest.approx(-0.2 * task.start[cell])
    # A translated peak is emptied through one face only, and holds up to one.
    moved = make_task("translate", PHONONS)
    assert run(moved, Scheme("upwind", "one"), 0.9, 20).broke is None
    assert run(moved, Scheme("upwind", "one"), 1.1, 20).broke == 1


def test_central_flux_breaks_every_task():
    for name in TARGETS:
        result = run(make_task(name, PHONONS), Scheme("central", "one"), 0.3, 20)
        assert result.broke is not None
        assert result.conserves


def test_clipping_repairs_the_sign_and_makes_states():
    task = make_task("split", PHONONS)
    result = run(task, Scheme("central", "one"), 0.8, 10, clip=True)
    assert result.broke is None
    assert not result.conserves
    assert result.history[-1].sum() > 1.01
    sound = run(task, Scheme("donor", "one"), 0.8, 10, clip=True)
    assert sound.conserves


def test_a_run_that_blows_up_is_stopped():
    result = run(make_task("split", PHONONS), Scheme("central", "one"), 1.2, 64)
    assert result.stopped
    assert result.n_steps < 64
    assert len(result.minimum) == len(result.distance) == result.n_steps + 1
    assert np.isfinite(result.history).all()


def test_comparison_runs_every_scheme_once():
    runs = compare(make_task("translate", PHONONS), 0.5, 5)
    assert [r.scheme for r in runs] == list(SCHEMES)
    assert len({r.scheme.label for r in runs}) == 2 * len(FLUXES) + 1
    assert {r.scheme.operator for r in runs} == set(OPERATORS)


def test_impossible_settings_get_one_sentence():
    task = make_task("split", PHONONS)
    with pytest.raises(ConfigError, match=r"number 1\.3 is out of range\. Use 0 to 1\.2"):
        run(task, SCHEMES[0], 1.3, 5)
    with pytest.raises(ConfigError, match="0 steps are out of range"):
        run(task, SCHEMES[0], 0.5, 0)
    with pytest.raises(ConfigError, match="no 'sideways'"):
        Scheme("sideways", "one")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no target 'melt'"):
        make_task("melt", PHONONS)
