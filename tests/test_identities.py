"""The chain rule of information, which a plug-in estimate keeps to the last bit on discrete data."""

import numpy as np
import pytest

import calling
from infoplane.core.seeding import generator
from infoplane.estimators._shared.base import Estimator
from infoplane.estimators.binning import Binning
from infoplane.estimators.mixed_ksg import MixedKSG


def discrete(samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and y, each `(samples, 1)` of a few values, y a noisy function of both."""
    rng = generator(0, "test_identities")
    a, b = rng.integers(3, size=samples), rng.integers(2, size=samples)
    y = (a + 2 * b + (rng.random(samples) < 0.3)) % 4
    return tuple(v[:, None].astype(np.float64) for v in (a, b, y))  # type: ignore[return-value]


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("estimator", [MixedKSG(k=3, scale="none"), Binning(bins=12)], ids=lambda e: e.name)
def test_chain_rule_of_discrete_variables(estimator: Estimator, labels: bool) -> None:
    """I(A,B;Y) = I(A;Y) + I(B;Y|A), the last a mean over the values of A (Cover & Thomas 2006, eq. 2.62)."""
    a, b, y = discrete(600)

    def bits(x: np.ndarray, target: np.ndarray) -> float:
        return calling.estimate(estimator, x, target, labels=labels)

    given_a = sum((a == value).mean() * bits(b[a[:, 0] == value], y[a[:, 0] == value]) for value in np.unique(a))
    assert given_a > 0.1
    # Classes have most of the plug-in's bias taken off, which is of the order of one over the size of a cell.
    within = 0.03 if labels and isinstance(estimator, MixedKSG) else 1e-9
    assert bits(np.hstack([a, b]), y) == pytest.approx(bits(a, y) + given_a, abs=within)
