"""What every section of a configuration is: strict, immutable and complete.

`params.yaml` is written for people: base sections, a scale's sizes, an arm's overrides. The stage
`resolve` merges them (`ablation.study`) into the sections that the `config.py` of each folder
declares, beside the code that they configure. So every later stage reads a complete configuration,
and no default hides in code.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Tree = dict[str, Any]

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]  # frameworks count and index in 32 bits
Rate = Annotated[float, Field(gt=0, le=1e6)]  # above any quantity here, and no product overflows

# Upper bounds are for slips of a key: well above what any machine trains today, and low enough that
# no product of two overflows.
Side = Annotated[int, Field(gt=0, le=4096)]  # px, of an image; the paper's largest is 224
Images = Annotated[int, Field(gt=0, le=1_000_000)]  # 20 times the paper's; 16 GB at 128 px
EpochImages = Annotated[int, Field(gt=0, le=200_000)]  # times the most epochs: steps in 32 bits
Epochs = Annotated[int, Field(gt=0, le=10_000)]  # the paper trains 300
Batch = Annotated[int, Field(gt=0, le=65_536)]  # larger ones are of clusters
Threads = Annotated[int, Field(gt=0, le=1024)]  # more crash TensorFlow's pools
Filters = Annotated[int, Field(gt=0, le=16_384)]  # 32 times the most of VGG
Kernel = Annotated[int, Field(gt=0, le=31)]  # px, a side; the largest in use on images
Stride = Annotated[int, Field(gt=0, le=64)]  # of a stem or a pooling; a larger one leaves no image
Units = Annotated[int, Field(gt=0, le=65_536)]  # 16 times VGG's own dense layers
Block = Annotated[list[Filters], Field(min_length=1, max_length=64)]
Blocks = Annotated[list[Block], Field(min_length=1, max_length=32)]  # a pooling ends each
Dense = Annotated[list[Units], Field(max_length=32)]
LearningRate = Annotated[float, Field(gt=0, le=1e3)]  # float32 weights overflow soon above
Factor = Annotated[float, Field(gt=0, le=1e3)]  # of a penalty beside a loss of about 1
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]  # it names files


class Section(BaseModel):
    """A strict, immutable section: an unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, tree: Any) -> Any:
        for key in tree if isinstance(tree, dict) else ():
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key",
                    "{key}: unknown key; allowed: {allowed}",
                    {"key": str(key), "allowed": ", ".join(cls.model_fields)},
                )
        return tree
