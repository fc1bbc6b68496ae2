"""Runs handed to the workers of a Dask cluster, and what becomes of them.

The head never gives out more runs than there are places. So the longest go first, a worker that
dies takes one run with it, and Dask's own order and its stealing have nothing to decide.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation.base.files import read_config, write_json, write_text
from ablation.training.config import ArmConfig
from runner import pool, store
from runner.cluster import checks
from runner.cluster.book import Book, Result
from runner.cluster.connection import AGAIN, Connection
from runner.cluster.flights import Flights
from runner.cluster.worker.task import Job, run
from runner.graph import STAGES, StudyError
from runner.pool import State

POLL = 0.3  # seconds between two looks at what has ended
PROGRESS = Path(".scratch/progress")
CODE = ("ablation", "stages", "dvc.yaml", "params.yaml")


class Cluster:
    """Workers behind one scheduler."""

    def __init__(self, connection: Connection, gpu: bool, networks: bool, source: str | None):
        """
        Args:
            gpu: whether runs train on GPUs, one on each.
            networks: whether networks come back too.
            source: where workers get the commit; None for the remote `origin`.

        Raises:
            StudyError: the study or the workers are not fit for it; one line says what to do.
        """
        self._connection, self._gpu, self._networks = connection, gpu, networks
        checks.refuse_uncommitted(CODE)
        self._commit, self._source = checks.source(source)
        self._kind = connection.kind(gpu, 1)
        told = connection.reached(self._commit, self._source)
        checks.refuse_commit(self._commit, self._source, told)
        self._told = f" on {len(told)} workers of {connection.address}"

    @property
    def places(self) -> int:
        return self._connection.places(self._connection.workers(), 1)

    @property
    def where(self) -> str:
        return self._told

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
            StudyError: no worker was left for long, or what runs are made of changed.
        """
        logs.mkdir(parents=True, exist_ok=True)
        state = State([*beside, *runs])
        here: dict[str, subprocess.Popen[bytes]] = {}
        flights = Flights()
        try:
            with store.opened() as repo:
                book = Book(repo, runs)
                inputs = book.inputs()
                for name, command in beside.items():
                    here[name] = pool.start(command, logs / f"{name}.log", {})
                    state.waiting.remove(name)
                    state.running[name] = time.monotonic()
                while state.waiting or state.running:
                    if self._connection.broken():
                        self._connection.again()
                        self._give_back(state, flights, "the scheduler was gone")
                    self._hand_out(state, flights, book, inputs)
                    self._hear(state, flights)
                    self._collect(state, flights, book, logs)
                    for name, process in here.items():
                        if name in state.running and process.poll() is not None:
                            _end(state, name, process.returncode == 0)
                    show(state)
                    if any(name in state.failed for name in beside):
                        break
                    time.sleep(POLL)
        finally:
            pool.stop(list(here.values()))
            self._connection.close()
        for line in flights.happened:
            print(line, flush=True)
        return state

    def _hand_out(
        self, state: State, flights: Flights, book: Book, inputs: Sequence[Mapping[str, Any]]
    ) -> None:
        workers = self._connection.workers()
        state.idle = sorted(set(workers) - set(state.where.values()))
        waiting = state.waiting
        if not workers and not flights.alone_for(True) < AGAIN:
            raise StudyError(
                f"there has been no worker for {AGAIN / 60:.0f} minutes; start some, and the same "
                "command goes on"
            )
        if workers:
            flights.alone_for(False)
        while waiting:
            key = waiting[0]
            amount = self._amount(key)
            if len(flights.futures) >= self._connection.places(workers, amount):
                return
            waiting.pop(0)
            job = self._job(key, book, inputs)
            task = flights.name(key, job.digest)
            without = flights.without(key)
            flights.futures[key] = self._connection.submit(run, vars(job), task, amount, without)
            state.running[key] = time.monotonic()

    def _amount(self, key: str) -> int:
        """Of the resource: one GPU, or the threads of the run."""
        if self._gpu:
            return 1
        arm = key.rpartition("-")[0]
        return read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig).train.threads

    def _job(self, key: str, book: Book, inputs: Sequence[Mapping[str, Any]]) -> Job:
        outs, network = book.outs(key)
        arm, _, seed = key.rpartition("-")
        return Job(
            key=key, digest=book.digest(key), arm=arm, seed=seed, commit=self._commit,
            source=self._source, deps=book.deps(key), inputs=inputs, shared=str(Path.cwd()),
            kind=self._kind, outs=outs, network=network, networks=self._networks, gpu=self._gpu,
            stages=STAGES, topic=self._connection.topic,
        )  # fmt: skip

    def _hear(self, state: State, flights: Flights) -> None:
        """What workers have told since: where a run is, and how far."""
        while not self._connection.heard.empty():
            told = self._connection.heard.get()
            key, worker = told["run"], told["name"]
            if key not in flights.futures:
                continue
            state.where[key] = worker
            if "began" in told:
                flights.began(key, worker)
            else:
                write_json(PROGRESS / f"{key}.json", told["progress"])

    def _collect(self, state: State, flights: Flights, book: Book, logs: Path) -> None:
        """Takes what has ended, and records it."""
        done: list[Result] = []
        for key, future in list(flights.futures.items()):
            if future.status == "pending":
                continue
            del flights.futures[key]
            state.where.pop(key, None)
            if future.status != "finished":
                self._lost(key, future, state, flights, logs)
                continue
            outcome = future.result()
            if outcome["log"]:
                write_text(logs / f"{key}.log", outcome["log"])
            if outcome["ended"] == "done":
                files, network = outcome["files"], outcome["network"]
                done.append(Result(key, outcome["worker"], files, network))
            elif outcome["ended"] == "failed":
                _end(state, key, well=False)
            else:
                self._again(key, outcome["worker"], outcome["told"], state, flights, logs)
        if done:
            book.record(done)
            for result in done:
                flights.done(result.key, result.worker)
                _end(state, result.key, well=True)

    def _lost(self, key: str, future: Any, state: State, flights: Flights, logs: Path) -> None:
        """A task without an end: its workers died, none is left, or the scheduler began anew."""
        if future.status == "error":
            error = future.exception()
            if type(error).__name__ == "KilledWorker":
                told = f"every worker that had it died; the last: {flights.last(key)}"
                write_text(logs / f"{key}.log", f"{told}\n")
                flights.happened.append(f"{key} failed: {told}")
                _end(state, key, well=False)
                return
            self._again(key, flights.last(key), f"{type(error).__name__}: {error}", state, flights,
                        logs)  # fmt: skip
            return
        _waits(state, key)

    def _again(
        self, key: str, worker: str, told: str, state: State, flights: Flights, logs: Path
    ) -> None:
        """Hands a run out once more that its machine is to blame for, or says that it failed."""
        told = " ".join(told.split())[:300]
        if flights.failed(key, worker):
            flights.happened.append(f"{key} is tried again elsewhere: {worker}: {told}")
            _waits(state, key)
            return
        flights.happened.append(f"{key} failed on every try, last on {worker}: {told}")
        log = logs / f"{key}.log"
        if not log.exists():
            write_text(log, f"{worker}: {told}\n")
        _end(state, key, well=False)

    def _give_back(self, state: State, flights: Flights, told: str) -> None:
        """Hands all runs out anew: what a worker has done meanwhile it gives at once."""
        if flights.futures:
            flights.happened.append(f"{told}; {len(flights.futures)} runs were handed out again")
        for key in list(flights.futures):
            del flights.futures[key]
            state.where.pop(key, None)
            _waits(state, key)


def _waits(state: State, key: str) -> None:
    state.running.pop(key, None)
    state.waiting.insert(0, key)


def _end(state: State, key: str, well: bool) -> None:
    state.seconds[key] = time.monotonic() - state.running.pop(key)
    (state.done if well else state.failed).append(key)
