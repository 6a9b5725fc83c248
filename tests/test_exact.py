"""The exact values against what can be written down: folds, atoms, dead layers, bottlenecks, and
identities."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from infoplane import exact
from infoplane.core.errors import InfoplaneError
from infoplane.datasets import quadratic
from infoplane.laws import KnownLaw, Mixture

QUADRATIC = quadratic.make()
CEILING = 3.4732  # bits, of QUADRATIC
SIZES = (1, 8, 8, 8, 8, 1)


def constant(value):
    return lambda x: np.full_like(x, value)


def law(inputs, function, noise_std, noise=None):
    return KnownLaw(inputs, function, noise or stats.norm(), constant(noise_std))


def net(*layers):
    return [(np.array(w, float).reshape(len(b), -1), np.array(b, float)) for w, b in layers]


def random_net(rng, *sizes):
    return [(rng.normal(size=(o, i)) * np.sqrt(2 / i), rng.normal(size=o) / 2) for i, o in pairwise(sizes)]


BOTH_SIDES = ([1, -1], [0, 0])  # relu(x), relu(-x)
ABSOLUTE = net(BOTH_SIDES, ([1, 1], [0]))  # |x| in its last layer

# x far from 0 on either side, noise so small that y tells x within any fibre of two.
TWO_SIDES = Mixture((stats.uniform(-3, 2), stats.uniform(1, 2)), (0.5, 0.5))
SHARP = law(TWO_SIDES, lambda x: x, 0.01)


@pytest.fixture(scope="module")
def default_nets():
    torch = pytest.importorskip("torch")
    nets = []
    for seed in range(6):
        torch.manual_seed(seed)
        linear = [torch.nn.Linear(i, o) for i, o in pairwise(SIZES)]
        nets.append([(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in linear])
    return nets


def test_yardsticks(default_nets):
    """Six default initialisations, values known from fine binning of the output.

    Binning reads low: the third and fourth rise to 2.71432 and 2.45179 with 80,000 bins of 20 million x,
    hence 1.5e-4 rather than the half of 1e-4 that rounding allows.
    """
    outputs = [3.1005, 2.7632, 2.7142, 2.4517, 2.6491, 3.1502]
    values = exact.layer_information_many(default_nets, QUADRATIC)
    assert values[:, :4] == pytest.approx(np.full((6, 4), CEILING), abs=5e-5)
    assert values[:, 4] == pytest.approx(outputs, abs=1.5e-4)


def test_an_injective_layer_has_the_ceiling_itself(default_nets):
    assert exact.layer_information(default_nets[0], QUADRATIC)[:4] == [exact.ceiling(QUADRATIC)] * 4


def test_many_networks_are_as_one_at_a_time(default_nets):
    checkpoints = [*default_nets, default_nets[1]]
    alone = [exact.layer_information(layers, QUADRATIC) for layers in checkpoints]
    assert (exact.layer_information_many(checkpoints, QUADRATIC) == alone).all()


class TestFolds:
    def test_an_even_function_loses_nothing(self):
        even = law(stats.uniform(-3, 6), lambda x: x**2, 0.2)
        assert exact.layer_information(ABSOLUTE, even) == pytest.approx([exact.ceiling(even)] * 2, abs=1e-5)

    def test_a_sign_that_y_tells_is_one_bit(self):
        ceiling = exact.ceiling(SHARP)
        assert exact.layer_information(ABSOLUTE, SHARP) == pytest.approx([ceiling, ceiling - 1], abs=1e-5)

    def test_weights_of_the_fibre_follow_density_and_slope(self):
        """T = 3 relu(x - 1) + relu(-x - 1): t comes from x > 0 three times less often, H(1/4) bits, up to t =
        2; beyond it, from one side alone. t <= 2 holds all of x < 0 and a third of x > 0."""
        layers = net(([1, -1], [-1, -1]), ([3, 1], [0]))
        entropy = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
        loss = (1 / 2 + 1 / 6) * entropy
        assert exact.layer_information(layers, SHARP)[-1] == pytest.approx(exact.ceiling(SHARP) - loss, abs=1e-5)

    def test_weights_follow_the_density_of_x(self):
        """The same fold of |x| under a density of 3 to 1: H(1/4) bits."""
        inputs = Mixture((stats.uniform(-3, 2), stats.uniform(1, 2)), (0.25, 0.75))
        uneven = law(inputs, lambda x: x, 0.01)
        loss = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
        assert exact.layer_information(ABSOLUTE, uneven)[-1] == pytest.approx(exact.ceiling(uneven) - loss, abs=1e-5)

    def test_fibre_of_four(self):
        """| |x| - 2 |: four x a t, all told apart by y: 2 bits."""
        four = Mixture(tuple(stats.uniform(start, 0.5) for start in (-3, -1.5, 1, 2.5)), (0.25,) * 4)
        dataset = law(four, lambda x: x, 0.01)
        layers = net(BOTH_SIDES, ([1, 1, -1, -1], [-2, 2]), ([1, 1], [0]))
        ceiling = exact.ceiling(dataset)
        expected = [ceiling, ceiling - 1, ceiling - 2]
        assert exact.layer_information(layers, dataset) == pytest.approx(expected, abs=1e-5)

    def test_gaussian_pair(self):
        """x = a or -a with equal weight, y = x + e: the loss is the information of a binary-input Gaussian
        channel, 1 - E log2(1 + exp(-2 a (a + e) / s^2)) (Cover & Thomas 2006, section 9.1), averaged over
        a."""
        dataset = law(stats.uniform(-3, 6), lambda x: x, 0.7)
        node, weight = np.polynomial.legendre.leggauss(60)
        z, w = np.polynomial.hermite_e.hermegauss(120)
        a = 1.5 * (1 + node)[:, None] / 0.7
        channel = 1 - (np.logaddexp(0, -2 * a * (a + z)) / np.log(2)) @ w / np.sqrt(2 * np.pi)
        loss = weight @ channel / 2
        values = exact.layer_information(ABSOLUTE, dataset)
        assert values == pytest.approx([exact.ceiling(dataset), exact.ceiling(dataset) - loss], abs=2e-6)

    def test_only_one_line_folds_in_many_dimensions(self):
        """(|x|, |x|) folds; (|x|, x) does not; (relu(|x| - 2), relu(x)) does only where both move with x <
        0."""
        ceiling = exact.ceiling(SHARP)
        rank_one = net(BOTH_SIDES, ([[1, 1], [1, 1]], [0, 0]))
        assert exact.layer_information(rank_one, SHARP)[-1] == pytest.approx(ceiling - 1, abs=1e-5)
        with_x = net(BOTH_SIDES, ([[1, 1], [1, -1]], [0, 0]))
        assert exact.layer_information(with_x, SHARP)[-1] == ceiling

    def test_pieces_that_share_a_line_in_part(self):
        """(|x|, relu(x - 2)): the plane curve goes back along the first axis for -2 < x < 2 only."""
        layers = net(([1, -1, 1], [0, 0, -2]), ([[1, 1, 0], [0, 0, 1]], [0, 0]))
        loss = 0.5  # bits: half of x, 1 < |x| < 2, loses its sign
        assert exact.layer_information(layers, SHARP)[-1] == pytest.approx(exact.ceiling(SHARP) - loss, abs=1e-4)

    def test_a_curve_that_crosses_itself_loses_nothing(self):
        """(x, 0) for x < 0, then up, back over the first stretch and down across it: a loop."""
        turns = ([1, 1, 1, 1], [3, 0, -1, -2])  # relu(x + 3), relu(x), relu(x - 1), relu(x - 2)
        layers = net(turns, ([[1, -1, -2, 2], [0, 1, -1, -2]], [0, 0]))
        x = np.array([-3.0, 0, 1, 2, 3])
        hidden = np.maximum(x[:, None] + [3, 0, -1, -2], 0)
        assert (hidden @ layers[1][0].T == [[0, 0], [3, 0], [3, 1], [1, 1], [1, -1]]).all()  # crosses (1, 0)
        assert exact.layer_information(layers, QUADRATIC)[-1] == exact.ceiling(QUADRATIC)


class TestAtoms:
    WIDTH = 0.25

    @pytest.fixture
    def uniform(self):
        """y = x + uniform noise of this width: entropies of trapezoids. A uniform on length a plus one on b
        <= a has log2 a + b / (2 a ln 2) bits."""
        noise = stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))
        return law(stats.uniform(-1, 2), lambda x: x, self.WIDTH / np.sqrt(12), noise)

    def entropy(self, length):
        return np.log2(length) + self.WIDTH / (2 * length * np.log(2))

    def test_ceiling(self, uniform):
        assert exact.ceiling(uniform) == pytest.approx(self.entropy(2) - np.log2(self.WIDTH), abs=1e-4)

    def test_dead_zone(self, uniform):
        """relu(x) holds x > 0 at one value."""
        loss = (self.entropy(1) - np.log2(self.WIDTH)) / 2
        layers = net(([1], [0]), ([1], [0]))
        values = exact.layer_information(layers, uniform)
        assert values == pytest.approx([exact.ceiling(uniform) - loss] * 2, abs=1e-4)

    def test_equal_values_in_separate_places_are_one(self, uniform):
        """Zero for x < -1/2 and for x > 1/2, which y tells apart; in between t = x + 1/2, then it jumps back
        within the gap of x's density."""
        gap = Mixture((stats.uniform(-1, 1), stats.uniform(0.5, 0.5)), (2 / 3, 1 / 3))
        dataset = KnownLaw(gap, uniform.function, uniform.noise, uniform.noise_std)
        ramp = ([1, 1, 1], [0.5, 0, -0.25])  # relu(x + 1/2), relu(x), relu(x - 1/4)
        layers = net(ramp, ([1, -3, 2], [0]))  # up to 1/2 at x = 0, down to 0 at x = 1/4, 0 from there on
        mass = 2 / 3
        # Two stretches of length 1/2, one density, 1 apart: H = log2 of the total length 1 plus two ramps for
        # one.
        atom = self.entropy(0.5) + 1 - np.log2(self.WIDTH)
        assert exact.layer_information(layers, dataset)[-1] == pytest.approx(
            exact.ceiling(dataset) - mass * atom, abs=1e-4
        )

    def test_a_dead_layer_holds_exactly_nothing(self):
        layers = net(([1, 2], [0.5, -1]), ([[-1, -1], [-2, 0]], [-1, 0]), ([3, 1], [2]))
        values = exact.layer_information(layers, QUADRATIC)
        assert values[1:] == [0.0, 0.0]

    def test_zero_weights_hold_exactly_nothing(self):
        layers = net(([0, 0], [0.3, 1]), ([[0.1, 0.7], [0.2, 0.3]], [0.1, 0]), ([1, 1], [0]))
        assert exact.layer_information(layers, QUADRATIC) == [0.0, 0.0, 0.0]

    def test_units_that_cancel_to_rounding_hold_nothing(self):
        layers = net(([0.1, 0.3], [5, 7]), ([3, -1], [0.1]), ([1.7], [0.2]))
        assert exact.layer_information(layers, QUADRATIC)[1:] == [0.0, 0.0]

    def test_steps_make_a_discrete_layer(self):
        """A step within the gap of x: T is the sign of x, and y tells it: 1 bit, of I(T;Y) and of I(X;T)."""
        layers = net(([1], [0]), ([2], [1]))
        assert exact.layer_information(layers, SHARP, activation="hardtanh") == pytest.approx([1, 1], abs=1e-5)
        assert exact.input_information(layers, SHARP, activation="hardtanh") == pytest.approx([1, 1], abs=1e-9)

    def test_an_independent_target(self):
        """y tells the sign of x and nothing else, t all but the sign: I(X;Y) is lost whole."""
        blind = law(TWO_SIDES, lambda x: np.sign(x) / 3, 0.2)
        assert exact.ceiling(blind) > 0.5
        assert exact.layer_information(ABSOLUTE, blind)[-1] == pytest.approx(0, abs=1e-4)


