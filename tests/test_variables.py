"""What estimators ask of a variable: whether it is labels, constant, and its columns on one scale."""

import warnings

import numpy as np
import pytest

from infoplane.arrays import variables
from infoplane.arrays.variables import Variable
from infoplane.estimators._shared.columns import entropy_bits, is_constant, one_hot, rows, standardised

RNG = np.random.default_rng(0)


LOOKS = [  # floats, and whether a person is told that they look like labels
    (RNG.normal(size=(350, 1)), False),
    (RNG.normal(size=(350, 3)), False),
    (RNG.integers(0, 2, size=(350, 1)), True),
    (RNG.integers(0, 10, size=(100, 1)), True),
    (RNG.integers(0, 10, size=(30, 1)), False),  # too few to tell
    (RNG.integers(0, 100, size=(350, 1)), False),  # too many values
    (RNG.integers(0, 3, size=(350, 2)), False),
    (RNG.poisson(4, size=(350, 1)), True),
    (np.ones((5, 1)), False),
    (np.repeat(RNG.normal(size=(100, 1)), 2, axis=0), False),  # every row twice
    (np.maximum(RNG.normal(size=(350, 1)), 0), False),  # a ReLU: half of it one value, half never twice
    (np.hstack([RNG.integers(0, 2, size=(350, 1)), RNG.normal(size=(350, 1))]), False),
]


@pytest.mark.parametrize(("values", "warned"), LOOKS)
def test_floats_are_numbers_whatever_they_look_like_unless_they_are_declared_to_be_labels(values, warned):
    values = values.astype(float)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = variables.target(values)
    assert [str(each.message) for each in said if "look like class labels" in str(each.message)] == [
        str(each.message) for each in said
    ]
    assert len(said) == warned
    for numbers in (found, variables.target(values, labels=False)):  # the latter warns of nothing
        assert numbers.classes is None
        assert np.array_equal(numbers.values, values)
    labels = variables.target(values, labels=True)
    assert labels.classes is not None
    assert len(np.unique(labels.classes)) == len(np.unique(values, axis=0))
    assert np.array_equal(labels.values[:, 0], labels.classes)


@pytest.mark.parametrize("values", [[0, 1, 1, 2], [True, False, True, True], ["a", "b", "b", "c"]])
def test_integers_bools_and_text_are_labels(values):
    assert variables.target(np.array(values)).classes is not None
    if values[0] != "a":
        assert variables.target(np.array(values), labels=False).classes is None


def test_a_variable_goes_through_as_it_is():
    of = Variable(np.ones((4, 1)))
    assert variables.target(of) is of


def test_equal_rows_have_equal_labels():
    values = rows([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert variables.target(values, labels=True).classes.tolist() == [0, 0, 1, 0]
    assert variables.target(values[:, :1], labels=True).classes.tolist() == [0, 0, 1, 0]
    assert variables.target([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], True).classes.tolist() == [0, 0, 1, 0]
    assert values.tobytes() == rows([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).tobytes()


def test_some_rows_of_labels_keep_their_numbers():
    of = variables.target([5, 3, 3, 9], labels=True)
    assert of.classes.tolist() == [0, 1, 1, 2]
    assert of[[3, 1]].classes.tolist() == [2, 1]
    assert of[[3, 1]].values.tolist() == [[2.0], [1.0]]


def test_labels_are_a_column_a_class_and_numbers_are_as_they_are():
    assert one_hot(variables.target([7, 2, 7, 4], True)).tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert one_hot(variables.target([7.0, 2.0, 7.0, 4.5], False)).tolist() == [[7], [2], [7], [4.5]]


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
