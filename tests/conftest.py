"""What every test shares: one thread, no windows, properties tried the same way each time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

# Before anything loads torch or matplotlib, which read these once.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# A backend named here would reach the kernels of notebooks and leave them without figures.
os.environ.pop("MPLBACKEND", None)

from jaxtyping import install_import_hook  # noqa: E402

# The shapes and types in signatures are checked in tests, and cost nothing anywhere else.
install_import_hook("deepdos_nb.physics", "beartype.beartype")

import matplotlib  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from pymatgen.core import Lattice, Structure  # noqa: E402

# No windows, even where there is a display.
matplotlib.use("agg")

# A shared, busy machine makes every deadline and every "too slow" a false alarm.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", parent=settings.get_profile("steady"), derandomize=False, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes long first, so that no worker is left alone with it at the end."""
    items.sort(key=_urgency)


def _urgency(item: pytest.Item) -> int:
    if item.get_closest_marker("browser"):
        return 0
    if item.path.suffix == ".ipynb":
        return 1
    return 2 if item.get_closest_marker("slow") else 3


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def mgo() -> Structure:
    """Rock-salt MgO, conventional cell, 8 atoms."""
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.fixture
def gaas() -> Structure:
    """Zinc-blende GaAs, conventional cell, 8 atoms."""
    return Structure.from_spacegroup(
        "F-43m", Lattice.cubic(5.653), ["Ga", "As"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )
