"""What every estimator promises, measured for each file of the package alike.

A file declares `TOLERANCE_BITS`: what its mean error stays within on a Gaussian pair of correlation up to
0.9 with 1000 samples. Where the order of rows or units matters (cross-validation, random critics, noise
that breaks ties), it declares `ORDER_TOLERANCE_BITS`: what a value moves by at most when they are
permuted.
"""

import inspect

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infoplane.core import plugins
from infoplane.core.errors import InfoplaneError

NAMES = plugins.names("estimators")
# Fewer steps than by default, for tests of anything but accuracy.
QUICK = {"neural": {"steps": 20}}
# A repetition is a fresh sample; where one takes long fewer have to do.
REPETITIONS = {"neural": 1, "renyi": 3}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def module_of(name):
    return plugins.load("estimators", name, "test")


def declared(name, constant):
    value = getattr(module_of(name), constant, None)
    if value is None:
        pytest.fail(f"src/infoplane/estimators/{name}.py must declare {constant}")
    return value


def estimate(name, x, y, seed=0, **params):
    value = module_of(name).estimate(x, y, rng=np.random.default_rng(seed), **QUICK.get(name, {}), **params)
    assert isinstance(value, float)
    return value


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


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_closed_form_of_a_gaussian_pair(name, correlation):
    truth_bits = -np.log2(1 - correlation**2) / 2
    errors = []
    for seed in range(REPETITIONS.get(name, 10)):
        x, y = gaussian(1000, correlation, seed)
        errors.append(module_of(name).estimate(x, y, rng=np.random.default_rng(seed)) - truth_bits)
    assert abs(np.mean(errors)) <= declared(name, "TOLERANCE_BITS")


def test_a_constant_layer_has_no_bits(name):
    y = gaussian(64, 0.5)[1]
    for x in (np.zeros((64, 1)), np.full((64, 2), 0.1), np.full((64, 2), 1e30)):
        assert estimate(name, x, y) == 0.0


def test_order_of_rows_and_units_does_not_matter(name):
    within = getattr(module_of(name), "ORDER_TOLERANCE_BITS", 1e-9)
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
    module = module_of(name)
    if not hasattr(module, "estimate_many"):
        return
    y = gaussian(120, 0.7)[1]
    xs = [gaussian(120, 0.7, seed, units)[0] for seed, units in enumerate([1, 2, 2, 1])]
    xs += [np.ones((120, 2)), xs[1].astype(np.float32)]
    for targets in (y, (y > 0).astype(float)):
        rngs = [np.random.default_rng(i) for i in range(len(xs))]
        many = module.estimate_many(xs, targets, rngs=rngs, **QUICK.get(name, {}))
        assert many.shape == (len(xs),)
        # To the bit however many share the call; a single value may come from another sum, as npeet's from the package.
        for i, x in enumerate(xs):
            alone = module.estimate_many([x], targets, rngs=[np.random.default_rng(i)], **QUICK.get(name, {}))
            assert list(alone) == [many[i]]
        each = [estimate(name, x, targets, seed=i) for i, x in enumerate(xs)]
        assert many == pytest.approx(each, rel=0, abs=1e-12)


def test_permuted_are_the_same_numbers_as_one_by_one(name):
    module = module_of(name)
    if not hasattr(module, "estimate_permuted"):
        return
    x, y = gaussian(120, 0.7, units=2)
    permutations = np.array([np.random.default_rng(i).permutation(120) for i in range(4)])
    for targets in (y, (y > 0).astype(float)):
        null = module.estimate_permuted(
            x, targets, permutations=permutations, rng=np.random.default_rng(0), **QUICK.get(name, {})
        )
        expected = [estimate(name, x, targets[p]) for p in permutations]
        np.testing.assert_allclose(null, expected, rtol=0, atol=1e-9)


def test_input_information_many_are_the_same_numbers_as_one_by_one(name):
    module = module_of(name)
    if not hasattr(module, "input_information_many"):
        return
    ts = [gaussian(120, 0.7, seed, units)[0] for seed, units in enumerate([1, 2, 2])]
    rngs = [np.random.default_rng(i) for i in range(3)]
    one_by_one = [module.input_information(t, rng=np.random.default_rng(i)) for i, t in enumerate(ts)]
    assert list(module.input_information_many(ts, rngs=rngs)) == one_by_one


def test_all_functions_of_a_file_take_the_parameters_of_estimate(name):
    module = module_of(name)
    schema = plugins.parameters(module.estimate, {}, name)
    for function in ("estimate_many", "estimate_permuted", "input_information", "input_information_many"):
        if hasattr(module, function):
            keywords = inspect.signature(getattr(module, function)).parameters.values()
            if any(p.kind is p.VAR_KEYWORD for p in keywords):
                continue  # hands them on
            defaults = {p.name: p.default for p in keywords if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}
            assert defaults == schema, function


def test_the_scale_of_columns_does_not_matter_where_that_is_claimed(name):
    module = module_of(name)
    if not (
        hasattr(module, "scale_invariant") and module.scale_invariant(**plugins.parameters(module.estimate, {}, name))
    ):
        return
    x, y = gaussian(150, 0.7, units=2)
    # Powers of two leave every digit as it is, so that any difference is the estimator's.
    assert estimate(name, x * [2.0**-30, 2.0**40], y) == pytest.approx(estimate(name, x, y), abs=1e-9)


def test_the_maximum_is_not_exceeded(name):
    module = module_of(name)
    if not hasattr(module, "maximum_bits"):
        return
    x = np.random.default_rng(0).normal(size=(60, 1))
    maximum = module.maximum_bits(60, **plugins.parameters(module.estimate, {}, name))
    value = estimate_or_error(name, x, x)  # infinite information
    assert value is None or value <= maximum + 1e-9


