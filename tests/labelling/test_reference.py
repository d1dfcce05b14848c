"""Reference labels: counting states, storing them, and the labelling that survives a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.dft.dos import linear_tetrahedron_integration
from crystals import mgo, rocksalt
from hypothesis import given
from hypothesis import strategies as st
from labels import made_up
from pymatgen.core import Structure

from deepdos_nb.core.errors import DataError, DataWarning, DeepDOSError, LabelError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.curve_codes import ERROR
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.data.label_shards import read_outlines, read_shard, write_shard
from deepdos_nb.labelling import process
from deepdos_nb.labelling.band_structure import REAL_GAP, Bands
from deepdos_nb.labelling.gpaw import ElectronSettings
from deepdos_nb.labelling.jobs import Job, read_jobs
from deepdos_nb.labelling.queue import label_many
from deepdos_nb.labelling.server import WorkerServer
from deepdos_nb.labelling.supercells import supercell
from deepdos_nb.labelling.tetrahedra import integrated_dos, tetrahedra

CELL = np.array([[0.1, 2.1, 2.0], [2.0, 0.0, 2.2], [2.1, 2.0, 0.1]])


def mesh(size: tuple[int, int, int]) -> np.ndarray:
    points = np.stack(np.unravel_index(np.arange(np.prod(size)), size), axis=-1)
    return 2 * np.pi * points / np.array(size)


def cosine_bands(size: tuple[int, int, int], n_bands: int = 3) -> np.ndarray:
    k = mesh(size)
    return np.stack(
        [
            np.cos(k[:, 0]) + (b + 1) * np.cos(k[:, 1]) + 0.5 * np.cos(k[:, 2] + k[:, 0]) + 0.7 * b
            for b in range(n_bands)
        ],
        axis=1,
    )


def flat_bands(levels: list[float], width: float = 0.0, electrons: float = 2.0) -> Bands:
    """A simple-cubic crystal whose bands lie at `levels` and are `width` eV wide."""
    size = (4, 4, 4)
    wave = np.cos(mesh(size)).sum(axis=1) / 3
    eigenvalues = (np.array(levels) + 0.5 * width * wave[:, None])[None]
    n = int(np.prod(size))
    channels = np.ones((1, n, len(levels), 1))
    return Bands(eigenvalues, np.array(size), np.arange(n), 4 * np.eye(3), electrons, channels)


class TestTetrahedra:
    def test_agrees_with_ase(self):
        size = (6, 5, 4)
        n = int(np.prod(size))
        bands = cosine_bands(size)
        channels = np.random.default_rng(0).dirichlet(np.ones(4), size=(n, 3))
        corners, weights = tetrahedra(np.array(size), np.linalg.inv(CELL).T, np.arange(n))
        energies = np.linspace(-6, 6, 1201)
        ours = integrated_dos(bands, channels, corners, weights, energies)
        theirs = linear_tetrahedron_integration(
            CELL, bands.reshape(*size, 3), energies, channels.reshape(*size, 3, 4)
        ).T
        running = np.concatenate(
            [np.zeros((1, 4)), np.cumsum((theirs[1:] + theirs[:-1]) / 2, axis=0) * 0.01]
        )
        assert np.abs(ours - running).max() < 2e-4
        assert ours[-1].sum() == pytest.approx(3.0, abs=1e-12)

    def test_free_electrons(self):
        """N(E) of a parabola is the volume of its sphere; the error is of second order."""
        energies = np.linspace(0.2, 0.9, 8)
        exact = 4 / 3 * np.pi * energies**1.5 / 8
        errors = []
        for n in (8, 16):
            k = np.minimum(mesh((n, n, n)), 2 * np.pi - mesh((n, n, n))) / np.pi
            parts = tetrahedra(np.array([n, n, n]), np.eye(3), np.arange(n**3))
            parabola = (k**2).sum(axis=1)[:, None]
            counted = integrated_dos(parabola, np.ones((n**3, 1, 1)), *parts, energies)
            errors.append(np.abs(counted[:, 0] - exact).max())
        assert errors[1] < 0.01
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)

    @given(st.integers(0, 2**32 - 1))
    def test_channels_sum_to_the_total_and_never_fall(self, seed):
        rng = np.random.default_rng(seed)
        size = (3, 2, 4)
        bands = np.round(rng.normal(size=(24, 2)), 1)  # rounded, so that corners coincide
        channels = rng.dirichlet(np.ones(3), size=(24, 2))
        corners, weights = tetrahedra(np.array(size), np.eye(3), np.arange(24))
        energies = np.linspace(-4.05, 4.05, 40)
        split = integrated_dos(bands, channels, corners, weights, energies)
        whole = integrated_dos(bands, np.ones((24, 2, 1)), corners, weights, energies)
        assert np.abs(split.sum(axis=1) - whole[:, 0]).max() < 1e-10
        assert np.diff(whole[:, 0]).min() > -1e-10
        assert whole[-1, 0] == pytest.approx(2.0)

    def test_symmetry_changes_nothing(self):
        size = (4, 4, 4)
        k = mesh(size)
        bands = np.cos(k).sum(axis=1)[:, None]
        folded = np.sort(np.minimum(np.rint(k / (np.pi / 2)) % 4, -np.rint(k / (np.pi / 2)) % 4))
        distinct, first, index = np.unique(folded, axis=0, return_index=True, return_inverse=True)
        energies = np.linspace(-3.2, 3.2, 50)
        full = integrated_dos(
            bands,
            np.ones((64, 1, 1)),
            *tetrahedra(np.array(size), np.eye(3), np.arange(64)),
            energies,
        )
        few = integrated_dos(
            bands[first],
            np.ones((len(distinct), 1, 1)),
            *tetrahedra(np.array(size), np.eye(3), index.ravel()),
            energies,
        )
        assert len(distinct) < 20
        assert np.abs(full - few).max() < 1e-12


class TestBands:
    def test_insulator_starts_at_its_valence_band(self):
        zero, gap = flat_bands([-1.0, 2.0], width=0.4).zero()
        assert zero == pytest.approx(-0.8, abs=1e-6)
        assert gap == pytest.approx(2.6, abs=1e-6)

    def test_small_gap_counts_as_none(self):
        bands = flat_bands([0.0, 0.4 + REAL_GAP - 0.05], width=0.4)
        zero, gap = bands.zero()
        assert gap == 0.0
        assert zero == pytest.approx(bands.fermi_level())

    def test_half_filled_band_is_a_metal(self):
        zero, gap = flat_bands([0.5, 6.0], width=2.0, electrons=1.0).zero()
        assert gap == 0.0
        assert zero == pytest.approx(0.5, abs=0.02)

    def test_fermi_level_holds_the_electrons(self):
        bands = flat_bands([0.0, 0.3], width=3.0, electrons=1.3)
        assert bands.integrated(np.array([bands.fermi_level()])).sum() == pytest.approx(
            1.3, abs=1e-5
        )

    def test_states_in_the_window(self):
        bands = flat_bands([-1.0, 2.0, 9.0], width=0.4)
        counts = bands.counted(0.0, 0.1)
        grid = grid_for("edos")
        assert counts.shape == (grid.n_bins, 1)
        assert counts.sum() == pytest.approx(4.0, abs=1e-6)
        assert counts.min() >= 0
        mean = float(grid.energies @ counts[:, 0] / counts.sum())
        assert mean == pytest.approx(0.5, abs=1e-3)

    def test_broadening_moves_states_over_the_edge_and_loses_none(self):
        inside = flat_bands([4.0], electrons=2.0).counted(0.0, 0.1).sum()
        assert inside == pytest.approx(2 * 0.62, abs=0.1)  # the last bin ends 0.03 eV above 4 eV

    def test_spin_halves_the_degeneracy(self):
        one = flat_bands([-1.0, 2.0], width=0.4)
        both = Bands(
            np.concatenate([one.eigenvalues] * 2),
            one.size,
            one.to_irreducible,
            one.cell,
            one.electrons,
            np.concatenate([one.channels] * 2),
        )
        assert both.zero() == pytest.approx(one.zero())
        assert np.abs(both.counted(0.0, 0.1) - one.counted(0.0, 0.1)).max() < 1e-12


class TestShards:
    def test_round_trip(self, tmp_path):
        labels = [made_up(f"crystal {i}") for i in range(5)]
        write_shard(tmp_path / "shard-0000.npz", labels)
        back = list(read_shard(tmp_path / "shard-0000.npz"))
        assert [x.name for x in back] == [x.name for x in labels]
        for new, old in zip(back, labels, strict=True):
            assert np.allclose(new.states, old.states, rtol=0, atol=ERROR * old.states.max())
            assert np.array_equal(new.numbers, old.numbers)
            assert np.allclose(new.frac, old.frac, atol=1e-6)
            assert new.facts == old.facts

    def test_outlines_are_the_labels_without_their_spectra(self, tmp_path):
        labels = [made_up("a"), made_up("b", structure=mgo())]
        write_shard(tmp_path / "shard-0000.npz", labels)
        outlines = read_outlines(tmp_path / "shard-0000.npz")
        for outline, label in zip(outlines, labels, strict=True):
            assert (outline.name, outline.facts) == (label.name, label.facts)
            assert np.array_equal(outline.numbers, label.numbers)
            assert np.allclose(outline.lattice, label.lattice, atol=1e-5)
            assert np.allclose(outline.frac, label.frac, atol=1e-6)

    def test_damaged_file_is_named(self, tmp_path):
        path = tmp_path / "shard-0000.npz"
        write_shard(path, [made_up("a")])
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(DataError, match=r"shard-0000\.npz: not a shard"):
            list(read_shard(path))

    def test_pickles_are_refused(self, tmp_path):
        path = tmp_path / "evil.npz"
        np.savez(path, facts=np.array([{"a": 1}], dtype=object))
        with pytest.raises(DataError, match="not a shard"):
            list(read_shard(path))

    def test_nothing_half_written(self, tmp_path):
        bad = made_up("a")
        object.__setattr__(bad, "numbers", np.array(["x"]))
        with pytest.raises(ValueError, match="invalid literal"):
            write_shard(tmp_path / "shard-0000.npz", [bad])
        assert list(tmp_path.iterdir()) == []


class TestFolder:
    def test_gathers_and_finds_everything_once(self, tmp_path, monkeypatch):
        monkeypatch.setattr("deepdos_nb.data.label_folder.SHARD_SIZE", 3)
        folder = Folder(tmp_path)
        for i in range(7):
            folder.add(made_up(f"c/{i}"))
        assert folder.gather() == 6
        assert len(folder.shards()) == 2
        assert sorted(x.name for x in folder.labels()) == [f"c/{i}" for i in range(7)]

    def test_a_kill_between_writing_and_removing_doubles_nothing(self, tmp_path):
        folder = Folder(tmp_path)
        label = made_up("a")
        folder.add(label)
        write_shard(tmp_path / "shard-0000.npz", [label])  # written; the single file still there
        assert [x.name for x in folder.labels()] == ["a"]
        folder.gather(everything=True)
        assert [x.name for x in Folder(tmp_path).labels()] == ["a"]
        assert len(folder.shards()) == 1

    def test_labels_are_found_single_and_gathered(self, tmp_path):
        folder = Folder(tmp_path)
        folder.add(made_up("a"))
        folder.gather(everything=True)
        folder.add(made_up("b", structure=mgo()))
        assert sorted(folder.find("a").numbers) == [11, 11, 11, 11, 17, 17, 17, 17]
        assert set(folder.find("b").numbers) == {8, 12}
        assert folder.find("c") is None

    @pytest.mark.parametrize("how", ["single", "gathered", "failed"])
    def test_a_folder_of_another_kind_is_refused(self, tmp_path, how):
        folder = Folder(tmp_path / "labels")
        folder.check_kind("phdos")
        if how == "failed":
            folder.fail("a", "did not converge", "edos")
        else:
            folder.add(made_up("a"))
            folder.gather(everything=how == "gathered")
        folder.check_kind("edos")
        with pytest.raises(DataError, match=r"labels: .*of kind edos.*labels-phdos for example"):
            folder.check_kind("phdos")

    def test_failures_survive_a_cut_line(self, tmp_path):
        folder = Folder(tmp_path)
        folder.fail("a", "did not converge")
        with folder.failures_file.open("a") as file:
            file.write('{"name": "b", "rea')
        assert folder.failures() == {"a": "did not converge"}


# Stands in for the engine, in a process of its own that can be killed.
SLOW_LABELLING = """
import sys, time
sys.path[:0] = [{tests!r}]
from labels import made_up
from crystals import rocksalt
from deepdos_nb.labelling import queue
from deepdos_nb.labelling.jobs import Job

