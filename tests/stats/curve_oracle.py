"""Oracle: the posterior of the curves written out plainly, case by case, and searched slowly.

It shares no code with the package: one loop, the location mu instead of the threshold, no
derivatives, a general minimiser.
"""

import math

import numpy as np
from scipy.optimize import minimize

SPREAD_OF_B = 0.5
RIDGE = 10.0


def negative_log_posterior(
    g,
    l,  # noqa: E741
    m,
    log_b,
    mu,
    effects,
    rows,
):
    """``rows`` are (scenario, deviation, effect columns on, grants, trials)."""
    total = -18 * math.log(1 - g) - 18 * math.log(1 - l) + m**2 / (2 * 2.0**2)
    grid = {}
    for k, d, on, grants, trials in rows:
        grid.setdefault(k, []).append(math.log(d))
        location = mu[k] + sum(effects[k][j] for j in on)
        drive = -math.exp(log_b[k]) * (math.log(d) - location)
        drive = min(max(drive, -300), 300)
        p = g + (1 - g - l) / (1 + math.exp(-drive))
        q = l + (1 - g - l) / (1 + math.exp(drive))
        total -= grants * math.log(p) + (trials - grants) * math.log(q)
    for k, tried in grid.items():
        threshold = threshold_of(g, l, log_b[k], mu[k])
        middle = (min(tried) + max(tried)) / 2
        total += (log_b[k] - m) ** 2 / (2 * SPREAD_OF_B**2)
        total += (threshold - middle) ** 2 / (2 * RIDGE**2)
        total += sum(e**2 for e in effects[k]) / (2 * RIDGE**2)
    return total


def threshold_of(g, l, log_b, mu):  # noqa: E741
    """The log deviation at which P is one half, solved from the curve's formula."""
    inner = (0.5 - g) / (1 - g - l)
    return mu - math.log(inner / (1 - inner)) / math.exp(log_b)


def search(rows, scenarios, effects=0, held=None, start=None):
    """The best (loss, vector); ``held`` = (scenario, log threshold) keeps one threshold fixed.

    The vector is g, l, m, then per scenario log b, mu and effects.
    """
    width = 2 + effects

    def unpack(vector):
        blocks = vector[3:].reshape(scenarios, width).copy()
        g, l, m = vector[:3]  # noqa: E741
        if held is not None:
            k, threshold = held
            blocks[k, 1] = threshold - threshold_of(g, l, blocks[k, 0], 0.0)
        return g, l, m, blocks[:, 0], blocks[:, 1], blocks[:, 2:]

    def loss(vector):
        return negative_log_posterior(*unpack(vector), rows)

    if start is None:
        start = np.zeros(3 + scenarios * width)
        start[:2] = 0.03
        for k in range(scenarios):
            start[3 + k * width + 1] = np.mean([math.log(r[1]) for r in rows if r[0] == k])
    bounds = [(0, 0.45), (0, 0.45)] + [(None, None)] * (len(start) - 2)
    best = minimize(
        loss, start, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 5000, "maxfun": 10**6, "ftol": 1e-13, "gtol": 1e-7},
    )  # fmt: skip
    return best.fun, best.x
