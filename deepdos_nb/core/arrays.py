"""The one name for a numpy array of any shape and type; shapes are stated in docstrings."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
