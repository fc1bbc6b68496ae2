"""Says whether the committed results belong to the code and the parameters beside them.

`python -m runner.check`, which `make check` calls. It needs no data: in a temporary copy of what
is in git it resolves params.yaml, and holds the digests of code, configurations and results there
against those that dvc.lock recorded. The exit status is 1 where something does not belong.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from runner import git, safeguard
from runner.graph import StudyError, of_run
from runner.text import width, wrapped

RESOLVE = "resolve"  # the stage that needs nothing but params.yaml: it runs here
FEW = 3  # instances of a stage, or files of a folder, that are named and not counted
UNSEEN = ("Not compared: data and networks, which are not in git (`dvc status` does).",)


@dataclass(frozen=True)
class Verdict:
    """What does not belong together.

    Attributes:
        stages: every stage of the graph but `resolve`, in its order.
        causes: stage -> the files that are not as they were when it ran, none for most.
        after: the stages that come after those with a cause, and have none themselves.
    """

    stages: Sequence[str]
    causes: Mapping[str, Sequence[str]]
    after: Sequence[str]


def main() -> int:
    safeguard.at_start()
    with copied(Path.cwd()) as folder:
        resolve(folder)
        verdict = compare(folder)
    print("\n".join(lines(verdict, width())))
    return 1 if verdict.causes else 0


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A temporary copy of the project's files in git, as they are in this folder."""
    with tempfile.TemporaryDirectory(prefix="check-") as name:
        folder = Path(name) / root.name
        for file in git.present():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / file, folder / file)
        yield folder


def resolve(folder: Path) -> None:
    """Writes the configurations of a project there.

    Raises:
        StudyError: params.yaml is wrong; the message is the stage's own.
    """
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{RESOLVE}"],
        cwd=folder, env=os.environ | {"FORCE": "1"},  # whatever machine this is
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise StudyError(done.stderr.strip().splitlines()[-1])


def compare(folder: Path) -> Verdict:
    """Holds the files of a project against its dvc.lock; what is not there is not compared.

    Raises:
        StudyError: DVC cannot read the graph; the message says why.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    apart = {"core": {"no_scm": True, "site_cache_dir": str(folder.parent / "site")}}
    try:
        with Repo(str(folder), config=apart) as repo:
            stages = [stage for stage in repo.index.stages if stage.name != RESOLVE]
            made = {out.fs_path: out for stage in repo.index.stages for out in stage.outs}
            causes = {stage.name: list(_causes(stage, made)) for stage in stages}
            graph = repo.index.graph
            after: set[Any] = set()
            waiting = [stage for stage in stages if causes[stage.name]]
            while waiting:  # an edge leads from a stage to what it needs
                followers = set(graph.predecessors(waiting.pop())) - after
                after |= followers
                waiting += followers
    except DvcException as error:
        reason = " ".join(str(error).split()).replace(f"{os.path.relpath(folder)}{os.sep}", "")
        raise StudyError(f"{reason}; `dvc status` says more") from None
    return Verdict(
        [stage.name for stage in stages],
        {name: found for name, found in causes.items() if found},
        [stage.name for stage in stages if stage in after and not causes[stage.name]],
    )


def _causes(stage: Any, made: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was when the stage ran, by dvc.lock.

    Args:
        made: path -> output, of every stage.
    """
    if not any(out.hash_info for out in stage.outs):
        yield "never run"
        return
    if stage.changed_stage():
        yield "its command in dvc.yaml"
    for dep in stage.deps:
        if not dep.hash_info:
            yield dep.def_path  # dvc.yaml did not name it when the stage ran
        elif dep.exists:
            if dep.changed_checksum():
                yield dep.def_path
        # It is not here, and what the stage before made is another in the lock too.
        elif dep.fs_path in made and made[dep.fs_path].hash_info != dep.hash_info:
            yield dep.def_path
    for out in stage.outs:
        if not out.hash_info or (not out.use_cache and out.workspace_status()):
            yield out.def_path


def lines(verdict: Verdict, columns: int) -> list[str]:
    """What there is to say, for a person, in lines of so many columns."""
    runs = {run[1] for run in map(of_run, verdict.stages) if run is not None}
    outdated = {run[1] for run in map(of_run, verdict.causes) if run is not None}
    if not verdict.causes:
        size = f"{len(verdict.stages)} stages, {len(runs)} runs"
        return [f"The results belong to the code and the parameters beside them: {size}.", *UNSEEN]
    of_all = Counter(map(_family, verdict.stages))
    rows = {
        _together(names, of_all): sorted(
            {cause for name in names for cause in verdict.causes[name]}
        )
        for names in _by_family(verdict.causes)
    }
    head = "out of date"
    left = max(map(len, (head, *rows))) + 2
    followers = [_together(names, of_all) for names in _by_family(verdict.after)]
    share = f"{len(outdated)} of {len(runs)} runs are out of date"
    return [
        "Not all results belong to the code and the parameters beside them.",
        "",
        f"{head:{left}}not as it was then",
        *(
            line
            for stages, causes in rows.items()
            for line in wrapped(f"{stages:{left}}", _shortened(causes), columns)
        ),
        "",
        *wrapped(f"{share}{': ' if outdated else '.'}", sorted(outdated), columns),
        *(wrapped("What comes after them: ", followers, columns) if followers else []),
        *UNSEEN,
    ]


def _by_family(names: Iterable[str]) -> list[list[str]]:
    """The instances of each stage together, in the order of the first of each."""
    families = defaultdict(list)
    for name in names:
        families[_family(name)].append(name)
    return list(families.values())


def _together(names: Sequence[str], of_all: Mapping[str, int]) -> str:
    """The instances of a stage by name, or by their number where they are many."""
    if len(names) <= FEW:
        return ", ".join(names)
    family = _family(names[0])
    return f"{family} ({len(names)} of {of_all[family]})"


def _shortened(paths: Sequence[str]) -> list[str]:
    """The files of one folder by their number where they are many."""
    folders = Counter(map(_folder, paths))
    many = {folder for folder, count in folders.items() if folder and count > FEW}
    return list(
        dict.fromkeys(
            f"{_folder(path)}/ ({folders[_folder(path)]} in it)" if _folder(path) in many else path
            for path in paths
        )
    )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _family(stage: str) -> str:
    return stage.partition("@")[0]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StudyError, UserError) as error:
        sys.exit(f"check: {error}")
