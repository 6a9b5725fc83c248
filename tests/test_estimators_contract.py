"""What every estimator promises, measured for each folder of the package alike.

A class declares `tolerance_bits`: what its mean error stays within on a Gaussian pair of correlation up to
0.9 with 1000 samples. Where the order of rows or units matters (cross-validation, random critics, noise
that breaks ties), it declares `order_tolerance_bits`: what a value moves by at most when they are
permuted.
"""

import ast
import inspect
import textwrap
from dataclasses import fields, is_dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import calling
import infoplane
from infoplane.core.errors import InfoplaneError
from infoplane.estimators._shared import lookup
from infoplane.estimators._shared.base import Estimator
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.measurements import measurement

NAMES = lookup.names()
# Fewer steps than by default, for tests of anything but accuracy.
QUICK = {"neural": {"steps": 20}}
# A repetition is a fresh sample; where one takes long fewer have to do.
REPETITIONS = {"neural": 1, "renyi": 3}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def declared(name, constant):
    value = getattr(lookup.named(name), constant, None)
    if value is None:
        pytest.fail(f"src/infoplane/estimators/{name}/__init__.py must declare {constant}")
    return value


def quick(name, **params):
    return lookup.named(name)(**QUICK.get(name, {}), **params)


def overrides(name, member):
    return getattr(lookup.named(name), member) is not getattr(Estimator, member)


def estimate(name, x, y, seed=0, labels=False, **params):
    return calling.estimate(quick(name, **params), x, y, seed, labels=labels)


def in_full(name, x, y, seed=0, labels=False):
    """With the default parameters."""
    return calling.estimate(lookup.named(name)(), x, y, seed, labels=labels)


def estimate_or_error(name, x, y, **params):
    """A finite value, or None where the estimator said in one line why there is none."""
    try:
        value = estimate(name, x, y, **params)
    except InfoplaneError as error:
        said = str(error)
    else:
        assert np.isfinite(value)
        return value
    assert said
    assert "\n" not in said
    return None


