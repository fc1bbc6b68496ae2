"""What the study asks, from `paper.yaml` as written to what the stage `compare` reads."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi

from ablation.base.section import Name, Section
from ablation.reporting.config import FigureConfig, ForestFigure
from ablation.statistics.config import (
    PAPER,
    ArmFacts,
    ArmsClaim,
    ClaimConfig,
    ClaimsConfig,
    DifferenceClaim,
    Headline,
    LevelClaim,
    Metric,
    MetricClaim,
    Question,
    RegimeConfig,
    StatisticsConfig,
)
from ablation.study.checks import ConfigError, known, shown
from ablation.study.settings import ArmSettings
from ablation.training.config import TrainConfig

Arms = Mapping[str, ArmSettings]


class Paper(Section):
    """`paper.yaml` as written."""

    figures: dict[Name, FigureConfig]
    headline: list[Headline]
    questions: dict[Name, Question]
    statistics: StatisticsConfig
    regimes: dict[Name, RegimeConfig]
    metrics: dict[Name, Metric]
    claims: dict[Name, ClaimConfig]


def resolve_claims(
    paper: Paper,
    arms: Arms,
    labels: Mapping[str, str],
    baseline: str,
    mislabelled: Mapping[str, str],
) -> ClaimsConfig:
    """What `compare` reads, with a question of its own for every arm that no question names.

    Args:
        arms: every arm.
        labels: their names.
        baseline: the arm that those are compared with.
        mislabelled: arm -> what its label says and it is not, in words: claims that name it are not
            applicable.

    Raises:
        ConfigError: a name that stands for nothing; two arms that see different data sets, which no
            comparison can be fair to; a pair that two questions compare, or that a claim compares
            and no question.
    """
    for metric in paper.statistics.metrics:
        known(metric, paper.metrics, "statistics.metrics")
    for arm in paper.statistics.fails_in_paper:
        known(arm, arms, "statistics.fails_in_paper")
    for name, regime in paper.regimes.items():
        for arm in regime.arms:
            known(arm, arms, f"regimes.{name}.arms")
    for number, headline in enumerate(paper.headline):
        for arm in headline.arms:
            known(arm, arms, f"headline.{number}.arms")
    asked = _check_questions(paper, arms)
    added = _added(paper, arms, labels, baseline)
    _check_figures(paper, arms, paper.questions | added)
    asked |= {frozenset(question.pairs[0]): name for name, question in added.items()}
    not_applicable = {}
    for name, claim in paper.claims.items():
        if claim.contradicts is not None:
            known(claim.contradicts, paper.claims, f"claims.{name}.contradicts")
        if isinstance(claim, ArmsClaim):
            _check_claim(f"claims.{name}", claim, paper, arms, asked)
            reasons = [mislabelled[arm] for arm in claim.arms if arm in mislabelled]
            if reasons:
                not_applicable[name] = reasons[0]
    return ClaimsConfig(
        headline=paper.headline,
        statistics=paper.statistics,
        questions=paper.questions | added,
        regimes=paper.regimes,
        metrics=paper.metrics,
        claims=paper.claims,
        arms={name: _facts(paper.statistics, arm) for name, arm in arms.items()},
        not_applicable=not_applicable,
    )


def _check_figures(paper: Paper, arms: Arms, questions: Mapping[str, Question]) -> None:
    for name, figure in paper.figures.items():
        for arm in getattr(figure, "arms", []):
            known(arm, arms, f"figures.{name}.arms")
        for metric in figure.metrics if isinstance(figure, ForestFigure) else ():
            in_points = [m for m in paper.statistics.metrics if paper.metrics[m].unit == "points"]
            known(metric, in_points, f"figures.{name}.metrics")
        if isinstance(figure, ForestFigure) and not questions:
            raise ConfigError(
                f"figures.{name} draws differences, and no two arms are compared; remove it, or "
                "ask a question"
            )


def _check_questions(paper: Paper, arms: Arms) -> dict[frozenset[str], str]:
    """The question of each pair."""
    asked: dict[frozenset[str], str] = {}
    for name, question in paper.questions.items():
        path = f"questions.{name}"
        if question.figure is not None:
            known(question.figure, paper.figures, f"{path}.figure")
        for pair in question.pairs:
            _check_pair(f"{path}.pairs", pair, arms)
            first = asked.setdefault(frozenset(pair), name)
            if first != name:
                raise ConfigError(
                    f"{path}.pairs has {shown(pair)}, as questions.{first}.pairs has; keep one"
                )
    return asked


def _check_pair(path: str, pair: list[str], arms: Arms) -> None:
    for arm in pair:
        known(arm, arms, path)
    if pair[0] == pair[1]:
        raise ConfigError(f"{path} = {shown(pair)}; allowed: two different arms")
    first, second = (arms[arm].input.set for arm in pair)
    if first != second:
        raise ConfigError(
            f"{path} = {shown(pair)} compares the data sets {first} and {second}; "
            "allowed: two arms on one data set"
        )


def _check_claim(
    path: str, claim: ArmsClaim, paper: Paper, arms: Arms, asked: Mapping[frozenset[str], str]
) -> None:
    for arm in claim.arms:
        known(arm, arms, f"{path}.arms")
    for name in claim.regimes:
        known(name, [*paper.regimes, PAPER], f"{path}.regimes")
    if isinstance(claim, LevelClaim):
        for name in claim.levels:
            shares = [name for name, metric in paper.metrics.items() if metric.unit != "images"]
            known(name, shares, f"{path}.levels")
        return
    assert isinstance(claim, MetricClaim)
    known(claim.metric, paper.metrics, f"{path}.metric")
    for pair in claim.pairs:
        _check_pair(f"{path}.arms", list(pair), arms)
        if frozenset(pair) not in asked:
            raise ConfigError(
                f"{path}.arms = {shown(list(pair))} is no pair of `questions`; allowed: one of them"
            )
    surely = isinstance(claim, DifferenceClaim) and claim.expect in ("higher", "lower")
    if not (surely or paper.metrics[claim.metric].has_margin):
        allowed = [name for name, other in paper.metrics.items() if other.has_margin]
        raise ConfigError(
            f"{path}.metric = {shown(claim.metric)} has no margin; allowed: {', '.join(allowed)}"
        )


def _added(
    paper: Paper, arms: Arms, labels: Mapping[str, str], baseline: str
) -> dict[str, Question]:
    """A question for each arm on the baseline's images that none names: it costs no other."""
    named = {arm for asked in paper.questions.values() for pair in asked.pairs for arm in pair}
    return {
        f"added_{arm}": Question(title=labels[arm], figure=None, pairs=[[arm, baseline]])
        for arm, settings in arms.items()
        if arm not in named | {baseline} and settings.input.set == arms[baseline].input.set
    }


