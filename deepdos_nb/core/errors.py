"""Errors and warnings that say what is wrong, where, and what to do about it."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text that a terminal and a page can show: signs that would steer them become ``?``.

    Files and their names may hold escapes, overrides of the direction of writing, and bytes that
    are no text.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t\u00a0" else "?" for c in text)


class DeepDOSError(Exception):
    """Base of every error this package raises on purpose.

    Parameters
    ----------
    reason : str
        What is wrong, in one sentence.
    source : str, optional
        The file or object it was found in.
    remedy : str, optional
        What the user can do about it.
    """

    def __init__(self, reason: str, *, source: str | None = None, remedy: str | None = None):
        reason = printable(reason)
        source = source and printable(source).replace("\n", "?")
        remedy = remedy and printable(remedy)
        self.reason, self.source, self.remedy = reason, source, remedy
        where = f"{source}: " if source else ""
        how = f" {remedy}" if remedy else ""
        super().__init__(f"{where}{reason}{how}")


class StructureError(DeepDOSError, ValueError):
    """A crystal structure that cannot be used."""


class UnreadableStructureError(StructureError):
    """The file is missing, or no parser could make a structure of it."""


class InconsistentStructureError(StructureError):
    """What a file says in two places does not agree."""


class EmptyStructureError(StructureError):
    """The structure holds no atoms."""


class PartialOccupancyError(StructureError):
    """A site is shared by several species or partly vacant."""


class UnsupportedElementError(StructureError):
    """A species is no chemical element this package has data for."""


class OverlappingAtomsError(StructureError):
    """Two atoms sit (almost) on top of each other."""


class DegenerateCellError(StructureError):
    """The cell is missing, flat or has no volume."""


class TooManyAtomsError(StructureError):
    """The cell has more atoms than the stated limit."""


class DataError(DeepDOSError):
    """A data file that is missing, altered or malformed."""


class WeightsError(DeepDOSError):
    """Model weights that are missing or do not fit the code."""


class TrainingError(DeepDOSError):
    """A training that cannot go on: its numbers are no numbers any more."""


class LabelError(DeepDOSError):
    """A reference calculation that could not be done, or did not converge."""


class ConfigError(DeepDOSError, ValueError):
    """A setting outside its allowed values."""


class ClusterError(DeepDOSError):
    """A scheduler of tasks that does not answer, or a worker that was lost."""


class DataWarning(UserWarning):
    """Part of the data had to be left out."""


class ExtrapolationWarning(UserWarning):
    """The structure holds elements the model has never seen in training."""
