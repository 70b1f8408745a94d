"""Limits that hold for several estimates at once: the studentized maximum modulus.

The largest of |t_1| .. |t_m|, where all share one estimate of the spread, exceeds the quantile with
probability alpha if the m are independent, and with no more than that if they are correlated
(Sidak, "Rectangular confidence regions for the means of multivariate normal distributions", 1967).
It is one integral over the spread, so it is exact and has no random part, as
`scipy.stats.multivariate_t` has; for the correlations of a fraction of five factors, the two differ
by 0.02 (studies/verdict_power).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

NODES = 200
TAIL = 1e-12  # of the spread's distribution that the integral leaves out at each end


@lru_cache(maxsize=1024)
def simultaneous_quantile(count: int, degrees: float, alpha: float) -> float:
    """What the largest of `count` independent |t| exceeds with probability `alpha`.

    Args:
        count: estimates about which something is said, at least 1.
        degrees: of freedom of the spread that they share.
        alpha: chance that any interval misses its truth.
    """
    from scipy import optimize, stats  # slow to import

    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    low, high = stats.chi.ppf(TAIL, degrees), stats.chi.isf(TAIL, degrees)
    chi = (high - low) / 2 * nodes + (high + low) / 2
    mass = (high - low) / 2 * weights * stats.chi.pdf(chi, degrees)
    spread = chi / np.sqrt(degrees)

    def missed(quantile: float) -> float:
        inside = 2 * stats.norm.cdf(quantile * spread) - 1
        return float(1 - mass @ inside**count - alpha)

    single = float(stats.t.isf(alpha / 2, degrees))
    most = float(stats.t.isf(alpha / 2 / count, degrees))  # Bonferroni
    return single if count == 1 else float(optimize.brentq(missed, single * 0.999, most * 1.001))
