"""Bytes from an address, in limited time and memory, whatever the server does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two packets
MOST_REDIRECTIONS = 10
BLOCK = 1 << 16  # bytes taken at once, as soon as they are there
LONGEST = 200  # characters of an address in a message


class RefusedError(Exception):
    """A source did not serve the file; the message says which and why."""


def fetch(
    session: requests.Session,
    url: str,
    write: Callable[[bytes], Any],
    most: int,
    seconds: float,
    accept: str = "*/*",
) -> requests.Response:
    """Hands the content of `url` to `write`, block by block, as the server sent it.

    Args:
        most: bytes; one more is refused.
        seconds: for all of it. A server may send a byte now and then for ever, in its headers too,
            so it is asked in a thread of its own, which is left where it does not end in time.

    Returns:
        The response, for its headers; its content was handed on.

    Raises:
        RefusedError: there is more, or it did not end in time.
        Exception: whatever else the address, the network or `write` leads to.
    """
    ended: list[requests.Response | Exception] = []
    over = threading.Event()

    def work() -> None:
        try:
            ended.append(_fetch(session, url, write, most, over, accept))
        except Exception as error:  # told where it is awaited
            ended.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    # An interrupt is noticed between two short waits.
    deadline = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < deadline:
        thread.join(0.5)
    over.set()
    if not ended:
        raise RefusedError(f"{shown(url)}: not whole in {seconds:.0f} s")
    if isinstance(ended[0], Exception):
        raise ended[0]
    return ended[0]


def _fetch(
    session: requests.Session,
    url: str,
    write: Callable[[bytes], Any],
    most: int,
    over: threading.Event,
    accept: str,
) -> requests.Response:
    # Unpacked nowhere: what is compressed on its way could grow without limit.
    headers = {"Accept-Encoding": "identity", "Accept": accept}
    with _answered(session, url, headers) as response:
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and len(length) < 20 and int(length) > most:
            raise RefusedError(f"{shown(url)}: has {int(length)} bytes instead of {most}")
        count = 0
        while block := response.raw.read1(BLOCK, decode_content=False):
            count += len(block)
            if count > most:
                raise RefusedError(f"{shown(url)}: has more than {most} bytes")
            if over.is_set():
                break
            write(block)
        return response


def _answered(session: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    """The response at the end of all redirections, none of whose pages is read."""
    for _ in range(MOST_REDIRECTIONS):
        response = session.get(
            url, stream=True, timeout=TIMEOUT, headers=headers, allow_redirects=False
        )
        target = session.get_redirect_target(response)
        if target is None:
            return response
        response.close()
        url = urljoin(url, target)
        if urlsplit(url).scheme not in ("http", "https"):
            raise RefusedError(f"{shown(url)}: led to there, which is no address of the web")
    raise requests.TooManyRedirects


def reason(error: Exception) -> str:
    """A few words on why a request failed, never its address, which may hold a password."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.TooManyRedirects):
        return "it leads in a circle"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    if isinstance(error, urllib3.exceptions.IncompleteRead | urllib3.exceptions.ProtocolError):
        return "the connection ended before the file did"
    if isinstance(error, UnicodeError | requests.exceptions.InvalidURL | ValueError):
        return f"no address or no content that can be read ({type(error).__name__})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def shown(url: str) -> str:
    """An address for a message: short, printable, without a password."""
    try:
        parts = urlsplit(url)
        text = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        text = "an address that is none"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