@pytest.mark.parametrize("samples", [80, 300])
def test_the_most_of_a_target_is_reached_where_all_is_told(name, samples):
    """y to within the rounding of float32, in 64 units, so that noise on units averages out."""
    module = module_of(name)
    if not hasattr(module, "target_maximum_bits"):
        return
    y = np.random.default_rng(samples).normal(size=(samples, 1))
    maximum = module.target_maximum_bits(y, **plugins.parameters(module.estimate, {}, name))
    value = estimate(name, np.repeat(y.astype(np.float32), 64, axis=1), y)
    assert 0.95 * maximum <= value <= maximum + 0.02


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_error_falls_with_the_samples(name, correlation):
    """At a correlation of 0.9 what bins, noise and kernels hide does not depend on n, so not there."""
    truth_bits = -np.log2(1 - correlation**2) / 2
    errors = []
    for samples in (100, 1000):
        pairs = [gaussian(samples, correlation, seed) for seed in range(10 if name not in REPETITIONS else 3)]
        values = [module_of(name).estimate(x, y, rng=np.random.default_rng(i)) for i, (x, y) in enumerate(pairs)]
        errors.append(np.sqrt(np.mean((np.array(values) - truth_bits) ** 2)))
    assert errors[1] < 0.75 * errors[0]


def test_symmetry(name):
    """Within what the file declares where it treats x and y unlike (a decoder, boxes, an order of units)."""
    module = module_of(name)
    default = getattr(module, "ORDER_TOLERANCE_BITS", 1e-9)
    x, y = gaussian(300, 0.8, units=2)
    for side in (x[:, :1], x):
        values = [module.estimate(a, b, rng=np.random.default_rng(0)) for a, b in ((side, y), (y, side))]
        assert values[0] == pytest.approx(values[1], abs=getattr(module, "SYMMETRY_TOLERANCE_BITS", default))


def test_a_discrete_vector_target_is_its_labels(name):
    """Two fair coins, 2 bits, told by one unit of four levels. `gaussian` alone is no estimate of that."""
    if "labels" in getattr(module_of(name), "NOT_FOR", ()):
        return
    rng = np.random.default_rng(0)
    coins = rng.integers(0, 2, size=(400, 2)).astype(float)
    label = 2 * coins[:, :1] + coins[:, 1:]
    x = 4 * label + 0.3 * rng.normal(size=(400, 2))
    value = module_of(name).estimate(x, coins, rng=np.random.default_rng(0))
    assert value == pytest.approx(module_of(name).estimate(x, label, rng=np.random.default_rng(0)), abs=1e-9)
    if name != "gaussian":
        assert value == pytest.approx(2, abs=0.2)


def test_a_continuous_vector_target(name):
    """Two independent pairs tell twice what one does; where an estimator cannot say so, its file tells why."""
    if "vector targets" in getattr(module_of(name), "NOT_FOR", ()):
        return
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1000, 2))
    y = 0.8 * x + 0.6 * rng.normal(size=(1000, 2))
    pair_bits = -np.log2(0.6)
    if name == "gaussian_kde":
        with pytest.raises(InfoplaneError, match="2 units and 2 targets is out of reach"):
            estimate(name, x, y)
        return
    value = module_of(name).estimate(x, y, rng=np.random.default_rng(0))
    if name == "sklearn":
        assert value == pytest.approx(pair_bits, abs=0.1), "the best single unit about the best single target"
    elif name in ("binning", "kde", "renyi"):
        assert value > 2 * pair_bits, "more cells, or emptier space, for as many samples: biased upwards"
    else:
        assert value == pytest.approx(2 * pair_bits, abs=0.15)


def test_no_scale_changes_a_value_where_that_is_claimed(name):
    """1e-30 and 1e30 on either side; rounding amplified by training is within the order's tolerance."""
    module = module_of(name)
    if not (
        hasattr(module, "scale_invariant") and module.scale_invariant(**plugins.parameters(module.estimate, {}, name))
    ):
        return
    x, y = gaussian(150, 0.7, units=2)
    value, within = estimate(name, x, y), max(1e-6, getattr(module, "ORDER_TOLERANCE_BITS", 0.0))
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
        "one outlier": (np.vstack([x, [[1e30, 0]]]), np.vstack([y, [[1e30]]])),
        "one label apart": (x, (np.arange(48)[:, None] == 0).astype(float)),
        "each its own label": (x, np.arange(48.0)[:, None]),
        "many zeros in y": (x, np.maximum(y, 0)),
        "two targets": (x[:, :1], np.hstack([y, x[:, 1:]])),
        "one target twice": (x[:, :1], np.hstack([y, y])),
        "one unit twice": (x[:, [0, 0]], y),
    }


@pytest.mark.parametrize("case", hostile())
def test_hostile_input_gives_a_number_or_one_line(name, case):
    estimate_or_error(name, *hostile()[case])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["x", "y"])
def test_what_is_not_finite_is_refused(name, side, value):
    """Sorting has no place for NaN: compiled code would write beyond its arrays."""
    x, y = gaussian(60, 0.7, units=2)
    (x if side == "x" else y)[7, 0] = value
    with pytest.raises(InfoplaneError, match=r"not all finite; leave out"):
        estimate(name, x, y)


def test_no_rows_and_no_units_are_refused(name):
    x, y = gaussian(60, 0.7)
    for nothing, target in ((x[:0], y[:0]), (x[:, :0], y)):
        with pytest.raises(InfoplaneError):
            estimate(name, nothing, target)


def test_one_sample_more_than_neighbours(name):
    if "k" in plugins.parameters(module_of(name).estimate, {}, name):
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
    estimate_or_error(fuzzed, table[:, 1:], table[:, :1])
