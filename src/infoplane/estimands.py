"""What a number is an estimate of. Most quarrels about information planes compare numbers of different quantities:

    Plain()              I(T;Y) and I(X;T). For a network without noise the second is infinite, as a rule
    Noisy(sigma)         I(T + sigma Z; Y) and I(X; T + sigma Z), Z standard normal on every unit (Goldfeld et al. 2019)
    Binned(rule, bins)   I(bin T; bin Y) and I(X; bin T) = H(bin T) (Shwartz-Ziv & Tishby 2017)
    Usable(family)       what decoders of a family can use: E log2 q(y | t) / q(y) of the best (Xu et al. 2020)

Each is finite or infinite, rises or falls, for reasons of its own. `str` of one is short and has no comma: it stands in
tables, and two that read alike are one quantity. An estimator has the property `estimand`.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

Target = Literal["y", "x"]
Scale = Literal["none", "layer", "unit"]


@dataclass(frozen=True)
class Estimand:
    """One of the quantities below."""

    def about(self, target: Target, *, labels: bool = False) -> Self:  # noqa: ARG002
        """Without what plays no part: noise or bins on y, where y holds labels or the other side is x."""
        return self


@dataclass(frozen=True)
class Plain(Estimand):
    """I(T;Y) and I(X;T) themselves."""

    def __str__(self) -> str:
        return "plain"


@dataclass(frozen=True)
class Noisy(Estimand):
    """The information of a layer with Gaussian noise on every unit.

    sigma: the standard deviation of the noise, in the layer's own unit where `scale` is `none`, in units of
        sqrt(sum of the units' variances) where it is `layer`, in standard deviations of each unit where it is `unit`.
    target_sigma: that of the noise on a y of numbers, in y's own unit where `scale` is `none`, else in standard
        deviations of y; None for no noise.
    """

    sigma: float
    scale: Scale = "none"
    target_sigma: float | None = None

    def about(self, target: Target, *, labels: bool = False) -> Self:
        return replace(self, target_sigma=None) if labels or target == "x" else self

    def __str__(self) -> str:
        words = f"{self.sigma:.6g}" + ("" if self.scale == "none" else f" of {self.scale}")
        return f"noisy({words}{'' if self.target_sigma is None else f'; y {self.target_sigma:.6g}'})"


@dataclass(frozen=True)
class Binned(Estimand):
    """The information of a layer whose units are cut into bins, about a y that is cut, too, if `bins_y` says so.

    `rule` and `range` are those of the estimator `binning`: the edges are those that it sets on the rows at hand.
    """

    rule: str
    bins: int
    bins_y: int | None = None
    range: tuple[float, float] | None = None

    def about(self, target: Target, *, labels: bool = False) -> Self:
        return replace(self, bins_y=None) if labels or target == "x" else self

    def __str__(self) -> str:
        words = f"{self.rule} {self.bins}"
        if self.range is not None:
            words += f" on {self.range[0]:.6g} to {self.range[1]:.6g}"
        return f"binned({words}{'' if self.bins_y is None else f'; y {self.bins_y}'})"


@dataclass(frozen=True)
class Usable(Estimand):
    """What decoders of a family can use: E log2 q(y | t) / q(y), q(y) the mean of q(y | t) over t: how well they tell
    which t a y came from.

    `linear`: of numbers, normal around a linear function of t, its width the same everywhere; of labels, linear
    discriminants. `mlp`: the same of a network of one hidden layer.
    """

    family: str

    def __str__(self) -> str:
        return f"usable({self.family})"
