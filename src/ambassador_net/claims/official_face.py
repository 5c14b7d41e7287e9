"""An organisation account can have a face: how it is shared in the months in which it turns to people."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.intervals import FEWEST_GROUPS, Jackknife, jackknife
from ambassador_net.amplification.verdict import Answer
from ambassador_net.claims.answer import Estimate, Finding, Saying, missing
from ambassador_net.claims.deciding import beyond_chance
from ambassador_net.claims.evidence import Evidence
from ambassador_net.nulls import p_value
from ambassador_net.reduction import PostsShared
from ambassador_net.study import Study

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

MARGIN = 1.10
"""Times shared per post, one standard deviation of conduct apart: below it, a face makes no difference to speak of."""
FEWEST_MONTHS = 3
FEWEST_ACTS = 5
FLIPS = 4999
LARGEST_LOG_RATIO = 5.0
# from here on a larger account weighs no more, so that one large account does not answer for all
SHARES_A_MONTH = 10.0
WEEK = pd.Timedelta(days=7)

CONDUCT = ("replies", "mentions_of_people", "shares_of_people")
_CELL = ["account_id", "month"]
_CORRELATION = "a correlation is no cause"


@dataclass(frozen=True, eq=False)
class Face:
    """How much more an official account is shared in months in which it turns to people.

    Parameters
    ----------
    ratio
        Rate ratio for one standard deviation of conduct; None where the study cannot give it.
    interval
        With organisations left out one by one; None with fewer than 5.
    p
        One-sided, by flipping the signs of organisations; None without a ratio.
    organisations, posts
        How many it rests on.
    """

    ratio: float | None
    interval: Jackknife | None
    p: float | None
    organisations: int
    posts: int


def months_of_accounts(study: Study, shared: PostsShared) -> pd.DataFrame:
    """Count what each observed official account did in each month, and how often its posts were shared.

    Parameters
    ----------
    study
        The study.
    shared
        Its original posts, and who shared them.

    Returns
    -------
    pandas.DataFrame
        One row an account and month (UTC) with an act: ``account_id``, ``month``, ``organisation``; ``replies``,
        ``mentions_of_people`` (original posts that mention a person or an outside account), ``shares_of_people``
        (of posts by persons and outside accounts), ``originals``, ``acts`` (originals, replies and shares);
        ``posts`` (original posts that were followed for seven days) and ``shares`` (of these, within seven days, by
        others than the own house).
    """
    accounts = study.accounts
    official = accounts[(accounts["role"] == "organisation") & (accounts["observed"] != "none")]
    of_people = set(accounts.loc[accounts["role"] != "organisation", "account_id"])
    own = study.posts[study.posts["author_id"].isin(official["account_id"])]
    mentions = study.mentions
    answers = mentions.loc[mentions["kind"] == "reply", "post_id"]
    named = mentions.loc[(mentions["kind"] == "mention") & mentions["mentioned_id"].isin(of_people), "post_id"]
    reply = (own["kind"] == "reply") | ((own["kind"] == "original") & own["post_id"].isin(answers))
    original = (own["kind"] == "original") & ~reply
    made = study.shares[study.shares["sharer_id"].isin(official["account_id"])]
    month = _month(made["shared_at_earliest"])
    # a share that is known to lie in one of two months only is no act of either
    within = month == _month(made["shared_at_latest"])
    counted = pd.concat(
        [
            pd.DataFrame(
                {
                    "account_id": own["author_id"],
                    "month": _month(own["posted_at"]),
                    "originals": original,
                    "replies": reply,
                    "mentions_of_people": original & own["post_id"].isin(named),
                }
            )[original | reply],
            pd.DataFrame(
                {
                    "account_id": made["sharer_id"],
                    "month": month,
                    "made": True,
                    "shares_of_people": made["source_id"].isin(of_people),
                }
            )[within],
            _followed_for_a_week(study, shared, official["account_id"]),
        ]
    )
    counts = ["originals", "replies", "mentions_of_people", "made", "shares_of_people", "posts", "shares"]
    cells = counted.reindex(columns=[*_CELL, *counts]).astype(dict.fromkeys(counts, "float64"))
    cells = cells.groupby(_CELL, as_index=False)[counts].sum()
    cells["acts"] = cells["originals"] + cells["replies"] + cells["made"]
    cells["organisation"] = cells["account_id"].map(official.set_index("account_id")["organisation"])
    return cells


def _month(times: pd.Series) -> pd.Series:
    months: pd.Series = times.dt.year * 12 + times.dt.month - 1
    return months


def _followed_for_a_week(study: Study, shared: PostsShared, official: pd.Series) -> pd.DataFrame:
    posts = shared.posts[shared.posts["author_id"].isin(official)]
    if study.window is not None:
        posts = posts[posts["posted_at"] + WEEK <= study.window[1]]
    return pd.DataFrame(
        {
            "account_id": posts["author_id"],
            "month": _month(posts["posted_at"]),
            "posts": 1,
            "shares": posts["by_others_within_week"],
        }
    )


def with_conduct(cells: pd.DataFrame) -> pd.DataFrame:
    """Keep the months that can be compared, and say how much an account turned to people in each.

    Parameters
    ----------
    cells
        As from :func:`months_of_accounts`.

    Returns
    -------
    pandas.DataFrame
        Months with an original post and at least 5 acts, of accounts with at least 3 of them, with ``conduct``;
        empty where nothing differs between the months of an account.

    Notes
    -----
    Conduct is the mean of three parts of all acts: replies, original posts that mention people, shares of people.
    Each is taken as the difference from the account's own mean in units of the standard deviation of these
    differences, and so is their mean: 1 is a usual difference between two months of one account.
    """
    enough = cells[(cells["posts"] > 0) & (cells["acts"] >= FEWEST_ACTS)]
    enough = enough[enough.groupby("account_id")["month"].transform("size") >= FEWEST_MONTHS].reset_index(drop=True)
    account = pd.factorize(enough["account_id"])[0]
    parts = enough[list(CONDUCT)].to_numpy(dtype=np.float64) / enough[["acts"]].to_numpy(dtype=np.float64)
    scaled = _in_own_units(parts, account)
    scaled = scaled[:, scaled.any(axis=0)]
    if not scaled.shape[1]:
        return enough.iloc[:0].assign(conduct=0.0)
    return enough.assign(conduct=_in_own_units(scaled.mean(axis=1, keepdims=True), account)[:, 0])


def _in_own_units(columns: Floats, account: Ints) -> Floats:
    """Differences from the account's mean, in units of their standard deviation; 0 where nothing differs."""
    if not len(columns):
        return columns
    n = np.bincount(account)[:, None]
    means = np.stack([np.bincount(account, column) for column in columns.T], axis=1) / n
    differences = columns - means[account]
    spread = np.sqrt(np.square(differences).mean(axis=0))
    there = spread > 1e-12
    return np.where(there, differences / np.where(there, spread, 1.0), 0.0)


