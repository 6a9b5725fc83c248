"""What people bring, with the right value in bits: the default choice is right there, or says why it is not.

Each kind comes in several sizes and seeds; the right value is that of the law. "Said" is a flag that warns a reader.
"""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.special import xlogy
from sklearn.datasets import load_digits

import infoplane as ip
from infoplane.estimators._shared import lookup

Pair = tuple[np.ndarray, np.ndarray]
SAID = {"below_bound", "blind", "infinite", "saturated", "repeated_rows", "time_order", "above_ceiling"}


def value(x: np.ndarray, y: np.ndarray, estimator: object = None, **asked: object) -> ip.Result:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* look like ")
        return ip.mutual_information(x, y, estimator, **asked)


def said(result: ip.Result) -> bool:
    return bool(SAID & {flag.partition(":")[0] for flag in result.flags})


def mean_bits(draw: Callable[[int], Pair], seeds: int, **asked: object) -> float:
    return float(np.mean([value(*draw(seed), **asked).mi_bits for seed in range(seeds)]))


# Labels are names


def far_classes(seed: int, classes: int = 4, samples: int = 400) -> Pair:
    rng = np.random.default_rng(seed)
    c = rng.integers(0, classes, samples)
    return rng.normal(size=(samples, 8)) + 6 * np.eye(classes, 8)[c], c


def entropy_bits(c: np.ndarray) -> float:
    shares = np.unique(c, return_counts=True)[1] / len(c)
    return float(-np.sum(shares * np.log2(shares)))


@pytest.mark.parametrize("seed", range(4))
def test_far_classes_are_known(seed: int) -> None:
    t, c = far_classes(seed)
    found = value(t, c)
    assert found.mi_bits == pytest.approx(entropy_bits(c), abs=0.05)
    assert found.mi_bits <= entropy_bits(c) + 1e-9
    for renamed in (np.array([7, -40, 1000, 2])[c], np.array(["cat", "dog", "eel", "fox"])[c], np.eye(4, dtype=int)[c]):
        assert value(t, renamed).mi_bits == found.mi_bits


def test_two_classes_in_many_columns() -> None:
    """Means 3 deviations apart: I = 1 - E H(Y | t) by quadrature along the line that joins them."""
    grid = np.linspace(-12, 12, 20_001)
    p, q = stats.norm.pdf(grid, 1.5), stats.norm.pdf(grid, -1.5)
    mixed = (p + q) / 2
    truth_bits = np.trapezoid((xlogy(p, p / mixed) + xlogy(q, q / mixed)) / 2, grid) / np.log(2)

    def draw(seed: int) -> Pair:
        rng = np.random.default_rng(seed)
        c = rng.integers(0, 2, 1000)
        return rng.normal(size=(1000, 30)) + (2 * c[:, None] - 1) * 1.5 / np.sqrt(30), c

    assert mean_bits(draw, 3) == pytest.approx(truth_bits, abs=0.06)


def test_the_digits_are_known() -> None:
    """A classifier proves 3.16 bits, and H(Y) is 3.32."""
    x, y = load_digits(return_X_y=True)
    for estimator in (None, "ksg", "mixed_ksg"):
        assert 3.15 <= value(x, y, estimator).mi_bits <= 3.325
    assert value(x, y, "decodable").mi_bits >= 3.1


@pytest.mark.parametrize(("classes", "columns", "samples"), [(2, 1, 60), (10, 8, 350), (50, 64, 1000), (3, 1000, 350)])
def test_independent_labels_share_nothing(classes: int, columns: int, samples: int) -> None:
    def draw(seed: int) -> Pair:
        rng = np.random.default_rng(seed)
        return rng.normal(size=(samples, columns)), rng.integers(0, classes, samples)

    assert mean_bits(draw, 6) == pytest.approx(0, abs=0.06)


def test_rare_classes_and_classes_of_one_do_not_break_it() -> None:
    rng = np.random.default_rng(0)
    c = np.concatenate([np.zeros(60, int), np.ones(60, int), [2, 2, 3]])
    t = rng.normal(size=(123, 3)) + 8 * c[:, None]
    assert 0.9 <= value(t, c).mi_bits <= entropy_bits(c)


