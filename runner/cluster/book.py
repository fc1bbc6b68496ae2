"""What DVC says of runs that train elsewhere, and their results written down as DVC does it.

DVC is on the head alone. It takes the digests of what each run is made of, a worker compares them
with what it has, and when results come the head looks again before it writes them into dvc.lock.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ablation.base.files import replacing, write_json
from runner import lock, store
from runner.graph import StudyError

RECORDS = "models/provenance/"


@dataclass
class Result:
    """What a worker sent of a run.

    Attributes:
        files: path -> content, of its outputs and of the record of its circumstances.
        network: the digest and the size of its network, which may be among the files.
    """

    key: str
    worker: str
    files: Mapping[str, bytes]
    network: Mapping[str, Any] = field(default_factory=dict)


class Book:
    """The runs of an open DVC repository, as they are made of what lies here now."""

    def __init__(self, repo: Any, keys: Sequence[str]) -> None:
        self._repo = repo
        by_run = store.by_run(repo)
        # The stages of each run, in order.
        self._stages = {key: by_run[key] for key in keys}
        stages = [stage for own in self._stages.values() for stage in own]
        self._made = {out.def_path for stage in stages for out in stage.outs}
        self._deps = {
            dep.def_path: dep
            for stage in stages
            for dep in stage.deps
            if dep.def_path not in self._made
        }
        self._look()
        self._first = {path: dep.hash_info.value for path, dep in self._deps.items()}

    def deps(self, key: str) -> dict[str, str]:
        """Path -> digest of all that a run is made of, as it was at the start."""
        return {
            dep.def_path: self._first[dep.def_path]
            for stage in self._stages[key]
            for dep in stage.deps
            if dep.def_path not in self._made
        }

    def digest(self, key: str) -> str:
        """Of what a run is made of and of its commands, short."""
        whole = json.dumps([self.commands(key), sorted(self.deps(key).items())])
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    def commands(self, key: str) -> list[str]:
        """Of its stages, in order, as dvc.yaml has them."""
        return [stage.cmd for stage in self._stages[key]]

    def outs(self, key: str) -> tuple[list[str], str]:
        """The folders that a run makes and that travel, and its network."""
        outs = [out for stage in self._stages[key] for out in stage.outs]
        (network,) = (out.def_path for out in outs if not out.can_push)
        return [out.def_path for out in outs if out.can_push], network

    def inputs(self) -> list[dict[str, Any]]:
        """The stages before training, in order, and what of their outputs is read until training:
        name, command, and path -> digest."""
        import networkx

        graph, runs = self._repo.index.graph, {s for own in self._stages.values() for s in own}
        before = set[Any]().union(*(networkx.descendants(graph, stage) for stage in runs)) - runs
        ordered = [s for s in reversed(list(networkx.topological_sort(graph))) if s in before]
        read = {dep.fs_path for stage in ordered for dep in stage.deps}
        read |= {dep.fs_path for dep in self._deps.values()}
        return [
            {
                "stage": stage.name,
                "command": stage.cmd,
                "outs": {
                    out.def_path: out.get_hash().value
                    for out in stage.outs
                    if any(_overlap(out.fs_path, path) for path in read)
                },
            }
            for stage in ordered
        ]

    def refuse_change(self) -> None:
        """Raises where code, configuration or images are not what the runs under way are made of.

        Raises:
            StudyError: naming the first that is not.
        """
        self._look()
        for path, dep in self._deps.items():
            if dep.hash_info.value != self._first[path]:
                raise StudyError(
                    f"{path} changed while the study trained, so runs that are not recorded yet "
                    "belong to nothing here; run the same command again"
                )

    def record(self, results: Sequence[Result]) -> None:
        """Puts results in their place, into DVC's cache and into dvc.lock, all of them at once.

        Raises:
            StudyError: what the runs are made of changed; nothing is recorded then.
        """
        self.refuse_change()
        with self._repo.lock:
            for result in results:
                self._place(result)
            lock.put({name: entry for result in results for name, entry in self._entries(result)})

    def _look(self) -> None:
        for path, dep in self._deps.items():
            if not dep.exists:
                raise StudyError(f"{path} is missing; run the same command again")
            dep.save()

    def _place(self, result: Result) -> None:
        outs, network = self.outs(result.key)
        for path in outs:
            shutil.rmtree(path, ignore_errors=True)
        Path(network).unlink(missing_ok=True)
        for name, content in result.files.items():
            parts = PurePosixPath(name).parts
            if ".." in parts or not name.startswith((*outs, network, RECORDS + result.key)):
                raise StudyError(f"worker {result.worker} sent {name}, which is no result of a run")
            if name.startswith(RECORDS):
                write_json(Path(name), {**json.loads(content), "worker": result.worker})
                continue
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(Path(name)) as temporary:
                temporary.write_bytes(content)

    def _entries(self, result: Result) -> Iterator[tuple[str, dict[str, Any]]]:
        """What dvc.lock says of the run's stages; of a network that stayed away by its digest."""
        from dvc.stage.serialize import to_single_stage_lockfile
        from dvc_data.hashfile.hash_info import HashInfo
        from dvc_data.hashfile.meta import Meta

        for stage in self._stages[result.key]:
            for dep in stage.deps:
                if dep.def_path in self._deps:
                    dep.hash_info = self._deps[dep.def_path].hash_info
                    dep.meta = self._deps[dep.def_path].meta
                else:
                    dep.hash_info = HashInfo("md5", result.network["md5"])
                    dep.meta = Meta(size=result.network["size"])
            for out in stage.outs:
                if out.exists:
                    out.save()
                    out.commit()
                else:
                    out.hash_info = HashInfo("md5", result.network["md5"])
                    out.meta = Meta(size=result.network["size"])
            yield stage.name, json.loads(json.dumps(to_single_stage_lockfile(stage)))


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other or lies in it."""
    return PurePosixPath(one).is_relative_to(other) or PurePosixPath(other).is_relative_to(one)
