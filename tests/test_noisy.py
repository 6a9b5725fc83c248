"""The estimator `noisy` against closed forms, quadrature, the kernel bounds of `kde`, and the exact noisy truth."""

import numpy as np
import pytest

import calling
from infoplane import exact
from infoplane.datasets import quadratic
from infoplane.estimators.kde import KDE
from infoplane.estimators.noisy import Noisy


def entropy_of_two_bumps(distance: float) -> float:
    """I(U; which) in bits of two equally likely normals of deviation 1 so far apart, by the trapezoid rule."""
    u = np.linspace(-10, distance + 10, 20001)
    p = [np.exp(-((u - at) ** 2) / 2) / np.sqrt(2 * np.pi) for at in (0.0, distance)]
    return float(sum(np.trapezoid(of * np.log2(of / (sum(p) / 2) + 1e-300) / 2, u) for of in p))


@pytest.mark.parametrize("distance", [0.5, 2.0, 5.0])
def test_two_values_are_a_binary_channel(distance: float) -> None:
    label = np.arange(60) % 2
    t = 0.3 * distance * label[:, None].astype(float)
    one = Noisy(sigma=0.3, relative=False)
    assert calling.estimate(one, t, label, labels=True) == pytest.approx(entropy_of_two_bumps(distance), abs=1e-4)
    assert calling.input_information(one, t) == pytest.approx(entropy_of_two_bumps(distance), abs=1e-4)


@pytest.mark.parametrize("units", [1, 2, 5])
def test_the_bounds_of_kde_bracket_it(units: int) -> None:
    """Kolchinsky & Tracey 2017: h of the mixture lies between its Bhattacharyya and its Kullback-Leibler estimate."""
    t = np.random.default_rng(units).normal(size=(150, units))
    for sigma in (0.1, 0.4, 1.0):
        low, high = (
            calling.input_information(KDE(noise_variance=sigma**2, bound=bound, scale="none"), t)
            for bound in ("lower", "upper")
        )
        value = calling.input_information(Noisy(sigma=sigma, relative=False, stderr_bits=0.003), t)
        assert low - 0.01 <= value <= high + 0.01


def test_far_apart_rows_are_told_apart_and_near_ones_are_not() -> None:
    t = np.arange(64.0)[:, None]
    assert calling.input_information(Noisy(sigma=0.01, relative=False), t) == pytest.approx(6.0, abs=1e-6)
    assert calling.input_information(Noisy(sigma=1e4, relative=False), t) == pytest.approx(0.0, abs=1e-4)


def test_relative_noise_does_not_see_the_scale_and_absolute_noise_does() -> None:
    rng = np.random.default_rng(0)
    t, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 1))
    assert calling.estimate(Noisy(), 1024 * t, y) == pytest.approx(calling.estimate(Noisy(), t, y), abs=1e-9)
    absolute = Noisy(sigma=0.5, relative=False)
    assert calling.estimate(absolute, 8 * t, y) > calling.estimate(absolute, t, y) + 0.1


def test_it_tends_to_the_exact_value() -> None:
    """Of a hidden layer of eight units, on the default law; the error of 300 rows is several times that of 3,000."""
    rng = np.random.default_rng(3)
    layers = [(rng.normal(size=(8, 1)), rng.normal(size=8)), (rng.normal(size=(1, 8)), np.zeros(1))]
    law = quadratic.make(noise_std=0.2)
    truth = exact.noisy_information(layers, law, 0.5)[0]
    errors = {}
    for rows in (300, 3000):
        x, _ = law.sample(rows, np.random.default_rng(rows))
        t = np.maximum(x @ layers[0][0].T + layers[0][1], 0)
        errors[rows] = calling.input_information(Noisy(sigma=0.5, relative=False), t) - truth.input_bits
    assert -0.3 < errors[300] < 0.05
    assert errors[3000] == pytest.approx(0, abs=0.05)


def test_what_it_estimates() -> None:
    assert str(Noisy().estimand) == "noisy(0.15 of layer; y 0.15)"
    absolute = Noisy(sigma=0.1, relative=False, target_sigma=0.2).estimand
    assert str(absolute) == "noisy(0.1; y 0.2)"
    assert str(absolute.about("x")) == str(absolute.about("y", labels=True)) == "noisy(0.1)"
