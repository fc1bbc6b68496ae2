"""Goes back to the committed results: `python -m runner.back`, which `make back` calls.

params.yaml, dvc.lock and the results that are in git become as in the last commit; new results are
removed. Other files stay as they are.
"""

from __future__ import annotations

from pathlib import Path

from ablation.base import cli
from ablation.base.errors import UserError
from ablation.base.files import write_text
from runner import graph, params

PARAMS, KEPT = Path("params.yaml"), Path(".scratch/params.yaml.before-back")
# Of runs that are no longer in the graph, or not recorded yet, too.
RUNS = ["models/runs", "models/provenance"]


def main() -> None:
    committed = graph.git("show", "HEAD:./params.yaml")
    now = PARAMS.read_text(encoding="utf-8")
    if now != committed:
        write_text(KEPT, now)
        for line in params.differences(now, committed):
            print(f"params.yaml: {line}")
        print(f"params.yaml is as committed; the edited one is {KEPT}")
    paths = ["dvc.lock", "params.yaml", *RUNS, *graph.results()]
    in_commit = graph.files(["ls-tree", "-r", "--name-only", "HEAD"], paths)
    if "dvc.lock" not in in_commit:
        raise UserError("no results are committed: the last commit has no dvc.lock to go back to")
    listing = ["ls-files", "--cached", "--others", "--exclude-standard"]
    new = set(graph.files(listing, paths)) - set(in_commit)
    changed = graph.files(["diff", "--name-only", "HEAD"], in_commit)
    listed = ("--pathspec-from-file=-", "--pathspec-file-nul")
    where = ("--source=HEAD", "--staged", "--worktree")
    graph.git("restore", *where, *listed, given="\0".join(in_commit))
    if new:  # they may be in the index
        graph.git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", *new)
    for name in new:
        Path(name).unlink(missing_ok=True)
    told = f"; {len(new)} new ones are removed" if new else ""
    print(f"{len(changed)} files are as committed again{told}")


if __name__ == "__main__":
    cli.run("back", main)
