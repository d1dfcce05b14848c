"""The `deepdos` command."""

from deepdos_nb.cli.main import app

__all__ = ["app"]