class TestBottlenecks:
    def test_what_is_lost_stays_lost(self):
        """|x| through one unit, then eight again: wide layers after it have what it left, to rounding."""
        rng = np.random.default_rng(5)
        wide = random_net(rng, 1, 8, 8)
        layers = [*net(BOTH_SIDES, ([1, 1], [0])), (np.abs(wide[0][0]), np.abs(wide[0][1])), wide[1]]
        values = exact.layer_information(layers, QUADRATIC)
        assert values[1] < exact.ceiling(QUADRATIC) - 0.1
        assert values[2:] == pytest.approx([values[1]] * 2, abs=1e-6)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_rank_one_is_one_unit(self, dtype):
        rng = np.random.default_rng(6)
        first, (row, _) = random_net(rng, 1, 6, 1)
        row = np.abs(row)  # the first layer's units rise to either side: their sum folds
        column = rng.normal(size=(5, 1))
        rank_one = (column.astype(dtype) @ row.astype(dtype), np.zeros(5, dtype))
        one = exact.layer_information([first, (row, np.zeros(1))], QUADRATIC)
        assert one[1] < exact.ceiling(QUADRATIC) - 0.01
        five = exact.layer_information([first, rank_one], QUADRATIC)
        assert five == pytest.approx(one, abs=1e-5)


