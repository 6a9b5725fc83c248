"""sklearn: scikit-learn's own numbers, in bits, the largest of them."""

import numpy as np
import pytest
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.sklearn import Sklearn


def estimate(x, y, seed=0, labels=False, **params):
    return calling.estimate(Sklearn(**params), x, y, seed, labels=labels)


@pytest.fixture
def layer():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    return x, x[:, 2:3] + 0.5 * x[:, :1] + 0.3 * rng.normal(size=(300, 1))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_regression(layer, k):
    x, y = layer
    nats = mutual_info_regression(x, y[:, 0], n_neighbors=k, random_state=0)
    assert nats.argmax() == 2
    assert estimate(x, y, k=k) == pytest.approx(nats.max() / np.log(2), abs=1e-6)


def test_classification(layer):
    x, y = layer
    label = np.digitize(y, [-1, 1]).astype(float) * 7  # any numbers may be labels
    nats = mutual_info_classif(x, label[:, 0].astype(int), n_neighbors=3, random_state=0)
    assert estimate(x, label, labels=True) == pytest.approx(nats.max() / np.log(2), abs=1e-6)


def test_several_targets_and_the_best_of_them(layer):
    x, y = layer
    other = np.random.default_rng(1).normal(size=(300, 1))
    assert estimate(x, np.hstack([other, y])) == pytest.approx(estimate(x, y), abs=1e-6)


def test_no_unit_knows_more_than_its_layer():
    """Two units tell y together, 1 bit, and neither tells anything alone."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(1000, 2))
    assert estimate(x, np.sign(x[:, :1] * x[:, 1:]), labels=True) < 0.06


def test_constant_units_are_not_measured_by_their_noise(layer):
    x, y = layer
    assert estimate(np.hstack([x, np.full((300, 5), 3.0)]), y) == estimate(x, y)


def test_the_generator_decides_how_ties_are_broken(layer):
    x, y = (np.round(v) for v in layer)
    y += np.linspace(0, 1e-3, 300)[:, None]
    assert estimate(x, y, seed=1) == estimate(x, y, seed=1)
    assert estimate(x, y, seed=1) != estimate(x, y, seed=2)


def test_too_many_neighbours(layer):
    with pytest.raises(InfoplaneError, match="k: 300 is not below the 300 samples"):
        estimate(*layer, k=300)
