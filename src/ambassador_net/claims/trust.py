"""Mutuality goes with trust: whether people who trust are those who share their house and are shared by it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.intervals import FEWEST_GROUPS, jackknife
from ambassador_net.amplification.verdict import Answer
from ambassador_net.claims.answer import ALPHA, Estimate, Finding, Saying, missing
from ambassador_net.claims.deciding import beyond_chance
from ambassador_net.claims.evidence import Evidence
from ambassador_net.nulls import p_value

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

MARGIN = 0.10
"""Rank correlation below which there is none to speak of."""
DRAWS = 4999
TRUST = ("trust", "luottamus", "förtroende", "fortroende")
_ANSWER = "answer_"
_NO_CAUSE = "a correlation is no cause"


@dataclass(frozen=True)
class Correlation:
    """How far two things go together inside the houses.

    Parameters
    ----------
    value
        Rank correlation, between -1 and 1; None where one of them does not differ inside any house.
    interval
        95 % interval, organisations left out one by one; None with fewer than 5.
    p
        One-sided, by permuting people's answers inside their house; None without a value.
    organisations, persons
        Houses in which both differ, and their people.
    """

    value: float | None
    interval: tuple[float, float] | None
    p: float | None
    organisations: int
    persons: int


def items(holders: pd.DataFrame) -> pd.DataFrame:
    """Take the survey answers that are numbers.

    Parameters
    ----------
    holders
        As in a study.

    Returns
    -------
    pandas.DataFrame
        By ``holder_id``, one column an item; missing where a person did not answer. Items in which anything but a
        finite number stands are left out.
    """
    answers = holders.set_index("holder_id").filter(regex=f"^{_ANSWER}")
    numbers = {}
    for name, column in answers.items():
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        is_number = np.isfinite(values)
        if is_number.any() and (is_number | column.isna().to_numpy()).all():
            numbers[name] = values
    return pd.DataFrame(numbers, index=answers.index)


def about_trust(names: Sequence[str]) -> list[str]:
    """Choose the items that are named after trust, in one of the three languages.

    Parameters
    ----------
    names
        Names of items.

    Returns
    -------
    list of str
        Those that contain "trust", "luottamus" or "förtroende".

    Examples
    --------
    >>> about_trust(["answer_trust_1to5", "answer_mood"])
    ['answer_trust_1to5']
    """
    return [name for name in names if any(word in name.casefold() for word in TRUST)]


def persons_sharing(pairs: pd.DataFrame) -> pd.DataFrame:
    """Give the mutual weight and the balance of each person with one house, both sides observed.

    Parameters
    ----------
    pairs
        As in :class:`ambassador_net.reduction.Dyads`.

    Returns
    -------
    pandas.DataFrame
        ``holder_id``, ``organisation``, ``mutual`` (the smaller of both weights), ``balance`` (above 0: the
        organisation gives more for each post that there was to share).

    Notes
    -----
    Method 2a. People of several houses are left out: their answer does not say which house it is about.
    """
    of_one = pairs[~pairs["holder_id"].duplicated(keep=False)]
    columns = ["w_eo", "w_oe", "organisation_posts", "person_posts"]
    known = of_one[of_one[columns].notna().all(axis=1)]
    eo, oe, organisation_posts, person_posts = known[columns].to_numpy(dtype=np.float64).T
    balance = np.log((oe + 0.5) / (person_posts + 1)) - np.log((eo + 0.5) / (organisation_posts + 1))
    return known[["holder_id", "organisation"]].assign(mutual=np.minimum(eo, oe), balance=balance)


def correlation(
    answers: npt.ArrayLike,
    other: npt.ArrayLike,
    house: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Correlation:
    """Correlate answers with something else inside the houses.

    Parameters
    ----------
    answers
        Of each person; shape (n,), or (n, items): the correlation is then the mean over items, each of which counts
        the same whether it is strong or weak.
    other
        Of each person.
    house
        Of each person.
    rng
        Random generator.
    draws
        Number of permutations.

    Returns
    -------
    Correlation
        Value, interval and p-value.

    Notes
    -----
    Spearman's correlation of ranks taken inside each house and centred there, so that a house in which all trust and
    share much says nothing. Interval by the jackknife over organisations on Fisher's scale (method 2e; Fisher 1915,
    doi:10.2307/2331838). The p-value permutes whole people inside their house.
    """
    matrix = np.asarray(answers, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    _, of_house = np.unique(np.asarray(house), return_inverse=True)
    ranks, others = _ranks(matrix, of_house), _ranks(np.asarray(other, dtype=np.float64)[:, None], of_house)
    sums = _Sums.of(ranks, others, of_house)
    informative = sums.informative
    value = sums.total(informative)
    if value is None:
        return Correlation(None, None, None, 0, 0)
    left_out = [sums.total(informative & (np.arange(len(informative)) != g)) for g in np.flatnonzero(informative)]
    persons = int(informative[of_house].sum())
    drawn = _permuted(ranks / sums.scale(informative), others[:, 0], of_house, rng, draws)
    return Correlation(
        value,
        _fisher_interval(left_out, value),
        p_value(drawn, value),
        int(informative.sum()),
        persons,
    )


def _ranks(columns: Floats, of_house: Ints) -> Floats:
    """Ranks inside the house, centred, from -1/2 to 1/2 whatever its size."""
    ranks = np.empty_like(columns)
    for own in _houses(of_house):
        ranks[own] = rankdata(columns[own], axis=0) / (len(own) + 1) - 0.5
    return ranks


def _houses(of_house: Ints) -> list[Ints]:
    """Rows of each house."""
    return np.split(np.argsort(of_house, kind="stable"), np.cumsum(np.bincount(of_house))[:-1])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of squares and products of each house; shape (houses, items)."""

    products: Floats
    squares: Floats
    other_squares: Floats

    @classmethod
    def of(cls, ranks: Floats, others: Floats, of_house: Ints) -> "_Sums":
        def by_house(values: Floats) -> Floats:
            sums = [np.bincount(of_house, column) for column in values.T]
            return np.stack(sums, axis=1)

        return cls(by_house(ranks * others), by_house(ranks**2), by_house(others**2))

    @property
    def informative(self) -> npt.NDArray[np.bool_]:
        there: npt.NDArray[np.bool_] = (self.squares > 1e-12).any(axis=1) & (self.other_squares[:, 0] > 1e-12)
        return there

    def scale(self, houses: npt.NDArray[np.bool_]) -> Floats:
        """Give what products are divided by so that items add up to their mean; infinite where nothing differs."""
        root = np.sqrt(self.squares[houses].sum(axis=0) * self.other_squares[houses].sum())
        differing = root > 1e-12
        return np.where(differing, root * max(int(differing.sum()), 1), np.inf)

    def total(self, houses: npt.NDArray[np.bool_]) -> float | None:
        scale = self.scale(houses)
        if np.isinf(scale).all():
            return None
        return float((self.products[houses].sum(axis=0) / scale).sum())