@dataclass(frozen=True, eq=False)
class _Panel:
    """Months of accounts whose posts were shared; the first column of x is the conduct."""

    y: Floats
    log_posts: Floats
    x: Floats
    account: Ints
    organisation: Ints
    weight: Floats

    def fit(self, kept: npt.NDArray[np.bool_], start: Floats, *, free: slice = slice(None)) -> Floats:
        """Poisson pseudo-likelihood with the account effects conditioned out; Newton's method."""
        theta, weight = start.copy(), self.weight * kept
        for _ in range(30):
            mu = self.expected(theta)
            gradient = self.x.T @ (weight * (self.y - mu))
            step = np.zeros_like(theta)
            step[free] = np.linalg.lstsq(self.information(mu, weight)[free, free], gradient[free], rcond=1e-10)[0]
            theta += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
            # a month in which nobody is left has no effect of its own: only what is asked has to settle
            if abs(step[0]) < 1e-7 and abs(step[1]) < 1e-5 and (free.start is None or np.abs(step).max() < 1e-5):
                break
        return theta

    def expected(self, theta: Floats) -> Floats:
        eta = self.log_posts + self.x @ theta
        rate = np.exp(eta - self._of_account(np.maximum, eta)[self.account])
        return rate * (self._of_account(np.add, self.y) / self._of_account(np.add, rate))[self.account]

    def information(self, mu: Floats, weight: Floats) -> Floats:
        within = self.x - self._means(mu)[self.account]
        return within.T @ (within * (weight * mu)[:, None])

    def scores(self) -> Floats:
        """Give what each organisation says of conduct where conduct makes no difference, all else adjusted for."""
        everybody = np.ones(len(self.y), dtype=bool)
        null = self.fit(everybody, np.zeros(self.x.shape[1]), free=slice(1, None))
        mu = self.expected(null)
        within = self.x - self._means(mu)[self.account]
        heavy = np.sqrt(self.weight * mu)[:, None]
        slopes = np.linalg.lstsq(within[:, 1:] * heavy, within[:, :1] * heavy, rcond=1e-10)[0]
        adjusted = within[:, 0] - (within[:, 1:] @ slopes)[:, 0]
        return np.bincount(self.organisation, adjusted * self.weight * (self.y - mu)).astype(np.float64)

    def _means(self, mu: Floats) -> Floats:
        total = self._of_account(np.add, mu)
        sums: Floats = np.add.reduceat(self.x * mu[:, None], self._starts, axis=0)
        return sums / total[:, None]

    @property
    def _starts(self) -> Ints:
        return np.flatnonzero(np.diff(self.account, prepend=-1))

    def _of_account(self, ufunc: np.ufunc, values: Floats) -> Floats:
        return np.asarray(ufunc.reduceat(values, self._starts), dtype=np.float64)


