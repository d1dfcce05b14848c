"""What the package promises before its code runs: versions, size, quick import, no network."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import deepdos_nb

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deepdos_nb"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MIB = 2**20


def tracked(pattern: str = "") -> list[Path]:
    """Files git keeps, or every file here where this is an unpacked release."""
    command = ["git", "ls-files", "-z", *([pattern] if pattern else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    # A file deleted but not yet committed is still listed.
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def constraints() -> dict[str, Version]:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[canonicalize_name(name)] = Version(version)
    return pins


def test_one_version_everywhere():
    version = PROJECT["version"]
    assert deepdos_nb.__version__ == version
    assert importlib.metadata.version("deepdos-nb") == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_import_loads_nothing_heavy():
    """Counted in modules, not in seconds: time depends on the machine, this does not."""
    code = "import sys, deepdos_nb; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "deepdos_nb" in loaded
    heavy = {
        *("torch", "torch_geometric", "lightning", "pymatgen", "ase", "scipy", "pandas"),
        *("matplotlib", "ipywidgets", "anywidget", "nglview", "numpy", "IPython"),
    }
    assert not loaded & heavy


def test_every_public_name_resolves():
    assert sorted(deepdos_nb.__all__) == deepdos_nb.__all__
    for name in deepdos_nb.__all__:
        assert getattr(deepdos_nb, name) is not None
        assert name in dir(deepdos_nb)
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = deepdos_nb.nonesuch


def test_pins_satisfy_the_requirements():
    pins = constraints()
    assert len(pins) > 100
    assert not [name for name, version in pins.items() if version.local], "no local builds here"
    wanted = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        wanted += extra
    for requirement in map(Requirement, wanted):
        if requirement.name == PROJECT["name"]:  # an extra that takes in another one
            assert requirement.extras <= PROJECT["optional-dependencies"].keys()
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} has no pin in constraints.txt"
        assert requirement.specifier.contains(pin, prereleases=True), f"{requirement}, {pin}"


def test_installed_versions_are_the_pinned_ones():
    """For what we depend on by name; a drifting environment explains most odd failures."""
    pins = constraints()
    for requirement in map(Requirement, PROJECT["dependencies"]):
        name = canonicalize_name(requirement.name)
        installed = Version(importlib.metadata.version(requirement.name))
        assert Version(installed.public) == pins[name], f"run 'make venv' ({name})"


def test_the_command_is_installed():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="deepdos")
    assert script.value == PROJECT["scripts"]["deepdos"]
    assert callable(script.load())


def test_data_files_are_where_the_code_looks():
    assert (PACKAGE / "py.typed").is_file()
    assert list((PACKAGE / "examples").glob("*.cif"))
    assert list((PACKAGE / "widgets").rglob("*.js"))


def test_weights_stay_small():
    weights = [p for p in (PACKAGE / "weights").rglob("*") if p.is_file()]
    assert weights, "no weights in the package"
    assert sum(p.stat().st_size for p in weights) <= 16 * MIB
    known = {".safetensors", ".json", ".md", ".py", ".pyc"}
    assert {p.suffix for p in weights if p.name != "SHA256SUMS"} <= known


def test_no_large_file_in_git():
    large = {str(p.relative_to(ROOT)): p.stat().st_size for p in tracked()}
    assert len(large) > 20
    assert not {name: size for name, size in large.items() if size > 2 * MIB}


def test_notebooks_are_stripped():
    """Outputs and widget state belong to whoever runs them; `make format` strips.

    Chapters of the course are committed as they ran, see tests/tutorials/test_chapters.py.
    """
    notebooks = [p for p in tracked("*.ipynb") if p.parent != ROOT / "tutorials"]
    assert notebooks
    for path in notebooks:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert "widgets" not in notebook["metadata"], f"{path.name} holds widget state"
        assert notebook["metadata"]["kernelspec"]["name"] == "python3", path.name
        for cell in notebook["cells"]:
            assert not cell.get("outputs"), f"{path.name} holds outputs"
            assert cell.get("execution_count") is None, f"{path.name} holds execution counts"


def test_nothing_in_the_browser_comes_from_the_web():
    files = [p for p in (PACKAGE / "widgets").rglob("*") if p.suffix in {".js", ".css", ".html"}]
    assert files
    for path in files:
        # Names of XML namespaces look like addresses but are never fetched.
        text = re.sub(r"http://www\.w3\.org/[\w/.#-]*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"(https?:)?//[\w-]+\.\w+[\w./-]*", text), path.name
        assert not re.search(r"@import|\bimport\s*\(|\bfrom\s+[\"'][^.\"']", text), path.name


def test_make_targets_named_in_the_documents_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = set(re.findall(r"(?:`|^\s*)make ([a-z-]+)", text, re.MULTILINE))
        assert named, f"{name} names no make target"
        assert named <= targets, name


def test_makefile_lists_its_targets():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "lint", "lab", "tutorials", "bench"):
        assert f"make {target} " in done.stdout


def test_the_oldest_versions_are_those_that_the_project_allows():
    script = [sys.executable, str(ROOT / "scripts" / "oldest.py")]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "constraints-oldest.txt").read_text("utf-8") == printed