def gaussian(samples, correlation, seed=0, units=1):
    """x `(samples, units)` of which y `(samples, 1)` sees the first."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, units))
    return x, correlation * x[:, :1] + np.sqrt(1 - correlation**2) * rng.normal(size=(samples, 1))


# --- the class ---


def test_it_is_a_frozen_dataclass_named_after_its_folder(name):
    kind = lookup.named(name)
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))
    assert kind().name == name
    assert kind.__name__.lower() == name.replace("_", "")
    assert kind() == kind()


@cache
def members(kind):
    """What the body of the class defines, by name, and the names that its methods read of `self`."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    defined = {}
    for node in body.body:
        if isinstance(node, ast.FunctionDef):
            defined[node.name] = (
                "property" if any(ast.unparse(d) == "property" for d in node.decorator_list) else "method"
            )
        elif isinstance(node, ast.AnnAssign):
            constant = ast.unparse(node.annotation).startswith("ClassVar")
            defined[ast.unparse(node.target)] = "constant" if constant else "field"
        elif isinstance(node, ast.Assign):
            defined |= {ast.unparse(target): "constant" for target in node.targets}
    read = {
        (method.name, node.attr)
        for method in body.body
        for node in ast.walk(method)
        if isinstance(method, ast.FunctionDef)
        and isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return defined, read


def strangers(kind):
    """What a class defines that nobody would ever call, such as a hook or a constant whose name is misspelt.

    A field is a parameter. Anything else is on the base class, as what it is there, or it is a helper: a name with an
    underscore that another method of the class reads of `self`.
    """
    defined, read = members(kind)
    base, _ = members(Estimator)
    found = set()
    for name, what in defined.items():
        helps = name.startswith("_") and what == "method" and any(name == of and by != name for by, of in read)
        if what != "field" and base.get(name) != what and not helps:
            found.add(name)
    return found


def test_it_defines_nothing_that_nobody_calls(name):
    assert strangers(lookup.named(name)) == set()


def test_a_misspelt_hook_is_found():
    class Wrong(Estimator):
        tolerance_bit = 0.1
        bins: int = 3

        def _estimate(self, x, y, rng):
            return self._helper(x, y, rng)

        def _helper(self, *of):
            return len(of)

        def _estimate_permutted(self, x, y, permutations, rngs):
            return self._estimate_permutted(x, y, permutations, rngs)

        def scale_invariant(self):  # no property
            return True

        def maximum_bit(self, samples):
            return samples

    assert strangers(Wrong) == {"tolerance_bit", "_estimate_permutted", "scale_invariant", "maximum_bit"}


def test_a_hook_takes_what_that_of_the_base_class_takes(name):
    """By name, in order: callers pass them either way."""
    kind = lookup.named(name)
    for member, what in members(kind)[0].items():
        if what == "method" and member in members(Estimator)[0]:
            own, base = (list(inspect.signature(getattr(of, member)).parameters) for of in (kind, Estimator))
            assert own == base, member


def test_one_without_an_estimate_cannot_be_defined():
    with pytest.raises(TypeError, match="Nothing defines neither _estimate nor _estimate_many"):

        class Nothing(Estimator):
            pass


def test_a_layer_is_read_alone_exactly_where_there_is_a_way_to(name):
    assert lookup.named(name).reads_layer_alone == overrides(name, "_input_information")


def test_what_it_is_not_for_is_one_of_the_known_words(name):
    assert set(lookup.named(name).not_for) <= {"labels", "vector targets"}


def test_a_wrong_parameter_is_refused_in_the_same_words_from_python_and_from_a_file(name):
    """When the object is made, each of its parameters, and one that it does not have."""
    kind = lookup.named(name)
    known = {field.name for field in fields(kind)}
    pairs = [(field.name, value) for field in fields(kind) for value in ("many", {}, -1e300, np.nan)]
    pairs += [("k", 0)] * ("k" in known) + [("scale", "unknown")] * ("scale" in known)
    assert pairs
    for key, value in pairs:
        with pytest.raises(InfoplaneError) as from_python:
            kind(**{key: value})
        said = str(from_python.value)
        assert said.startswith(f"{key}: ")
        assert "\n" not in said
        with pytest.raises(InfoplaneError) as from_a_file:
            measurement(Config({"estimators": {"id": {"estimator": name, key: value}}}), "id")
        assert str(from_a_file.value) == f"estimators.id.{said}"
        with pytest.raises(InfoplaneError) as from_another:
            replace(kind(), **{key: value})
        assert str(from_another.value) == said


def test_a_parameter_is_checked_as_numpy_has_it_too(name):
    if "k" not in {field.name for field in fields(lookup.named(name))}:
        pytest.skip("has no k")
    kind = lookup.named(name)
    assert kind(k=np.int64(4)) == kind(k=4)
    assert type(kind(k=np.int64(4)).k) is int
    with pytest.raises(InfoplaneError, match=r"^k: Input should be greater than or equal to 1, got 0$"):
        kind(k=np.int64(0))


# --- its numbers ---


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_closed_form_of_a_gaussian_pair(name, correlation):
    truth_bits = -np.log2(1 - correlation**2) / 2
    errors = []
    for seed in range(REPETITIONS.get(name, 10)):
        x, y = gaussian(1000, correlation, seed)
        errors.append(in_full(name, x, y, seed) - truth_bits)
    assert abs(np.mean(errors)) <= declared(name, "tolerance_bits")


def test_a_constant_layer_has_no_bits(name):
    y = gaussian(64, 0.5)[1]
    for x in (np.zeros((64, 1)), np.full((64, 2), 0.1), np.full((64, 2), 1e30)):
        assert estimate(name, x, y) == 0.0


def test_order_of_rows_and_units_does_not_matter(name):
    within = lookup.named(name).order_tolerance_bits
    x, y = gaussian(200, 0.7, units=2)
    x[:, 1] = np.maximum(x[:, 1], 0)  # a ReLU's ties
    order = np.random.default_rng(1).permutation(len(x))
    value = estimate(name, x, y)
    assert estimate(name, x[order], y[order]) == pytest.approx(value, abs=within)
    assert estimate(name, x[:, ::-1], y) == pytest.approx(value, abs=within)


def test_same_seed_same_bits(name):
    x, y = gaussian(100, 0.7, units=2)
    x, y = np.round(x, 1), np.round(y, 1)  # ties, which some break at random
    assert estimate(name, x, y, seed=5) == estimate(name, x, y, seed=5)


def test_arguments_are_left_as_they_are(name):
    x, y = gaussian(100, 0.7, units=2)
    before = x.copy(), y.copy()
    estimate(name, x, y)
    assert np.array_equal(x, before[0])
    assert np.array_equal(y, before[1])


def test_many_are_the_same_numbers_as_one_by_one(name):
    y = gaussian(120, 0.7)[1]
    xs = [gaussian(120, 0.7, seed, units)[0] for seed, units in enumerate([1, 2, 2, 1])]
    xs += [np.ones((120, 2)), xs[1].astype(np.float32)]
    for targets, labels in kinds_of(y):
        many = calling.estimate_many(quick(name), xs, targets, labels=labels)
        assert many.shape == (len(xs),)
        for i, x in enumerate(xs):  # to the bit, however many share the call
            alone = calling.estimate_many(quick(name), [x], targets, [i], labels=labels)
            assert list(alone) == [many[i]]
        each = [estimate(name, x, targets, seed=i, labels=labels) for i, x in enumerate(xs)]
        assert list(many) == each
        flagged, words = calling.estimate_flagged(quick(name), xs, targets, labels=labels)
        assert list(flagged) == each
        assert len(words) == len(xs)
        assert all(isinstance(of, set) for of in words)


def kinds_of(y):
    """y as numbers, as numbers of two values, and as two labels."""
    signs = (y > 0).astype(float)
    return (y, False), (signs, False), (signs, True)


def test_permuted_are_the_same_numbers_as_one_by_one(name):
    """Those that do not override it too: pairs in another order are other pairs only within the order's tolerance."""
    x, y = gaussian(120, 0.7, units=2)
    permutations = np.array([np.random.default_rng(i).permutation(120) for i in range(4)])
    within = 1e-9 if overrides(name, "_estimate_permuted") else lookup.named(name).order_tolerance_bits
    for targets, labels in kinds_of(y):
        null = calling.estimate_permuted(quick(name), x, targets, permutations, labels=labels)
        # Some of the rows of a variable: labels keep their numbers, as they do where the rows are permuted.
        of_y, numbers = calling.variable(targets, labels), np.ascontiguousarray(x)
        expected = [quick(name)._estimate(numbers, of_y[p], np.random.default_rng(0)) for p in permutations]
        np.testing.assert_allclose(null, expected, rtol=0, atol=within)


def test_input_information_many_are_the_same_numbers_as_one_by_one(name):
    if not lookup.named(name).reads_layer_alone:
        pytest.skip("I(X;T) is estimated from pairs")
    ts = [gaussian(120, 0.7, seed, units)[0] for seed, units in enumerate([1, 2, 2])]
    one_by_one = [calling.input_information(quick(name), t, seed) for seed, t in enumerate(ts)]
    assert list(calling.input_informations(quick(name), ts)) == one_by_one
    assert min(one_by_one) > 0


def test_the_scale_of_columns_does_not_matter_where_that_is_claimed(name):
    if not quick(name).scale_invariant:
        pytest.skip("does not claim it")
    x, y = gaussian(150, 0.7, units=2)
    # Powers of two leave every digit as it is, so that any difference is the estimator's.
    assert estimate(name, x * [2.0**-30, 2.0**40], y) == pytest.approx(estimate(name, x, y), abs=1e-9)


def test_the_maximum_is_not_exceeded(name):
    if not overrides(name, "maximum_bits"):
        pytest.skip("declares none")
    x = np.random.default_rng(0).normal(size=(60, 1))
    maximum = quick(name).maximum_bits(60)
    value = estimate_or_error(name, x, x)  # infinite information
    assert value is None or value <= maximum + 1e-9


@pytest.mark.parametrize("samples", [80, 300])
def test_the_most_of_a_target_is_reached_where_all_is_told(name, samples):
    """y to within the rounding of float32, in 64 units, so that noise on units averages out."""
    if not overrides(name, "_target_maximum_bits"):
        pytest.skip("declares none")
    y = np.random.default_rng(samples).normal(size=(samples, 1))
    maximum = quick(name)._target_maximum_bits(calling.variable(y))
    value = estimate(name, np.repeat(y.astype(np.float32), 64, axis=1), y)
    assert 0.95 * maximum <= value <= maximum + 0.02


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_error_falls_with_the_samples(name, correlation):
    """At a correlation of 0.9 what bins, noise and kernels hide does not depend on n, so not there."""
    truth_bits = -np.log2(1 - correlation**2) / 2
    errors = []
    for samples in (100, 1000):
        pairs = [gaussian(samples, correlation, seed) for seed in range(10 if name not in REPETITIONS else 3)]
        values = [in_full(name, x, y, i) for i, (x, y) in enumerate(pairs)]
        errors.append(np.sqrt(np.mean((np.array(values) - truth_bits) ** 2)))
    assert errors[1] < 0.75 * errors[0]


def test_symmetry(name):
    """Within what the file declares where it treats x and y unlike (a decoder, boxes, an order of units)."""
    kind = lookup.named(name)
    within = kind.order_tolerance_bits if kind.symmetry_tolerance_bits is None else kind.symmetry_tolerance_bits
    x, y = gaussian(300, 0.8, units=2)
    for side in (x[:, :1], x):
        values = [in_full(name, a, b) for a, b in ((side, y), (y, side))]
        assert values[0] == pytest.approx(values[1], abs=within)


def test_a_discrete_vector_target_is_its_labels(name):
    """Two fair coins, 2 bits, told by one unit of four levels. `gaussian` alone is no estimate of that."""
    if "labels" in lookup.named(name).not_for:
        pytest.skip("is not for labels")
    rng = np.random.default_rng(0)
    coins = rng.integers(0, 2, size=(400, 2)).astype(float)
    label = 2 * coins[:, :1] + coins[:, 1:]
    x = 4 * label + 0.3 * rng.normal(size=(400, 2))
    value = in_full(name, x, coins, labels=True)
    assert value == pytest.approx(in_full(name, x, label, labels=True), abs=1e-9)
    if name != "gaussian":
        assert value == pytest.approx(2, abs=0.2)


def test_the_names_of_labels_and_the_order_of_rows_do_not_matter(name):
    """Ten classes in twenty units, 3.32 bits, told apart: the first to appear must not decide anything."""
    kind = lookup.named(name)
    if "labels" in kind.not_for:
        pytest.skip("is not for labels")
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(10), 40)
    units = 2 if name == "gaussian_kde" else 20
    x = (3 * rng.normal(size=(10, units)))[label] + rng.normal(size=(400, units))
    value = estimate(name, x, label, labels=True)
    renamed = np.array([7, -3, 900, 0, 12, 5, 4, 1, 8, 2])[label]
    assert estimate(name, x, renamed, labels=True) == value
    assert estimate(name, x, renamed.astype(str), labels=True) == value
    order = rng.permutation(400)
    # decodable deals the rows of a class to folds in their order.
    within = 0.02 if name == "decodable" else kind.order_tolerance_bits
    assert estimate(name, x[order], label[order], labels=True) == pytest.approx(value, abs=within)


