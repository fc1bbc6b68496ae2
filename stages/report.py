"""Writes the report: one page with every number and figure of the study."""

from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import read_config, read_json, read_yaml, write_text
from ablation.base.reading import refusing
from ablation.composition.config import DataConfig
from ablation.reporting import captions, verdict_table
from ablation.reporting.captions import DENSITY
from ablation.reporting.config import CurvesFigure
from ablation.reporting.declared import fitting, read_figure, read_index
from ablation.reporting.figures import DENSITIES
from ablation.reporting.levels import judged_on
from ablation.reporting.page import answer, metrics_table, page, pictures, provenance
from ablation.reporting.page.arms import arms
from ablation.reporting.page.checked import data_check
from ablation.reporting.page.differences import differences
from ablation.reporting.page.errors import errors
from ablation.reporting.results import read_claims, read_metrics, read_records, read_runs
from ablation.reporting.tables import read_comparisons, read_csv
from ablation.reporting.wording import few_seeds, short_names
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

CONFIGS, REPORTS = Path("configs"), Path("reports")
IMAGES_TEST = ("first", "second", "seed", "images", "only_first", "only_second", "p")


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    data = read_config(CONFIGS / "data.yaml", DataConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    illustrations, majority = _illustrations()
    runs = read_runs(REPORTS / "runs.csv", study.runs)
    comparisons = read_comparisons(
        REPORTS / "comparison.csv", len(config.pairs), config.statistics.metrics
    )
    records = read_records(REPORTS / "provenance.json")
    claims = read_claims(REPORTS / "claims.json", config.claims)
    measured = read_metrics(REPORTS / "metrics.json", study.arms)
    metrics = metrics_table.with_pace(measured, study, records)
    labels = read_csv(REPORTS / "tables" / "labels.csv", "summarize", DENSITY, DENSITIES)
    labels = labels[labels["data_set"] == study.data_sets[study.baseline]]
    common = labels[labels["part"] == judged_on(study, runs)]
    first = common.loc[common["density"].idxmax()]
    columns, rows = arms(study, runs, metrics, comparisons)
    names = short_names(list(study.arms), study.arms)
    judged = read_json(REPORTS / "data_check.json")
    with refusing(REPORTS / "data_check.json", "check of the images", "data_check"):
        checked = data_check(judged)
    content = page.Content(
        study=study,
        data=data,
        answer=answer.answer(study, config, claims, runs, comparisons),
        cards=answer.cards(
            study, config, [item.figure for item in illustrations], runs,
            (int(first["label"]), float(first["density"])),
        ),
        caveats=answer.caveats(
            study, data, metrics, majority, few_seeds(comparisons, study.arms),
            tested=bool(comparisons["p"].notna().any()),
        ),
        reading=verdict_table.reading(config, study.scale),
        claims=verdict_table.lines(claims, config, study.arms),
        columns=columns,
        arms=rows,
        metrics=metrics_table.shown(metrics),
        rows=metrics_table.rows(study, metrics),
        differences=differences(
            config,
            comparisons,
            read_csv(REPORTS / "images_test.csv", "compare", IMAGES_TEST, IMAGES_TEST[:3], True),
            study,
        ),
        illustrations=illustrations,
        lost=page.lost(study, [item.name for item in illustrations]),
        errors=errors(REPORTS / "errors", names, data.backgrounds, study.failed_labels),
        checked=checked,
        sheet=pictures.embedded_png(REPORTS / "figures" / "backgrounds.png")
        if checked.sheet
        else "",
        provenance=provenance.facts(study, records, read_yaml(CONFIGS / "sources.yaml")),
        command=provenance.command(study, records),
    )  # fmt: skip
    text = page.render(content)
    write_text(REPORTS / "report.html", text)
    size = len(text.encode()) / 1e6
    print(
        f"report: {len(study.arms)} arms, {len(illustrations)} figures, reports/report.html "
        f"({size:.1f} MB)"
    )


def _illustrations() -> tuple[list[page.Illustration], dict[str, float]]:
    """The figures of the study, and each arm's accuracy of naming the commonest label."""
    illustrations: list[page.Illustration] = []
    majority: dict[str, float] = {}
    for name in read_index(CONFIGS / "figures"):
        declared = CONFIGS / "figures" / f"{name}.yaml"
        figure, labels, failed = read_figure(declared)
        folder = REPORTS / "tables" / name
        with fitting(declared, folder):
            if isinstance(figure, CurvesFigure):
                majority |= captions.majority_shares(folder)
            found = captions.facts(figure, labels, folder)
        text, alt = page.caption(figure, found, failed)
        image = ""
        if figure.kind == "augmentation":  # pixels, which are shorter as such
            image = pictures.embedded_png(REPORTS / "figures" / f"{name}.png")
        elif figure.kind != "architectures":  # a table of the page
            image = pictures.embedded_svg(REPORTS / "figures" / f"{name}.svg", alt)
        illustrations.append(page.Illustration(name, figure, found, image, text, alt))
    return illustrations, majority


if __name__ == "__main__":
    run("report", main)