def _permuted(ranks: Floats, others: Floats, of_house: Ints, rng: np.random.Generator, draws: int) -> Floats:
    """Give the correlation with people's answers permuted inside the house."""
    of_person = ranks.sum(axis=1)
    drawn = np.zeros(draws)
    for own in _houses(of_house):
        shuffled = rng.permuted(np.broadcast_to(of_person[own], (draws, len(own))), axis=1)
        drawn += shuffled @ others[own]
    return drawn


def _fisher_interval(left_out: Sequence[float | None], value: float) -> tuple[float, float] | None:
    # on this scale a perfect correlation is infinite: the jackknife then gives none
    values = np.array([np.nan if one is None else one for one in left_out])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = jackknife(np.arctanh(values), float(np.arctanh(value)))
    return None if found is None else (float(np.tanh(found.low)), float(np.tanh(found.high)))


def judged(found: Correlation) -> Answer:
    """Judge whether mutuality goes with trust.

    Parameters
    ----------
    found
        From :func:`correlation`.

    Returns
    -------
    str
        ``"supported"`` if p is at most .05 and the whole interval above 0, ``"not_supported"`` if the whole interval
        is below .10, else ``"cannot_tell"``.
    """
    return beyond_chance(found.p, found.interval, nothing=0, margin=MARGIN)


