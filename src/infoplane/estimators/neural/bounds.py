"""The neural bounds as functions of scores: the value, what training maximises, and its derivative.

Sources and formulas: `neural`. Only operations are used that are exact or give the same bits wherever in
an array they fall: on torch's CPU exp, log, log1p, softmax and sums along a row do, logaddexp, sigmoid and
softplus do not.
"""

import math
from typing import Literal

import torch
from torch import Tensor

Bound = Literal["mine", "nwj", "infonce", "smile"]


class Loss:
    """One bound as a function of scores `(critics, batch, batch)` of x_i with y_j; i = j is the joint."""

    def __init__(self, bound: Bound, tau: float, ema_rate: float) -> None:
        self.bound, self.tau, self.ema_rate = bound, tau, ema_rate
        self.log_average: Tensor | None = None

    def slope(self, scores: Tensor) -> Tensor:
        """The derivative of the loss, which is minus the bound, by each score."""
        batch = scores.shape[1]
        others = batch * (batch - 1)
        if self.bound == "infonce":
            slope = torch.softmax(scores, dim=2).mul_(1 / batch)
            _joint(slope).sub_(1 / batch)
        elif self.bound == "smile":  # the sigmoid; exp takes thirty times as long where it comes near to 0
            slope = torch.exp(-scores.clamp(-80, 80)).add_(1).reciprocal_()
            joint = _joint(slope).sub(1).div_(batch)
            slope.mul_(1 / others)
            _joint(slope).copy_(joint)
        else:  # e^s / (pairs times its average), by way of softmax, which cannot overflow
            product = scores.clone()
            _joint(product).fill_(-math.inf)
            shares = torch.softmax(product.flatten(1), dim=1)
            log_mean = product.amax((1, 2)) - torch.log(shares.amax(1)) - math.log(others)
            against = self._moved_average(log_mean) if self.bound == "mine" else 0.0
            slope = shares.mul_(torch.exp(log_mean - against)[:, None]).view_as(scores)
            _joint(slope).fill_(-1 / batch)
        return slope

    def objective(self, scores: Tensor) -> Tensor:
        """What is maximised, `(critics,)` nats; differs from the value reported for `smile` only."""
        if self.bound != "smile":
            return self.nats(scores)
        batch = scores.shape[1]
        softplus = _softplus(scores)
        joint = _joint(softplus)
        others = (softplus.flatten(1).sum(1) - joint.sum(1)) / (batch * (batch - 1))
        return 2 * math.log(2) - _softplus(-_joint(scores)).mean(1) - others

    def nats(self, scores: Tensor) -> Tensor:
        """The value reported, `(critics,)` nats."""
        joint = _joint(scores).mean(1)
        if self.bound == "infonce":
            return joint - scores.logsumexp(2).mean(1) + math.log(scores.shape[1])
        if self.bound == "nwj":
            return 1 + joint - _log_mean_exp(scores).exp()
        return joint - _log_mean_exp(scores.clamp(-self.tau, self.tau) if self.bound == "smile" else scores)

    def _moved_average(self, log_mean: Tensor) -> Tensor:
        """The log of the moving average of E_Q e^s; it holds this batch, so that e^s stays in proportion."""
        if self.log_average is not None:
            kept = self.log_average + math.log1p(-self.ema_rate)
            log_mean = torch.stack([kept, log_mean + math.log(self.ema_rate)]).logsumexp(0)
        self.log_average = log_mean
        return log_mean


def _joint(scores: Tensor) -> Tensor:
    return scores.diagonal(dim1=1, dim2=2)


def _log_mean_exp(scores: Tensor) -> Tensor:
    """log E_Q e^s over all pairs but the joint ones, `(critics,)`."""
    batch = scores.shape[1]
    scores = scores.clone()
    _joint(scores).fill_(-math.inf)
    return scores.flatten(1).logsumexp(1) - math.log(batch * (batch - 1))


def _softplus(scores: Tensor) -> Tensor:
    return scores.clamp(min=0) + torch.log1p(torch.exp(-scores.abs()))
