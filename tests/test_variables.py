"""What estimators ask of a variable: when it is discrete, constant, and its columns on one scale."""

import numpy as np
import pytest

from infoplane.estimators._shared.columns import entropy_bits, is_constant, is_discrete, labels, rows, standardised

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "discrete"),
    [
        (RNG.normal(size=(350, 1)), False),
        (RNG.normal(size=(350, 3)), False),
        (RNG.integers(0, 2, size=(350, 1)), True),
        (RNG.integers(0, 10, size=(30, 1)), True),
        (RNG.integers(0, 100, size=(350, 1)), True),
        (RNG.integers(0, 3, size=(350, 2)), True),
        (RNG.poisson(4, size=(350, 1)), True),
        (np.ones((5, 1)), True),
        (np.repeat(RNG.normal(size=(100, 1)), 2, axis=0), False),  # every row twice
        (np.maximum(RNG.normal(size=(350, 1)), 0), False),  # a ReLU: half of it one value, half never twice
        (np.hstack([RNG.integers(0, 2, size=(350, 1)), RNG.normal(size=(350, 1))]), False),
    ],
)
def test_is_discrete(values, discrete):
    assert is_discrete(rows(values)) is discrete


def test_equal_rows_have_equal_labels():
    values = rows([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert labels(values).tolist() == [0, 0, 1, 0]
    assert labels(values[:, :1]).tolist() == [0, 0, 1, 0]
    assert values.tobytes() == rows([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).tobytes()


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e-30, 1e30, 1e300])
def test_standardised(scale):
    values = np.hstack([RNG.normal(size=(200, 2)), np.ones((200, 1))]) * scale
    found = standardised(values)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=0), [1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(np.corrcoef(found[:, 0], values[:, 0] / scale)[0, 1], 1, atol=1e-12)
    assert np.array_equal(standardised(np.stack([values, 2 * values]))[0], found)


def test_entropy_and_constants():
    assert entropy_bits(np.array([4, 0, 2, 2])) == pytest.approx(1.5)
    assert entropy_bits(np.array([7])) == 0.0
    assert is_constant(rows([[1, 2], [1, 2]]))
    assert not is_constant(rows([[1, 2], [1, 3]]))
