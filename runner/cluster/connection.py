"""A Dask scheduler and its workers, as the head sees them."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any

import cloudpickle
import yaml
from distributed import Client, Future

from runner.cluster import checks
from runner.cluster.worker import checkout, digests, machine, processes, task
from runner.cluster.worker.checkout import brought
from runner.cluster.worker.machine import describe, flags, settings
from runner.graph import StudyError
from runner.processor import has_bfloat16

SETTINGS = Path(__file__).with_name("dask.yaml")
# Of the settings those that a study depends on; all are the scheduler's.
HELD = ("work-stealing", "allowed-failures", "no-workers-timeout")
PATIENCE = 30.0  # seconds to reach the scheduler
AGAIN = 600.0  # seconds to wait for one that is gone
ASKED = 3  # times that the scheduler is asked for its workers

# What a worker does with what is sent to it.
OPEN = "__import__('cloudpickle').loads(sent)(argument)"

# A worker need not have the project, so what runs there is sent whole.
for module in (checkout, digests, machine, processes, task):
    cloudpickle.register_pickle_by_value(module)


# What Dask logs of a connection that breaks are tracebacks; what matters of it the runner says.
for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
    logging.getLogger(name).setLevel(logging.CRITICAL)


class Connection:
    """The one connection to a scheduler, made anew when it breaks."""

    def __init__(self, address: str, resource: str) -> None:
        """
        Args:
            resource: what a run takes of a worker, GPU or THREADS.

        Raises:
            StudyError: nobody answers there.
        """
        self.address, self.resource = checks.address(address), resource
        self.heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.topic = f"study-{time.time_ns():x}"
        self._client = self._connected()

    def _connected(self) -> Any:
        try:
            client: Any = Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise StudyError(
                f"no scheduler answers at {self.address} ({type(error).__name__}); start one: "
                "DASK_CONFIG=runner/cluster/dask.yaml dask scheduler (docs/cluster.md)"
            ) from None
        client.subscribe_topic(self.topic, lambda event: self.heard.put(event[1]))
        return client

    def broken(self, futures: Iterable[Any]) -> bool:
        """Whether the connection is or was interrupted: Dask's client comes back by itself, but
        has given up what was under way, and hears no worker any more."""
        return self._client.status != "running" or any(f.status == "cancelled" for f in futures)

    def outcome(self, future: Any) -> Any:
        """What a task that has ended gave; None where it has failed or the result is not to be had
        now."""
        try:
            return future.result(timeout=PATIENCE) if future.status == "finished" else None
        except (OSError, TimeoutError, CancelledError):
            return None

    def again(self) -> None:
        """Waits for the scheduler to come back.

        Raises:
            StudyError: it does not.
        """
        self._client.close(timeout=5)
        deadline = time.monotonic() + AGAIN
        while True:
            try:
                self._client = self._connected()
                return
            except StudyError:
                if time.monotonic() > deadline:
                    raise StudyError(
                        f"the scheduler at {self.address} has been gone for {AGAIN / 60:.0f} "
                        "minutes; start it and its workers, and the same command goes on"
                    ) from None

    def workers(self) -> dict[str, dict[str, Any]]:
        """Name -> what the scheduler knows of each worker; none while it does not answer."""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(ASKED):
            # Of a question that failed `scheduler_info` says nothing, and gives no workers.
            with suppress(OSError, TimeoutError):
                if self._client.status == "running":
                    ask = self._client.scheduler.identity
                    found = self._client.sync(ask, n_workers=-1)["workers"]
                break
        return {str(info["name"]): {**info, "address": address} for address, info in found.items()}

    def places(self, workers: Mapping[str, Mapping[str, Any]], each: int) -> int:
        """How many runs these workers take at a time, each of which needs so many of the resource.

        A worker starts no more tasks than it has threads.
        """
        return sum(
            min(info["nthreads"], int(info["resources"].get(self.resource, 0) // each))
            for info in workers.values()
        )

    def refuse_no_places(self, workers: Mapping[str, Mapping[str, Any]], each: int) -> None:
        """Raises where none takes a run that needs so many of the resource."""
        places, needed = self.places(workers, each), f"{self.resource}={each}"
        checks.refuse_no_places(places, len(workers), needed, self.address)

    def kind(self, gpu: bool) -> dict[str, str]:
        """What all workers are.

        Raises:
            StudyError: there is none that takes a run, the scheduler lacks the study's settings,
                or the workers are not alike or have other versions than this environment.
        """
        workers = self.workers()
        self.refuse_no_places(workers, 1)
        wanted = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))["distributed"]["scheduler"]
        names = {name: f"distributed.scheduler.{name}" for name in HELD}
        found = self._client.run_on_scheduler(settings, names)
        checks.refuse_settings(found, {name: wanted[name] for name in HELD})
        # What is sent by value only runs under the same Python.
        versions = self._client.get_versions()
        names_of = {info["address"]: name for name, info in workers.items()}
        pythons = {
            names_of.get(address, address): {"Python": info["host"]["python"].split(".final")[0]}
            for address, info in versions["workers"].items()
        }
        here = describe(gpu=False)
        checks.refuse_pins(checks.refuse_kinds(pythons), {"Python": here["Python"]})
        kind = checks.refuse_kinds(self._asked(describe, gpu))
        checks.refuse_pins(kind, here)
        return kind

    def reached(self, commit: str, source: str) -> dict[str, str]:
        """Worker -> why it cannot get the commit; empty where it has it."""
        return self._asked(brought, commit, source)

    def multiplies_bfloat16(self) -> bool:
        return all(has_bfloat16(line) for line in self._asked(flags).values())

    def submit(
        self,
        function: Callable[..., Any],
        argument: Any,
        name: str,
        amount: int,
        without: list[str],
    ) -> Future:
        """Hands a task out.

        Args:
            name: what Dask calls it; a number is added that tells it from all others, also from
                one of an earlier head that a worker is still stopping.
            amount: of the resource.
            without: the workers that may not have it, unless there are no others.
        """
        workers = self.workers()
        able = [info["address"] for name, info in workers.items() if name not in without]
        restricted = able if without and able and len(able) < len(workers) else None
        # The scheduler opens what it hands on and would look for the module, but not into bytes.
        sent = {"sent": cloudpickle.dumps(function), "argument": argument}
        return self._client.submit(
            eval, OPEN, sent, key=f"{name}-{time.time_ns():x}", pure=False, retries=2,
            workers=restricted, resources={self.resource: amount},
        )  # fmt: skip

    def close(self) -> None:
        """Whatever still runs for this head is stopped by its worker."""
        self._client.close(timeout=5)

    def _asked(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """Worker -> what the function gives there."""
        names = {info["address"]: name for name, info in self.workers().items()}
        answers = self._client.run(function, *arguments)
        return {names.get(address, address): answer for address, answer in answers.items()}
