"""What each section of the configuration may say: typed, frozen, without a key too many (see `config`)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .devices import Device

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """No unknown key, no coerced type ('3' is not 3), no NaN, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Dataset(Section):
    generator: str
    samples: Count
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    probe_samples: Annotated[int, Field(ge=0)]
    seed: Seed
    params: dict[str, Any]

    @property
    def test_samples(self) -> int:
        return round(self.samples * self.test_fraction)


class Model(Section):
    architecture: str
    params: dict[str, Any]


class Optimizer(BaseModel):
    """A class of torch.optim by name, and its arguments; nothing else can be named, so no config runs code."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False, frozen=True)
    target: Annotated[str, Field(alias="_target_", pattern=r"^torch\.optim\.[A-Z]\w*$")]
    lr: Annotated[float, Field(gt=0)]
    __pydantic_extra__: dict[str, int | float | bool | str | list[float]]  # LBFGS has a count and a name


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


class Extract(Section):
    split: Literal["train", "test", "probe"]


class Measure(Section):
    """Which values an estimator is run on, so that a slow one costs what a person chooses.

    `pairs: shuffled` pairs each activation with another row's target: the mistake, to be seen on purpose.
    `samples` are the first so many rows of a fixed shuffle. Every epoch up to `first` is measured, then every
    `every`th and the last; or just those that `epochs` lists.
    """

    pairs: Literal["right", "shuffled"] = "right"
    samples: Count | None = None
    first: Annotated[int, Field(ge=0)] = 0
    every: Count = 1
    epochs: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    targets: Annotated[list[Literal["y", "x"]], Field(min_length=1)] = ["y", "x"]
    replicates: Literal["all"] | Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = "all"
    layers: Literal["all"] | Annotated[list[str], Field(min_length=1)] = "all"


class Reduce(Section):
    components: Count


def unordered(measure: Measure, reduce: object) -> bool:
    """Whether values may rise with depth: those of shuffled pairs, or of layers each cut down by itself."""
    return measure.pairs == "shuffled" or reduce is not None


class Stderr(Section):
    """Standard errors from so many splits into halves, at every epoch up to `first`, then at every `every`th."""

    splits: Annotated[int, Field(ge=2)]
    first: Annotated[int, Field(ge=0)] = 0
    every: Count = 1

    def at(self, epoch: int) -> bool:
        return epoch <= self.first or epoch % self.every == 0


class Estimator(Section):
    """`permutations` is how many draws of the null a value gets; with fewer than 19 no p could reach 0.05."""

    id: str
    estimator: str
    measure: Measure = Measure()
    reduce: Reduce | None = None
    stderr: Stderr | None = None
    permutations: Annotated[int, Field(ge=19)] | None = None
    params: dict[str, Any]


class Plot(Section):
    """`answer` holds the estimator ids of the answering figure, each with the words that name it there."""

    hidden_layer: str | None = None
    answer: dict[str, str] = {}


class Compute(Section):
    """On `workers` cores of this machine (0: all), or on the Dask cluster of `scheduler`, as `tcp://host:port`."""

    workers: Annotated[int, Field(ge=0)] = 0
    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls)://[^\s/]+:\d+$")] | None = None
