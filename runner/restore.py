"""Restores runs whose results are in the store, so that nothing trains that need not.

A run is restored where what it was made of is what lies here: code, configuration, images. Networks
do not travel, so a restored run has none, and DVC's `--allow-missing` says that this is no reason
to train again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import git, leftovers, lock, store
from runner.graph import StudyError
from runner.lock import LOCK, Entries, Run

FEW = 3  # runs that are named


@dataclass(frozen=True)
class Restored:
    """How the runs of the study stand.

    Attributes:
        ready: the runs whose results are here, so that they need not train.
        brought: those of them whose results were not here before.
        again: runs that would only be judged again, had their network travelled.
    """

    ready: Sequence[str]
    brought: Sequence[str]
    again: Sequence[str]

    def told(self, runs: int) -> list[str]:
        """What there is to say before the rest trains, of a study of so many runs."""
        lines = []
        if self.brought:
            lines.append(f"restored {len(self.brought)} of {runs} runs from the repository")
        if self.again:
            few, more = self.again[:FEW], len(self.again) - FEW
            names = ", ".join(few) + (f" and {more} more" if more > 0 else "")
            lines.append(
                f"training again: {names}; judging is not as it was, and the networks it needs "
                "are not in the repository"
            )
        return lines


def restore(trained_here: bool = False) -> Restored:
    """Brings back every run that can be, by dvc.lock as it is or as the last commit has it.

    What runs left that are no longer in the study is taken away.

    Args:
        trained_here: whether to leave out the runs whose network is not on this machine.

    Raises:
        StudyError: DVC cannot read the graph, or a file is damaged or in the way.
    """
    with store.opened() as repo:
        here = Here(repo)
        entries = lock.read(here.place.lock)
        found = {run.key: run for run in here.chosen(entries, trained_here)}
        again = [
            key
            for key in here.place.runs
            if key not in found
            and any(here.judges(named, key) for named in (entries, lock.regrouped(entries)))
        ]
        new = {name: entry for run in found.values() for name, entry in run.entries.items()}
        if any(entries.get(name) != entry for name, entry in new.items()):
            with repo.lock:
                lock.put(new)
    with store.opened() as repo:  # by the lock file as it is now
        here = Here(repo)
        brought = [key for key, run in found.items() if here.bring(run)]
        leftovers.remove(here.place.travels, here.place.cache)
    return Restored([key for key in here.place.runs if key in found], brought, again)


class Here:
    """What of the runs lies in this folder."""

    def __init__(self, repo: Any) -> None:
        self.place = store.place(repo)
        self._stages = store.of_runs(repo)
        self._made = {out.def_path for stage in self._stages.values() for out in stage.outs}
        # Path -> digest of what runs are made of; None for what is missing.
        self._digests: dict[str, str | None] = {}
        for dep in (dep for stage in self._stages.values() for dep in stage.deps):
            if dep.def_path not in self._digests and dep.def_path not in self._made:
                self._digests[dep.def_path] = dep.get_hash().value if dep.exists else None

    def chosen(self, entries: Entries, trained_here: bool) -> list[Run]:
        """The finished runs made of what lies here, all of whose travelling results are at hand.

        Args:
            entries: of dvc.lock.
        """
        cache, stored = self.place.cache, self.place.store
        found: dict[str, Run] = {}
        for source in _sources(entries):
            for key, run in lock.finished(source, self.place.runs).items():
                if key in found or not all(self._fits(n, e) for n, e in run.entries.items()):
                    continue
                results = self.place.results(run)
                networks = [md5 for path, md5 in run.outs.items() if path not in results]
                if trained_here and not all(map(cache.holds, networks)):
                    continue
                if all(cache.holds(md5) or stored.holds(md5) for md5 in results.values()):
                    found[key] = run
        return list(found.values())

    def judges(self, entries: Entries, key: str) -> bool:
        """Whether of a run only the judging is out of date, and its network is not here."""
        training, *rest = self.place.runs[key]
        if training not in entries or not self._fits(training, entries[training]):
            return False
        if all(name in entries and self._fits(name, entries[name]) for name in rest):
            return False
        return not all(self.place.cache.holds(item["md5"]) for item in entries[training]["outs"])

    def bring(self, run: Run) -> bool:
        """Makes the run's outputs what dvc.lock says; whether one that travels was not here."""
        cache, results, brought = self.place.cache, self.place.results(run), False
        for out in (out for name in run.entries for out in self._stages[name].outs):
            digest = run.outs[out.def_path]
            now = out.get_hash().value if out.exists else None
            if now == digest and cache.holds(digest):
                continue
            for told in leftovers.set_aside([out], cache):
                print(told, flush=True)
                now = None
            if out.def_path in results and not cache.holds(digest):
                cache.take(digest, self.place.store)
            if cache.holds(digest):
                out.checkout()
                brought = brought or (out.def_path in results and now != digest)
            elif now is not None and now != digest:  # it would be judged as the restored run's
                Path(out.fs_path).unlink()
        return brought

    def _fits(self, name: str, entry: Mapping[str, Any]) -> bool:
        """Whether a stage was run by the command of today on what lies here.

        What an earlier stage of the run made counts as it was then: a run's entries agree.
        """
        stage = self._stages[name]
        deps = {item["path"]: item.get("md5") for item in entry.get("deps", [])}
        return (
            entry["cmd"] == stage.cmd
            and {item["path"] for item in entry["outs"]} == {out.def_path for out in stage.outs}
            and set(deps) == {dep.def_path for dep in stage.deps}
            and all(
                md5 == self._digests[path] for path, md5 in deps.items() if path in self._digests
            )
        )


def _sources(entries: Entries) -> Iterator[Entries]:
    """dvc.lock as it is and as committed: a change that was taken back is found in the second.

    Each also as if every arm had moved to the other section of params.yaml.
    """
    yield entries
    yield lock.regrouped(entries)
    with suppress(StudyError):  # it is in no commit
        committed = lock.read(git.committed(LOCK))
        yield committed
        yield lock.regrouped(committed)
