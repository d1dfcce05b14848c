"""A server that misbehaves, a folder that cannot be written, two processes at once."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deepdos_nb.core.errors import DataError
from deepdos_nb.data.downloads import fetch, unpack

CONTENT = b"material_id,ph_dos\n" * 4000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Misbehaving(BaseHTTPRequestHandler):
    """What it does is in the address."""

    def do_GET(self) -> None:
        how = self.path.strip("/")
        if how in ("404", "500", "503"):
            self.send_error(int(how))
            return
        if how == "loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        if how == "silence":
            return
        body = {"page": b"<html>please log in</html>", "wrong": CONTENT[::-1], "empty": b""}
        sent = body.get(how, CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if how == "cut":
            sent = sent[: len(sent) // 2]
        half = len(sent) // 2
        self.wfile.write(sent[:half])
        self.wfile.flush()
        if how == "slow":
            time.sleep(0.5)
        self.wfile.write(sent[half:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def verify(path: Path) -> str:
    return (
        "" if hashlib.sha256(path.read_bytes()).hexdigest() == SHA else "is no published version."
    )


def get(url: str, target: Path) -> Path:
    return fetch(url, target, verify, remedy="Without network, pass the path of a copy.")


def test_a_file_comes_whole_and_alone(server, tmp_path):
    target = get(f"{server}/good", tmp_path / "new" / "data.csv")
    assert target.read_bytes() == CONTENT
    assert [p.name for p in target.parent.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("404", "404"),
        ("500", "500"),
        ("503", "503"),
        ("loop", "redirects"),
        ("silence", "download failed"),
        ("cut", "download failed"),
        ("page", "no published version"),
        ("wrong", "no published version"),
        ("empty", "no published version"),
    ],
)
def test_a_server_that_misbehaves_leaves_nothing(server, tmp_path, how, reason):
    with pytest.raises(DataError, match=reason) as caught:
        get(f"{server}/{how}", tmp_path / "data.csv")
    assert caught.value.source == f"{server}/{how}"
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_when_the_new_one_is_wrong(server, tmp_path):
    target = tmp_path / "data.csv"
    target.write_text("an older version")
    with pytest.raises(DataError):
        get(f"{server}/cut", target)
    assert target.read_text() == "an older version"
    get(f"{server}/good", target)
    assert target.read_bytes() == CONTENT


def test_nobody_answers(tmp_path):
    with pytest.raises(DataError, match="download failed") as caught:
        get("http://127.0.0.1:9/data.csv", tmp_path / "data.csv")
    assert "pass the path of a copy" in str(caught.value)


def folder_is_named(caught: pytest.ExceptionInfo[DataError], folder: Path) -> None:
    assert caught.value.source == str(folder)
    assert "nothing can be kept there" in caught.value.reason
    assert "$DEEPDOS_DATA" in str(caught.value.remedy)


def test_a_folder_that_is_a_file(server, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(DataError) as caught:
        get(f"{server}/good", tmp_path / "cache" / "data.csv")
    folder_is_named(caught, tmp_path / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(server, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataError) as caught:
        get(f"{server}/good", tmp_path / "data.csv")
    tmp_path.chmod(0o700)
    folder_is_named(caught, tmp_path)


def test_a_disk_without_room(server, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONTENT) // 2, hard))
    try:
        with pytest.raises(DataError) as caught:
            get(f"{server}/good", tmp_path / "data.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    folder_is_named(caught, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once(server, tmp_path):
    code = f"""
import hashlib, sys
from pathlib import Path
from deepdos_nb.data.downloads import fetch
def verify(path):
    return "" if hashlib.sha256(path.read_bytes()).hexdigest() == {SHA!r} else "wrong"
fetch(sys.argv[1], Path(sys.argv[2]), verify, remedy="none")
"""
    command = [sys.executable, "-c", code, f"{server}/slow", str(tmp_path / "data.csv")]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        _, errors = one.communicate(timeout=300)
        assert one.returncode == 0, errors.decode()
    assert [p.name for p in tmp_path.iterdir()] == ["data.csv"]
    assert (tmp_path / "data.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "name",
    [
        "../out.yaml",
        "/tmp/out.yaml",
        "a/../../out.yaml",
        "..\\out.yaml",
        "C:\\out.yaml",
        "C:out.yaml",
    ],
)
def test_archives_that_try_to_escape(tmp_path, name):
    path, folder = tmp_path / "a.zip", tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "mine")
    with pytest.raises(DataError, match="outside of itself") as caught:
        unpack(path, folder, {"out.yaml"})
    assert caught.value.source == str(path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