def test_classes_far_apart_are_known_in_many_units(name):
    """Ten classes in twenty units: log2(10) bits, which a distance between the names of classes would hide."""
    if "labels" in lookup.named(name).not_for:
        pytest.skip("is not for labels")
    if name in ("gaussian", "gaussian_kde", "sklearn"):
        pytest.skip("sees linear dependence, one or two units, or one unit at a time")
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(10), 40)
    x = (3 * rng.normal(size=(10, 20)))[label] + rng.normal(size=(400, 20))
    assert in_full(name, x, label, labels=True) == pytest.approx(np.log2(10), abs=0.35)


def test_a_continuous_vector_target(name):
    """Two independent pairs tell twice what one does; where an estimator cannot say so, its file tells why."""
    if "vector targets" in lookup.named(name).not_for:
        pytest.skip("is not for vector targets")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1000, 2))
    y = 0.8 * x + 0.6 * rng.normal(size=(1000, 2))
    pair_bits = -np.log2(0.6)
    if name == "gaussian_kde":
        with pytest.raises(InfoplaneError, match="2 units and 2 targets is out of reach"):
            estimate(name, x, y)
        return
    value = in_full(name, x, y)
    if name == "sklearn":
        assert value == pytest.approx(pair_bits, abs=0.1), "the best single unit about the best single target"
    elif name in ("binning", "kde", "noisy", "renyi"):
        assert value > 2 * pair_bits, "more cells, or emptier space, for as many samples: biased upwards"
    else:
        assert value == pytest.approx(2 * pair_bits, abs=0.15)


