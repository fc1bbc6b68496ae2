"""Which runs are handed out, where each was tried, and what there is to say at the end."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

AGAIN = 2  # times that a run is tried after its first
ROW = 2  # runs in a row that a worker may fail before it gets none any more


class Flights:
    """The runs of one study that are under way, by their key."""

    def __init__(self) -> None:
        self.futures: dict[str, Any] = {}
        self.happened: list[str] = []
        self._names: dict[str, int] = defaultdict(int)
        self._on: dict[str, list[str]] = defaultdict(list)
        self._failed: dict[str, list[str]] = defaultdict(list)
        self._row: dict[str, int] = defaultdict(int)
        self._alone: float | None = None

    def name(self, key: str, digest: str) -> str:
        """What Dask calls the next try of a run: ARM-SEED-DIGEST, and from the second on -2, -3."""
        self._names[key] += 1
        number = self._names[key]
        self._on[key].clear()
        return f"{key}-{digest}" + (f"-{number}" if number > 1 else "")

    def began(self, key: str, worker: str) -> None:
        """A worker has taken a run, and where another had it before, that one is dead."""
        if self._on[key]:
            self.happened.append(
                f"{key} is tried again on {worker}: {self._on[key][-1]} was lost while it ran"
            )
        self._on[key].append(worker)

    def last(self, key: str) -> str:
        """The worker that had it last."""
        return self._on[key][-1] if self._on[key] else "no worker"

    def done(self, key: str, worker: str) -> None:
        self._row[worker] = 0

    def failed(self, key: str, worker: str) -> bool:
        """Notes that a run failed on a worker; whether it may be tried again."""
        self._failed[key].append(worker)
        self._row[worker] += 1
        if self._row[worker] == ROW:
            self.happened.append(f"{worker} failed {ROW} runs in a row and got no more")
        return len(self._failed[key]) <= AGAIN

    def without(self, key: str) -> list[str]:
        """The workers that should not have a run."""
        return [*self._failed[key], *(name for name, row in self._row.items() if row >= ROW)]

    def alone_for(self, alone: bool) -> float:
        """Seconds for which there has been no worker.

        Args:
            alone: whether there is none now.
        """
        if not alone:
            self._alone = None
            return 0.0
        self._alone = self._alone or time.monotonic()
        return time.monotonic() - self._alone
