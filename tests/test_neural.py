"""neural: the bounds against closed forms, the critics against plain torch, the numbers against batching."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.neural import Neural
from infoplane.estimators.neural.bounds import Loss
from infoplane.estimators.neural.critics import Critics

BOUNDS = ["mine", "nwj", "infonce", "smile"]


def rng(seed=0):
    return np.random.default_rng(seed)


def rngs(count):
    return [rng(seed) for seed in range(count)]


def estimate(x, y, seed=0, labels=False, **params):
    return calling.estimate(Neural(**params), x, y, seed, labels=labels)


def estimate_many(xs, y, seeds=None, **params):
    return calling.estimate_many(Neural(**params), xs, y, seeds)


def estimate_flagged(xs, y, seeds=None, **params):
    return calling.estimate_flagged(Neural(**params), xs, y, seeds)


def gaussian(samples, correlation, seed=0):
    x, noise = rng(seed).normal(size=(2, samples, 1))
    return x, correlation * x + math.sqrt(1 - correlation**2) * noise


def gaussian_bits(correlation):
    return -0.5 * math.log2(1 - correlation**2)


# --- the bounds ---


def by_hand(bound, scores, tau):
    """The definition, pair by pair."""
    batch = len(scores)
    joint = sum(scores[i][i] for i in range(batch)) / batch
    pairs = [(i, j) for i in range(batch) for j in range(batch) if i != j]
    if bound == "infonce":
        rows = [math.exp(scores[i][i]) / (sum(map(math.exp, scores[i])) / batch) for i in range(batch)]
        return sum(map(math.log, rows)) / batch
    if bound == "nwj":
        return 1 + joint - sum(math.exp(scores[i][j]) for i, j in pairs) / len(pairs)
    clip = tau if bound == "smile" else math.inf
    return joint - math.log(sum(math.exp(min(max(scores[i][j], -clip), clip)) for i, j in pairs) / len(pairs))


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_bound_is_its_definition(bound):
    scores = 2 * rng().normal(size=(3, 7, 7))
    found = Loss(bound, tau=1.5, ema_rate=0.01).nats(torch.from_numpy(scores))
    assert found.tolist() == pytest.approx([by_hand(bound, s.tolist(), 1.5) for s in scores], abs=1e-12)


@pytest.mark.parametrize("bound", BOUNDS)
def test_slope_is_the_derivative_of_minus_the_objective(bound):
    """For MINE at the first batch, where the moving average is that batch's own mean."""
    scores = torch.from_numpy(2 * rng(1).normal(size=(3, 9, 9))).requires_grad_()
    (-Loss(bound, 5.0, 0.01).objective(scores)).sum().backward()
    slope = Loss(bound, 5.0, 0.01).slope(scores.detach())
    torch.testing.assert_close(slope, scores.grad, rtol=1e-12, atol=1e-15)


def test_moving_average_of_mine():
    """Belghazi et al. 2018, section 3.2: the denominator of the gradient is the moving average of E_Q e^s."""
    scores = [torch.from_numpy(rng(seed).normal(size=(1, 5, 5))) for seed in range(3)]
    loss, average = Loss("mine", 5.0, 0.1), None
    off = ~torch.eye(5, dtype=torch.bool)
    for each in scores:
        slope = loss.slope(each)
        mean = each[0][off].exp().mean()
        average = mean if average is None else 0.9 * average + 0.1 * mean
        torch.testing.assert_close(slope[0][off], each[0][off].exp() / average / 20)


@pytest.mark.parametrize("bound", ["mine", "nwj", "smile"])
def test_the_best_critic_reaches_the_information(bound):
    """Every bound is tight at s = log p(x, y) / p(x) p(y); InfoNCE only as the batch grows."""
    x, y = gaussian(2000, 0.8)
    joint = stats.multivariate_normal(cov=[[1, 0.8], [0.8, 1]])
    both = np.stack(np.broadcast_arrays(x, y.T), axis=-1)
    ratio = joint.logpdf(both) - stats.norm.logpdf(x) - stats.norm.logpdf(y.T)
    nats = Loss(bound, tau=20.0, ema_rate=0.01).nats(torch.from_numpy(ratio[None]))
    assert float(nats) / math.log(2) == pytest.approx(gaussian_bits(0.8), abs=0.05)


