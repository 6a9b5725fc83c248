"""KSG in the sample's own directions: what it must not depend on, and what it must come near."""

import numpy as np
import pytest

from infoplane.estimators.aligned_ksg.boxes import information_bits


def one(x: np.ndarray, y: np.ndarray) -> float:
    return float(information_bits([x], y)[0])


def relu_layer(rng: np.random.Generator, rows: int = 350) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-3, 3, size=(rows, 1))
    t = np.maximum(x @ rng.normal(size=(1, 8)) + rng.normal(size=8), 0)
    return t.astype(np.float32), x**2 - x - 1 + 0.2 * rng.normal(size=(rows, 1))


def test_units_order_and_dead_columns_change_nothing() -> None:
    rng = np.random.default_rng(0)
    t, y = relu_layer(rng)
    value = one(t, y)
    order = rng.permutation(len(t))
    assert one(t[order], y[order]) == pytest.approx(value, abs=1e-9)
    assert one(t * np.float32(4), -1e3 * y + 5) == pytest.approx(value, abs=1e-9)
    assert one(np.hstack([t, np.zeros((len(t), 3), np.float32)]), y) == pytest.approx(value, abs=1e-9)


def test_a_constant_side_has_no_information() -> None:
    noise = np.random.default_rng(0).normal(size=(100, 2))
    assert one(np.ones((100, 3)), noise) == 0
    assert one(noise, np.ones((100, 1))) == 0


@pytest.mark.parametrize(("units", "targets"), [(1, 1), (4, 1), (2, 2), (3, 3), (4, 25)])
def test_independent_columns_have_none(units: int, targets: int) -> None:
    rng = np.random.default_rng(1)
    values = [one(rng.normal(size=(1000, units)), rng.normal(size=(1000, targets))) for _ in range(4)]
    assert np.mean(values) == pytest.approx(0, abs=0.05)


def test_rotated_normals_of_ten_nats() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3000, 3))
    nats = np.array([6.0, 3.0, 1.0])
    y = np.sqrt(-np.expm1(-2 * nats)) * x + np.exp(-nats) * rng.normal(size=x.shape)
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in "xy"]
    assert one(x @ turns[0], y @ turns[1]) == pytest.approx(10 / np.log(2), abs=0.3)


@pytest.mark.parametrize("columns", [16, 400])
def test_columns_of_low_rank(columns: int) -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(size=(500, 2))
    t = np.maximum(z @ rng.normal(size=(2, columns)) + rng.normal(size=columns), 0).astype(np.float32)
    y = 0.9 * z[:, :1] + np.sqrt(0.19) * rng.normal(size=(500, 1))
    assert one(t, y) == pytest.approx(-np.log2(0.19) / 2, abs=0.2)


def test_a_line_finer_than_its_points() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(size=(500, 1))
    assert one(x, x + 1e-7 * rng.uniform(size=(500, 1))) == pytest.approx(7 * np.log2(10), abs=0.3)
