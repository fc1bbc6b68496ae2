"""A limit on the time of a call, in the process itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 5.0


class Hang(BaseException):
    """Past every `except Exception`."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Ends what takes longer, by processor time, so that a busy machine is no hang.

    Raises:
        Hang: that.
    """

    def strike(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, strike)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
