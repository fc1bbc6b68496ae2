"""The results that travel with the repository: a folder in git that DVC has as default remote.

It holds the small outputs of training and evaluation, those that dvc.yaml does not withhold with
`push: false`: networks do not travel. DVC names every file by its digest; a folder is a list of
its files under a name that ends in `.dir`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation.base.files import replacing
from runner import safeguard
from runner.graph import STAGES, StudyError, of_run
from runner.lock import LOCK, Run

MOST_BYTES = 12_000_000  # that the store may take: every clone gets all of it


@dataclass(frozen=True)
class Objects:
    """A folder of DVC's files by digest: its cache, or the store."""

    folder: Path

    def path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]

    def files(self, digest: str) -> dict[str, str]:
        """Name -> digest of each file of a folder that is here; of one file, under no name."""
        if not digest.endswith(".dir"):
            return {"": digest}
        listed = json.loads(self.path(digest).read_text(encoding="utf-8"))
        return {item["relpath"]: item["md5"] for item in listed}

    def holds(self, digest: str) -> bool:
        """Whether a file or folder is here with all of its files."""
        if not self.path(digest).is_file():
            return False
        return all(self.path(md5).is_file() for md5 in self.files(digest).values())

    def take(self, digest: str, source: Objects) -> None:
        """Copies a file or folder from where it is; a folder's list last, when all of it is here.

        Raises:
            StudyError: a file there is damaged.
        """
        for md5 in {*source.files(digest).values(), digest}:
            if md5 != digest:
                self._copy(md5, source)
        self._copy(digest, source)

    def _copy(self, digest: str, source: Objects) -> None:
        if self.path(digest).is_file():
            return
        content = source.path(digest).read_bytes()
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest.removesuffix(".dir"):
            raise StudyError(f"{source.path(digest)} is damaged: its content has another digest")
        with replacing(self.path(digest)) as temporary:
            temporary.write_bytes(content)

    def reached(self, digests: Iterable[str]) -> set[str]:
        """These files and folders, and the files of the folders, as far as they are here."""
        here = [digest for digest in digests if self.path(digest).is_file()]
        inside = {md5 for digest in here for md5 in self.files(digest).values()}
        return {*here, *(md5 for md5 in inside if self.path(md5).is_file())}

    def present(self) -> set[Path]:
        """Every file in the folder, whatever its name."""
        return {path for path in self.folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Place:
    """What DVC says of this repository.

    Attributes:
        runs: ARM-SEED of every run in the graph -> its stages, in order.
        travels: the outputs of runs that the store holds, by path.
        lock: the text of dvc.lock; empty where there is none.
        cache: DVC's own copies on this machine.
        store: those in git.
    """

    runs: Mapping[str, tuple[str, ...]]
    travels: frozenset[str]
    lock: str
    cache: Objects
    store: Objects

    def results(self, run: Run) -> dict[str, str]:
        """Path -> digest of what of a run travels."""
        return {path: md5 for path, md5 in run.outs.items() if path in self.travels}


@contextmanager
def opened() -> Iterator[Any]:
    """DVC's repository in this folder; while others work in it, what they lock is waited for.

    Raises:
        StudyError: DVC cannot read the graph; the message says why.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    safeguard.at_start()
    try:
        with Repo(_wait_for_lock=True) as repo:
            yield repo
    except DvcException as error:
        raise StudyError(f"{' '.join(str(error).split())}; `dvc status` says more") from None


def place(repo: Any) -> Place:
    """What DVC says of a repository that is open."""
    with repo.lock:  # plain `dvc repro` writes the lock file in place
        lock = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    stages = of_runs(repo)
    return Place(
        {key: tuple(stage.name for stage in own) for key, own in by_run(repo).items()},
        frozenset(
            out.def_path
            for stage in stages.values()
            for out in stage.outs
            if out.use_cache and out.can_push
        ),
        lock,
        cache(repo),
        Objects(Path(repo.cloud.get_remote_odb().path)),
    )


def cache(repo: Any) -> Objects:
    """DVC's own copies on this machine, of a repository that is open."""
    return Objects(Path(repo.cache.local.path))


def of_runs(repo: Any) -> dict[str, Any]:
    """Name -> stage, of those of runs in a repository that is open."""
    return {stage.name: stage for stage in repo.index.stages if of_run(stage.name) is not None}


def by_run(repo: Any) -> dict[str, tuple[Any, ...]]:
    """ARM-SEED -> its stages, in order, in a repository that is open."""
    runs: dict[str, dict[str, Any]] = {}
    for stage in repo.index.stages:
        if (run := of_run(stage.name)) is not None:
            runs.setdefault(run[1], {})[run[0]] = stage
    return {key: tuple(own[which] for which in STAGES) for key, own in runs.items()}


def unreachable(store: Objects, digests: Collection[str]) -> set[Path]:
    """The files in the store that belong to none of these outputs."""
    return store.present() - {store.path(md5) for md5 in store.reached(digests)}