def _panel(cells: pd.DataFrame) -> _Panel | None:
    """Accounts and months that were shared at all: the others say nothing of how much a month differs."""
    for _ in range(len(cells)):
        shared = (cells.groupby("account_id")["shares"].transform("sum") > 0) & (
            cells.groupby("month")["shares"].transform("sum") > 0
        )
        months = cells[shared].groupby("account_id")["month"].transform("size")
        kept = cells[shared][months > 1]
        if len(kept) == len(cells):
            break
        cells = kept
    if cells.empty:
        return None
    cells = cells.sort_values(_CELL, kind="stable")
    account = pd.factorize(cells["account_id"])[0]
    month = pd.factorize(cells["month"], sort=True)[0]
    y = cells["shares"].to_numpy(dtype=np.float64)
    log_posts = np.log(cells["posts"].to_numpy(dtype=np.float64))
    months = (month[:, None] == np.arange(1, month.max() + 1)).astype(np.float64)
    mean = (np.bincount(account, y) / np.bincount(account))[account]
    return _Panel(
        y=y,
        log_posts=log_posts,
        x=np.column_stack([cells["conduct"].to_numpy(dtype=np.float64), log_posts, months]),
        account=np.asarray(account, dtype=np.intp),
        organisation=np.asarray(pd.factorize(cells["organisation"], sort=True)[0], dtype=np.intp),
        weight=np.minimum(1.0, SHARES_A_MONTH / mean),
    )


def face(cells: pd.DataFrame, *, rng: np.random.Generator, flips: int = FLIPS) -> Face:
    """Compare the months of each official account with each other.

    Parameters
    ----------
    cells
        One row an account and month: ``account_id``, ``month``, ``organisation``, ``posts``, ``shares``, ``conduct``.
    rng
        Random generator.
    flips
        Number of random sign flips.

    Returns
    -------
    Face
        Rate ratio, interval and p-value.

    Notes
    -----
    Shares = posts exp(account + month + a log posts + b conduct), by Poisson pseudo-maximum likelihood (Santos Silva
    and Tenreyro 2006, doi:10.1162/rest.88.4.641) with the account effects conditioned out (Hausman, Hall and Griliches
    1984, doi:10.2307/1911191), so that neither size nor season answers for style; the slope a is there because an
    account that posts more is often shared less for each post. An account with more than 10 shares a month weighs as
    one with 10. The p-value flips the signs of the organisations' scores where b = 0 (Kline and Santos 2012,
    doi:10.1515/2156-6674.1006): months of one organisation may depend on each other in any way.
    """
    panel = _panel(cells)
    if panel is None or not np.ptp(panel.x[:, 0]):
        return Face(None, None, None, 0, 0)
    groups = int(panel.organisation.max()) + 1
    size = (groups, round(float(np.exp(panel.log_posts).sum())))
    everybody = np.ones(len(panel.y), dtype=bool)
    theta = panel.fit(everybody, np.zeros(panel.x.shape[1]))
    # a ratio without end: in some account all shares lie in the months of one kind of conduct
    if groups < FEWEST_GROUPS or abs(theta[0]) > LARGEST_LOG_RATIO:
        return Face(None, None, None, *size)
    left_out = np.exp([panel.fit(panel.organisation != g, theta)[0] for g in range(groups)])
    scores = panel.scores()
    signs = rng.integers(0, 2, (flips, groups)) * 2.0 - 1.0
    ratio = float(np.exp(theta[0]))
    return Face(
        ratio,
        jackknife(left_out, ratio, transform="log"),
        p_value(signs @ scores, float(scores.sum())),
        *size,
    )


