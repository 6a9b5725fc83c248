"""Exact values of noisy, binned and usable information: closed forms, identities, and counting many draws."""

import numpy as np
import pytest

from infoplane import exact, laws
from infoplane.core.errors import InfoplaneError
from infoplane.datasets import laplace, quadratic
from infoplane.estimands import Binned, Noisy, Plain, Usable
from infoplane.exact.binned import cut_information
from infoplane.exact.noisy import noisy_points
from infoplane.exact.usable import linearly_usable_information
from infoplane.laws import Array, KnownLaw

Layers = list[tuple[Array, Array]]
LAW = quadratic.make(noise_std=0.2)
LINE: Layers = [(np.ones((1, 1)), np.zeros(1))]


def gaussian(slope: float, noise: float) -> KnownLaw:
    """y = slope x + noise, x standard normal."""
    return KnownLaw(laws.Normal(), lambda x: slope * x, laws.Normal(), lambda x: np.full_like(x, noise))


def network(seed: int, width: int = 4) -> Layers:
    rng = np.random.default_rng(seed)
    sizes = [(width, 1), (width, width), (1, width)]
    return [(rng.normal(size=size), rng.normal(size=size[0])) for size in sizes]


def activations(layers: Layers, x: Array) -> list[Array]:
    found, t = [], x
    for number, (weight, bias) in enumerate(layers):
        t = t @ weight.T + bias
        t = np.maximum(t, 0) if number < len(layers) - 1 else t
        found.append(t)
    return found


# --- usable ---


@pytest.mark.parametrize(("slope", "noise"), [(1.0, 0.1), (-2.0, 1.0), (0.3, 2.0)])
def test_a_linear_decoder_has_all_of_a_gaussian_pair(slope: float, noise: float) -> None:
    expected = np.log2(1 + slope**2 / noise**2) / 2
    assert linearly_usable_information(LINE, gaussian(slope, noise)) == pytest.approx([expected], abs=5e-4)


