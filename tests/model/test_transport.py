"""The donor-cell operator on its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deepdos_nb.model.remap import moved_faces, remap
from deepdos_nb.model.transport import donor_step, move_fractions


def random_density(rng: np.random.Generator, n_bins: int) -> torch.Tensor:
    mass = rng.exponential(size=(3, n_bins)) * (rng.uniform(size=(3, n_bins)) < 0.5)
    mass[:, 0] += 1e-3
    return torch.as_tensor(mass / mass.sum(1, keepdims=True), dtype=torch.float32)


def random_logits(rng: np.random.Generator, n_bins: int, size: float) -> torch.Tensor:
    return torch.as_tensor(size * rng.normal(size=(3, n_bins, 3)), dtype=torch.float32)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n_bins=st.sampled_from([2, 51, 128]),
    size=st.sampled_from([0.0, 1.0, 30.0, 1e4]),
    stride=st.integers(1, 12),
)
def test_sixty_four_steps_conserve_and_stay_non_negative(seed, n_bins, size, stride):
    rng = np.random.default_rng(seed)
    stride = min(stride, n_bins - 1)
    p = random_density(rng, n_bins)
    for _ in range(64):
        p = donor_step(p, move_fractions(random_logits(rng, n_bins, size), stride), stride)
        assert p.min() >= 0
    assert abs(p.double().sum(1) - 1).max() <= 1e-6


@pytest.mark.parametrize("stride", [1, 3, 8])
def test_a_step_is_the_transfer_matrix_of_its_fractions(stride):
    """Columns of the dense matrix sum to one; the step is its product with the density."""
    rng = np.random.default_rng(stride)
    n = 20
    p, f = random_density(rng, n)[:1], move_fractions(random_logits(rng, n, 2.0)[:1], stride)
    left, stay, right = f[0].double().unbind(-1)
    matrix = torch.diag(stay)
    for i in range(n):
        if i >= stride:
            matrix[i - stride, i] += left[i]
        if i + stride < n:
            matrix[i + stride, i] += right[i]
    torch.testing.assert_close(matrix.sum(0), torch.ones(n, dtype=torch.float64))
    torch.testing.assert_close(donor_step(p, f, stride)[0].double(), matrix @ p[0].double())


def test_nothing_leaves_through_the_ends():
    n, stride = 9, 2
    outwards = torch.zeros(1, n, 3)
    outwards[..., 0] = 50.0
    f = move_fractions(outwards, stride)
    assert (f[0, :stride, 0] == 0).all()
    p = torch.full((1, n), 1 / n)
    for _ in range(20):
        p = donor_step(p, f, stride)
    assert p[0, :stride].sum() == pytest.approx(1.0, abs=1e-6)


def test_cdf_form_of_the_step():
    """F'_f = (1 − r − l) F_f + r F_{f−1} + l F_{f+1} for uniform fractions away from the ends."""
    n, left, right = 40, 0.2, 0.5
    rng = np.random.default_rng(0)
    p = torch.zeros(1, n, dtype=torch.float64)
    p[0, 10:30] = torch.as_tensor(rng.uniform(size=20))
    p /= p.sum()
    f = torch.tensor([left, 1 - left - right, right], dtype=torch.float64).expand(1, n, 3)
    before, after = p.cumsum(-1)[0], donor_step(p, f, 1).cumsum(-1)[0]
    expected = (1 - left - right) * before[1:-1] + right * before[:-2] + left * before[2:]
    torch.testing.assert_close(after[1:-1], expected)


def test_the_classical_scheme_breaks_beyond_its_bound():
    """Why parts come from a softmax: face velocities up to 1 go negative, up to ½ do not."""

    def upwind(p: np.ndarray, courant: np.ndarray) -> np.ndarray:
        flux = np.where(courant > 0, courant * p[:-1], courant * p[1:])
        return p - np.diff(np.pad(flux, 1))

    rng = np.random.default_rng(1)
    worst = {}
    for bound in (0.5, 1.0):
        lowest = 0.0
        for _ in range(200):
            p = rng.exponential(size=30)
            p = upwind(p / p.sum(), rng.uniform(-bound, bound, size=29))
            assert p.sum() == pytest.approx(1.0)
            lowest = min(lowest, p.min())
        worst[bound] = lowest
    assert worst[0.5] >= 0
    assert worst[1.0] < -1e-3


def test_a_displaced_peak_gives_the_velocity_a_gradient_through_the_cdf():
    n = 41
    e = torch.arange(n)
    start, goal = (torch.softmax(-0.5 * ((e - c) / 1.5) ** 2, 0)[None] for c in (12, 28))
    gradients = {}
    for name in ("mse", "cdf"):
        logits = torch.zeros(1, n, 3, requires_grad=True)
        moved = donor_step(start, move_fractions(logits, 1), 1)
        error = moved - goal
        loss = error.square().mean() if name == "mse" else error.cumsum(-1).abs().mean()
        loss.backward()
        gradients[name] = (logits.grad[..., 2] - logits.grad[..., 0]).sum().item()
    assert gradients["cdf"] < 0  # moving right lowers the loss
    assert abs(gradients["cdf"]) > 20 * abs(gradients["mse"])


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n_bins=st.sampled_from([2, 51, 128]),
    size=st.sampled_from([0.0, 1.0, 30.0, 1e4]),
)
def test_moving_faces_conserves_and_stays_non_negative(seed, n_bins, size):
    rng = np.random.default_rng(seed)
    faces = moved_faces(random_logits(rng, n_bins, size).sum(-1))
    assert (faces.diff(dim=-1) >= 0).all()
    assert (faces[:, 0] == 0).all()
    assert (faces[:, -1] == n_bins).all()
    matrix = remap(faces)
    assert matrix.min() >= 0
    torch.testing.assert_close(matrix.sum(-2), torch.ones(3, n_bins))


def test_faces_that_stay_move_nothing():
    torch.testing.assert_close(remap(moved_faces(torch.zeros(1, 51)))[0], torch.eye(51))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.sampled_from([2, 12, 51]))
def test_states_go_where_their_faces_go(seed, n):
    """The cumulative share is carried along: F'(X_f) = F_f, linear in between."""
    rng = np.random.default_rng(seed)
    states = rng.dirichlet(np.ones(n))
    inner = np.sort(rng.uniform(0, n, n - 1))
    faces = np.concatenate([[0.0], inner, [n]])
    arrived = remap(torch.as_tensor(faces)).numpy() @ states
    expected = np.interp(np.arange(n + 1), faces, np.concatenate([[0.0], np.cumsum(states)]))
    np.testing.assert_allclose(np.cumsum(arrived), expected[1:], atol=1e-9)