def judged(found: Face) -> Answer:
    """Judge whether a face makes a difference.

    Parameters
    ----------
    found
        From :func:`face`.

    Returns
    -------
    str
        ``"supported"`` if p is at most .05 and the whole interval above 1, ``"not_supported"`` if the whole interval
        is below 1.10, else ``"cannot_tell"``.
    """
    interval = None if found.interval is None else (found.interval.low, found.interval.high)
    return beyond_chance(found.p, interval, nothing=1, margin=MARGIN)


_WHY = {
    "supported": "shared more in months in which it turns to people",
    "not_supported": "shared about as much in months in which it turns to people",
    "cannot_tell": "a difference is neither shown nor excluded",
}


def ask(evidence: Evidence) -> Finding:
    """Ask whether official accounts are shared more in months in which they turn to people.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The rate ratio for one standard deviation of conduct, and what the conduct was.
    """
    study = evidence.study
    cells = months_of_accounts(study, evidence.posts)
    nothing = Estimate("more_shared", None, "times", why="too_few_organisations")
    turned = int(cells[list(CONDUCT)].to_numpy().sum())
    if study.mentions.empty or cells.empty or not turned:
        return Finding(missing("replies and mentions"), (nothing,), MARGIN)
    compared = with_conduct(cells)
    if compared["organisation"].nunique() < FEWEST_GROUPS:
        reason = "needs five organisations over three months"
        return Finding(Verdict("cannot_tell", (reason,), words="official_face"), (nothing,), MARGIN)
    found = face(compared, rng=evidence.rng(SAYINGS[0].name))
    if found.ratio is None:
        verdict = Verdict("cannot_tell", ("needs shares by others",), words="official_face")
        return Finding(verdict, (replace(nothing, why="too_few_events"),), MARGIN)
    answer = judged(found)
    effect = Estimate(
        "more_shared",
        found.ratio,
        "times",
        interval=None if found.interval is None else (found.interval.low, found.interval.high),
        why=None if found.interval is not None else "too_little_for_an_interval",
        organisations=found.organisations,
        posts=found.posts,
        part=found.posts / float(cells["originals"].sum()),
        p=found.p,
    )
    verdict = Verdict(answer, (_WHY[answer],), (_CORRELATION,), words="official_face")
    return Finding(verdict, (effect, *_descriptions(study, cells)), MARGIN, found.p)


def _descriptions(study: Study, cells: pd.DataFrame) -> tuple[Estimate, ...]:
    """Describe what the accounts did, all months together; of organisations, not of people."""
    organisations, acts = int(cells["organisation"].nunique()), float(cells["acts"].sum())
    parts = {
        "replies": cells["replies"].sum() / acts,
        "mentions_of_people": cells["mentions_of_people"].sum() / acts,
        "shares_of_people": cells["shares_of_people"].sum() / acts,
        "originals": cells["originals"].sum() / acts,
    }
    why = "no_intervals_for_descriptions"
    told = [Estimate(name, float(part), "share", why=why, organisations=organisations) for name, part in parts.items()]
    hours = hours_to_answer(study)
    median = Estimate("hours_to_answer", None, "index", why="too_few_events")
    if len(hours):
        median = Estimate("hours_to_answer", float(np.median(hours)), "index", why=why, posts=len(hours))
    return (*told, median)


def hours_to_answer(study: Study) -> Floats:
    """Time from a post to the reply that an official account wrote to it.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    numpy.ndarray
        Hours, one each reply whose answered post is in the study and is not its own.
    """
    posts, accounts = study.posts, study.accounts
    official = accounts.loc[(accounts["role"] == "organisation") & (accounts["observed"] != "none"), "account_id"]
    replies = posts[posts["author_id"].isin(official) & posts["reply_to"].notna()]
    both = replies.merge(posts[["post_id", "author_id", "posted_at"]], left_on="reply_to", right_on="post_id")
    both = both[both["author_id_x"] != both["author_id_y"]]
    hours = (both["posted_at_x"] - both["posted_at_y"]).dt.total_seconds().to_numpy(dtype=np.float64) / 3600
    return hours[hours >= 0]


SAYINGS = (
    Saying(
        "an-account-can-have-a-face",
        40,
        ask,
        words="official_face",
        needs=("replies_and_mentions",),
        exploratory=True,
    ),
)
