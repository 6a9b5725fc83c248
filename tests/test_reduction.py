"""The principal components of a layer."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from infoplane.core.seeding import generator
from infoplane.estimation.reduction import principal_components

Floats = NDArray[np.float32]


def layer(samples: int = 80, units: int = 6, rank: int = 6) -> Floats:
    """Columns of different size and mean, which span `rank` dimensions."""
    rng = generator(0, "test_reduction", samples, units, rank)
    mixed = rng.normal(size=(samples, rank)) * np.arange(1, rank + 1) @ rng.normal(size=(rank, units))
    return np.asarray(mixed + rng.normal(size=units), dtype=np.float32)


@pytest.mark.parametrize(("samples", "units"), [(80, 6), (10, 40)])
def test_they_are_those_of_scikit_learn(samples: int, units: int) -> None:
    t = layer(samples, units)
    theirs = PCA(3, svd_solver="full").fit_transform(t.astype(np.float64))
    ours = principal_components(t, 3)
    signs = np.sign((ours * theirs).sum(axis=0))
    assert ours == pytest.approx(theirs * signs, abs=1e-8)


def test_no_whitening_all_components_keep_all_distances() -> None:
    t = layer(units=6, rank=3)
    assert pdist(principal_components(t, 3)) == pytest.approx(pdist(t.astype(np.float64)), rel=1e-5)


def test_the_largest_weight_is_positive() -> None:
    """Column j is 10^j z_j: component i is the i-th largest column, as it is and not mirrored."""
    rng = generator(0, "sign")
    t = (rng.normal(size=(500, 4)) * 10.0 ** np.arange(4)).astype(np.float32)
    found = principal_components(t, 2)
    assert np.corrcoef(found[:, 0], t[:, 3])[0, 1] > 0.99
    assert np.corrcoef(found[:, 1], t[:, 2])[0, 1] > 0.99
    assert principal_components(-t, 2) == pytest.approx(-found)


@pytest.mark.parametrize("components", [6, 7])
def test_a_layer_with_no_more_units_comes_back_as_it_is(components: int) -> None:
    t = layer()
    assert principal_components(t, components) is t


def test_rounding_is_no_component() -> None:
    assert principal_components(layer(units=8, rank=2), 5).shape == (80, 2)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30])
def test_a_constant_layer_stays_constant(value: float) -> None:
    found = principal_components(np.full((20, 5), value, dtype=np.float32), 3)
    assert found.shape == (20, 1)
    assert (found == found[0]).all()


def test_equal_rows_stay_equal_to_the_bit_and_different_ones_different() -> None:
    distinct = layer(samples=30, units=20, rank=20)
    places = generator(0, "ties").integers(30, size=500)
    found = principal_components(distinct[places], 10)
    assert (np.unique(found, axis=0, return_inverse=True)[1].reshape(-1) < 30).all()
    for place in range(30):
        same = found[places == place]
        assert (same == same[0]).all()


def test_the_order_of_rows_is_nothing() -> None:
    t = layer(units=8, rank=8)
    order = generator(0, "order").permutation(len(t))
    assert principal_components(t[order], 3) == pytest.approx(principal_components(t, 3)[order], abs=1e-9)
