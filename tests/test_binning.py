"""binning: against counting by hand, and against distributions whose binned entropy can be written down."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators._shared.edges import inner_edges
from infoplane.estimators.binning import Binning


def entropy(cells):
    counts = Counter(cells).values()
    return -sum(c / sum(counts) * math.log2(c / sum(counts)) for c in counts)


def width_cells(t, bins, low=None, high=None):
    """Rows as tuples of bins, one value at a time."""
    columns = []
    for column in t.T:
        least, greatest = (column.min(), column.max()) if low is None else (low, high)
        inner = np.linspace(least, greatest, bins + 1)[1:-1]
        columns.append([sum(v >= edge for edge in inner) if greatest > least else 0 for v in column])
    return list(zip(*columns, strict=True))


def estimate(x, y, labels=False, **params):
    return calling.estimate(Binning(**params), x, y, labels=labels)


def input_information(t, **params):
    return calling.input_information(Binning(**params), t)


# A grid of dyadic numbers: bin edges are exact, so that by hand and by multiplication agree at the edges too.
dyadic = st.integers(0, 64).map(lambda i: i / 8 - 4)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data(), st.integers(2, 40), st.integers(1, 4), st.sampled_from([2, 4, 8, 16]))
def test_equals_counting_by_hand(data, samples, units, bins):
    t = data.draw(arrays(np.float64, (samples, units), elements=dyadic))
    t[0], t[-1] = -4, 4
    y = data.draw(arrays(np.float64, (samples, 1), elements=dyadic))
    y += np.arange(samples)[:, None]  # no ties: continuous
    y_cells = width_cells(y, bins)
    t_cells = width_cells(t, bins)
    both = entropy(zip(t_cells, y_cells, strict=True))
    # y's range is whatever it is, so that its edges are not exact: leave out draws in which a value sits
    # on one.
    places = (y - y.min()) / (y.max() - y.min()) * bins
    if not (np.abs(places - np.round(places)) < 1e-9)[1:-1].any():
        value = estimate(t, y, bins=bins)
        assert value == pytest.approx(entropy(t_cells) + entropy(y_cells) - both, abs=1e-12)
    assert input_information(t, bins=bins) == pytest.approx(entropy(t_cells), abs=1e-12)
    assert input_information(t, bins=bins, range=[-4.0, 4.0]) == pytest.approx(entropy(t_cells), abs=1e-12)


def test_more_cells_than_integers():
    """300 units of 30 bins are 30^300 cells; each row alone in its own, but for two that are equal."""
    t = np.random.default_rng(0).normal(size=(50, 300))
    t[1] = t[0]
    expected = entropy(width_cells(t, 30))
    assert expected == pytest.approx(math.log2(50) - 2 / 50)
    assert input_information(t, bins=30) == pytest.approx(expected)
    # Rows that differ in the first unit alone stay apart, whatever is packed after it.
    t[:] = 0.5
    t[:, 0] = np.arange(50)
    t[0, 1:], t[1, 1:] = 0, 1
    assert input_information(t, bins=64) == pytest.approx(math.log2(50))


@pytest.mark.parametrize("bins", [2, 8, 30])
def test_entropy_of_an_even_grid(bins):
    t = (np.arange(bins * 20)[:, None] + 0.5) / (bins * 20)
    assert input_information(t, bins=bins, range=[0.0, 1.0]) == pytest.approx(math.log2(bins))
    assert input_information(t, bins=bins, rule="quantile") == pytest.approx(math.log2(bins))


def test_quantile_bins_hold_equal_counts_and_do_not_see_monotone_maps():
    rng = np.random.default_rng(0)
    t, y = rng.normal(size=(300, 2)), rng.normal(size=(300, 1))
    assert input_information(t[:, :1], rule="quantile") == pytest.approx(math.log2(10))
    bent = np.exp(3 * t)
    assert estimate(bent, y, rule="quantile") == estimate(t, y, rule="quantile")
    assert estimate(bent, y) != estimate(t, y)


def test_quantile_bins_keep_equal_values_together():
    """Six zeros and 1, 2, 3, 4: the edges at 20 and 40 % are 0, that at 60 % is 1 and that at 80 % is 3."""
    t = np.array([[0.0]] * 6 + [[1.0], [2.0], [3.0], [4.0]])
    assert input_information(t, rule="quantile", bins=5) == pytest.approx(entropy("000000" + "11" + "22"))


def test_a_unit_known_from_another_adds_nothing():
    rng = np.random.default_rng(0)
    t, y = rng.normal(size=(300, 1)), rng.normal(size=(300, 1))
    more = np.hstack([t, 3 * t + 1, np.zeros_like(t)])
    assert estimate(more, y) == pytest.approx(estimate(t, y))


def test_a_discrete_y_keeps_its_values():
    """y of four classes and a unit that shows the class: I = H(Y); for the parity of the class 1 bit."""
    y = np.tile([0.0, 1.0, 5.0, 100.0], 30)[:, None]  # two of them would share a bin of equal width
    which = np.tile([0.0, 1.0, 2.0, 3.0], 30)[:, None]
    assert estimate(which, y, bins=4) == pytest.approx(2.0), "numbers of no more values than bins"
    assert estimate(which, y, labels=True, bins=4) == pytest.approx(2.0)
    assert estimate(which % 2, y, labels=True, bins=2) == pytest.approx(1.0)
    assert estimate(which, y, labels=True, bins=4, bins_y=2) == pytest.approx(2.0)


def test_bins_y_cuts_a_continuous_y():
    t = np.arange(64.0)[:, None]
    assert estimate(t, t, bins=16, bins_y=4) == pytest.approx(2.0)
    assert estimate(t, t, bins=16) == pytest.approx(4.0)


def test_bias_at_independence_is_millers():
    values = []
    for seed in range(200):
        x, y = np.random.default_rng(seed).uniform(size=(2, 1000, 1))
        values.append(estimate(x, y, bins=5))
    assert np.mean(values) == pytest.approx((5 - 1) ** 2 / (2 * 1000 * math.log(2)), rel=0.1)


def test_values_outside_a_range():
    relu = np.array([[0.0], [0.5], [3.0], [7.0]])
    y = np.arange(4.0)[:, None]
    with pytest.raises(InfoplaneError, match=r"range: values from 0 to 7 leave \[-1.0, 1.0\]"):
        estimate(relu, y, range=[-1.0, 1.0], bins=4)
    with pytest.raises(InfoplaneError, match="range"):
        input_information(relu, range=[-1.0, 1.0], bins=4)
    clamped = input_information(relu, range=[-1.0, 1.0], bins=4, outside="clamp")
    assert clamped == pytest.approx(entropy("2333"))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"range": [1.0, -1.0]}, "range: .* is empty"),
        ({"range": [0.0, 0.0]}, "range: .* is empty"),
        ({"range": [0.0, 1.0], "rule": "quantile"}, "range: quantile bins have edges of their own"),
    ],
)
def test_a_range_that_makes_no_sense(params, said):
    with pytest.raises(InfoplaneError, match=said):
        estimate(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]), **params)


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"bins": 1}, "bins"),
        ({"bins": 2.5}, "bins"),
        ({"rule": "depth"}, "rule"),
        ({"range": [0.0]}, "range"),
    ],
)
def test_mistyped_parameters_are_named(params, key):
    with pytest.raises(InfoplaneError, match=rf"estimators\.binning\.{key}"):
        Binning.of(params, "estimators.binning")
    with pytest.raises(InfoplaneError, match=rf"^{key}: "):
        Binning(**params)


def test_ranges_at_the_ends_of_the_doubles():
    y = np.array([[0.0], [1.0], [2.0], [3.0]])
    for t in ([-4e307, -1e307, 1e307, 4e307], [0.0, 5e-324, 1e-323, 1.5e-323]):
        assert 0 <= estimate(np.array(t)[:, None], y, bins=4) <= 2
    with pytest.raises(InfoplaneError, match=r"holds values beyond 4e\+307, whose differences may overflow"):
        estimate(np.array([[-1.7e308], [-1e308], [1e308], [1.7e308]]), y, bins=4)


@pytest.mark.parametrize(
    "params", [{"bins": 7}, {"rule": "quantile", "bins": 5}, {"range": [-4.0, 4.0], "outside": "clamp"}]
)
def test_the_edges_that_exact_values_take_make_the_cells_that_the_estimator_counts(params: dict[str, Any]) -> None:
    rng = np.random.default_rng(5)
    t = np.maximum(rng.normal(size=(300, 3)), [-9.0, 0.0, 9.0]).astype(np.float32)  # free, with ties, constant
    one = Binning(**params)
    cuts = inner_edges(t, one.rule, one.bins, one.estimand.range)
    bins = np.stack([np.searchsorted(cut, unit, side="right") for cut, unit in zip(cuts, t.T, strict=True)])
    counts = np.unique(bins, axis=1, return_counts=True)[1]
    shares = counts / counts.sum()
    expected = -float((shares * np.log2(shares)).sum())
    assert one._input_information([t], [rng])[0] == pytest.approx(expected, abs=1e-9)
