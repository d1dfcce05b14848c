"""What was drawn in a figure, and the grounds it may lie on."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from deepdos_nb.style import palette

GROUNDS = {True: (palette.DARK,), False: (palette.LIGHT,), None: (palette.LIGHT, palette.DARK)}


def drawn_colours(figure: Figure) -> dict[str, str]:
    """Hex colours of all text, lines and spines of a figure that has been drawn."""
    figure.canvas.draw()
    found = {}
    for artist in figure.findobj(lambda a: a.get_visible()):
        if isinstance(artist, mpl.text.Text) and artist.get_text().strip():
            found[f"text {artist.get_text()!r}"] = to_hex(artist.get_color())
        elif isinstance(artist, mpl.lines.Line2D) and len(artist.get_xdata()):
            found[f"line {artist.get_label()}"] = to_hex(artist.get_color())
        elif isinstance(artist, mpl.spines.Spine):
            found[f"spine {id(artist)}"] = to_hex(artist.get_edgecolor())
    return found
