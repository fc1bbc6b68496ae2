"""Where each input comes from, pinned by digest (`sources.yaml` beside this file)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Source:
    """A file at a public address, and one of the package index with the same content.

    Attributes:
        digest: of the file at `url`, "sha256:HEX" or "md5:HEX", as all digests.
        project: of the index; `file` is its file's name and `file_digest` that file's digest.
        content: of MNIST the digest of each array's IDX file; of VGG-16 the digest that
            `ablation.inputs.vgg.content_digest` gives of the weights.
    """

    url: str
    digest: str
    project: str
    file: str
    file_digest: str
    content: Any


SOURCES = {
    name: Source(**fields)
    for name, fields in yaml.safe_load(
        Path(__file__).with_name("sources.yaml").read_text(encoding="utf-8")
    ).items()
}