# --- the critics ---


def test_stacked_critics_learn_what_plain_torch_learns():
    """Two values of different width, two critics each, against nn.Sequential and autograd one by one."""
    xs = rng(0).normal(size=(40, 3)), rng(1).normal(size=(40, 5))
    tables = [(x, x[:, :1] + x[:, 1:2]) for x in xs]
    critics = Critics(tables, rngs(2), folds=2, hidden=16, learning_rate=0.01, device="cpu")
    plain = [[tower(critics, side, c, tables[c // 2][side].shape[1]) for side in (0, 1)] for c in range(4)]
    parameters = [[p for network in towers for p in network.parameters()] for towers in plain]
    optimisers = [torch.optim.Adam(each, lr=0.01, eps=1e-6) for each in parameters]
    others = ~torch.eye(12, dtype=torch.bool)
    loss = Loss("nwj", 5.0, 0.01)
    for step in range(40):
        rows = np.stack([rng(10 * step + c).permutation(40)[:12] for c in range(4)])
        with torch.no_grad():
            found = critics.scores(torch.from_numpy(rows))
            critics.step(torch.from_numpy(rows), loss.slope)
        for c, (g, h) in enumerate(plain):
            x, y = (torch.from_numpy(table[rows[c]].astype(np.float32)) for table in tables[c // 2])
            scores = g(x) @ h(y).T
            torch.testing.assert_close(found[c], scores.detach(), rtol=1e-3, atol=1e-4)
            optimisers[c].zero_grad()
            (scores[others].exp().mean() - scores.diagonal().mean()).backward()
            optimisers[c].step()
    assert found.diagonal(dim1=1, dim2=2).mean() > 0.25, "they did learn: it was about 0"


def tower(critics, side, c, units):
    """A plain network with the first weights of one tower; its own width, no padding."""
    w1, b1, w2, b2, w3, b3 = (w.view(2, 4, *w.shape[1:])[side, c].clone() for w in critics.weights)
    layers = []
    for weight, bias in ((w1[:units], b1), (w2, b2), (w3, b3)):
        linear = torch.nn.Linear(*weight.shape)
        linear.load_state_dict({"weight": weight.T, "bias": bias[0]})
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


# --- the estimate against the truth ---


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_closed_form_of_the_gaussian(bound, correlation):
    y = rng(9).normal(size=(1000, 1))
    noise = rng(10).normal(size=(6, 1000, 1))
    xs = list(correlation * y + math.sqrt(1 - correlation**2) * noise)
    found = estimate_many(xs, y, bound=bound)
    assert found.mean() == pytest.approx(gaussian_bits(correlation), abs=Neural.tolerance_bits)


def test_vector_variables():
    """Three independent pairs of correlation 0.7 tell three times what one does."""
    x, noise = rng().normal(size=(2, 2000, 3))
    y = 0.7 * x + math.sqrt(1 - 0.49) * noise
    bits = estimate(x, y @ np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1.0]]), judged=4)
    assert 3 * gaussian_bits(0.7) - 0.25 < bits < 3 * gaussian_bits(0.7) + 0.1


def test_noise_is_around_zero_and_never_clipped():
    """Held out: 1000 steps are enough to fit 30 rows of noise perfectly."""
    y = rng(99).normal(size=(60, 1))
    found = estimate_many([rng(s).normal(size=(60, 8)) for s in range(8)], y, steps=1000)
    assert found.min() < 0
    assert abs(found.mean()) < 0.15


@pytest.mark.parametrize("names", [(0, 1, 2), (7, -30, 1000)])
def test_labels(names):
    """Three equal classes that x tells apart: log2(3) bits, whatever the classes are called."""
    classes = rng().permutation(600) % 3
    x = np.column_stack([5.0 * (classes == 1), 5.0 * (classes == 2)]) + 0.3 * rng(1).normal(size=(600, 2))
    y = np.array(names)[classes][:, None].astype(float)
    assert estimate(x, y, labels=True) == pytest.approx(math.log2(3), abs=0.05)


def test_two_values_each():
    x = rng().integers(2, size=(400, 1)).astype(float)
    for labels in (False, True):
        assert estimate(x, 1 - x, labels=labels) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("labels", [False, True])
def test_many_whole_numbers_and_as_many_labels(labels):
    y = rng().integers(100, size=(1000, 1)).astype(float)
    bits = estimate(y + rng(1).normal(size=y.shape), y, labels=labels)
    truth = math.log2(100 / math.sqrt(2 * math.pi * math.e))  # H(uniform) - h(noise), edges aside
    assert bits == pytest.approx(truth, abs=1.0)


@pytest.mark.parametrize("which", ["x", "y"])
def test_constant_is_exactly_zero(which):
    x, y = gaussian(100, 0.9)
    x, y = (np.ones((100, 3)), y) if which == "x" else (x, np.ones((100, 1)))
    assert estimate(x, y) == 0.0


# --- InfoNCE's ceiling, and the flag ---


@pytest.mark.parametrize("batch", [4, 16])
def test_infonce_stays_below_its_ceiling(batch):
    """I(X;X) is infinite."""
    x = rng().normal(size=(400, 1))
    ceiling = Neural(batch=batch).maximum_bits(400)
    assert ceiling == math.log2(batch)
    assert 0.7 * ceiling < estimate(x, x, batch=batch) <= ceiling


def test_infonce_comes_up_to_its_ceiling():
    """Fifty labels hold 5.6 bits; batches of four, or parts of eight rows, can show two or three."""
    labels = rng().permutation(1000) % 50
    x, y = np.eye(50)[labels], labels[:, None].astype(float)
    found = [estimate(x, y, seed, labels=True, batch=4, steps=1000) for seed in range(3)]
    assert np.mean(found) > 1.9
    assert max(found) <= 2
    assert Neural().maximum_bits(32) == 3
    assert Neural(bound="nwj").maximum_bits(32) == math.inf


@pytest.mark.parametrize("bound", BOUNDS)
def test_too_few_steps_are_flagged(bound):
    x, y = gaussian(500, 0.99)
    for steps, expected in ((4, {"not_converged"}), (30, {"not_converged"}), (1500, set())):
        assert estimate_flagged([x], y, bound=bound, steps=steps)[1] == [expected]


def test_noise_is_not_flagged():
    x, y = gaussian(300, 0.0)
    assert estimate_flagged([x, x[::-1], x**2], y)[1] == [set(), set(), set()]


def test_a_value_that_few_pairs_decide_is_flagged():
    """One row far out: NWJ's E_Q e^s is made of the pairs with it, if it is among those judged."""
    x, y = gaussian(400, 0.9)
    x[0] = y[0] = 60
    bits, flags = estimate_flagged([x] * 8, y, bound="nwj")
    assert any(bits < -1)
    assert all(words == {"not_converged"} for value, words in zip(bits, flags, strict=True) if value < -1)
    assert not any(bits > 3)


# --- no number depends on its company ---


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("odd", [{}, {"batch": 27, "hidden": 48, "folds": 3, "judged": 2}])
def test_batching_changes_no_bit(bound, odd):
    x, y = gaussian(203, 0.8)
    xs = [np.hstack([x] * units) + rng(units).normal(size=(203, units)) for units in (1, 8, 8, 17, 3, 8)]
    xs.insert(2, np.zeros((203, 4)))
    params = {"bound": bound, "steps": 30, **odd}
    alone = [estimate(x, y, i, **params) for i, x in enumerate(xs)]
    assert estimate_many(xs, y, **params).tolist() == alone
    assert estimate_many(xs * 3, y, [*range(7)] * 3, **params).tolist() == alone * 3
    assert estimate_many(xs[::-1], y, range(7)[::-1], **params).tolist() == alone[::-1]


def test_threads_change_no_bit_and_are_left_alone():
    x, y = gaussian(200, 0.8)
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(estimate_many([x] * 5, y, steps=50, bound="mine").tolist())
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_seeded_and_without_trace_in_the_global_generators():
    x, y = gaussian(100, 0.5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = estimate(x, y, 1, steps=50)
    assert estimate(x, y, 1, steps=50) == first
    assert estimate(x, y, 2, steps=50) != first
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002


@pytest.mark.parametrize("discrete", [False, True])
def test_permuted_is_the_estimate_of_permuted_pairs(discrete):
    x, y = gaussian(120, 0.9)
    y = (y > 0).astype(float) if discrete else y
    permutations = np.stack([rng(draw).permutation(120) for draw in range(5)])
    estimator, of_y = Neural(steps=40), calling.variable(y, discrete)
    found = estimator._estimate_permuted(x, of_y, permutations, [rng(3 + draw) for draw in range(5)])
    # Of all generators the first is copied; labels keep their numbers whatever the order of the rows.
    assert found.tolist() == [estimator._estimate(x, of_y[p], rng(3)) for p in permutations]


# --- hostile input ---


def test_scale_changes_nothing():
    """A power of two is exact; 1e30 and 1e-30 round the columns, which training amplifies."""
    x, y = gaussian(200, 0.9)
    bits = estimate(x, y)
    assert estimate(x * 2.0**90, y * 2.0**-90) == bits
    assert estimate(x * 1e30, y * 1e-30) == pytest.approx(bits, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    samples=st.integers(24, 60),
    units=st.integers(1, 20),
    scale=st.sampled_from([1e-30, 1.0, 1e30]),
    shape=st.sampled_from(["normal", "cauchy", "two values", "dead units", "doubled"]),
    bound=st.sampled_from(BOUNDS),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_always_a_finite_number(seed, samples, units, scale, shape, bound, dtype):
    draw = rng(seed)
    x = draw.standard_cauchy((samples, units)) if shape == "cauchy" else draw.normal(size=(samples, units))
    if shape == "two values":
        x = (x > 0).astype(float)
    elif shape == "dead units":
        x = np.maximum(x, 0) * (np.arange(units) % 2)
    elif shape == "doubled":
        x[samples // 2 :] = x[: samples - samples // 2]
    y = x[:, :1] + draw.normal(size=(samples, 1))
    bits = estimate((x * scale).astype(dtype), (y * scale).astype(dtype), bound=bound, folds=3, steps=15)
    assert math.isfinite(bits)


def test_errors_name_the_parameter():
    x, y = gaussian(31, 0.5)
    with pytest.raises(InfoplaneError, match="folds: 4 parts of 8 rows are 32, and there are 31"):
        estimate(x, y)
    with pytest.raises(InfoplaneError, match=r"^judged: 4 is above folds: 3"):
        Neural(folds=3, judged=4)
    with pytest.raises(InfoplaneError, match=r"^hidden: .* multiple of 16, got 20"):
        Neural(hidden=20)
    with pytest.raises(InfoplaneError, match=r"^estimators\.mine\.hidden: .* multiple of 16, got 20"):
        Neural.of({"hidden": 20}, "estimators.mine")
    with pytest.raises(InfoplaneError, match=r"^estimators\.mine\.judged: 4 is above folds: 3"):
        Neural.of({"folds": 3, "judged": 4}, "estimators.mine")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_an_error_and_auto_falls_back():
    x, y = gaussian(100, 0.5)
    with pytest.raises(InfoplaneError, match=r"^device: cuda, but PyTorch finds no GPU here"):
        estimate(x, y, device="cuda")
    assert estimate(x, y, steps=5, device="auto") == estimate(x, y, steps=5)


def test_a_critic_that_diverges_is_an_error():
    """One row 30 standard deviations out in all of 1000 units: where it is judged, e^s overflows a double."""
    x, y = gaussian(1000, 0.9)
    x[0] = y[0] = 1e9
    x, y = np.tile(x, 1000), np.tile(y, 1000)
    with pytest.raises(InfoplaneError, match="learning_rate: a critic of nwj diverged"):
        estimate_many([x] * 8, y, bound="nwj", learning_rate=0.04, steps=40)
