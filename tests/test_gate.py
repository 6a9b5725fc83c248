"""Whatever comes in, a finite number or one line comes out: nothing ends the interpreter, nothing is NaN."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

import infoplane as ip
from infoplane.arrays import variables
from infoplane.estimators._shared import lookup

ESTIMATORS = [None, *(name for name in lookup.names() if name != "neural")]
KINDS = st.sampled_from(["f8", "f4", "f2", "i8", "i1", "u2", "?", "U2", "c8", "M8[s]", "O"])
SHAPES = of_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)
ARRAYS = KINDS.flatmap(
    lambda kind: of_numpy.arrays(
        kind, SHAPES, elements=st.sampled_from([0, 1, 2.5, -1.0, "a", None]) if kind == "O" else None
    )
)
OTHERS = st.one_of(
    st.none(), st.text(max_size=3), st.integers(), st.lists(st.one_of(st.integers(), st.text(max_size=2), st.none()))
)
THOROUGH = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def said_or_finite(estimator: str | None, x: object, y: object, labels: bool | None) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* look like ")
        warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)
        try:
            result = ip.mutual_information(x, y, estimator, labels=labels)
        except ip.InfoplaneError as error:
            said = str(error)
            assert said
            assert "\n" not in said
        else:
            assert np.isfinite(result.mi_bits)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(x=st.one_of(ARRAYS, OTHERS), y=st.one_of(ARRAYS, OTHERS), labels=st.sampled_from([None, True, False]))
def test_anything_gives_a_number_or_one_line(estimator: str | None, x: object, y: object, labels: bool | None) -> None:
    said_or_finite(estimator, x, y, labels)


EXTREME = st.sampled_from([0.0, -0.0, 1.0, 1e-30, -1e30, 1e300, 1 + 1e-15, 5e-324]) | st.floats(-1e6, 1e6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_pair_of_one_length_gives_a_number_or_one_line(estimator: str | None, data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 16))
    x = data.draw(of_numpy.arrays("f8", (rows, data.draw(st.integers(1, 3))), elements=EXTREME))
    y = data.draw(
        st.one_of(
            of_numpy.arrays("f8", (rows, data.draw(st.integers(1, 2))), elements=EXTREME),
            of_numpy.arrays("i8", rows, elements=st.integers(-2, 2)),
            of_numpy.arrays("?", rows),
        )
    )
    said_or_finite(estimator, np.clip(x, -3e38, 3e38).astype(np.float32) if data.draw(st.booleans()) else x, y, None)


@THOROUGH
@given(values=st.one_of(ARRAYS, OTHERS))
def test_numbers_are_finite_floats_in_two_dimensions(values: object) -> None:
    try:
        found = variables.numbers(values)
    except ip.InfoplaneError:
        return
    assert found.ndim == 2
    assert found.dtype in (np.float32, np.float64)
    assert found.flags.c_contiguous
    assert np.isfinite(found).all()


@THOROUGH
@given(
    codes=of_numpy.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 4)),
    names=st.lists(st.integers(-1000, 1000), min_size=5, max_size=5, unique=True),
)
def test_classes_do_not_depend_on_their_names(codes: np.ndarray, names: list[int]) -> None:
    renamed = np.array(names)[codes]
    found = variables.target(codes, True).classes
    assert np.array_equal(found, variables.target(renamed, True).classes)
    assert np.array_equal(found, variables.target(renamed.astype(str)).classes)
    assert np.array_equal(found, variables.target(np.eye(5)[codes], True).classes)
    # The same partition of the rows, numbered from 0 as the classes appear.
    assert np.array_equal(found[:, None] == found, codes[:, None] == codes)
    assert list(dict.fromkeys(found.tolist())) == list(range(len(set(codes.tolist()))))