# Lattices and ties


@pytest.mark.parametrize(("values", "times"), [(10, 6), (10, 35), (40, 25), (10, 1000)])
def test_whole_numbers_share_nothing_with_what_is_independent(values: int, times: int) -> None:
    y = np.repeat(np.arange(float(values)), times)

    def draw(seed: int) -> Pair:
        return np.random.default_rng(seed).normal(size=(len(y), 1)), y

    assert mean_bits(draw, 8 if len(y) < 5000 else 2) == pytest.approx(0, abs=0.06)
    for name in ("ksg", "mixed_ksg"):
        assert abs(mean_bits(draw, 8 if len(y) < 5000 else 2, estimator=name)) < 0.15


@pytest.mark.parametrize("samples", [60, 350, 1000, 10_000])
def test_rounded_measurements(samples: int) -> None:
    """Rounded to a tenth, at independence and at a correlation of 0.8, of which rounding takes next to nothing."""
    for correlation in (0.0, 0.8):

        def draw(seed: int, correlation: float = correlation) -> Pair:
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(samples, 1))
            y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=(samples, 1))
            return np.round(x, 1), np.round(y, 1)

        repetitions = {60: 20, 350: 8, 1000: 5, 10_000: 1}[samples]
        assert mean_bits(draw, repetitions) == pytest.approx(-np.log2(1 - correlation**2) / 2, abs=0.09)


def test_counts() -> None:
    """y is Poisson of mean x, x uniform on (5, 35): I = H(Y) - E H(Y | x), by summing."""
    k = np.arange(120)
    x = np.linspace(5, 35, 4001)
    p = stats.poisson.pmf(k, x[:, None])
    marginal = np.trapezoid(p, x, axis=0) / 30
    within = -np.trapezoid(xlogy(p, p).sum(axis=1), x) / 30
    truth_bits = (-xlogy(marginal, marginal).sum() - within) / np.log(2)
    for samples in (350, 1000):

        def draw(seed: int, samples: int = samples) -> Pair:
            rng = np.random.default_rng(seed)
            x = rng.uniform(5, 35, (samples, 1))
            return x, rng.poisson(x).astype(float)

        assert mean_bits(draw, 5) == pytest.approx(truth_bits, abs=0.1)


def test_float32_far_from_zero() -> None:
    """At 1e5 float32 has steps of 0.008: the same pairs, shifted, read nearly the same."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 1))
    y = (x + 0.5 * rng.normal(size=(1000, 1))).astype(np.float32)
    assert value((1e5 + x).astype(np.float32), y + np.float32(1e5)).mi_bits == pytest.approx(1.161, abs=0.12)


# A lower bound is one


@pytest.mark.parametrize("targets", [1, 8, 25, 50])
def test_the_bound_is_no_more_than_the_truth(targets: int) -> None:
    """Independent, and of correlation 0.5 in each pair; means of 5 draws with 3 of their errors' room."""
    for correlation in (0.0, 0.5):
        truth_bits = -targets / 2 * np.log2(1 - correlation**2)
        found = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(500, targets))
            y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=(500, targets))
            found.append(value(x, y, "decodable").mi_bits)
        assert np.mean(found) <= truth_bits + 3 * np.std(found, ddof=1) / np.sqrt(5)


def redundant(seed: int) -> dict[str, Pair]:
    rng = np.random.default_rng(seed)
    x, e, idle = rng.normal(size=(300, 1)), rng.normal(size=(300, 1)), rng.normal(size=(300, 10))
    y = x + 0.5 * e
    return {
        "one target": (x, y),
        "nearly the same again": (x, np.hstack([y, y + 0.01 * idle[:, :1]])),
        "its square": (x, np.hstack([y, y**2])),
        "idle ones beside it": (x, np.hstack([y, idle])),
        "a constant beside it": (x, np.hstack([y, np.ones_like(y)])),
        "the same twice": (x, np.hstack([y, y])),
    }


