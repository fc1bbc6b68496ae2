"""How the page came to be: commits, versions, machines, time, and the command that makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import mean
from typing import Any

from ablation.reporting.wording import counted, listed, quoted, rounded, runs_by_arm
from ablation.study.config import StudyConfig

UNKNOWN = "not recorded"


def facts(
    study: StudyConfig, records: Mapping[str, Mapping[str, Any]], sources: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """(name, value) of the circumstances; what no run recorded is said to be so.

    Args:
        records: run -> its record, of provenance.json.
        sources: configs/sources.yaml.
    """
    known = {run: record for run, record in records.items() if "seconds" in record}
    lacking = [run for run in records if run not in known]
    found = [
        ("Trained at commit", _tally(_commit(record) for record in known.values())),
        ("Versions", _tally(_versions(record) for record in known.values())),
        ("Processor", _tally(_machine(record) for record in known.values())),
        ("Time", _time(list(known.values()))),
        ("Seeds", _seeds(study)),
        ("Inputs", _inputs(sources)),
    ]
    if lacking and known:
        found.insert(1, ("Without a record", runs_by_arm(lacking, study.arms)))
    return found


def command(study: StudyConfig, records: Mapping[str, Mapping[str, Any]]) -> str:
    """What makes this page again, from a clone of the repository."""
    commits = {
        record["commit"] if record.get("clean") else None
        for record in records.values()
        if "seconds" in record
    }
    lines = []
    if len(commits) == 1 and (commit := commits.pop()):
        lines.append(f"git checkout {commit[:12]}")
    keys = ("seeds", "costly_seeds") if study.costly_arms else ("seeds",)
    seeds = [f"{key}=[{','.join(map(str, getattr(study, key)))}]" for key in keys]
    return "\n".join([*lines, f'make exp SET="{" ".join((f"scale={study.scale}", *seeds))}"'])


def _seeds(study: StudyConfig) -> str:
    text = ", ".join(map(str, study.seeds))
    if not study.costly_arms or study.costly_seeds == study.seeds:
        return text
    names = listed(quoted(study.arms[arm]) for arm in study.costly_arms)
    return f"{text}; of {names} {', '.join(map(str, study.costly_seeds))}"


def _tally(values: Any) -> str:
    """What the runs have in common, or each value with how many have it."""
    counts = Counter(values)
    if not counts:
        return UNKNOWN
    if len(counts) == 1:
        return str(next(iter(counts)))
    return listed(f"{value} ({counted(count, 'run')})" for value, count in counts.most_common())


def _commit(record: Mapping[str, Any]) -> str:
    name = str(record.get("commit") or UNKNOWN)[:12]
    return name if record.get("clean") else f"{name} with changes"


def _versions(record: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {found}" for name, found in record["packages"].items())
    return f"Python {record['python']}, {packages}"


def _machine(record: Mapping[str, Any]) -> str:
    device = "" if record["device"].lower() in ("cpu", "") else f", {record['device']}"
    return f"{record['processor']}, {counted(record['threads'], 'thread')} a run{device}"


def _time(records: list[Mapping[str, Any]]) -> str:
    if not records:
        return UNKNOWN
    minutes = [record["seconds"] / 60 for record in records]
    return (
        f"{rounded(mean(minutes))} minutes a run, from {rounded(min(minutes))} to "
        f"{rounded(max(minutes))}; {rounded(sum(minutes) / 60)} hours of all "
        f"{counted(len(minutes), 'run')} together"
    )


def _inputs(sources: Mapping[str, Any]) -> str:
    digests = []
    for name, source in sources.items():
        digest = str((source or {}).get("public", {}).get("digest", ""))
        kind, _, value = digest.partition(":")
        if value:
            digests.append(f"{name} {kind} {value[:12]}")
    return ", ".join(digests) or UNKNOWN