class TestIdentities:
    NETS = tuple(random_net(np.random.default_rng(seed), 1, 4, 3, 2, 3, 1) for seed in range(12))

    def test_data_processing_inequality(self):
        values = exact.layer_information_many(self.NETS, QUADRATIC)
        assert (values[:, 0] <= exact.ceiling(QUADRATIC) + 1e-9).all()
        assert (np.diff(values, axis=1) <= 1e-6).all()
        assert (np.diff(values, axis=1) < -0.01).sum() > 10  # nets in which something is lost
        assert (values >= 0).all()

    def test_order_and_positive_scale_of_units_do_not_matter(self):
        rng = np.random.default_rng(0)
        for layers in self.NETS[:6]:
            changed, order, scale = [], np.arange(1), np.ones(1)
            for weight, bias in layers:
                before, scale_before = order, scale
                order = rng.permutation(len(bias))
                scale = np.exp2(rng.integers(-30, 30, len(bias)))
                weight = weight[order][:, before] * scale[:, None] / scale_before
                changed.append((weight, bias[order] * scale))
            values = exact.layer_information(layers, QUADRATIC)
            assert exact.layer_information(changed, QUADRATIC) == pytest.approx(values, abs=1e-6)

    def test_units_that_repeat_say_nothing_new(self):
        for layers in self.NETS[:6]:
            twice = [
                (np.tile(w, (2, 1 if n == 0 else 2)) / (1 if n == 0 else 2), np.tile(b, 2))
                for n, (w, b) in enumerate(layers)
            ]
            values = exact.layer_information(layers, QUADRATIC)
            assert exact.layer_information(twice, QUADRATIC) == pytest.approx(values, abs=1e-6)

    def test_scale_of_y_does_not_matter(self):
        layers = self.NETS[0]
        scaled = law(QUADRATIC.inputs, lambda x: 1e3 * (x**2 - x - 1) + 5, 200.0)
        assert exact.layer_information(layers, scaled) == pytest.approx(
            exact.layer_information(layers, QUADRATIC), abs=1e-6
        )

    def test_breakpoints_beyond_the_support_do_not_matter(self):
        layers = net(([1, 1, -1], [4, -5, -7]), ([1, 1, 1], [0]))
        assert exact.layer_information(layers, QUADRATIC) == [exact.ceiling(QUADRATIC)] * 2

    def test_flat_is_not_constant(self):
        layers = net(([1e-9], [1]), ([1], [0]))
        assert exact.layer_information(layers, QUADRATIC) == [exact.ceiling(QUADRATIC)] * 2
        leaky = exact.layer_information(
            net(([1], [0]), ([1], [0])), QUADRATIC, activation="leaky_relu", negative_slope=1e-7
        )
        assert leaky == [exact.ceiling(QUADRATIC)] * 2


