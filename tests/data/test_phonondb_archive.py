"""Original phonondb archives, made here from effective-medium forces, read with phonopy."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.downloads import unpack
from deepdos_nb.data.labelled import to_record

pytest.importorskip("phonopy", reason="phonopy is not installed (extra: label)")

from archives import copper, copper_gold, pack, solve, write_material

from deepdos_nb.data.sources import phonondb_archive
from deepdos_nb.data.sources.phonondb import to_benchmark_grid
from deepdos_nb.data.sources.phonondb_archive import (
    CM_PER_THZ,
    SMEARING,
    archives,
    convert,
    material_name,
    read_archive,
    read_conf,
)

MESH = 20.0
"""Coarse, because these tests compare with phonopy on the same mesh."""


@pytest.fixture(scope="module")
def solved():
    return {"Cu": solve(copper()), "Cu3Au": solve(copper_gold())}


@pytest.fixture(scope="module")
def folder(solved, tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("phonondb")
    write_material(home / "mp-30-20180417", solved["Cu"])
    write_material(home / "mp-2258-20180417", solved["Cu3Au"])
    return home


def test_the_label_is_what_phonopy_says(solved, folder):
    label = read_archive(folder / "mp-2258-20180417", mesh=MESH)
    assert label.name == "mp-2258"
    assert sorted(label.numbers) == [29, 29, 29, 79]
    np.testing.assert_allclose(label.states.sum(axis=(1, 2)), 3.0, rtol=1e-6)
    assert label.facts["imaginary"] == 0
    assert label.facts["licence"] == "CC BY 4.0"

    phonon = solved["Cu3Au"]
    phonon.run_mesh(MESH)
    phonon.run_total_dos(
        sigma=SMEARING / CM_PER_THZ,
        freq_min=0.0,
        freq_max=1200 / CM_PER_THZ,
        freq_pitch=4 / CM_PER_THZ,
        use_tetrahedron_method=False,
    )
    # With symmetry, and as a total: another way to the same curve.
    total = np.asarray(phonon.total_dos.dos) / CM_PER_THZ
    expected = to_benchmark_grid(4.0 * np.arange(len(total)), total)
    found = np.bincount(label.orbits) @ label.states.sum(axis=1)
    np.testing.assert_allclose(
        found / found.sum(), expected / expected.sum(), atol=0.02 * found.max() / found.sum()
    )
    energies = grid_for("phdos").energies
    weights = phonon.mesh.weights
    mean = CM_PER_THZ * (phonon.mesh.frequencies.mean(axis=1) @ weights) / weights.sum()
    assert energies @ found / found.sum() == pytest.approx(mean, rel=0.03)
    # Gold is three times as heavy.
    by_number = {
        int(z): row[0] @ energies / 3
        for z, row in zip(label.numbers, label.states[label.orbits], strict=True)
    }
    assert by_number[79] < 0.8 * by_number[29]


def test_the_primitive_cell_is_taken(folder):
    label = read_archive(folder / "mp-30-20180417", mesh=MESH)
    assert label.numbers.tolist() == [29]
    assert np.abs(np.linalg.det(label.lattice)) == pytest.approx(3.59**3 / 4)
    record = to_record(label, "phonondb")
    assert record.states == pytest.approx(3.0)
    assert record.method == "finite displacements, PBEsol (VASP)"


@pytest.mark.parametrize("ending", [".tar.lzma", ".tar.xz", ".tar.gz", ".tar.bz2", ".tar", ".zip"])
def test_archives_are_recognised_by_their_content(folder, tmp_path, ending):
    source = folder / "mp-30-20180417"
    packed = pack(source, ending)
    odd = packed.rename(tmp_path / "mp-30-20180417.archive")
    files = unpack(odd, tmp_path, {"POSCAR-unitcell", "FORCE_SETS", "phonopy.conf", "BORN"})
    assert set(files) == {"POSCAR-unitcell", "FORCE_SETS", "phonopy.conf"}
    for name, path in files.items():
        assert path.read_bytes() == (source / name).read_bytes()


def test_an_archive_gives_the_label_of_its_folder(folder):
    source = folder / "mp-30-20180417"
    packed = pack(source, ".tar.lzma")
    try:
        one, two = read_archive(source, mesh=MESH), read_archive(packed, mesh=MESH)
    finally:
        packed.unlink()
    np.testing.assert_array_equal(one.states, two.states)
    assert one.name == two.name


def test_born_charges_and_yaml_files_count(solved, folder, tmp_path):
    plain = read_archive(folder / "mp-2258-20180417", mesh=MESH)
    polar = read_archive(write_material(tmp_path / "polar", solved["Cu3Au"], born=True), mesh=MESH)
    assert (plain.facts["settings"]["born"], polar.facts["settings"]["born"]) == (False, True)
    assert np.abs(plain.states - polar.states).max() > 1e-3
    table = tmp_path / "table"
    table.mkdir()
    solved["Cu3Au"].save(table / "phonopy_params.yaml", settings={"force_sets": True})
    np.testing.assert_allclose(read_archive(table, mesh=MESH).states, plain.states, atol=2e-3)


def test_many_are_converted_once_and_failures_keep_their_reason(
    solved, folder, tmp_path, monkeypatch
):
    home = tmp_path / "originals"
    write_material(home / "mp-1-20180417", solved["Cu3Au"])
    write_material(home / "mp-2-20180417", solved["Cu"], sign=-1)
    (home / "mp-3-20180417.tar.lzma").write_bytes(b"junk")
    write_material(home / "mp-4", solved["Cu"])
    (home / "mp-4" / "FORCE_SETS").unlink()
    (home / "notes.txt").write_text("passed over")
    assert [p.name for p in archives(home)] == [
        "mp-1-20180417",
        "mp-2-20180417",
        "mp-3-20180417.tar.lzma",
        "mp-4",
    ]
    told: dict[str, str] = {}
    counts = convert(archives(home), tmp_path / "out", mesh=MESH, report=told.__setitem__)
    assert counts == {"done": 1, "failed": 3, "skipped": 0}
    assert told["mp-1"] == ""
    assert "imaginary" in told["mp-2"]
    assert "not an archive" in told["mp-3"]
    assert "no forces" in told["mp-4"]
    monkeypatch.setattr(phonondb_archive, "read_archive", lambda *a, **k: pytest.fail("again"))
    again = convert(archives(home), tmp_path / "out", mesh=MESH)
    assert again == {"done": 0, "failed": 0, "skipped": 4}
    data = open_dataset(tmp_path / "out")
    assert [r.formula for r in data] == ["Cu3Au"]
    with pytest.raises(DataError, match="4 phonondb archives have to be converted first"):
        open_dataset(home)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "lacks POSCAR-unitcell"),
        ({"POSCAR": "Cu\n1\n", "phonopy.conf": "DIM = 2 2 2"}, "phonopy cannot use it"),
        ({"POSCAR": "Cu", "phonopy.conf": "DIM = 2 two 2"}, "DIM = 2 two 2 is malformed"),
        ({"POSCAR": "Cu", "phonopy.conf": "PRIMITIVE_AXIS = 1/0 0 0"}, "malformed"),
        ({"POSCAR": "Cu", "phonopy.conf": "MP = 8 8 8"}, "lacks POSCAR-unitcell"),
    ],
)
def test_what_is_missing_or_malformed_is_named(tmp_path, files, reason):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=reason) as caught:
        read_archive(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_settings_of_every_form(tmp_path):
    path = tmp_path / "phonopy.conf"
    path.write_text("dim = 0 1 1  1 0 1  1 1 0 # matrix\nPRIMITIVE_AXES = auto\n")
    found = read_conf(path)
    assert found["DIM"].tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert found["PRIMITIVE_AXES"] == "auto"
    path.write_text("PRIMITIVE_AXIS = 0 1/2 1/2 1/2 0 1/2 1/2 1/2 0\nDIM = 2 3 4")
    found = read_conf(path)
    assert found["PRIMITIVE_AXES"][0].tolist() == [0, 0.5, 0.5]
    assert np.diag(found["DIM"]).tolist() == [2, 3, 4]


def test_names_of_materials():
    names = ("mp-149-20180417.tar.lzma", "mp-149", "mp-149.zip", "own-crystal-2.tar.gz")
    assert [material_name(Path(n)) for n in names] == [
        "mp-149",
        "mp-149",
        "mp-149",
        "own-crystal-2",
    ]


# --- archives that mean harm -----------------------------------------------------------------


def tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["../POSCAR", "/tmp/POSCAR", "a/../../POSCAR", "C:\\POSCAR"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_paths_that_lead_outside_are_refused(tmp_path, name, kind):
    path = tmp_path / "evil"
    if kind == "tar":
        tar(path, {name: b"x"})
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"x")
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="names a path outside of itself"):
        unpack(path, tmp_path / "in", {"POSCAR"})
    assert {p.name for p in tmp_path.iterdir()} == {"evil", "in"}
    assert not list((tmp_path / "in").iterdir())


@pytest.mark.parametrize("wanted", ["POSCAR", "something else"])
def test_bombs_are_stopped_while_they_unpack(tmp_path, wanted):
    content = {"POSCAR": bytes(3_000_000)}
    bomb = tar(tmp_path / "bomb", content)
    packed = tmp_path / "zipped"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("POSCAR", bytes(3_000_000))
    assert bomb.stat().st_size < 20_000
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="unpacks to more than 1 MB"):
        unpack(bomb, tmp_path / "in", {wanted}, max_bytes=1_000_000)
    if wanted == "POSCAR":
        with pytest.raises(DataError, match="unpacks to more than 1 MB"):
            unpack(packed, tmp_path / "in", {wanted}, max_bytes=1_000_000)
    assert sum(p.stat().st_size for p in (tmp_path / "in").iterdir()) <= 1_000_000


def test_links_are_not_followed_and_doubles_refused(tmp_path):
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("POSCAR")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert unpack(path, tmp_path, {"POSCAR"}) == {}
    two = tar(tmp_path / "two.tar.gz", {"mp-1/POSCAR": b"a", "mp-2/POSCAR": b"b"})
    with pytest.raises(DataError, match="holds POSCAR twice"):
        unpack(two, tmp_path, {"POSCAR"})


def test_damaged_archives_are_one_clear_error(tmp_path):
    whole = tar(tmp_path / "whole", {"POSCAR": np.random.default_rng(0).bytes(200_000)})
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[:60_000])
    junk = tmp_path / "junk"
    junk.write_bytes(b"PK\x03\x04 but not really")
    for path in (cut, junk):
        with pytest.raises(DataError, match="not an archive, or a damaged one"):
            unpack(path, tmp_path, {"POSCAR"})
    with pytest.raises(DataError, match="no such file"):
        unpack(tmp_path / "none", tmp_path, {"POSCAR"})
