"""How the page was made: commits, versions, machines, time, and the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from ablation.inputs.sources import SOURCES
from ablation.reporting.wording import counted, listed, rounded
from ablation.study.config import StudyConfig

Records = Mapping[str, Mapping[str, Any]]  # run -> its record, models/provenance/RUN.json


def facts(study: StudyConfig, records: Records) -> list[tuple[str, str]]:
    """(name, value) of the circumstances."""
    every = records.values()
    minutes = [record["seconds"] / 60 for record in every]
    seeds = ", ".join(map(str, study.seeds))
    if study.costly_arms and study.costly_seeds != study.seeds:
        names = listed(study.arms[arm] for arm in study.costly_arms)
        seeds += f" ({names}: {', '.join(map(str, study.costly_seeds))})"
    digests = []
    for name, source in SOURCES.items():
        kind, value = source.digest.split(":")
        digests.append(f"{name} {kind} {value[:12]}")
    return [
        ("Trained at commit", _tally(map(_commit, every))),
        ("Versions", _tally(map(_versions, every))),
        ("Processor", _tally(map(_machine, every))),
        ("Time",
         f"{rounded(mean(minutes))} minutes a run, from {rounded(min(minutes))} to "
         f"{rounded(max(minutes))}; {rounded(sum(minutes) / 60)} hours of all "
         f"{counted(len(minutes), 'run')} together"),
        ("Seeds", seeds),
        ("Inputs", ", ".join(digests)),
    ]  # fmt: skip


def core_hours(study: StudyConfig, records: Records) -> dict[str, tuple[int, float]]:
    """arm -> how many runs it has, and what they took: the seconds times the threads of each."""
    found = {}
    for arm in study.arms:
        of_arm = [records[f"{arm}-{seed}"] for seed in study.seeds_of(arm)]
        found[arm] = len(of_arm), sum(each["seconds"] * each["threads"] for each in of_arm) / 3600
    return found


def command(study: StudyConfig, records: Records) -> str:
    """What makes this page again, from a clone of the repository."""
    commits = {record["commit"] if record["clean"] else None for record in records.values()}
    commit = commits.pop() if len(commits) == 1 else None
    keys = ("seeds", "costly_seeds") if study.costly_arms else ("seeds",)
    seeds = [f"{key}=[{','.join(map(str, getattr(study, key)))}]" for key in keys]
    made = f'make exp SET="{" ".join((f"scale={study.scale}", *seeds))}"'
    return f"git checkout {commit[:12]}\n{made}" if commit else made


def _tally(values: Iterable[str]) -> str:
    """What the runs have in common, or each value with how many have it."""
    found = Counter(values).most_common()
    if len(found) == 1:
        return found[0][0]
    return "; ".join(f"{value} ({counted(count, 'run')})" for value, count in found)


def _commit(record: Mapping[str, Any]) -> str:
    name = (record["commit"] or "not recorded")[:12]
    return name if record["clean"] else f"{name} with changes"


def _versions(record: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {found}" for name, found in record["packages"].items())
    return f"Python {record['python']}, {packages}"


def _machine(record: Mapping[str, Any]) -> str:
    device = "" if record["device"].lower() in ("cpu", "") else f", {record['device']}"
    return f"{record['processor']}, {counted(record['threads'], 'thread')} a run{device}"
