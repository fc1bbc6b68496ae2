"""The workers of a Dask cluster as one executor of runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runner import pool, store
from runner.cluster import checks
from runner.cluster.book import Book
from runner.cluster.connection import Connection
from runner.cluster.dispatch import Dispatch, Wish
from runner.pool import State

POLL = 0.3  # seconds between two looks at what has ended
CODE = ("ablation", "stages", "dvc.yaml", "params.yaml")


class Cluster:
    """Workers behind one scheduler."""

    def __init__(self, connection: Connection, gpu: bool, networks: bool, source: str | None):
        """
        Args:
            gpu: whether runs train on GPUs, one on each.
            networks: whether networks come back too.
            source: where workers get the commit; None for the remote `origin`.
        """
        self._connection, self._gpu, self._networks = connection, gpu, networks
        self._given, self._workers = source, 0

    def check(self) -> None:
        checks.refuse_uncommitted(CODE)
        self._commit, self._source = checks.source(self._given)
        self._kind = self._connection.kind(self._gpu)
        told = self._connection.reached(self._commit, self._source)
        checks.refuse_commit(self._commit, self._source, told)
        self._workers = len(told)

    @property
    def places(self) -> int:
        return self._connection.places(self._connection.workers(), 1)

    @property
    def where(self) -> str:
        return f" on {self._workers} workers of {self._connection.address}"

    @property
    def on_processor(self) -> bool:
        return not self._gpu

    @property
    def multiplies_bfloat16(self) -> bool:
        # Of a GPU it is known from its kind; all that are in use have it.
        return self._gpu or self._connection.multiplies_bfloat16()

    def trained(self, key: str, logs: Path) -> bool:
        return True

    def run(
        self,
        runs: Sequence[str],
        beside: Mapping[str, Sequence[str]],
        logs: Path,
        show: Callable[[State], None],
    ) -> State:
        """As every executor; in the end it says what happened to the workers.

        Raises:
            StudyError: a run takes more than any worker has, no worker was left for long, or what
                runs are made of changed.
        """
        logs.mkdir(parents=True, exist_ok=True)
        state = State(list(runs))
        here: dict[str, subprocess.Popen[bytes]] = {}
        wish = Wish(self._commit, self._source, self._kind, self._networks, self._gpu)
        try:
            with store.opened() as repo:
                dispatch = Dispatch(self._connection, Book(repo, runs), wish, state, logs)
                dispatch.refuse_too_large()
                for name, command in beside.items():
                    here[name] = pool.start(command, logs / f"{name}.log", {})
                    state.running[name] = time.monotonic()
                while state.waiting or state.running:
                    dispatch.step()
                    for name, process in here.items():
                        if name in state.running and process.poll() is not None:
                            state.end(name, process.returncode == 0)
                    show(state)
                    if any(name in state.failed for name in beside):
                        break
                    time.sleep(POLL)
        finally:
            pool.stop(list(here.values()))
            self._connection.close()
            for line in state.happened:
                print(line, flush=True)
        return state
