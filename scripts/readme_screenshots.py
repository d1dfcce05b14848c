"""Take over the browser tests' pictures of the views: `python scripts/readme_screenshots.py`.

Run the browser tests first; they leave the pictures in `out/screenshots`. Here they are reduced to
256 colours, which the eye does not miss and the repository does not have to carry.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "out" / "screenshots", ROOT / "docs" / "screenshots"
VIEWS = (
    "explorer-phonons",
    "attention",
    "explore-transport",
    "transport-lab",
    "graph",
    "explore-ensemble",
    "upload",
    "app",
)
"""Pictures of shipped weights and examples only; other tests draw made-up references."""


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        for theme in ("light", "dark"):
            picture = Image.open(SOURCE / f"{view}-{theme}.png").convert("RGB")
            reduced = picture.quantize(256, dither=Image.Dither.NONE)
            reduced.save(TARGET / f"{view}-{theme}.png", optimize=True)


if __name__ == "__main__":
    main()
