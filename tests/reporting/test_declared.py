"""What later stages read of figures and runs is whole, or refused with its name and what to run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.reporting.declared import fitting, read_figure, read_index
from ablation.reporting.tables import COMPARISON, read_comparisons, read_history

FIGURE = {"kind": "label_density", "title": "Labels", "paper": "figure 1"}


def test_figures_are_read_in_their_order(tmp_path: Path) -> None:
    write_yaml(tmp_path / "index.yaml", ["b", "a"])
    for name in "ab":
        write_yaml(tmp_path / f"{name}.yaml", {"figure": FIGURE, "labels": {"adam": "Adam"}})
    assert read_index(tmp_path) == ["b", "a"]
    figure, labels, failed = read_figure(tmp_path / "a.yaml")
    assert failed == []
    assert (figure.kind, figure.title, labels) == ("label_density", "Labels", {"adam": "Adam"})


@pytest.mark.parametrize("content", [None, {}, "a", 3, [3], ["missing"], ["x" * 5000], []])
def test_a_list_of_figures_that_is_none_is_refused(tmp_path: Path, content: object) -> None:
    write_yaml(tmp_path / "index.yaml", content)
    write_yaml(tmp_path / "a.yaml", {"figure": FIGURE, "labels": {}})
    with pytest.raises(UserError, match=r"index\.yaml .*run `dvc repro --force resolve`$") as error:
        read_index(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"figure": FIGURE}, {"figure": {"kind": "pie"}, "labels": {}},
     {"figure": FIGURE, "labels": []},
     {"figure": {"kind": "architectures", "title": "T", "paper": "4", "arms": ["gone"]},
      "labels": {"adam": "Adam"}}],
)  # fmt: skip
def test_a_figure_that_is_none_is_refused(tmp_path: Path, content: object) -> None:
    write_yaml(tmp_path / "a.yaml", content)
    with pytest.raises(UserError, match=r"a\.yaml holds no figure: .*`$") as error:
        read_figure(tmp_path / "a.yaml")
    assert "\n" not in str(error.value)


def test_a_declaration_and_tables_that_do_not_fit_are_both_named(tmp_path: Path) -> None:
    declared, tables = tmp_path / "configs" / "a.yaml", tmp_path / "tables" / "a"
    with (
        pytest.raises(UserError, match=r"tables/a and .*configs/a\.yaml do not .*: no label; run"),
        fitting(declared, tables),
    ):
        raise UserError("no label")
    with (
        pytest.raises(UserError, match=r"a\.yaml do not fit together: data\.npz is missing; run"),
        fitting(declared, tables),
    ):
        (tables / "data.npz").read_bytes()
    with (
        pytest.raises(UserError, match=r"^\S*tables/a/data\.csv is cut$"),
        fitting(declared, tables),
    ):
        raise UserError(f"{tables / 'data.csv'} is cut")


HISTORY = (
    "epoch,metric,value\n1,loss,2.3\n2,loss,1.9\n2,penalty,0.1\n"
    "1,validation_accuracy,0.1\n2,validation_accuracy,0.2\n"
)


def test_a_whole_history_is_read_in_the_order_of_epochs(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    assert list(read_history(tmp_path, 2, None)["epoch"]) == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "text",
    [HISTORY.rsplit("2,", 1)[0], HISTORY + "3,loss,1.0\n", HISTORY + "2,loss,1.9\n",
     HISTORY.replace("2.3", "x"), HISTORY[:-3], "", "epoch,metric,value\n"],
)  # fmt: skip
def test_a_history_that_lacks_an_epoch_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(UserError, match=r"history\.csv .*`dvc repro train@adam-0`$"):
        read_history(tmp_path, 2, "train@adam-0")


def test_a_table_of_comparisons_that_lacks_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "comparison.csv"
    pairs = [("adam", "baseline", "a"), ("sgd", "baseline", "a"), ("adam", "baseline", "b"),
             ("sgd", "baseline", "b")]  # fmt: skip
    table = pd.DataFrame(pairs, columns=list(COMPARISON[:3]))
    table = table.reindex(columns=list(COMPARISON)).assign(group="baseline", seeds=2)
    table.to_csv(path, index=False)
    assert len(read_comparisons(path, 2, ["a", "b"])) == 4
    table.iloc[[0, 1, 2, 2]].to_csv(path, index=False)
    with pytest.raises(UserError, match=r"two rows of one .*: adam, baseline, b, baseline; remove"):
        read_comparisons(path, 2, ["a", "b"])
    table.iloc[:-1].to_csv(path, index=False)
    with pytest.raises(UserError, match=r"comparison\.csv has 1 of 2 comparisons in b; remove"):
        read_comparisons(path, 2, ["a", "b"])
