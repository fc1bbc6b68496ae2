"""Where each input comes from, pinned by its digest."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ablation.base.section import Section

# sha256 or md5, and the hexadecimal digits of each.
Digest = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$")]

Address = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=500)]
# Of a project and of its file: it becomes a file's name here.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=150)]
# How many bytes a file has, so that not one more is read.
Size = Annotated[int, Field(gt=0, le=1 << 30)]
PARTS = ("x_train", "y_train", "x_test", "y_test")  # of MNIST


class PublicAddress(Section):
    """A file at a public address, pinned by its digest (`sha256:HEX` or `md5:HEX`) and size."""

    url: Address
    digest: Digest
    bytes: Size


class IndexedFile(Section):
    """A file of a package-index project, pinned by its digest and size."""

    project: FileName
    file: FileName
    digest: Digest
    bytes: Size


class SourceConfig(Section):
    """Where one input comes from: the public address first, the package index second, if any."""

    public: PublicAddress
    index: IndexedFile | None


class MnistSource(SourceConfig):
    """MNIST's source, with the md5 of its four IDX files whichever source served them."""

    content: dict[str, Digest]

    @model_validator(mode="after")
    def _all_parts(self) -> MnistSource:
        if set(self.content) != set(PARTS):
            raise ValueError(f"content has other keys than {', '.join(PARTS)}; give these")
        return self


class WeightsSource(SourceConfig):
    """A network's weights; `content` is their digest whichever source served, where it is known."""

    content: Digest | None


class SourcesConfig(Section):
    """What the study fetches; `vgg19` is None where no arm starts from it."""

    mnist: MnistSource
    vgg16: WeightsSource
    vgg19: WeightsSource | None
