"""What the head, which alone uses DVC, exchanges with those that train."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Job:
    """One run to train, whole: it can be sent elsewhere."""

    key: str
    """`ARM-SEED`."""
    stage: str
    """The stage for DVC, as `train@adam-20`."""
    command: list[str]
    """`["python", "-m", "stages.train", ARM, SEED]`; `python` is the environment's own."""
    outs: list[str]
    """Files and folders that it writes, relative to the project."""


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    key: str
    status: int
    """The exit status of its command; negative where a signal ended it."""
    log: str
    """What it wrote, also in `logs/KEY.log`."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Path and content of its outs where they were written in another folder; empty where here."""


class Executor(Protocol):
    """Where runs are trained: processes of this machine, or a cluster.

    An executor comes from a context manager; leaving it ends what still runs.

    Attributes:
        places: how many at a time.
    """

    places: int

    def submit(self, job: Job) -> Future[Outcome]: ...
