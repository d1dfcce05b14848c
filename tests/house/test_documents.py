"""Documents: every link leads somewhere, every command exists, and the book is read offline."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.cli.data import app as data

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BOOK = [p for p in sorted(DOCS.rglob("*.md")) if "tutorials" not in p.relative_to(DOCS).parts]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *BOOK]
FENCE = re.compile(r"^(`{3,})(?!`)[^\n]*\n.*?^\1\s*$", re.MULTILINE | re.DOTALL)


def names(paths: list[Path]) -> list[str]:
    return [str(p.relative_to(ROOT)) for p in paths]


def prose(path: Path) -> str:
    """A page without its blocks and words of code, where a bracket is no link."""
    return re.sub(r"(?<!\})`[^`\n]+`", "", FENCE.sub("", path.read_text("utf-8")))


def link_targets(path: Path) -> list[str]:
    """What a page links to or shows: Markdown, HTML, roles, and cards of the landing page."""
    text = prose(path)
    return [
        *re.findall(r"\]\(([^()\s]+)\)", text),
        *re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text),
        *re.findall(r"\{(?:doc|download)\}`[^`<]*<([^`>]+)>`", text),
        *re.findall(r"^:link: (\S+)$", text, re.MULTILINE),
    ]


def heads(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    for included in re.findall(r"^```\{include\} (\S+)$", path.read_text("utf-8"), re.MULTILINE):
        plain += heads(path.parent / included)
    return set(plain)


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(path: Path):
    for target in link_targets(path):
        url = urlsplit(target)
        if url.scheme:
            assert url.scheme in ("https", "mailto"), target
            continue
        place = path.parent / unquote(url.path) if url.path else path
        found = [p for p in (place, Path(f"{place}.md"), Path(f"{place}.ipynb")) if p.exists()]
        assert found, f"{path.name}: {target}"
        if url.fragment:
            assert url.fragment in heads(found[0]), f"{path.name}: {target}"


def test_links_are_found_at_all():
    found = [target for path in PAGES for target in link_targets(path)]
    assert len(found) > 60
    assert {"docs/overview.png", "start", "docs/results/index.md"} <= set(found)


def test_every_page_is_in_the_book():
    """A page that no table of contents names is one that nobody finds."""
    named = {DOCS / "index.md"}
    for path in BOOK:
        text = path.read_text("utf-8")
        for toc in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
            entries = [line for line in toc.splitlines() if line and not line.startswith(":")]
            named |= {path.parent / f"{entry}.md" for entry in entries}
    assert set(BOOK) <= named


def commands() -> set[str]:
    known = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    return known | {g.name for g in app.registered_groups if g.name}


@pytest.mark.parametrize("path", PAGES[:2] + BOOK, ids=names(PAGES[:2] + BOOK))
def test_commands_exist(path: Path):
    text = path.read_text("utf-8")
    known = commands()
    assert set(re.findall(r"(?:^|`)deepdos ([a-z]+)", text, re.MULTILINE)) <= known
    subcommands = {c.name or c.callback.__name__ for c in data.registered_commands if c.callback}
    assert set(re.findall(r"(?:^|`)deepdos data ([a-z]+)", text, re.MULTILINE)) <= subcommands
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("path", PAGES[:2] + BOOK, ids=names(PAGES[:2] + BOOK))
def test_names_of_the_package_exist(path: Path):
    for name in set(re.findall(r"\bdd\.(\w+)", path.read_text("utf-8"))):
        assert name in dd.__all__, f"{path.name}: dd.{name}"


def test_python_in_the_pages_is_python():
    blocks = [
        b for p in PAGES for b in re.findall(r"```python\n(.*?)```", p.read_text("utf-8"), re.S)
    ]
    assert len(blocks) >= 6
    for block in blocks:
        compile(block, "page", "exec")


class Assets(HTMLParser):
    """Addresses that a browser fetches by itself when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.found += [given.get("src", ""), given.get("srcset", "")]
        fetched = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"}
        if tag == "link" and fetched & set(given.get("rel", "").split()):
            self.found.append(given.get("href", ""))
        if tag == "object":
            self.found.append(given.get("data", ""))
        self.found += style_assets(given.get("style", ""))


def style_assets(style: str) -> list[str]:
    """Addresses in a style sheet."""
    return [
        *re.findall(r"url\(\s*[\"']?([^\"')]+)", style),
        *re.findall(r"@import\s+[\"']([^\"']+)", style),
    ]


def elsewhere(address: str) -> bool:
    return bool(re.match(r"\s*(?:\w+:)?//", address))


def test_an_address_elsewhere_is_seen():
    assets = Assets()
    assets.feed(
        '<script src="https://cdn.net/a.js"></script><link rel="stylesheet" href="//fonts.net/b">'
        '<img src="_static/c.png"><p style="background: url(http://d.net/e.png)">'
        '<a href="https://example.org">'
    )
    assert [elsewhere(a) for a in assets.found if a] == [True, True, False, True]
    assert style_assets('@import "x.css"; a { src: url("f.woff2") }') == ["f.woff2", "x.css"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book; a warning is an error."""
    pytest.importorskip("sphinx", reason="the extra 'docs' is not installed")
    out = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    command += ["-d", str(out / "cache")]
    done = subprocess.run(
        [*command, str(DOCS), str(out / "pages")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out / "pages"


@pytest.mark.slow
def test_the_book_is_read_offline(book: Path):
    pages = list(book.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        assets = Assets()
        assets.feed(page.read_text("utf-8"))
        local = [urlsplit(a).path for a in assets.found if a and not a.startswith("data:")]
        assert not [a for a in assets.found if elsewhere(a)], page.name
        assert all((page.parent / unquote(a)).exists() for a in local), page.name
    for sheet in book.rglob("*.css"):
        assert not [a for a in style_assets(sheet.read_text("utf-8")) if elsewhere(a)], sheet.name


@pytest.mark.slow
def test_formulae_are_set_by_a_script_of_the_book(book: Path):
    page = (book / "method.html").read_text("utf-8")
    assert re.search(r"<script[^>]+src=\"_static/tex-svg\.js", page)
    assert r"\Phi_{ij}" in page


@pytest.mark.slow
def test_the_book_holds_every_public_name(book: Path):
    header, _, packed = (book / "objects.inv").read_bytes().partition(b"zlib.\n")
    assert b"deepdos_nb" in header
    inventory = zlib.decompress(packed).decode("utf-8")
    listed = {line.split()[0] for line in inventory.splitlines()}
    documented = {name for name in dd.__all__ if f"deepdos_nb.{name}" in listed}
    # Errors are listed where they live.
    documented |= {name for name in dd.__all__ if f"deepdos_nb.core.errors.{name}" in listed}
    assert documented == set(dd.__all__)


@pytest.mark.slow
def test_the_book_shows_tutorials_cards_and_floors(book: Path):
    for notebook in (ROOT / "tutorials").glob("*.ipynb"):
        assert (book / "tutorials" / f"{notebook.stem}.html").is_file()
    assert "Petretto" in (book / "cards" / "phonons.html").read_text("utf-8")
    assert "imported when first used" in (book / "architecture.html").read_text("utf-8")


def test_the_page_of_experiments_shows_every_parameter_as_declared():
    place = ROOT / "scripts" / "notebook_parameters.py"
    done = subprocess.run([sys.executable, place], capture_output=True, text=True, check=True)
    page = (ROOT / "docs" / "howto" / "experiments.md").read_text(encoding="utf-8")
    assert done.stdout == f"{page}\n", "run `python scripts/notebook_parameters.py --write`"