def compute(job, kind, settings, *, time_limit=None, server=None):
    time.sleep(0.05)
    return made_up(job.name)

queue.compute, queue.engine = compute, lambda kind: "none"
salt = rocksalt("Na", "Cl", 5.6)
jobs = [Job(f"c{{i}}", salt) for i in range(30)]
queue.label_many(
    jobs, {out!r}, "edos", report=lambda o: print(o.name, flush=True), workers=1
)
"""


class TestLabelling:
    def test_kill_loses_only_the_crystal_in_flight(self, tmp_path):
        out = tmp_path / "labels"
        code = SLOW_LABELLING.format(tests=str(Path(__file__).parents[1]), out=str(out))
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            said = [run.stdout.readline().strip() for _ in range(5)]
            os.kill(run.pid, signal.SIGKILL)
        kept = {x.name for x in Folder(out).labels()}
        assert set(said) <= kept
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        again = set(done.stdout.split())
        assert not again & kept
        assert {x.name for x in Folder(out).labels()} == {f"c{i}" for i in range(30)}

    def test_two_runs_on_one_folder_share_the_crystals(self, tmp_path):
        out = tmp_path / "labels"
        code = SLOW_LABELLING.format(tests=str(Path(__file__).parents[1]), out=str(out))
        both = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        one, two = (run.communicate()[0].split() for run in both)
        assert [run.returncode for run in both] == [0, 0]
        assert len(one) + len(two) == 30
        assert set(one) | set(two) == {f"c{i}" for i in range(30)}
        assert sorted(p.name for p in out.iterdir()) == ["done"]

    def test_failures_are_recorded_with_their_reason_after_a_second_try(
        self, tmp_path, monkeypatch
    ):
        tried = []

        def fails(job, kind, settings, *, time_limit=None, server=None):
            tried.append(settings.mixing)
            raise LabelError("did not converge.", source=job.name)

        monkeypatch.setattr("deepdos_nb.labelling.queue.compute", fails)
        monkeypatch.setattr("deepdos_nb.labelling.queue.engine", lambda kind: "none")
        jobs = [Job("a", rocksalt("Na", "Cl", 5.6))]
        counts = label_many(jobs, tmp_path, "edos")
        assert counts == {"labelled": 0, "failed": 1, "skipped": 0}
        assert tried == [None, ElectronSettings().safer().mixing]
        assert Folder(tmp_path).failures() == {"a": "did not converge."}
        assert label_many(jobs, tmp_path, "edos")["skipped"] == 1

    @pytest.fixture
    def quick(self, monkeypatch):
        """An engine that labels at once."""

        def compute(job, kind, settings, *, time_limit=None, server=None):
            return made_up(job.name, kind, job.structure)

        monkeypatch.setattr("deepdos_nb.labelling.queue.compute", compute)
        monkeypatch.setattr("deepdos_nb.labelling.queue.engine", lambda kind: "none")

    def test_another_kind_is_not_taken_for_done(self, quick, tmp_path):
        jobs = [Job("MgO", mgo())]
        label_many(jobs, tmp_path, "edos")
        with pytest.raises(DataError, match="of kind edos"):
            label_many(jobs, tmp_path, "phdos")

    def test_two_crystals_of_one_name_are_refused(self, quick, tmp_path):
        salt = Job("salt", rocksalt("Na", "Cl", 5.6))
        twice = label_many([salt, salt], tmp_path / "same", "edos")
        assert twice == {"labelled": 1, "failed": 0, "skipped": 1}
        other = Job("salt", rocksalt("Na", "Cl", 5.7))
        with pytest.raises(DataError, match="two different crystals are called salt"):
            label_many([salt, other], tmp_path / "other", "edos")

    @pytest.mark.parametrize(
        ("kind", "changed"),
        [
            ("edos", rocksalt("Na", "Cl", 5.7)),
            ("edos", rocksalt("K", "Cl", 5.6)),
            ("phdos", rocksalt("K", "Cl", 5.6)),
        ],
    )
    def test_a_changed_crystal_under_an_old_name_is_told(self, quick, tmp_path, kind, changed):
        salt = rocksalt("Na", "Cl", 5.6)
        label_many([Job("salt", salt)], tmp_path, kind)
        with pytest.warns(DataWarning, match="salt: the label of this name is of another crystal"):
            counts = label_many([Job("salt", changed)], tmp_path, kind)
        assert counts["skipped"] == 1
        assert np.array_equal(next(Folder(tmp_path).labels()).numbers, salt.atomic_numbers)

    def test_the_same_crystal_is_no_change(self, quick, tmp_path, recwarn):
        """Rounded as in a file, and in the primitive cell that phonons are stored in."""
        salt = rocksalt("Na", "Cl", 5.6)
        label_many([Job("salt", salt)], tmp_path / "edos", "edos")
        rounded = Structure(salt.lattice.matrix + 1e-5, salt.species, salt.frac_coords - 1 + 1e-6)
        label_many([Job("salt", rounded)], tmp_path / "edos", "edos")
        label_many([Job("salt", salt.get_primitive_structure())], tmp_path / "phdos", "phdos")
        label_many([Job("salt", salt)], tmp_path / "phdos", "phdos")
        assert not [w for w in recwarn if w.category is DataWarning]

    def test_missing_engine_says_how_to_get_it(self, tmp_path, monkeypatch):
        def version(name):
            from importlib.metadata import PackageNotFoundError

            raise PackageNotFoundError(name)

        monkeypatch.setattr("importlib.metadata.version", version)
        with pytest.raises(LabelError, match=r"gpaw is not installed.*deepdos doctor"):
            label_many([], tmp_path, "edos")

    def test_time_limit_ends_the_process(self):
        with pytest.raises(LabelError, match="ran longer than"):
            process.compute(Job("NaCl", rocksalt("Na", "Cl", 5.6)), "edos", time_limit=0.01)

    def test_a_worker_ends_with_its_parent(self, tmp_path):
        pid_file = tmp_path / "pid"
        child = (
            "import os, sys, time; from deepdos_nb.core.processes import end_with;"
            "end_with(os.getppid()); open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
        )
        parent = (
            "import subprocess, sys, time;"
            f"subprocess.Popen([sys.executable, '-c', {child!r}, {str(pid_file)!r}]);"
            "time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", parent]) as run:
            wait_for(lambda: pid_file.exists() and pid_file.read_text())
            run.kill()
        pid = int(pid_file.read_text())
        wait_for(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(question, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until
        time.sleep(0.05)


class TestServer:
    """Without an engine installed a job fails for that reason; with one, for its element."""

    JOB = Job("noble", Structure(4 * np.eye(3), ["Og"], [[0, 0, 0]]))

    @pytest.fixture
    def server(self):
        server = WorkerServer("edos")
        yield server
        server.close()

    def test_reasons_come_back_and_the_server_goes_on(self, server):
        for _ in range(2):
            with pytest.raises(LabelError, match="noble: GPAW"):
                process.compute(self.JOB, "edos", server=server)

    def test_time_limit(self, server):
        with pytest.raises(LabelError, match="ran longer than 0 s"):
            process.compute(self.JOB, "edos", time_limit=1e-4, server=server)
        with pytest.raises(LabelError, match="noble: GPAW"):
            process.compute(self.JOB, "edos", server=server)

    def test_a_killed_server_is_replaced(self, server):
        with pytest.raises(LabelError, match="noble: GPAW"):
            process.compute(self.JOB, "edos", server=server)
        server.close()
        with pytest.raises(LabelError, match="noble: GPAW"):
            process.compute(self.JOB, "edos", server=server)


class TestJobs:
    def test_files_folders_and_lists(self, tmp_path):
        structure = rocksalt("Na", "Cl", 5.6)
        (tmp_path / "sub").mkdir()
        structure.to(str(tmp_path / "sub" / "salt.cif"))
        structure.to(str(tmp_path / "sub" / "POSCAR"), fmt="poscar")
        (tmp_path / "sub" / "notes.txt").write_text("no crystal")
        (tmp_path / "sub" / "bad.cif").write_text("data_x\n")
        entry = {"name": "listed", "structure": structure.as_dict(), "origin": {"source": "x"}}
        (tmp_path / "list.jsonl").write_text(json.dumps(entry, default=float) + "\n")
        found = list(read_jobs([tmp_path / "sub", tmp_path / "list.jsonl"]))
        errors = [x for x in found if isinstance(x, DeepDOSError)]
        names = [x.name for x in found if isinstance(x, Job)]
        assert names == ["POSCAR", "salt.cif", "listed"]
        assert len(errors) == 1
        assert "bad.cif" in str(errors[0])

    def test_a_list_is_checked_line_by_line_like_files(self, tmp_path):
        good, near = rocksalt("Na", "Cl", 5.6), rocksalt("Na", "Cl", 0.5)
        entries = [
            {"name": name, "structure": structure.as_dict()}
            for name, structure in [
                ("one", good),
                ("big", good * 2),
                ("near", near),
                ("two", mgo()),
            ]
        ]
        lines = [json.dumps(entry, default=float) for entry in entries]
        lines[1:1] = ['{"name": "a"}', "[1]", "no JSON", '{"name": "b", "structure": 3}', "", "  "]
        path = tmp_path / "list.jsonl"
        path.write_text("\n".join(lines) + "\n\n")
        found = list(read_jobs([path], max_atoms=16))
        assert [x.name for x in found if isinstance(x, Job)] == ["one", "two"]
        assert found[0].structure == good
        reasons = [str(x) for x in found if isinstance(x, DeepDOSError)]
        assert [r.split(": ")[0].rpartition("line ")[2] for r in reasons] == list("234589")
        assert all(r.startswith(str(path)) for r in reasons)
        assert "it is no crystal" in reasons[0]
        assert "64 atoms" in reasons[4]

    def test_a_list_is_read_as_it_is_asked_for(self, tmp_path):
        entry = {"name": "one", "structure": mgo().as_dict()}
        path = tmp_path / "list.jsonl"
        path.write_text((json.dumps(entry, default=float) + "\n") * 2)
        jobs = read_jobs([path])
        assert next(jobs).name == "one"
        path.unlink()
        assert [job.name for job in jobs] == ["one"]

    def test_files_of_one_name_are_called_by_their_folders(self, tmp_path):
        for place, structure in [
            ("run1", mgo()),
            ("run2", rocksalt("Na", "Cl", 5.6)),
            ("run2/deep", rocksalt("K", "Cl", 6.0)),
        ]:
            (tmp_path / place).mkdir()
            structure.to(str(tmp_path / place / "POSCAR"), fmt="poscar")
        mgo().to(str(tmp_path / "run1" / "MgO.cif"))
        one, two = tmp_path / "run1" / "POSCAR", tmp_path / "run2" / "POSCAR"

        def names(*paths):
            return [job.name for job in read_jobs(paths)]

        assert names(one) == ["POSCAR"]
        assert names(one, two, one) == ["run1/POSCAR", "run2/POSCAR", "run1/POSCAR"]
        assert names(two, one, one.with_name("MgO.cif")) == ["run2/POSCAR", "run1/POSCAR", "MgO"]
        assert names(tmp_path / "run1", tmp_path / "run2") == [
            "MgO.cif",
            "run1/POSCAR",
            "run2/POSCAR",
            "deep/POSCAR",
        ]
        # As in the folder above them.
        assert set(names(one, two)) < set(names(tmp_path))

    def test_two_crystals_that_a_list_gives_one_name(self, tmp_path):
        entries = [
            {"name": "salt", "structure": rocksalt("Na", "Cl", a).as_dict()}
            for a in (5.6, 5.7, 5.6)
        ]
        path = tmp_path / "list.jsonl"
        path.write_text("".join(json.dumps(e, default=float) + "\n" for e in entries))
        first, second, third = read_jobs([path])
        assert first.structure == third.structure
        assert "list.jsonl: two different crystals are called salt" in str(second)

    def test_missing_path(self, tmp_path):
        with pytest.raises(DataError, match="no such file or folder"):
            list(read_jobs([tmp_path / "nowhere"]))


@pytest.mark.parametrize("a", [3.0, 4.2, 5.6, 9.5])
def test_supercell_reaches_far_enough_with_few_atoms(a):
    cell = rocksalt("Na", "Cl", a).get_primitive_structure()
    matrix = supercell(cell, 9.0)
    lattice = matrix.T @ cell.lattice.matrix
    steps = np.array([[i, j, k] for i in range(-2, 3) for j in range(-2, 3) for k in range(-2, 3)])
    lengths = np.linalg.norm(steps[np.any(steps != 0, axis=1)] @ lattice, axis=1)
    assert lengths.min() >= 9.0 - 1e-6
    atoms = len(cell) * abs(np.linalg.det(matrix))
    assert atoms <= 8 * np.ceil(9.0 / a) ** 3 + 1e-6