def test_no_scale_changes_a_value_where_that_is_claimed(name):
    """1e-30 and 1e30 on either side; rounding amplified by training is within the order's tolerance."""
    if not quick(name).scale_invariant:
        pytest.skip("does not claim it")
    x, y = gaussian(150, 0.7, units=2)
    value, within = estimate(name, x, y), max(1e-6, lookup.named(name).order_tolerance_bits)
    for by_x, by_y in ((1e-30, 1e30), (1e30, 1e-30), (1e-30, 1e-30), (1e30, 1e30)):
        assert estimate(name, x * by_x, y * by_y) == pytest.approx(value, abs=within)
        assert estimate(name, (x * by_x).astype(np.float32), y) == pytest.approx(value, abs=max(within, 0.02))


def hostile():
    x, y = gaussian(48, 0.7, units=2)
    labels = (y > 0).astype(float)
    return {
        "two values of x": (np.sign(x), y),
        "two values of y": (x, labels),
        "two values of both": (np.sign(x), labels),
        "x is y": (y, y),
        "x is label": (labels, labels),
        "constant y": (x, np.ones_like(y)),
        "one dead unit": (np.hstack([x[:, :1], np.zeros_like(y)]), y),
        "rows twice": (np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0)),
        "rows four times": (np.repeat(x, 4, axis=0), np.repeat(y, 4, axis=0)),
        "four samples": (x[:4], y[:4]),
        "three samples": (x[:3], y[:3]),
        "two samples": (x[:2], y[:2]),
        "one sample": (x[:1], y[:1]),
        "small x": (x * 1e-30, y),
        "large x": (x * 1e30, y),
        "small y": (x, y * 1e-30),
        "large y": (x, y * 1e30),
        "small and large": (x * [1e-30, 1e30], y),
        "far from zero": (x + 1e9, y),
        "a range of the least number": (x, (np.arange(48)[:, None] == 0) * 5e-324),
        "one outlier": (np.vstack([x, [[1e30, 0]]]), np.vstack([y, [[1e30]]])),
        "one label apart": (x, (np.arange(48)[:, None] == 0).astype(float)),
        "each its own label": (x, np.arange(48.0)[:, None]),
        "many zeros in y": (x, np.maximum(y, 0)),
        "two targets": (x[:, :1], np.hstack([y, x[:, 1:]])),
        "one target twice": (x[:, :1], np.hstack([y, y])),
        "one unit twice": (x[:, [0, 0]], y),
    }


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("case", hostile())
def test_hostile_input_gives_a_number_or_one_line(name, case, labels):
    estimate_or_error(name, *hostile()[case], labels=labels)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["x", "y"])
