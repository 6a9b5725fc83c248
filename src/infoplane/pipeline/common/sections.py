"""The schema of each section of the configuration: typed, frozen, without unknown keys (see `config`)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ...core.validation import Count, Section, Seed

NO_FILE = "data/config.stamp"


class Dataset(Section):
    """Data that are read: from a `file`, a `test_file` with other rows, or the `folder` of a recorded run.

    DVC watches all three, and a dependency cannot be empty: what is not used names `NO_FILE`, which never changes.
    """

    generator: str
    seed: Seed
    file: str = NO_FILE
    test_file: str = NO_FILE
    folder: str = NO_FILE
    params: dict[str, Any]

    @property
    def is_recorded(self) -> bool:
        """Whether the activations are there already, so that nothing is trained."""
        return self.folder != NO_FILE


class Drawn(Dataset):
    """Data that are drawn from a law."""

    samples: Count
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    probe_samples: Annotated[int, Field(ge=0)]

    @property
    def test_samples(self) -> int:
        return round(self.samples * self.test_fraction)


class Model(Section):
    architecture: str
    params: dict[str, Any]


class Extract(Section):
    split: Literal["train", "test", "probe"]


class Truth(Section):
    """Which exact values to have besides the plain ones: those of noise of `sigma` on every unit, and of what each
    estimator is an estimate of.

    At every epoch up to `first`, then every `every`th and the last, of the first `networks` replicates.
    """

    sigma: Annotated[float, Field(gt=0)] | None = None
    relative: bool = False
    first: Annotated[int, Field(ge=0)] = 20
    every: Count = 10
    networks: Count = 4
    stderr_bits: Annotated[float, Field(gt=0, le=1)] = 0.01


class Plot(Section):
    """`answer` maps the estimator ids of the figure `answer` to the names that they have there."""

    hidden_layer: str | None = None
    answer: dict[str, str] = Field(default={})


class Compute(Section):
    """Where to compute: `workers` cores of this machine (0: all), or the Dask `scheduler`, as `tcp://host:port`."""

    workers: Annotated[int, Field(ge=0)] = 0
    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls)://[^\s/]+:\d+$")] | None = None
