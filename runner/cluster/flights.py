"""Which runs are handed out, where each was tried, and who may try it again."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

AGAIN = 2  # times that a run is tried after its first
ROW = 2  # runs in a row that a worker may fail before it gets none any more


class Flights:
    """The runs of one study that are under way: `futures`, by their key."""

    def __init__(self) -> None:
        self.futures: dict[str, Any] = {}
        self._on: dict[str, list[str]] = defaultdict(list)
        self._failed: dict[str, list[str]] = defaultdict(list)
        self._row: dict[str, int] = defaultdict(int)
        self._stuck: float | None = None

    def out(self, key: str, future: Any) -> None:
        """Notes that a run is handed out."""
        self.futures[key] = future
        self._on[key].clear()

    def began(self, key: str, worker: str) -> str | None:
        """Notes that a worker has begun this try; the one that had it before, which is dead."""
        before = self.last(key) if self._on[key] else None
        self._on[key].append(worker)
        return before

    def last(self, key: str) -> str:
        """The worker that had it last."""
        return self._on[key][-1] if self._on[key] else "no worker"

    def done(self, worker: str) -> None:
        """Notes that a worker has finished a run."""
        self._row[worker] = 0

    def failed(self, key: str, worker: str) -> tuple[bool, bool]:
        """Notes that a worker is to blame for a run's failure.

        Returns:
            Whether the run may be tried again, and whether the worker gets none from now on.
        """
        self._failed[key].append(worker)
        self._row[worker] += 1
        return len(self._failed[key]) <= AGAIN, self._row[worker] == ROW

    def without(self, key: str) -> list[str]:
        """The workers that should not have a run."""
        return [*self._failed[key], *(name for name, row in self._row.items() if row >= ROW)]

    def stuck_for(self, stuck: bool) -> float:
        """Seconds for which no worker has been there that takes a run.

        Args:
            stuck: whether there is none now.
        """
        if not stuck:
            self._stuck = None
            return 0.0
        self._stuck = self._stuck or time.monotonic()
        return time.monotonic() - self._stuck
