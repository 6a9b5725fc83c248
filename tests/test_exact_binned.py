"""Exact values of binned layers against lengths that can be counted, and against the estimator on a large
sample."""

import numpy as np
import pytest
from scipy import stats

import calling
from infoplane import exact
from infoplane.core.errors import InfoplaneError
from infoplane.datasets import bimodal, quadratic
from infoplane.estimators.binning import Binning
from infoplane.laws import KnownLaw, Mixture

QUADRATIC = quadratic.make()
RNG = np.random.default_rng(0)
NET = [(RNG.normal(size=(o, i)) * np.sqrt(2 / i), RNG.normal(size=o) / 2) for i, o in ((1, 4), (4, 3), (3, 1))]
IDENTITY = [(np.ones((1, 1)), np.zeros(1))]
RECTIFIED = [(np.ones((1, 1)), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]  # relu(x), twice


def entropy(*masses):
    return -sum(p * np.log2(p) for p in masses)


def test_equal_bins_of_a_uniform_x():
    assert exact.binned_entropy(IDENTITY, QUADRATIC, 8) == pytest.approx([3], abs=1e-12)
    assert exact.binned_entropy(IDENTITY, QUADRATIC, 6, range=(-6, 6)) == pytest.approx(
        [entropy(1 / 6, 1 / 3, 1 / 3, 1 / 6)], abs=1e-12
    )


def test_an_atom_and_a_ramp():
    """relu(x): 0 for half of x, in the first of three bins with a sixth of x besides."""
    assert exact.binned_entropy(RECTIFIED, QUADRATIC, 3) == pytest.approx([entropy(2 / 3, 1 / 6, 1 / 6)] * 2, abs=1e-12)


def test_a_value_on_an_edge_belongs_to_the_bin_above():
    """The atom at 0 is not in the bin of [-1, 0)."""
    edges = [-1, 0, 1, 3]
    assert exact.binned_entropy(RECTIFIED, QUADRATIC, edges) == pytest.approx([entropy(2 / 3, 1 / 3)] * 2)


def test_values_beyond_the_edges_fall_into_the_outermost_bins():
    edges = np.array([-1, 0, 1])
    assert exact.binned_entropy(IDENTITY, QUADRATIC, edges) == pytest.approx([1])


def test_two_units_make_a_grid():
    """(x, |x|), 4 bins each on (-4, 4): x has cells at -2, 0, 2; |x| cuts at 2 alone, where x does too."""
    layers = [(np.array([[1.0], [-1]]), np.zeros(2)), (np.array([[1.0, -1], [1, 1]]), np.zeros(2))]
    assert exact.binned_entropy(layers, QUADRATIC, 4, range=(-4, 4))[1] == pytest.approx(
        entropy(1 / 6, 1 / 3, 1 / 3, 1 / 6)
    )


def test_one_bin_or_a_constant_holds_nothing():
    dead = [(np.zeros((2, 1)), np.ones(2))]
    assert exact.binned_entropy(dead, QUADRATIC, 10) == [0.0]
    assert exact.binned_information(dead, QUADRATIC, 10) == [0.0]
    assert exact.binned_information(NET, QUADRATIC, 1) == [0.0] * 3


def test_information_of_a_sign():
    """y tells the sign of x, with probability 1/4 of being -1: H(1/4) of I(bin(T);Y)."""
    inputs = Mixture((stats.uniform(-2, 1), stats.uniform(1, 1)), (0.25, 0.75))
    known = KnownLaw(inputs, lambda x: x, stats.norm(), lambda x: np.full_like(x, 0.01))
    value = exact.binned_information(IDENTITY, known, [-2, 0, 2])
    assert value == pytest.approx([entropy(0.25, 0.75)], abs=1e-5)


@pytest.mark.parametrize("known", [QUADRATIC, bimodal.make()])
@pytest.mark.parametrize("activation", ["relu", "hardtanh", "tanh"])
def test_bins_within_bins_hold_more_and_never_more_than_the_layer(known, activation):
    layer = np.array(exact.layer_information(NET, known, activation=activation))
    coarse, fine, finest = (
        np.array(exact.binned_information(NET, known, bins, activation=activation)) for bins in (4, 32, 1024)
    )
    assert (coarse < fine + 1e-9).all()
    assert (fine < finest + 1e-9).all()
    assert (finest < layer + 1e-5).all()
    assert (coarse <= exact.binned_entropy(NET, known, 4, activation=activation)).all()


def test_ever_finer_bins_come_to_the_layer():
    layer = exact.layer_information(NET, QUADRATIC)
    assert exact.binned_information(NET, QUADRATIC, 2**14) == pytest.approx(layer, abs=2e-3)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_estimator_comes_to_it(activation):
    """`binning` on a large sample; its entropy is short of the true one by about (cells - 1) / (2 n ln 2)
    bits."""
    samples = 200_000
    t, _ = QUADRATIC.sample(samples, np.random.default_rng(1))
    function = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}[activation]
    bounds = (-12.0, 12.0)
    values = exact.binned_entropy(NET, QUADRATIC, 24, range=bounds, activation=activation)
    for number, (weight, bias) in enumerate(NET):
        t = t @ weight.T + bias
        t = t if number == len(NET) - 1 else function(t)
        estimate = calling.input_information(Binning(rule="width", bins=24, range=list(bounds)), t)
        assert values[number] == pytest.approx(estimate, abs=0.01)


@pytest.mark.parametrize(("bins", "bounds"), [([1, 0], None), ([1], None), (0, None), (3, (1, -1)), ([[0, 1]], None)])
def test_what_is_no_bins(bins, bounds):
    with pytest.raises(InfoplaneError, match=r"^bins: "):
        exact.binned_entropy(NET, QUADRATIC, bins, range=bounds)
