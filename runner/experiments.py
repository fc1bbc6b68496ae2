"""Shows the experiments since the last commit: `python -m runner.experiments`, `make experiments`.

`dvc exp show` has a column for every parameter and every metric, hundreds here, and nothing that a
project can set changes that. This shows what each experiment changed, and of the accuracies those
of the arms that differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ablation.study.declared import ARMS, COSTLY
from runner import safeguard
from runner.graph import DVC, StudyError
from runner.params import PARAMS, changes
from runner.text import width, wrapped

HEADLINE = PurePosixPath("reports/headline")  # the folder with a file an arm
UNFINISHED = ("queued", "running", "failed")  # states of an experiment, as DVC calls them
GAP = 2  # columns between two columns


@dataclass(frozen=True)
class Experiment:
    """One state of the project: the commit, what lies in the folder, or an experiment.

    Attributes:
        name: the branch, `workspace`, or the experiment's own.
        created: when, or that it waits, runs or failed.
        changed: what is not as in the commit: parameters as -S takes them, and code.
        accuracies: metric -> arm -> 0..1; empty where it has not run.
    """

    name: str
    created: str
    changed: Sequence[str]
    accuracies: Mapping[str, Mapping[str, float]]


def main() -> None:
    safeguard.at_start()
    # Without colours and progress: the output is data.
    shown = subprocess.run([*DVC, "exp", "show", "--json"], check=False, capture_output=True)
    if shown.returncode != 0:
        raise StudyError(f"`dvc exp show` failed: {' '.join(shown.stderr.decode().split())}")
    print("\n".join(lines(read(json.loads(shown.stdout)), width())))


def read(shown: Sequence[Mapping[str, Any]]) -> list[Experiment]:
    """What `dvc exp show --json` says: the commit first, its experiments, then the workspace.

    The workspace is left out where it is as the commit or as an experiment.

    Raises:
        StudyError: there is no commit.
    """
    if len(shown) < 2:
        raise StudyError("there is no commit, so there are no experiments; commit the study first")
    workspace, commit = shown[0], shown[1]
    found = [_experiment(commit, commit, "")]
    for entry in commit["experiments"] or []:
        state = (entry["executor"] or {}).get("state", "")
        found += [_experiment(one, commit, state) for one in entry["revs"][:1]]
    here = _experiment(workspace, commit, "")
    if all((here.changed, here.accuracies) != (one.changed, one.accuracies) for one in found):
        found.append(here)
    return found


def _experiment(shown: Mapping[str, Any], commit: Mapping[str, Any], state: str) -> Experiment:
    data = shown["data"]
    name = shown["name"] or shown["rev"][:9]
    if data is None:
        return Experiment(name, "cannot be read", [], {})
    when = (data["timestamp"] or "").replace("T", " ")[:16]
    changed = [*changes(_params(commit["data"]), _params(data)), *_code(commit["data"], data)]
    accuracies: dict[str, dict[str, float]] = {}
    if state.lower() in UNFINISHED:  # what DVC says it measured is then the commit's
        when = state.lower()
    else:
        for path, arm in _headline(data):
            for metric, value in arm.items():
                accuracies.setdefault(metric, {})[path.stem] = value
    return Experiment(name, when, changed, accuracies)


def _params(data: Mapping[str, Any]) -> Any:
    return data["params"].get(PARAMS.name, {}).get("data", {})


def _headline(data: Mapping[str, Any]) -> Iterator[tuple[PurePosixPath, Mapping[str, float]]]:
    """Each arm's file, in the order of params.yaml."""
    files = {PurePosixPath(path): found.get("data", {}) for path, found in data["metrics"].items()}
    order = [arm for section in (ARMS, COSTLY) for arm in _params(data).get(section) or {}]
    for path in sorted(files, key=lambda p: order.index(p.stem) if p.stem in order else len(order)):
        if path.parent == HEADLINE and isinstance(files[path], dict):  # a file may be broken
            yield path, files[path]


def _code(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The code that stages ran with on both sides and that is not the same."""
    outs = {*before["outs"], *after["outs"]}
    hashes = [
        {path: dep["hash"] for path, dep in data["deps"].items() if dep["hash"]}
        for data in (before, after)
    ]
    return sorted(
        path
        for path in hashes[0].keys() & hashes[1].keys()
        if path != PARAMS.name  # told key by key
        and hashes[0][path] != hashes[1][path]
        and not any(_within(path, out) or _within(out, path) for out in outs)
    )


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def lines(experiments: Sequence[Experiment], columns: int) -> list[str]:
    """What each changed, then a table a metric: the arms that differ, a column an experiment.

    Args:
        columns: of the terminal; a table that is wider goes on below, the commit first again.
    """
    names = max(len(one.name) for one in experiments) + GAP
    dates = max(len(one.created) for one in experiments) + GAP
    told = []
    for number, one in enumerate(experiments):
        changed = one.changed if number else ["the last commit"]
        told += wrapped(f"{one.name:{names}}{one.created:{dates}}", changed, columns)
    if len(experiments) == 1:
        return [
            *told,
            "",
            "No experiment since: `make exp SET=...` or `dvc exp run -S ...` makes one.",
        ]
    ran = [one for one in experiments if one.accuracies]
    for metric in dict.fromkeys(metric for one in ran for metric in one.accuracies):
        table = _table(metric, ran)
        told += ["", f"{metric.replace('_', ' ')}: no arm differs"] if not table else []
        told += _folded(metric.replace("_", " "), table, ran, columns) if table else []
    return told


def _table(metric: str, ran: Sequence[Experiment]) -> dict[str, list[str]]:
    """arm -> its accuracy in each experiment as shown, of the arms where that differs."""
    values = [one.accuracies.get(metric, {}) for one in ran]
    rows = {
        arm: [f"{found[arm]:.4f}" if arm in found else "-" for found in values]
        for arm in dict.fromkeys(arm for found in values for arm in found)
    }
    return {arm: row for arm, row in rows.items() if len(set(row)) > 1}


def _folded(
    title: str, table: Mapping[str, Sequence[str]], ran: Sequence[Experiment], columns: int
) -> list[str]:
    """The table as lines, in as many parts as the terminal's width asks for."""
    left = max(len(title), *map(len, table))
    widths = [max(len(one.name), 6) + GAP for one in ran]
    parts, used = [[0]], left + widths[0]
    for number, needed in enumerate(widths[1:], 1):
        if used + needed > columns and len(parts[-1]) > 1:
            parts.append([0])
            used = left + widths[0]
        parts[-1].append(number)
        used += needed
    told = []
    for part in parts:
        rows = {title: [one.name for one in ran], **table}
        told += [
            "",
            *(
                f"{head:{left}}" + "".join(f"{row[n]:>{widths[n]}}" for n in part)
                for head, row in rows.items()
            ),
        ]
    return told


if __name__ == "__main__":
    try:
        main()
    except StudyError as error:
        sys.exit(f"experiments: {error}")
