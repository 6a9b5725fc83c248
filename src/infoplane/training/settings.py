"""The settings of a training run: epochs, replicates, batches, and PyTorch's optimiser and loss by name."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ..core.devices import Device
from ..core.validation import Count, Section, Seed


class Optimizer(BaseModel):
    """A class of torch.optim by name, and its arguments. Nothing else can be named, so no configuration runs code."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False, frozen=True)
    target: Annotated[str, Field(alias="_target_", pattern=r"^torch\.optim\.[A-Z]\w*$")]
    lr: Annotated[float, Field(gt=0)]
    __pydantic_extra__: dict[str, int | float | bool | str | list[float]]  # LBFGS takes an integer and a string


class Loss(Section):
    """A loss of torch.nn by name."""

    target: Annotated[str, Field(alias="_target_", pattern=r"^torch\.nn\.[A-Z]\w*Loss$")]


class Train(Section):
    epochs: Annotated[int, Field(ge=0)]
    replicates: Count
    batch_size: Count
    seed: Seed
    device: Device
    optimizer: Optimizer
    loss: Loss
