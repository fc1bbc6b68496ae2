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
        # DVC reads them for the rest.
        graph.git("restore", "--source=HEAD", "--staged", "--worktree", "dvc.lock", "params.yaml")
        paths = [*graph.RUNS, *graph.results()]
        graph.git("reset", "--quiet", "--", *paths)  # what is new may be in the index
        new = graph.files(["ls-files", "--others", "--exclude-standard"], paths)
        changed = graph.files(["ls-files", "--modified"], paths)
        graph.git("checkout-index", "--force", "-z", "--stdin", given="\0".join(changed))
        for name in new:
            Path(name).unlink(missing_ok=True)
        told = f"; {len(new)} new files are removed" if new else ""
        print(f"{len(changed)} result files are restored{told}")


if __name__ == "__main__":
    cli.run("back", main)
