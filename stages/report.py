"""Writes the report: one page with every number and figure of the study."""

from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import read_config, read_json, write_text
from ablation.composition.config import DataConfig
from ablation.reporting import verdict_table
from ablation.reporting.config import DeclaredFigure
from ablation.reporting.page import data as data_section
from ablation.reporting.page import head, page, provenance, tables
from ablation.reporting.page.errors import FEW, errors
from ablation.reporting.page.pictures import embedded_png
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import named_runs, of_study, short_names
from ablation.statistics.comparison import stuck_runs
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

CONFIGS, REPORTS, PROVENANCE = Path("configs"), Path("reports"), Path("models/provenance")


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    data = read_config(CONFIGS / "data.yaml", DataConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    runs = read_csv(REPORTS / "runs.csv")
    comparisons = read_csv(REPORTS / "comparison.csv")
    judged = read_json(REPORTS / "claims.json")
    names = short_names(list(study.arms), study.arms)
    keys = [f"{arm}-{seed}" for arm, seed in study.runs]
    records = {key: read_json(PROVENANCE / f"{key}.json") for key in keys}
    metrics = tables.with_pace(read_json(REPORTS / "arms.json"), study, records)
    checked = data_section.checked(read_json(REPORTS / "data_check.json"))
    illustrations = []
    for name in study.figures:
        figure = read_config(CONFIGS / "figures" / f"{name}.yaml", DeclaredFigure).figure
        illustrations.append(page.illustration(name, figure, study.arms, REPORTS))
    text = page.TEMPLATES.get_template("report.html.j2").render(
        study=study,
        data=data,
        several=max(study.counts.values()) > 1,
        seeds=of_study(study),
        best=head.best(study, runs, comparisons),
        counts=verdict_table.counts(judged["claims"], config),
        cards=head.cards(config.headline, names, runs),
        external=int(runs["external_images"].max()) if runs["external_images"].any() else 0,
        learned=runs.loc[runs["arm"] == study.baseline, "validation_accuracy"].max()
        >= config.statistics.stuck_accuracy,
        stuck=named_runs(stuck_runs(runs, *study.arms), names),
        reading=verdict_table.reading(config, study.scale),
        regimes=verdict_table.in_regimes(judged["regimes"], names),
        claims=verdict_table.lines(
            judged["claims"], config, names, tables.seconds(config, runs, metrics, names)
        ),
        arms=tables.arms(study, config, runs, metrics, comparisons),
        metrics=tables.every_metric(metrics),
        columns=tables.COLUMNS,
        differences=tables.differences(config, comparisons, names),
        config=config,
        illustrations=illustrations,
        figure_of=page.figure_of,
        errors=errors(
            REPORTS / "errors", names, data.backgrounds
        ),
        few_images=FEW,
        checked=checked,
        sheet=embedded_png(REPORTS / "figures" / "backgrounds.png") if checked["composed"] else "",
        provenance=provenance.facts(study, records),
        core_hours=provenance.core_hours(study, records),
        command=provenance.command(study, records),
    )  # fmt: skip
    write_text(REPORTS / "report.html", text)
    size = len(text.encode()) / 1e6
    print(
        f"report: {len(study.arms)} arms, {len(illustrations)} figures, reports/report.html "
        f"({size:.1f} MB)"
    )


if __name__ == "__main__":
    run("report", main)
