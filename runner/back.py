"""Goes back to the committed results: `python -m runner.back`, which `make back` calls.

The scale, dvc.lock and the results are as in the last commit again, in the folder and in git's
index; data, networks and configurations too where DVC's cache has them. What else a person changed
in params.yaml stays and is named; other files are left alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from ablation.base.errors import UserError
from ablation.base.files import write_text
from runner import git, leftovers, params, safeguard, store, written
from runner.graph import DVC, StudyError
from runner.keep import GATHERED
from runner.params import PARAMS

LOCK = Path("dvc.lock")
STORE = "results/files"  # what of the runs is in git: no output, but it goes with dvc.lock


def main() -> None:
    # Before anything is written: is there something to go back to?
    if not {LOCK.name, PARAMS.name} <= git.tracked():
        raise StudyError(f"no results are committed: the last commit has no {LOCK} to go back to")
    safeguard.at_start()
    committed = git.committed(PARAMS)
    made = outputs(git.committed(LOCK))
    kept = _take_back_params(committed)
    _take_back_results(made | (outputs(LOCK.read_text("utf-8")) if LOCK.exists() else set()))
    _check_out()
    if kept:
        print("`make repro` brings the results up to date with what params.yaml keeps")


def outputs(lock: str) -> set[str]:
    """The files and folders that the stages of a lock file made."""
    # The C parser where there is one: a lock file has thousands of lines.
    content: Any = yaml.load(lock, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    stages = content.get("stages", {}).values()
    return {out["path"] for stage in stages for out in stage.get("outs", [])}


def _take_back_params(committed: str) -> bool:
    """The committed scale, and nothing that `make` wrote; the committed file where that was all.

    Returns:
        Whether something of a person's own stays in it.
    """
    now = after = params.load()
    before, scale = _scale(now), _scale(committed)
    if now != committed:
        # As `make` left it, and as `dvc exp run -S scale=SCALE` did, which lays out all of it anew.
        try:
            alike = params.with_scale(committed, before)
        except StudyError:  # a scale of a person's own
            alike = committed
        after, taken = written.taken_back(alike, now)
        if after in (alike, params.as_dvc_writes(committed, before)):
            after = committed
        after = params.with_scale(after, scale)
        write_text(PARAMS, after)
        written.forget()
        if before != scale:
            print(f"{PARAMS}: scale is {scale} again")
        if taken:
            print(f"{PARAMS}: what `make` wrote is taken back: {'  '.join(taken)}")
    if after == committed:
        git.unstage([PARAMS.name])
        return False
    kept = params.changes(params.read(committed), params.read(after))
    print(
        f"{PARAMS} keeps what else you changed, see `git diff {PARAMS}`: "
        + ("  ".join(kept) if kept else "no value, its comments or layout")
    )
    return bool(kept)


def _scale(text: str) -> str:
    tree = params.read(text)
    scale = tree.get("scale") if isinstance(tree, dict) else None
    if not isinstance(scale, str):
        raise StudyError(f"{PARAMS}: the scale is missing; `git checkout {PARAMS}` brings it back")
    return scale


def _take_back_results(made: Collection[str]) -> None:
    """dvc.lock and the results that are in git; those that the commit has not are removed."""
    committed, changed = git.tracked(), git.differing()
    made = {*made, STORE, GATHERED.as_posix()}
    results = _of(made, committed)
    back = (results | {LOCK.name}) & changed
    git.restore(back)
    others = _of(made, git.present()) - committed
    for name in others:
        Path(name).unlink()
    git.unstage(others & changed)
    print(f"{LOCK} and {len(results)} files of results are as committed", end="")
    print(f"; {len(others)} that the commit has not are removed" if others else "")


def _of(made: Collection[str], names: set[str]) -> set[str]:
    """Of the files `names` those that are outputs, or in one."""
    return {
        name
        for name in names
        if name in made or any(folder.as_posix() in made for folder in Path(name).parents)
    }


def _check_out() -> None:
    """What is in DVC's cache and not in git."""
    with store.opened() as repo:
        outs = [out for out in repo.index.outs if out.use_cache]
        for told in leftovers.set_aside(outs, store.cache(repo)):
            print(told)
    done = subprocess.run(
        [*DVC, "checkout", "--allow-missing"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise StudyError(f"`dvc checkout` failed: {' '.join(done.stderr.split())}")
    # A restored run has all but its network, which nothing needs.
    missing = {
        out.stage.addressing for out in outs if not any(made.exists for made in out.stage.outs)
    }
    if missing:
        print(
            f"of {len(missing)} stages nothing has been made on this machine yet; `make repro` "
            "makes it"
        )


if __name__ == "__main__":
    try:
        main()
    except (StudyError, UserError) as error:
        sys.exit(f"back: {error}")