class TestInputInformation:
    def test_infinite_where_anything_moves(self):
        layers = net(([1, 1], [0, -5]), ([[1, 0], [0, 1]], [0, 0]))
        assert exact.input_information(layers, QUADRATIC) == [np.inf, np.inf]

    def test_finite_where_nothing_does(self):
        """hardtanh(20 x - 10 sign) in the gaps of three modes: masses 0.2, 0.3, 0.5."""
        modes = Mixture((stats.uniform(-3, 1), stats.uniform(0, 1), stats.uniform(2, 1)), (0.2, 0.3, 0.5))
        layers = net(([4, 4], [4, -6]), ([[1, 1]], [0]), ([0], [1]))
        entropy = -sum(p * np.log2(p) for p in (0.2, 0.3, 0.5))
        values = exact.input_information(layers, law(modes, lambda x: x, 0.1), activation="hardtanh")
        assert values == pytest.approx([entropy, entropy, 0], abs=1e-9)
        assert values[2] == 0.0

    def test_finite_after_what_moves(self):
        """hardtanh(x / 4), then steps in the gap of two modes of masses 0.25 and 0.75."""
        modes = Mixture((stats.uniform(-3, 2), stats.uniform(1, 2)), (0.25, 0.75))
        layers = net(([0.25], [0]), ([4], [0]), ([1], [0]))
        values = exact.input_information(layers, law(modes, lambda x: x, 0.1), activation="hardtanh")
        assert values == pytest.approx([np.inf, 0.811278124459, 0.811278124459], abs=1e-9)