def test_what_is_not_finite_is_refused(name, side, value):
    """Sorting has no place for NaN: compiled code would write beyond its arrays. The gate is before all of them."""
    x, y = gaussian(60, 0.7, units=2)
    (x if side == "x" else y)[7, 0] = value
    said = rf"^{side}: 1 row holds NaN or infinity, the first is row 7; leave them out$"
    for labels in (False, True):
        with pytest.raises(InfoplaneError, match=said):
            estimate(name, x, y, labels=labels)
        with pytest.raises(InfoplaneError, match=said):
            infoplane.mutual_information(x, y, quick(name), labels=labels)


def test_no_rows_and_no_units_are_refused(name):
    x, y = gaussian(60, 0.7)
    for nothing, target in ((x[:0], y[:0]), (x[:, :0], y)):
        for labels in (False, True):
            with pytest.raises(InfoplaneError):
                estimate(name, nothing, target, labels=labels)


def test_one_sample_more_than_neighbours(name):
    if "k" not in {field.name for field in fields(lookup.named(name))}:
        pytest.skip("has no k")
    x, y = gaussian(6, 0.7)
    estimate_or_error(name, x, y, k=5)
    with pytest.raises(InfoplaneError, match="k: 6 is not below the 6 samples"):
        estimate(name, x, y, k=6)


def test_float32_is_only_another_way_to_write_a_number(name):
    x, y = gaussian(100, 0.7, units=2)
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    assert estimate(name, x32, y32) == estimate(name, x32.astype(np.float64), y32.astype(np.float64))


values = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, 1e-30, -1e30, 1e30, 1.0 + 1e-15]) | st.floats(-1e30, 1e30)


@pytest.mark.parametrize("fuzzed", [n for n in NAMES if n not in QUICK])
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_fuzzed_input_gives_a_number_or_one_line(fuzzed, data):
    samples, units = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 2))
    row = st.tuples(*[values] * (units + 1))
    table = np.array(data.draw(st.lists(row, min_size=samples, max_size=samples)))
    estimate_or_error(fuzzed, table[:, 1:], table[:, :1], labels=data.draw(st.booleans()))
