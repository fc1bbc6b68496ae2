"""TensorBoard's event files, by its own package, which loads no framework."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

NAME = "events.out.tfevents"  # what TensorBoard looks for


class Events:
    """Writes scalars into an event file of its own for each process that trains the run."""

    def __init__(self, folder: Path, done: int) -> None:
        """
        Args:
            folder: the run's; TensorBoard reads its files in the order of their names.
            done: epochs of the run so far; with none the files that are there are an older run's.
        """
        if done == 0:
            for path in folder.glob(f"{NAME}.*"):
                path.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{NAME}.{time.time_ns():020d}"
        self._write(Event(file_version="brain.Event:2"))
        # A session that starts: TensorBoard forgets the points from this step on.
        start = SessionLog(status=SessionLog.SessionStatus.START)
        self._write(Event(step=done + 1, session_log=start))

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        points = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._write(Event(step=epoch, summary=Summary(value=points)))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        with self._path.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())
