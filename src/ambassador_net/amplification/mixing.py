"""How much more a house shares inside itself than chance: the strengths of all accounts kept (method 2b, N1)."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification.result import AgainstChance, against_chance
from ambassador_net.nulls import Indices, Progress, ShareEvents, strengths_kept
from ambassador_net.reduction import Dyads
from ambassador_net.study import Study

Times = npt.NDArray[np.int64]

NULL = "N1: strengths of all accounts kept, within collections"


class OwnPairShares:
    """Counts the shares inside pairs for any arrangement of sources over the shares of a study.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads; pairs with an unobserved side do not count, as in :func:`reciprocity`.
    """

    def __init__(self, study: Study, dyads: Dyads) -> None:
        accounts = study.accounts.reset_index(drop=True)
        index = pd.Series(accounts.index, index=accounts["account_id"])
        official = (accounts["role"] == "organisation").to_numpy()
        holder = pd.factorize(accounts["holder_id"])[0]
        # sister accounts of an organisation may share each other: each is its own
        identity = np.where(official, holder.max() + 1 + np.arange(len(accounts)), holder)

        shares = study.shares
        known = shares[shares["source_id"].notna()]
        sharer = known["sharer_id"].map(index).to_numpy(dtype=np.intp)
        source = known["source_id"].map(index).to_numpy(dtype=np.intp)
        used = identity[sharer] != identity[source]
        known, sharer, source = known[used], sharer[used], source[used]
        stratum = pd.factorize(known["collection"].fillna(""), sort=True)[0].astype(np.intp)
        self.events = ShareEvents(sharer, source, identity.astype(np.intp), stratum)

        pairs = dyads.pairs[dyads.pairs["w_eo"].notna() & dyads.pairs["w_oe"].notna()]
        persons = pd.Index(pairs["holder_id"].unique())
        organisations = pd.Index(pairs["organisation"].unique())
        self._organisations = len(organisations)
        personal = (accounts["role"] == "employee").to_numpy()
        self._person = np.where(personal, persons.get_indexer(accounts["holder_id"]), -1)
        self._organisation = np.where(official, organisations.get_indexer(accounts["organisation"]), -1)

        spells = dyads.affiliations.merge(pairs[["holder_id", "organisation"]], on=["holder_id", "organisation"])
        code = (
            persons.get_indexer(spells["holder_id"]) * self._organisations
            + organisations.get_indexer(spells["organisation"])
        ).astype(np.int64)
        start = _seconds(spells["valid_from"], np.iinfo(np.int64).min)
        end = _seconds(spells["valid_to"], np.iinfo(np.int64).max)
        order = np.lexsort((start, code))
        self._code, self._start, self._end = code[order], start[order], end[order]
        self._pair = np.unique(self._code, return_inverse=True)[1]
        self._pairs = int(self._pair.max()) + 1 if len(self._pair) else 0
        self._spells_of_a_pair = int(np.bincount(self._pair).max()) if self._pairs else 0

        earliest, latest = _seconds(known["shared_at_earliest"], 0), _seconds(known["shared_at_latest"], 0)
        self._by_person = np.flatnonzero(self._person[sharer] >= 0)
        self._by_organisation = np.flatnonzero(self._organisation[sharer] >= 0)
        self._times = {
            id(self._by_person): (earliest[self._by_person], latest[self._by_person]),
            id(self._by_organisation): (earliest[self._by_organisation], latest[self._by_organisation]),
        }

    def weights(self, source: Indices) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Count shares of each pair in both directions.

        Parameters
        ----------
        source
            Account whose post each share carries; shape (n,).

        Returns
        -------
        tuple of numpy.ndarray
            Shares by the person and by the organisation; shape (pairs,) each.
        """
        given = self._by_person
        eo = self._counted(given, self._person[self.events.sharer[given]], self._organisation[source[given]])
        given = self._by_organisation
        oe = self._counted(given, self._person[source[given]], self._organisation[self.events.sharer[given]])
        return eo, oe

    def _counted(self, given: Indices, person: Indices, organisation: Indices) -> npt.NDArray[np.intp]:
        earliest, latest = self._times[id(given)]
        possible = np.flatnonzero((person >= 0) & (organisation >= 0))
        code = person[possible] * self._organisations + organisation[possible]
        at = np.searchsorted(self._code, code)
        counts = np.zeros(self._pairs, dtype=np.intp)
        for offset in range(self._spells_of_a_pair):
            spell = np.minimum(at + offset, len(self._code) - 1)
            inside = (
                (self._code[spell] == code)
                & (at + offset < len(self._code))
                & (earliest[possible] >= self._start[spell])
                & (latest[possible] < self._end[spell])
            )
            counts += np.bincount(self._pair[spell[inside]], minlength=self._pairs)
        return counts


def _seconds(times: "pd.Series[pd.Timestamp]", missing: int) -> Times:
    seconds = times.dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
    return np.where(times.isna(), missing, seconds)


def mixing(
    study: Study,
    dyads: Dyads,
    *,
    permutations: int,
    rng: np.random.Generator,
    seed: int | None,
    progress: Progress | None = None,
) -> AgainstChance | None:
    """Shares inside pairs, beside how many there would be if strengths alone mattered.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    permutations
        Number of draws, B.
    rng
        Random generator.
    seed
        What the result remembers.
    progress
        Called with the draws made and B.

    Returns
    -------
    AgainstChance or None
        Of the sum of ``w_eo + w_oe``; its ``lift`` is the house mixing: so many times more sharing inside the house
        than chance. None where no pair has both sides observed.

    Notes
    -----
    A test of belonging together, not of answering: it says yes wherever people and organisation merely share
    interests (method 1.1). Never part of the verdict.
    """
    counter = OwnPairShares(study, dyads)
    if not counter._pairs or not len(counter.events):
        return None

    def total(source: Indices) -> npt.NDArray[np.float64]:
        eo, oe = counter.weights(source)
        return np.array([eo.sum() + oe.sum()], dtype=np.float64)

    draws = strengths_kept(counter.events, total, permutations=permutations, rng=rng, progress=progress)
    pairs = dyads.pairs
    shared = (pairs["seen_eo"] > 0) | (pairs["seen_oe"] > 0)
    both = shared & pairs["w_eo"].notna() & pairs["w_oe"].notna()
    return against_chance(
        float(total(counter.events.source)[0]),
        draws[:, 0],
        null=NULL,
        seed=seed,
        coverage=float(both.sum() / shared.sum()) if shared.any() else 0.0,
    )
