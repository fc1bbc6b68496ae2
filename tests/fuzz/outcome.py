"""What became of what was tried, kept in a log so that a run that was stopped goes on."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SIZE = 50  # tries of a line of the log


@dataclass
class Outcome:
    """How many tries ended how; `wrong` broke a promise, `differing` gave another result.

    Attributes:
        seconds: of processor time.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def fail(self, name: str, why: str) -> None:
        self.counts["wrong"] += 1
        self.wrong.append(f"{name}: {why}")

    def add(self, other: Outcome) -> None:
        self.counts += other.counts
        self.wrong += other.wrong
        self.differing += other.differing
        self.seconds += other.seconds


def in_blocks(
    what: str, seed: int, count: int, log: Path | None, one: Callable[[int, Outcome], None]
) -> Outcome:
    """Tries the numbers below `count`, `SIZE` at a time; what the log has is not tried again.

    Args:
        what: is tried: the log may hold several kinds and seeds.
        one: tries a number, and writes down what became of it.
    """
    known = _known(what, seed, log)
    whole = Outcome()
    for first in range(0, count, SIZE):
        end = min(first + SIZE, count)
        block = known.get((first, end))
        if block is None:
            began, block = time.process_time(), Outcome()
            for number in range(first, end):
                one(number, block)
            block.seconds = round(time.process_time() - began, 1)
            _write(what, seed, first, end, log, block)
        whole.add(block)
    return whole


def _known(what: str, seed: int, log: Path | None) -> dict[tuple[int, int], Outcome]:
    if log is None or not log.exists():
        return {}
    found = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if (entry["what"], entry["seed"]) == (what, seed):
            block = Outcome(**entry["outcome"])
            block.counts = Counter(block.counts)
            found[entry["first"], entry["end"]] = block
    return found


def _write(what: str, seed: int, first: int, end: int, log: Path | None, block: Outcome) -> None:
    if log is None:
        return
    entry = {"what": what, "seed": seed, "first": first, "end": end, "outcome": vars(block)}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
