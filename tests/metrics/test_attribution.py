"""The naive answers share out a total, whole and without inventing states."""

from __future__ import annotations

import numpy as np
import pytest
from crystals import mgo, rutile
from synthetic import make_spectrum, make_trace

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.attribution import attention_share, distance_from_flat, equal_share


def test_equal_share_by_hand():
    shared = equal_share(np.array([4.0, 2.0]), np.array([1, 3]))
    np.testing.assert_allclose(shared, [[1, 0.5], [3, 1.5]])


def test_attention_share_by_hand():
    # two heads of two bins over two sites; on average ½ and ¼ of the bins look at the first site
    heads = np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]]])
    total = np.array([4.0, 2.0])
    np.testing.assert_allclose(attention_share(heads, total), [[2, 0.5], [2, 1.5]])
    np.testing.assert_allclose(attention_share(heads[None], total), [[2, 0.5], [2, 1.5]])
    np.testing.assert_allclose(attention_share(heads[0], total), [[4, 1], [0, 1]])
    with pytest.raises(ConfigError, match="does not fit 3 bins"):
        attention_share(heads, np.ones(3))


@pytest.mark.parametrize("kind", ["phdos", "edos"])
@pytest.mark.parametrize("crystal", [mgo, rutile])
def test_they_add_up_to_the_total_of_a_trace_and_a_spectrum(kind, crystal):
    structure = crystal()
    trace, spectrum = make_trace(structure, kind), make_spectrum(structure, kind)
    by_attention = attention_share(trace.source_attention, trace.total[-1])
    by_count = equal_share(spectrum.total, np.ones(len(structure)))
    assert by_attention.shape == by_count.shape == spectrum.sites.shape
    np.testing.assert_allclose(by_attention.sum(axis=0), trace.total[-1])
    np.testing.assert_allclose(by_count.sum(axis=0), spectrum.total)
    assert (by_attention >= 0).all()
    # one that read the map the wrong way round would still add up; this one is of one site only
    one = np.zeros_like(trace.source_attention)
    one[..., 1] = 1
    np.testing.assert_allclose(attention_share(one, trace.total[-1])[1], trace.total[-1])


def test_distance_from_flat():
    flat = np.tile([0.2, 0.8], (5, 1))
    assert distance_from_flat(flat) == pytest.approx(0.0, abs=1e-12)
    assert distance_from_flat(np.stack([flat, flat])) == pytest.approx(0.0, abs=1e-12)
    # Half the bins look at one atom, half at the other: every bin is 1/2 from the mean.
    assert distance_from_flat(np.repeat(np.eye(2), 3, axis=0)) == pytest.approx(0.5)
