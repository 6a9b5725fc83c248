"""kde: the bounds against the entropy of the mixture by quadrature, and against sums written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import calling
from infoplane.estimators.kde import KDE


def estimate(x, y, labels=False, **params):
    return calling.estimate(KDE(**params), x, y, labels=labels)


def input_information(t, **params):
    return calling.input_information(KDE(scale="none", **params), t)


def written_out(t, width):
    """-mean_i log2 mean_j exp(-|t_i - t_j|^2 / width), with the whole matrix of distances."""
    squares = np.sum((t[:, None] - t[None]) ** 2, axis=2)
    return -np.mean(np.log2(np.mean(np.exp(-squares / width), axis=1)))


def mixture_bits(centres, variance):
    """I(centre; centre + noise) of equally likely centres: entropy of the mixture less that of the noise."""
    spread = np.sqrt(variance)
    t = np.linspace(min(centres) - 9 * spread, max(centres) + 9 * spread, 20001)
    density = stats.norm.pdf(t[:, None], centres, spread).mean(axis=1)
    entropy = -np.trapezoid(density * np.log2(density, where=density > 0, out=np.zeros_like(t)), t)
    return entropy - np.log2(2 * np.pi * np.e * variance) / 2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8), st.sampled_from([0.01, 0.1, 1.0]))
def test_the_bounds_enclose_the_information_of_the_noisy_layer(centres, variance):
    t = np.array(centres)[:, None]
    truth = mixture_bits(centres, variance)
    assert input_information(t, noise_variance=variance, bound="lower") <= truth + 1e-6
    assert input_information(t, noise_variance=variance, bound="upper") >= truth - 1e-6


def test_equals_the_sums_written_out():
    rng = np.random.default_rng(0)
    t, y = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    for bound, width in (("upper", 0.2), ("lower", 0.8)):
        expected = written_out(t, width) + written_out(y, width) - written_out(np.hstack([t, y]), width)
        value = estimate(t, y, noise_variance=0.1, bound=bound, scale="none")
        assert value == pytest.approx(expected, abs=1e-12)
    # Kernels that are left out lie below exp(-45).
    assert input_information(100 * t, noise_variance=0.1) == pytest.approx(written_out(100 * t, 0.2), abs=1e-12)


def test_a_discrete_y_conditions_on_its_classes():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, size=(90, 1)).astype(float)
    t = rng.normal(size=(90, 2)) + label
    expected = written_out(t, 0.2)
    for value in (0, 1, 2):
        members = t[label[:, 0] == value]
        expected -= len(members) / 90 * written_out(members, 0.2)
    assert estimate(t, label, labels=True, noise_variance=0.1, scale="none") == pytest.approx(expected, abs=1e-12)


def test_classes_at_points_far_apart_are_known():
    label = np.tile(np.arange(4.0), 20)[:, None]
    for bound in ("upper", "lower"):
        assert estimate(1000 * label, label, labels=True, bound=bound, scale="none") == pytest.approx(2)
        assert input_information(1000 * label, bound=bound, noise_variance=0.05) == pytest.approx(2)


def test_noise_narrower_than_the_gaps_reads_log2_n():
    t = np.random.default_rng(0).normal(size=(64, 4))
    assert input_information(t, noise_variance=1e-9) == pytest.approx(6)
    assert estimate(t, t[:, :1], noise_variance=1e-12) == pytest.approx(KDE().maximum_bits(64))


def test_pure_noise_says_nothing_of_a_continuous_y():
    """Conditioning on single values of y would give the whole H(T), 2 bits and more, here."""
    values = []
    for seed in range(5):
        t, y = np.random.default_rng(seed).normal(size=(2, 1000, 1))
        values.append(estimate(t, y))
    assert 0 < np.mean(values) < 0.15
    assert calling.input_information(KDE(), t) > 2


def test_symmetric_for_continuous_variables():
    x, y = np.random.default_rng(0).normal(size=(2, 100, 2))
    y += x
    assert estimate(x, y) == pytest.approx(estimate(y, x), abs=1e-12)