class TestErrors:
    def test_no_known_law(self):
        for call in (exact.layer_information, exact.layer_values, exact.input_information):
            with pytest.raises(InfoplaneError, match=r"^no exact answer: .*KnownLaw$"):
                call(ABSOLUTE, object())
        with pytest.raises(InfoplaneError, match=r"^no exact answer"):
            exact.ceiling(object())

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_weights_that_are_not_finite(self, bad):
        with pytest.raises(InfoplaneError, match=r"layers\[1\]: weights are not finite"):
            exact.layer_information(net(BOTH_SIDES, ([1, bad], [0])), QUADRATIC)

    def test_values_that_overflow(self):
        with pytest.raises(InfoplaneError, match=r"layers\[1\]: its values overflow"):
            exact.layer_information(net(([1e100], [0]), ([1e100], [0]), ([1], [0])), QUADRATIC)

    @pytest.mark.parametrize(
        ("layers", "message"),
        [
            ([], "layers: empty"),
            ([(np.ones((2, 2)), np.zeros(2))], r"no exact answer: layers\[0\]: takes 2 inputs"),
            ([(np.ones((2, 1)), np.zeros(3))], r"layers\[0\]: weight \(2, 1\) and bias \(3,\)"),
            (
                [(np.ones((2, 1)), np.zeros(2)), (np.ones((1, 3)), np.zeros(1))],
                r"layers\[1\]: takes 3 inputs",
            ),
        ],
    )
    def test_what_is_no_network(self, layers, message):
        with pytest.raises(InfoplaneError, match=message):
            exact.layer_information(layers, QUADRATIC)

    def test_unknown_activation(self):
        with pytest.raises(InfoplaneError, match="unknown activation 'swish'; choose one of leaky_relu"):
            exact.layer_information(ABSOLUTE, QUADRATIC, activation="swish")