def test_a_line_tells_a_linear_decoder_nothing_of_a_parabola_around_its_middle() -> None:
    law = KnownLaw(laws.Uniform(-1, 1), np.square, laws.Normal(), lambda x: np.full_like(x, 0.1))
    constant: Layers = [(np.zeros((3, 1)), np.ones(3))]
    for layers in (LINE, constant):
        assert linearly_usable_information(layers, law) == pytest.approx([0.0], abs=1e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_usable_by_least_squares_on_many_draws(seed: int) -> None:
    layers = network(seed)
    x, y = LAW.sample(40_000, np.random.default_rng(seed))
    values = linearly_usable_information(layers, LAW)
    for t, value in zip(activations(layers, x), values, strict=True):
        design = np.column_stack([t, np.ones(len(t))])
        predicted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        missed = np.var(y - predicted)
        some = y[:2000] - predicted.T
        log_q = -((y - predicted)[:2000, 0] ** 2) / (2 * missed)
        mean_q = np.exp(-(some**2) / (2 * missed)).mean(axis=1)
        assert value == pytest.approx(np.mean(log_q - np.log(mean_q)) / np.log(2), abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_usable_is_at_most_what_there_is(seed: int) -> None:
    layers = network(seed)
    for usable, whole in zip(
        linearly_usable_information(layers, LAW), exact.layer_information(layers, LAW), strict=True
    ):
        assert -1e-3 <= usable <= whole + 1e-3


# --- binned ---


def edges_of(layers: Layers, bins: int) -> list[list[Array]]:
    x = np.linspace(-3, 3, 5001)[:, None]
    return [
        [np.linspace(unit.min(), unit.max(), bins + 1)[1:-1] if np.ptp(unit) > 0 else np.empty(0) for unit in t.T]
        for t in activations(layers, x)
    ]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cuts_by_counting_many_draws(seed: int) -> None:
    layers, of_y = network(seed), np.array([-1.0, 0.0, 0.7, 4.0])
    edges = edges_of(layers, 5)
    x, y = LAW.sample(400_000, np.random.default_rng(seed))
    y_bin = np.searchsorted(of_y, y[:, 0], side="right")
    for t, cuts, point in zip(activations(layers, x), edges, cut_information(layers, LAW, edges, of_y), strict=True):
        bins = np.stack([np.searchsorted(cut, unit, side="right") for cut, unit in zip(cuts, t.T, strict=True)])
        cell = np.unique(bins, axis=1, return_inverse=True)[1].ravel()
        h_t, h_y, h_both = (entropy(np.unique(of, return_counts=True)[1]) for of in (cell, y_bin, 5 * cell + y_bin))
        assert point.input_bits == pytest.approx(h_t, abs=0.01)
        assert point.target_bits == pytest.approx(h_t + h_y - h_both, abs=0.01)


def entropy(counts: Array) -> float:
    p = counts / counts.sum()
    return float(-(p * np.log2(p)).sum())


def test_finer_cuts_of_y_come_to_no_cut_and_every_cut_loses() -> None:
    layers = network(7)
    edges = edges_of(layers, 6)
    whole = [point.target_bits for point in cut_information(layers, LAW, edges)]
    nested = [
        [p.target_bits for p in cut_information(layers, LAW, edges, np.linspace(-2, 12, n))] for n in (8, 57, 449)
    ]
    for coarse, fine in zip(nested, [*nested[1:], whole], strict=True):
        assert (np.array(coarse) <= np.array(fine) + 1e-4).all()
    assert nested[-1] == pytest.approx(whole, abs=0.01)
    assert whole == pytest.approx(exact.binned_information(layers, LAW, 6), abs=1e-3)


# --- noisy ---


def test_noise_on_y_too_is_another_gaussian() -> None:
    slope, noise, sigma, on_y = 1.5, 0.3, 0.2, 0.4
    (point,) = noisy_points(LINE, gaussian(slope, noise), Noisy(sigma, target_sigma=on_y))
    assert point is not None
    rest = noise**2 + on_y**2
    correlation = slope**2 / (slope**2 + rest) / (1 + sigma**2)
    assert point.target_bits == pytest.approx(-np.log2(1 - correlation) / 2, abs=2e-3)
    assert point.input_bits == pytest.approx(np.log2(1 + 1 / sigma**2) / 2, abs=2e-3)


def test_relative_noise_on_y_is_in_its_own_deviation() -> None:
    law = gaussian(1.5, 0.3)
    deviation = np.sqrt(1.5**2 + 0.3**2)
    relative = noisy_points(LINE, law, Noisy(0.2, "layer", 0.2))
    absolute = noisy_points(LINE, law, Noisy(0.2, "none", 0.2 * deviation))
    assert relative[0] is not None
    assert absolute[0] is not None
    assert relative[0].target_bits == pytest.approx(absolute[0].target_bits, abs=1e-4)


def test_noise_in_deviations_of_each_unit_sees_no_units_scale() -> None:
    layers = network(3)
    weight, bias = layers[0]
    scale = np.array([1e-3, 1.0, 7.0, 50.0])
    other: Layers = [(weight * scale[:, None], bias * scale)]
    first, scaled = (noisy_points(of, LAW, Noisy(0.3, "unit"))[0] for of in (layers[:1], other))
    assert first is not None
    assert scaled is not None
    assert scaled.input_bits == pytest.approx(first.input_bits, abs=1e-6)
    assert scaled.target_bits == pytest.approx(first.target_bits, abs=1e-6)


def test_a_constant_layer_has_no_relative_noise() -> None:
    constant: Layers = [(np.zeros((3, 1)), np.ones(3))]
    for scale in ("layer", "unit"):
        assert noisy_points(constant, LAW, Noisy(0.3, scale)) == [None]
    with pytest.raises(InfoplaneError, match=r"layers\[0\]: is constant"):
        exact.noisy_information(constant, LAW, 0.3, relative=True)


def test_noise_on_a_y_whose_own_is_not_normal_is_refused() -> None:
    with pytest.raises(InfoplaneError, match="no exact answer with noise on y"):
        noisy_points(LINE, laplace.make(noise_std=0.2), Noisy(0.3, target_sigma=0.1))


# --- their names ---


def test_their_text_has_no_comma_and_says_what_matters() -> None:
    each = [Plain(), Noisy(0.1), Noisy(0.1, "layer", 0.2), Binned("width", 30, 10, (-1.0, 1.0)), Usable("linear")]
    assert [str(one) for one in each] == [
        "plain",
        "noisy(0.1)",
        "noisy(0.1 of layer; y 0.2)",
        "binned(width 30 on -1 to 1; y 10)",
        "usable(linear)",
    ]
    assert [str(one.about("x")) for one in each[2:4]] == ["noisy(0.1 of layer)", "binned(width 30 on -1 to 1)"]
    assert each[2].about("y", labels=True) == each[2].about("x")
