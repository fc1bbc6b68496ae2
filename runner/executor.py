"""Where runs train: on this machine, or handed to a cluster. All else of a study is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from runner import gpus, graph, live, pool
from runner.pool import State
from runner.processor import multiplies_bfloat16


class Executor(Protocol):
    """Brings runs up to date side by side."""

    def check(self) -> None:
        """Refuses a study, as params.yaml is now, that cannot train there.

        Raises:
            StudyError: one line says what to do.
        """

    @property
    def places(self) -> int:
        """How many runs train at a time."""

    @property
    def where(self) -> str:
        """On what, in words after `N at a time`; empty for this machine's processor."""

    @property
    def on_processor(self) -> bool:
        """Whether the hours that it takes can be told by a processor's rate."""

    @property
    def multiplies_bfloat16(self) -> bool:
        """Whether that is so in hardware."""

    def run(
        self,
        runs: Sequence[str],
        beside: Mapping[str, Sequence[str]],
        logs: Path,
        show: Callable[[State], None],
    ) -> State:
        """Trains and judges runs, and goes on when one fails.

        Args:
            runs: ARM-SEED, the longest first.
            beside: name -> command, to run here meanwhile; without it the runs are pointless.
            logs: gets NAME.log of each.
            show: called a few times a second.
        """

    def trained(self, key: str, logs: Path) -> bool:
        """Whether a run that is done was trained, and not found in a cache."""


class Local:
    """One process for each run at a time, through DVC."""

    def __init__(
        self, settings: Sequence[Mapping[str, str]], devices: Sequence[gpus.Gpu] = ()
    ) -> None:
        """
        Args:
            settings: the environment of each run that trains at the same time.
            devices: the GPUs that they train on; none for the processor.
        """
        self._settings, self._devices = settings, devices[: len(settings)]

    def check(self) -> None:
        pass

    @property
    def places(self) -> int:
        return len(self._settings)

    @property
    def where(self) -> str:
        return f" on {'; '.join(map(str, self._devices))}" if self._devices else ""

    @property
    def on_processor(self) -> bool:
        return not self._devices

    @property
    def multiplies_bfloat16(self) -> bool:
        if not self._devices:
            return multiplies_bfloat16()
        return all(device.multiplies_bfloat16 for device in self._devices)

    def run(
        self,
        runs: Sequence[str],
        beside: Mapping[str, Sequence[str]],
        logs: Path,
        show: Callable[[State], None],
    ) -> State:
        commands = {**beside, **{key: graph.run_command(key) for key in runs}}
        with live.declared(runs):
            return pool.run(commands, self._settings, logs, show, needed=tuple(beside))

    def trained(self, key: str, logs: Path) -> bool:
        """By what DVC said, which also finds in its cache what was trained before."""
        return graph.trained(key, (logs / f"{key}.log").read_text(encoding="utf-8"))


def local(jobs: int, asked: int | None, gpu: bool) -> Executor:
    """This machine: so many runs at a time, or one on each GPU."""
    devices = gpus.gpus() if gpu else []
    return Local(gpus.places(devices, asked) if devices else [gpus.NONE] * jobs, devices)


def cluster(scheduler: str, gpu: bool, networks: bool, source: str | None) -> Executor:
    """The workers of a Dask scheduler.

    Args:
        scheduler: its address.
        gpu: whether runs train on GPUs, one on each.
        networks: whether networks come back too.
        source: where workers get the commit; None for the remote `origin`.

    Raises:
        StudyError: Dask is not installed, or no scheduler answers there.
    """
    try:
        from runner.cluster.connection import Connection
        from runner.cluster.executor import Cluster
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed", "cloudpickle"):
            raise
        raise graph.StudyError(
            "SCHEDULER needs Dask, which is not installed; `make cluster` installs it, and without "
            "make `pip install -r requirements-cluster.txt`"
        ) from None
    return Cluster(Connection(scheduler, "GPU" if gpu else "THREADS"), gpu, networks, source)
