"""Fetching public files pinned by digest: the public address first, the package index second.

A file appears under its name only when it is whole and its digest is right.
"""

import ast
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple

from ablation.base.errors import UserError

_TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two packets
_BLOCK = 1 << 20  # bytes read at once
_LENGTHS = {"md5": 32, "sha256": 64}  # hexadecimal digits of each digest


class PublicFile(Protocol):
    """A file at `url`, whose content has `digest`, "sha256:HEX" or "md5:HEX"."""

    @property
    def url(self) -> str: ...
    @property
    def digest(self) -> str: ...


class IndexFile(Protocol):
    """The file named `file` of the package-index project `project`, pinned by `digest`."""

    @property
    def project(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def digest(self) -> str: ...


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


class _RefusedError(Exception):
    """One source did not serve the file."""


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
    is asked. Raises SourceError where none serves the right content, ValueError where a digest is
    malformed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = source.index
    public = folder / PurePosixPath(urlsplit(source.public.url).path).name
    places = [(public, source.public.digest)]
    if index is not None:
        places.append((folder / index.file, index.digest))
    for path, digest in places:
        if path.is_file() and matches(_read(path), digest):
            check(path)
            return Obtained(path, "file already there")
    answers = []
    with requests.Session() as session:
        settings = _pip_settings()
        if "cert" in settings:
            session.verify = settings["cert"]
        try:
            _download(session, source.public.url, source.public.digest, public)
            check(public)
            return Obtained(public, _without_password(source.public.url))
        except (_RefusedError, UserError) as refusal:
            answers.append(str(refusal))
        if index is not None:
            endpoint, indexed = settings.get("index-url", PYPI_SIMPLE_ENDPOINT), folder / index.file
            try:
                _download(session, _find(session, endpoint, index), index.digest, indexed)
                check(indexed)
                return Obtained(
                    indexed, f"{index.file} from the index {_without_password(endpoint)}"
                )
            except (_RefusedError, UserError) as refusal:
                answers.append(str(refusal))
    raise SourceError(
        f"cannot obtain {public.name}: {'; '.join(answers)}. Try again, or give the address of"
        f" another copy with {source.public.digest} as its public url in params.yaml"
    )


def _find(session: requests.Session, endpoint: str, wanted: IndexFile) -> str:
    """The address of the wanted file, as the simple API at `endpoint` lists it."""
    shown = f"{wanted.project} on {_without_password(endpoint)}"
    try:
        page = PyPISimple(endpoint, session=session).get_project_page(
            wanted.project, timeout=_TIMEOUT
        )
    except NoSuchProjectError:
        raise _RefusedError(f"{shown}: the index has no such project") from None
    except (requests.RequestException, ValueError) as error:
        raise _RefusedError(f"{shown}: {_reason(error)}") from error
    for package in page.packages:
        if package.filename == wanted.file:
            return package.url
    raise _RefusedError(f"{shown}: the project has no file {wanted.file}")


def _download(session: requests.Session, url: str, digest: str, path: Path) -> None:
    """Put the content of `url` at `path`, whole and verified, or leave `path` as it is."""
    shown = _without_password(url)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    partial = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as file,
            session.get(url, stream=True, timeout=_TIMEOUT) as response,
        ):
            response.raise_for_status()
            for block in response.iter_content(_BLOCK):
                file.write(block)
        if not matches(_read(partial), digest):
            size = partial.stat().st_size
            raise _RefusedError(f"{shown}: its {size} bytes do not have the digest {digest}")
        partial.chmod(0o644)  # mkstemp allows the owner alone
        partial.replace(path)
    except requests.RequestException as error:
        raise _RefusedError(f"{shown}: {_reason(error)}") from error
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _reason(error: Exception) -> str:
    """A few words on why a request failed, never its address, which may hold a password."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection ended before the file did"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    return type(error).__name__


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _pip_settings() -> dict[str, str]:
    """`index-url` and `cert` as pip resolves them from its files and PIP_* variables.

    Without pip in the environment only the variables count.
    """
    variables = {
        key: os.environ[name]
        for key, name in (("index-url", "PIP_INDEX_URL"), ("cert", "PIP_CERT"))
        if os.environ.get(name)
    }
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    settings = {}
    for section in ("global.", "install."):  # pip install's own section wins over the global one
        for line in listing.stdout.splitlines():
            name, _, value = line.partition("=")
            if name in (f"{section}index-url", f"{section}cert"):
                settings[name.removeprefix(section)] = str(ast.literal_eval(value))
    return settings | variables
