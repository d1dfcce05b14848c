"""PAW set-ups of lanthanides with their 4f electrons in the core, made by GPAW's own generator.

An open 4f shell in the valence is beyond PBE: it sits at the Fermi level, where no experiment finds
it, and seldom converges. Published collections freeze it; so does this. A frozen shell carries no
moment, and whatever it holds is missing from the spectrum.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.files import replacing
from deepdos_nb.data.downloads import data_home

TAG = "fcore"
"""Second part of the name of such a set-up's file."""

_TRIVALENT = {
    "Ce": 1,
    "Pr": 2,
    "Nd": 3,
    "Pm": 4,
    "Sm": 5,
    "Gd": 7,
    "Tb": 8,
    "Dy": 9,
    "Ho": 10,
    "Er": 11,
    "Tm": 12,
}
_DIVALENT = {"Eu": 7, "Yb": 14}

CORES = {symbol: f"[Xe]4f{n},5d1,6s2" for symbol, n in _TRIVALENT.items()} | {
    symbol: f"[Xe]4f{n},6s2" for symbol, n in _DIVALENT.items()
}
"""Configuration of every lanthanide whose 4f shell is in the core; La has none, and that of Lu,
which is full, stays in the valence."""

PROJECTORS = dict.fromkeys(_TRIVALENT, "5s,6s,5p,6p,5d,d,f,G") | dict.fromkeys(
    _DIVALENT, "5s,6s,5p,6p,5d,d,G"
)
"""Partial waves. An f wave beside the weak core of a divalent atom makes a ghost: fourteen empty
states 3 to 4 eV above the Fermi level of ytterbium and europium, where there are none."""
RADIUS = 2.2
"""Of the spheres, Bohr."""
SEMICORE = 8
"""5s and 5p electrons, which are in the valence besides 5d and 6s."""
SECONDS = 300.0
"""What making a set-up may take; it takes two, on a busy machine many."""


def frozen(symbols: Iterable[str]) -> dict[str, str]:
    """Configurations of those among `symbols` whose 4f shell is in the core, by symbol."""
    return {symbol: CORES[symbol] for symbol in sorted(set(symbols)) if symbol in CORES}


@cache
def valence_electrons(symbol: str) -> int:
    """Electrons that an element's set-up has in the valence."""
    if symbol in CORES:
        return SEMICORE + (2 if symbol in _DIVALENT else 3)
    from gpaw.setup import create_setup

    return int(create_setup(symbol).Nv)


def prepare(symbols: Iterable[str]) -> dict[str, str]:
    """Make the set-ups that are needed and not there yet, and let GPAW find them.

    Parameters
    ----------
    symbols : iterable of str

    Returns
    -------
    dict
        Kind of set-up by symbol, as GPAW's keyword `setups` takes it; empty without lanthanides.

    Raises
    ------
    LabelError
        If GPAW's generator fails.
    """
    import gpaw

    needed = frozen(symbols)
    if not needed:
        return {}
    folder = data_home() / "setups"
    folder.mkdir(parents=True, exist_ok=True)
    for symbol, core in needed.items():
        target = folder / f"{symbol}.{TAG}.PBE"
        if not target.exists():
            _generate(symbol, core, target)
    if str(folder) not in gpaw.setup_paths:
        gpaw.setup_paths.insert(0, str(folder))
    return dict.fromkeys(needed, TAG)


def _generate(symbol: str, core: str, target: Path) -> None:
    """One set-up with `gpaw dataset`, which writes where it runs."""
    options = [
        "-f",
        "PBE",
        "-C",
        core,
        "-P",
        PROJECTORS[symbol],
        "-r",
        str(RADIUS),
        "-w",
        "-t",
        TAG,
    ]
    with tempfile.TemporaryDirectory(prefix="deepdos-setup-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "gpaw", "dataset", symbol, *options],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LabelError(
                f"GPAW's generator ran longer than {SECONDS:.0f} s.", source=symbol
            ) from None
        made = Path(folder) / target.name
        if done.returncode or not made.exists():
            lines = done.stderr.strip().splitlines() or ["it wrote no file"]
            raise LabelError(
                f"no set-up with 4f electrons in the core ({lines[-1][:200]}).", source=symbol
            )
        with replacing(target) as part:
            part.write_bytes(made.read_bytes())