def _facts(settings: StatisticsConfig, arm: ArmSettings) -> ArmFacts:
    """What the statistics must know of an arm."""
    train = arm.effective().train
    _, validation = arm.data.parts(arm.input.set)
    return ArmFacts(
        epochs=train.epochs,
        epoch_images=train.images_per_epoch // train.batch_size * train.batch_size,
        learning_rate=train.optimizer.learning_rate,
        steady=steady(train, settings.steady_rate),
        measured_training=min(train.measured_images, train.images),
        measured_validation=min(train.measured_images, validation),
    )


def steady(train: TrainConfig, share: float) -> list[int]:
    """The first and the last epoch, from 1, that end with `share` of the highest rate or more.

    It rises from 0 over the warmup and falls to 0 at the run's end, as a cosine over all the rest
    or in a straight line over the decay; a constant rate is at its highest always.
    """
    warmup, decay = train.optimizer.warmup, train.optimizer.decay
    if warmup is None:
        return [1, train.epochs]
    rates = []
    for epoch in range(1, train.epochs + 1):
        done = epoch / train.epochs
        falling = (1 + cos(pi * (done - warmup) / (1 - warmup))) / 2
        if decay is not None:
            falling = min(1.0, (1 - done) / decay) if decay else 1.0
        rates.append(done / warmup if done < warmup else falling)
    high = [epoch for epoch, rate in enumerate(rates, start=1) if rate >= share - 1e-9]
    return [high[0], high[-1]] if high else [1, 0]
