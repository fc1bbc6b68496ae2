"""Goes back to the committed results: `python -m runner.back`, which `make back` calls.

params.yaml, dvc.lock and the results that are in git become as in the last commit; new results are
removed. Other files stay as they are. Refused while a study runs here, whose runs it would remove.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ablation.base import cli
from ablation.base.errors import UserError
from ablation.base.files import write_text
from ablation.study.reading import PARAMS
from runner import graph, params
from runner.__main__ import alone

KEPT = Path(".scratch/params.yaml.before-back")


def main() -> None:
    with alone():
        graph.refuse_unmerged()
        if not graph.files(["ls-tree", "--name-only", "HEAD"], ["dvc.lock"]):
            raise UserError("no results are committed: the last commit has no dvc.lock to restore")
        committed = graph.git("show", "HEAD:./params.yaml")
        if PARAMS.exists() and (now := PARAMS.read_text(encoding="utf-8")) != committed:
            write_text(KEPT, now)
            with suppress(UserError):  # what is half-written cannot be compared
                for line in params.differences(now, committed):
                    print(f"params.yaml: {line}")
            print(f"params.yaml is as committed; the edited version is in {KEPT}")
        where = ("--source=HEAD", "--staged", "--worktree")
        graph.git("restore", *where, "dvc.lock", "params.yaml")  # which DVC reads for the rest
        paths = ["dvc.lock", *graph.RUNS, *graph.results()]
        in_commit = graph.files(["ls-tree", "-r", "--name-only", "HEAD"], paths)
        listing = ["ls-files", "--cached", "--others", "--exclude-standard"]
        new = set(graph.files(listing, paths)) - set(in_commit)
        changed = graph.files(["diff", "--name-only", "HEAD"], in_commit)
        listed = ("--pathspec-from-file=-", "--pathspec-file-nul")
        graph.git("restore", *where, *listed, given="\0".join(in_commit))
        if new:  # they may be in the index
            graph.git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", *new)
        for name in new:
            Path(name).unlink(missing_ok=True)
        told = f"; {len(new)} new files are removed" if new else ""
        print(f"{len(changed)} result files are restored{told}")


if __name__ == "__main__":
    cli.run("back", main)
