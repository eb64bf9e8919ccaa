"""Labels by unit in, shares with 95% intervals out, for a corpus that its owner declares a sample of articles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

FEWEST_ARTICLES = 20  # fewer carry no interval


@dataclass(frozen=True)
class Estimate:
    """A share with its 95% interval over `n` articles; low and high are nan where no interval can be estimated."""

    value: float
    low: float
    high: float
    n: int


def corrected_share(machine: ArrayLike, human: ArrayLike, probability: ArrayLike, article: ArrayLike) -> Estimate:
    """The share of a 0/1 label that a machine gave to every unit, corrected by people who coded a random sample.

    Design-based supervised learning (Egami, Hinck, Stewart and Wei 2023, NeurIPS 36): the mean over all units of
    machine + (human - machine) / probability, the second term where coded, for whatever error the machine makes.
    `human` is nan where not coded; `probability` is the known chance of being coded, of the unit or of its article.
    The weights 1/probability are scaled to sum to the number of units (Hajek), which leaves the estimate consistent and
    keeps the interval at its level where the sample has a fixed size: unscaled, a machine with a steady bias made it
    cover 97.5%. The interval is robust to units of an article being alike, by t with one degree of freedom less than
    there are articles with coded units. It is nan where fewer than 20 articles have any, and where nothing varies.

    Raises `ValueError` where a coded unit has no probability in (0, 1] or a label is missing.
    """
    machine, human, probability = (np.asarray(side, dtype=float) for side in (machine, human, probability))
    coded = ~np.isnan(human)
    if np.isnan(machine).any():
        raise ValueError("machine has no label for some unit; it must label all")
    if not ((probability[coded] > 0) & (probability[coded] <= 1)).all():
        raise ValueError("a coded unit has no probability between 0 and 1; give the chance with which it was drawn")
    names, cluster = np.unique(np.asarray(article), return_inverse=True)
    if not coded.any():
        return Estimate(np.nan, np.nan, np.nan, len(names))
    weight = np.zeros(len(machine))
    weight[coded] = 1 / probability[coded]
    weight *= len(machine) / weight.sum()
    error = np.where(coded, human - machine, 0.0)
    mean, bias = machine.mean(), (weight * error).mean()
    influence = machine - mean + weight * (error - bias)
    return _estimate(mean + bias, np.bincount(cluster, influence) / len(machine), len(np.unique(cluster[coded])), len(names))


def _estimate(value: float, influence: np.ndarray, coded: int, n: int) -> Estimate:
    """The interval that the articles' influences on the value give; a share stays within 0 and 1."""
    from scipy.special import stdtrit

    half = np.nan
    if coded >= FEWEST_ARTICLES and (variance := influence @ influence * coded / (coded - 1)) > 1e-20:
        half = stdtrit(coded - 1, 0.975) * np.sqrt(variance)
    return Estimate(*(float(np.clip(end, 0, 1)) for end in (value, value - half, value + half)), n)


def bootstrap_share(values: ArrayLike, article: ArrayLike, *, rng: np.random.Generator, replicates: int = 2000) -> Estimate:
    """The share of a 0/1 label in a sample of articles, with the interval from resampling whole articles.

    Bootstrap-t (Efron and Tibshirani 1993, chapter 12): each resample's distance from the share in units of its own
    standard error, robust to units of an article being alike. For rare labels and few articles it keeps its level where
    percentiles fall short. The interval is nan under 20 articles, and where nothing varies.
    """
    names, cluster = np.unique(np.asarray(article), return_inverse=True)
    values, n = np.asarray(values, dtype=float), len(names)
    hits, units = np.bincount(cluster, values, n), np.bincount(cluster, minlength=n)
    moments = np.column_stack([hits, units, hits**2, hits * units, units**2])
    if n < FEWEST_ARTICLES or np.isnan(hits).any() or np.ptp(hits / units) == 0:
        return Estimate(float(values.mean()) if n else np.nan, np.nan, np.nan, n)
    share, error = (float(of_all[0]) for of_all in _ratio(moments.sum(axis=0, keepdims=True), n))
    step = max(1, 2_000_000 // n)  # resamples at a time, to bound memory
    sums = [moments[rng.integers(0, n, (min(step, replicates - at), n))].sum(axis=1) for at in range(0, replicates, step)]
    shares, errors = _ratio(np.concatenate(sums), n)
    varied = errors > 1e-9
    low, high = np.quantile((shares[varied] - share) / errors[varied], [0.025, 0.975])
    return Estimate(share, max(0.0, share - float(high) * error), min(1.0, share - float(low) * error), n)


def _ratio(sums: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Share and standard error of each resample, from its sums of hits, units, hits², hits x units and units²."""
    hits, units, hits2, both, units2 = sums.T
    share = hits / units
    return share, np.sqrt(np.maximum(hits2 - 2 * share * both + share**2 * units2, 0) * n / (n - 1)) / units
