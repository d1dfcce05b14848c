"""Two naive answers to "which atom owns which states": what a site-resolved model has to beat.

Both take the total as given and only share it out, so their rows add up to it in every bin. Rows
may stand for several equivalent atoms and then carry the states of all of them.
"""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError


def equal_share(total: Array, atoms: Array) -> Array:
    """Give every atom the same part of the total in every bin.

    Parameters
    ----------
    total : ndarray, shape (n_bins,)
        Such as `Spectrum.total`; any unit.
    atoms : ndarray, shape (n_sites,)
        Atoms that each row stands for; ones for a full cell.

    Returns
    -------
    ndarray, shape (n_sites, n_bins)
    """
    atoms = np.asarray(atoms, dtype=float)
    return atoms[:, None] * np.asarray(total, dtype=float) / atoms.sum()


def attention_share(source_attention: Array, total: Array) -> Array:
    """Read the source-attention map as if it said who owns the states of a bin.

    It is averaged over layers and heads, and multiplied by the total.

    Parameters
    ----------
    source_attention : ndarray, shape (..., n_bins, n_sites)
        Such as `Trace.source_attention`, or one of its layers or heads; its rows sum to one.
    total : ndarray, shape (n_bins,)
        Such as a row of `Trace.total`; any unit.

    Returns
    -------
    ndarray, shape (n_sites, n_bins)

    Raises
    ------
    ConfigError
        If the map has another number of bins than the total.
    """
    attention, total = np.asarray(source_attention, dtype=float), np.asarray(total, dtype=float)
    if attention.ndim < 2 or attention.shape[-2] != len(total):
        raise ConfigError(
            f"source attention of shape {attention.shape} does not fit {len(total)} bins."
        )
    mean = attention.reshape(-1, *attention.shape[-2:]).mean(axis=0)
    return mean.T * total


def distance_from_flat(source_attention: Array) -> float:
    """How much a map depends on the energy: 0 where every bin looks at the same atoms.

    The mean over bins of the total-variation distance ``½ Σ_site |a(bin, site) − ā(site)|`` between
    a bin's attention and the mean of all bins.

    Parameters
    ----------
    source_attention : ndarray, shape (..., n_bins, n_sites)
        Averaged over what comes before, such as layers and heads.
    """
    maps = np.asarray(source_attention, dtype=float)
    mean = maps.reshape(-1, *maps.shape[-2:]).mean(axis=0)
    return float(0.5 * np.abs(mean - mean.mean(axis=0)).sum(axis=1).mean())