_WHY = {
    "supported": "who trusts more shares and is shared more",
    "not_supported": "who trusts more is hardly in more mutual sharing",
    "cannot_tell": "neither shown nor excluded that trust and mutuality go together",
}


def ask(evidence: Evidence) -> Finding:
    """Ask whether people who trust more share their house, and are shared by it, more.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The rank correlation of trust with the mutual weight, and with the balance. Without an item named after trust
        the verdict is cannot tell: the numbers are then the mean over all items, and the part of the items that go
        with mutuality each by itself, corrected for their number; none of them is picked.
    """
    study, rng = evidence.study, evidence.rng(SAYINGS[0].name)
    nothing = Estimate("trust_and_mutuality", None, "correlation", why="too_few_people")
    answers = items(study.holders)
    if answers.empty:
        return Finding(missing("survey answers"), (nothing,), MARGIN)
    sharing = persons_sharing(evidence.dyads.pairs)
    if not (sharing["mutual"] > 0).any():
        return Finding(missing("shares of both sides"), (nothing,), MARGIN)
    chosen = about_trust(list(answers.columns))
    table = _answered(sharing, answers[chosen or list(answers.columns)], evidence.k)
    if table.empty:
        return Finding(missing("more people"), (nothing,), MARGIN)
    part = len(table) / evidence.dyads.affiliations["holder_id"].nunique()
    names = [name for name in table.columns if name.startswith(_ANSWER)]
    found = {
        other: correlation(table[names], table[other], table["organisation"], rng=rng)
        for other in ("mutual", "balance")
    }
    if found["mutual"].value is None:
        verdict = Verdict("cannot_tell", ("needs answers and sharing that differ inside a house",), words="trust")
        return Finding(verdict, (nothing,), MARGIN)
    what = "trust" if chosen else "all_items"
    estimates = [
        _estimate(f"{what}_and_mutuality", found["mutual"], part),
        # who gives more is no part of the saying: no direction, no test
        replace(_estimate(f"{what}_and_balance", found["balance"], part), p=None),
    ]
    if chosen:
        answer = judged(found["mutual"])
        verdict = Verdict(answer, (_WHY[answer],), (_NO_CAUSE,), words="trust")
        return Finding(verdict, tuple(estimates), MARGIN, found["mutual"].p)
    estimates.append(_items_that_stand(table, names, rng, part))
    verdict = Verdict("cannot_tell", ("no question is named after trust",), (_NO_CAUSE,), words="trust")
    return Finding(verdict, tuple(estimates), MARGIN)


def _answered(sharing: pd.DataFrame, answers: pd.DataFrame, k: int) -> pd.DataFrame:
    """People who answered all items, of houses with at least k of them."""
    table = sharing.merge(answers.dropna(), left_on="holder_id", right_index=True)
    return table[table.groupby("organisation")["holder_id"].transform("size") >= k]


def _estimate(name: str, found: Correlation, part: float) -> Estimate:
    if found.value is None:
        return Estimate(name, None, "correlation", why="too_few_events")
    few = found.organisations < FEWEST_GROUPS
    why = None if found.interval is not None else "too_few_organisations" if few else "too_little_for_an_interval"
    return Estimate(
        name,
        found.value,
        "correlation",
        interval=found.interval,
        why=why,
        organisations=found.organisations,
        persons=found.persons,
        part=part,
        p=found.p,
    )


def _items_that_stand(table: pd.DataFrame, names: Sequence[str], rng: np.random.Generator, part: float) -> Estimate:
    """Part of the items that go with mutuality beyond what their number explains (Benjamini and Hochberg 1995)."""
    from statsmodels.stats.multitest import multipletests

    found = [correlation(table[name], table["mutual"], table["organisation"], rng=rng) for name in names]
    tested = [one.p for one in found if one.p is not None]
    stand = multipletests(tested, alpha=ALPHA, method="fdr_bh")[0]
    why = "no_intervals_for_descriptions"
    return Estimate("items_that_stand", float(stand.mean()), "share", why=why, persons=len(table), part=part)


SAYINGS = (Saying("mutuality-goes-with-trust", 42, ask, words="trust", needs=("survey_answers",), exploratory=True),)