@pytest.mark.parametrize("case", redundant(0))
def test_what_adds_nothing_to_a_target_adds_nothing_to_the_bound(case: str) -> None:
    found = [value(*redundant(seed)[case], "decodable").mi_bits for seed in range(6)]
    assert np.mean(found) == pytest.approx(np.log2(5) / 2, abs=0.2)


# Vector targets and wide layers: right, or said


@pytest.mark.parametrize(("targets", "samples"), [(2, 350), (8, 350), (8, 1000), (12, 1000), (25, 1000), (50, 1000)])
def test_vector_targets_are_right_or_said(targets: int, samples: int) -> None:
    """Each pair of columns has a correlation of 0.5, or none; the mean of those values that nothing is said of."""
    truth_bits = -targets / 2 * np.log2(0.75)
    for name in (None, "ksg", "sheared_ksg"):
        found, independent = [], []
        for seed in range(3):
            rng = np.random.default_rng(100 * targets + seed)
            x = rng.normal(size=(samples, targets))
            found.append(value(x, 0.5 * x + np.sqrt(0.75) * rng.normal(size=(samples, targets)), name))
            independent.append(value(x, rng.normal(size=(samples, targets)), name))
        unsaid = [result.mi_bits for result in found if not said(result)]
        assert not unsaid or 0.7 * truth_bits <= np.mean(unsaid) <= truth_bits + 0.15
        unsaid = [result.mi_bits for result in independent if not said(result)]
        assert not unsaid or abs(np.mean(unsaid)) < 0.15
        assert name is not None or len(unsaid) == 3, "the default reads nothing where nothing is"


@pytest.mark.parametrize("columns", [16, 256, 1024])
def test_a_wide_layer_of_low_rank_is_read_and_an_isotropic_one_said_to_be_beyond_reach(columns: int) -> None:
    rng = np.random.default_rng(columns)
    hidden = rng.normal(size=(500, 2))
    y = hidden[:, :1] + 0.5 * rng.normal(size=(500, 1))
    low = value(np.maximum(hidden @ rng.normal(size=(2, columns)), 0), y)
    assert low.mi_bits == pytest.approx(1.161, abs=0.25)
    assert "blind" not in low.flags
    wide = rng.normal(size=(350, 256))
    alone = value(wide, wide[:, :1] + 0.5 * rng.normal(size=(350, 1)))
    assert said(alone)
    assert alone.planted_share is not None


# gaussian


@pytest.mark.parametrize("units", [1, 8])
def test_gaussian_reads_a_strong_pair(units: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(350, units))
    assert value(x, x[:, :1] + 0.01 * rng.normal(size=(350, 1)), "gaussian").mi_bits == pytest.approx(6.64, abs=0.15)


def test_gaussian_reads_nothing_of_what_is_independent() -> None:
    for units in (8, 300):

        def draw(seed: int, units: int = units) -> Pair:
            rng = np.random.default_rng(seed)
            return rng.normal(size=(350, units)), rng.normal(size=(350, 1))

        assert mean_bits(draw, 8, estimator="gaussian") == pytest.approx(0, abs=0.15)


def test_gaussian_takes_labels_for_labels_and_numbers_for_numbers() -> None:
    rng = np.random.default_rng(3)
    c = rng.integers(0, 2, 100)
    near = value(c[:, None] + 0.01 * rng.normal(size=(100, 1)), c, "gaussian")
    assert 0.9 <= near.mi_bits <= entropy_bits(c)
    numbers = np.repeat(np.arange(30.0), 4)
    assert value(numbers, numbers, "gaussian").mi_bits > 3


# Nothing dependent is silently wrong


@pytest.mark.parametrize("name", [None, *(n for n in lookup.names() if n not in ("neural", "gaussian_kde"))])
def test_repeated_rows_are_right_or_said(name: str | None) -> None:
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(300, 1)), rng.normal(size=(300, 1))
    found = value(np.repeat(x, 2, axis=0), np.repeat(z, 2, axis=0), name)
    assert "repeated_rows:100" in found.flags
