"""A study's shares and houses as arrays: what can be shuffled, and which block a share falls in (method 2b)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.errors import Undefined
from ambassador_net.nulls.chance import Indices
from ambassador_net.nulls.closed_form import KindBlocks, NodeClasses, classes_of_strengths
from ambassador_net.nulls.matchings import BlockCodes, ShareEvents
from ambassador_net.reduction import Dyads
from ambassador_net.reduction.stored.streamed import Streamed
from ambassador_net.study.stored import AnyStudy, StoredStudy

Times = npt.NDArray[np.int64]
Counts = npt.NDArray[np.integer]

# what a block of a house holds; the code of a block is 1 + BLOCKS_A_HOUSE * organisation + one of these
TO_ORGANISATION, TO_ORGANISATION_UNOBSERVED, TO_PERSON, TO_PERSON_UNOBSERVED, COLLEAGUE, SISTER = range(6)
BLOCKS_A_HOUSE = 6

ALWAYS = (np.iinfo(np.int64).min, np.iinfo(np.int64).max)

# a person's membership: organisation, from, to, and whether both sides of the pair were observed
Membership = tuple[int, int, int, bool]


@dataclass(frozen=True, eq=False)
class Houses:
    """Shares without self-shares, ready to be shuffled, and the houses they run inside.

    Parameters
    ----------
    events
        The shares, in strata of their collection.
    earliest
        Earliest time of each share in seconds since 1970, UTC; shape (n,).
    blocks
        The block of each share for any source, judged at the share's own time.
    organisations
        Names, in the order of their numbers.
    person
        Number of the person that holds each account, or -1; shape (accounts,).
    pair_person, pair_organisation
        The pairs whose both sides were observed, sorted; shape (pairs,).
    kind
        For each identity, its kind: all that a house makes of it, whenever; shape (identities,).
    kind_blocks
        The block of each pair of kinds, spells taken as the whole window.
    kind_pairs
        Kind of the person, kind of the official accounts, for each pair of kinds that are an observed pair; shape
        (k, 2).
    """

    events: ShareEvents
    earliest: Times
    blocks: BlockCodes
    organisations: pd.Index
    person: Indices
    pair_person: Indices
    pair_organisation: Indices
    kind: Indices
    kind_blocks: KindBlocks
    kind_pairs: Indices


def study_houses(study: AnyStudy, dyads: Dyads) -> Houses:
    """Turn a study into arrays for its null models.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads; their affiliations make the houses.

    Returns
    -------
    Houses
        Shares, blocks and pairs.

    Notes
    -----
    The blocks of an organisation are person to organisation, organisation to person, colleague and sister account
    (method 2b). Pairs with an unobserved side have blocks of their own, so that N3 keeps the sum of shares in the
    observed pairs, on which rho_w rests (method 2a). Colleagues with several organisations in common count for the
    alphabetically first; a share counts for a house only if the affiliation holds at the share's own time.
    """
    people = _People.of(study, dyads)
    sharer, source, stratum, earliest, latest = _shares(study, dyads, people.identity)
    window = (int(earliest.min()), int(latest.max())) if len(sharer) else ALWAYS
    memberships = people.memberships(dyads.affiliations, window)
    houses = len(people.organisations)
    dated, dated_kinds = _kinds(memberships, people.person, people.house, houses)
    row_kind, row, row_time = _rows(dated[sharer], earliest, latest, dated_kinds, houses)
    code = np.zeros((len(row_kind), houses + 1 + len(dated_kinds)), dtype=np.int32)
    for rows, columns, block in _blocks(row_kind, row_time, dated_kinds, houses):
        code[rows, columns] = block
    kinds = people.kinds(memberships)
    return Houses(
        events=ShareEvents(sharer, source, people.identity, stratum),
        earliest=earliest,
        blocks=BlockCodes(row, dated, code),
        organisations=people.organisations,
        person=people.person,
        pair_person=people.pairs[0].astype(np.intp),
        pair_organisation=people.pairs[1].astype(np.intp),
        kind=kinds.kind,
        kind_blocks=kinds.blocks,
        kind_pairs=kinds.pairs,
    )


@dataclass(frozen=True, eq=False)
class HouseClasses:
    """What the closed form needs of a study whose shares are not in memory.

    Parameters
    ----------
    strengths
        Shares made and received by each identity in each collection; shape (identities, collections) each.
    kind, kind_blocks, kind_pairs
        As in :class:`Houses`.
    inside
        Sharer's kind, source's kind and collection, with the shares, of those who have a house in common.
    """

    strengths: tuple[Counts, Counts]
    kind: Indices
    kind_blocks: KindBlocks
    kind_pairs: Indices
    inside: tuple[Indices, Indices, Indices, Counts]

    def nodes(self, blocks: KindBlocks) -> NodeClasses:
        """Group the nodes by kind and strengths.

        Parameters
        ----------
        blocks
            The blocks whose totals are counted.

        Returns
        -------
        NodeClasses
            As :func:`ambassador_net.nulls.node_classes` gives them of the shares.
        """
        return classes_of_strengths(*self.strengths, self.kind, self.inside, blocks)


def house_classes(study: StoredStudy, dyads: Dyads, streamed: Streamed) -> HouseClasses:
    """Turn what is left of a stored study into what the closed form needs.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    streamed
        What one pass over it left.

    Returns
    -------
    HouseClasses
        Strengths, kinds, and shares inside houses.
    """
    people = _People.of(study, dyads)
    kinds = people.kinds(people.memberships(dyads.affiliations, streamed.window or ALWAYS))
    identities, inside = len(kinds.kind), streamed.inside
    merged: list[Counts] = []
    for by_account in (streamed.strength_out, streamed.strength_in):
        strengths = np.zeros((identities, len(by_account)), dtype=by_account.dtype)
        for stratum, values in enumerate(by_account):
            np.add.at(strengths[:, stratum], people.identity, values)
        merged.append(strengths)
    sharer, source = (kinds.kind[people.identity[account]] for account in (inside.sharer, inside.source))
    return HouseClasses(
        strengths=(merged[0], merged[1]),
        kind=kinds.kind,
        kind_blocks=kinds.blocks,
        kind_pairs=kinds.pairs,
        inside=(sharer, source, inside.stratum, inside.shares),
    )


def _shares(study: AnyStudy, dyads: Dyads, identity: Indices) -> tuple[Indices, Indices, Indices, Times, Times]:
    """Sharer, source, stratum, earliest and latest time of each share that is no self-share and has a known source.

    They come in an order of their own: what is drawn depends on the order, and must not depend on that of the rows,
    neither of the shares nor of the accounts.
    """
    columns: list[npt.NDArray[np.integer[Any]]]
    if isinstance(study, StoredStudy):
        kept = None if dyads.streamed is None else dyads.streamed.shares
        if kept is None:
            raise Undefined("the shares of this study are too many to be shuffled; the closed form stands alone")
        columns = [kept.sharer, kept.source, np.unique(kept.stratum, return_inverse=True)[1]]
        earliest, latest = kept.earliest, kept.latest
    else:
        index = pd.Series(range(len(study.accounts)), index=study.accounts["account_id"])
        known = study.shares[study.shares["source_id"].notna()]
        sharer, source = (known[end].map(index).to_numpy(dtype=np.intp) for end in ("sharer_id", "source_id"))
        used = identity[sharer] != identity[source]
        known = known[used]
        columns = [sharer[used], source[used], pd.factorize(known["collection"].fillna(""), sort=True)[0]]
        earliest, latest = (_seconds(known[end], 0) for end in ("shared_at_earliest", "shared_at_latest"))
    sharer, source, stratum = columns
    alphabetical = pd.factorize(study.accounts["account_id"], sort=True)[0]
    order = np.lexsort((stratum, alphabetical[source], alphabetical[sharer], latest, earliest))
    sharer, source, stratum = (values[order].astype(np.intp) for values in columns)
    return sharer, source, stratum, earliest[order], latest[order]


@dataclass(frozen=True, eq=False)
class _Kinds:
    """Kind of each identity, the blocks of pairs of kinds, and the pairs of kinds that are an observed pair."""

    kind: Indices
    blocks: KindBlocks
    pairs: Indices


@dataclass(frozen=True, eq=False)
class _People:
    """Who belongs where: numbers for accounts, identities, persons and organisations; pairs observed on both sides."""

    identity: Indices
    organisations: pd.Index
    persons: pd.Index
    person: Indices
    house: Indices
    pairs: Indices

    @classmethod
    def of(cls, study: AnyStudy, dyads: Dyads) -> "_People":
        accounts = study.accounts.reset_index(drop=True)
        official = (accounts["role"] == "organisation").to_numpy()
        holder = pd.factorize(accounts["holder_id"])[0]
        # sister accounts of an organisation may share each other: each is its own
        identity = np.where(official, holder.max(initial=-1) + 1 + np.arange(len(accounts)), holder).astype(np.intp)
        spells = dyads.affiliations
        organisations = pd.Index(
            sorted(set(accounts.loc[official, "organisation"].dropna()) | set(spells["organisation"].dropna()))
        )
        both = dyads.pairs["w_eo"].notna() & dyads.pairs["w_oe"].notna()
        observed = dyads.pairs.loc[both, ["holder_id", "organisation"]]
        persons = pd.Index(pd.unique(spells["holder_id"]))
        person = np.where(
            (accounts["role"] == "employee").to_numpy(), persons.get_indexer(pd.Index(accounts["holder_id"])), -1
        ).astype(np.intp)
        pairs = np.stack(
            [
                persons.get_indexer(pd.Index(observed["holder_id"])),
                organisations.get_indexer(pd.Index(observed["organisation"])),
            ]
        )
        return cls(
            identity=identity,
            organisations=organisations,
            persons=persons,
            person=person,
            house=np.where(official, organisations.get_indexer(pd.Index(accounts["organisation"])), -1),
            pairs=pairs[:, np.lexsort(pairs[::-1])],
        )

    def memberships(self, spells: pd.DataFrame, window: tuple[int, int]) -> list[tuple[Membership, ...]]:
        return _memberships(spells, self.persons, self.organisations, self.pairs, window)

    def kinds(self, memberships: list[tuple[Membership, ...]]) -> _Kinds:
        houses = len(self.organisations)
        undated = [tuple(sorted({(house, *ALWAYS, seen) for house, _, _, seen in of})) for of in memberships]
        kind, kinds = _kinds(undated, self.person, self.house, houses)
        of_identity = np.zeros(int(self.identity.max(initial=-1)) + 1, dtype=np.intp)
        of_identity[self.identity] = kind
        pairs = [
            (houses + 1 + number, 1 + house) for number, of in enumerate(kinds) for house, _, _, seen in of if seen
        ]
        return _Kinds(of_identity, _kind_blocks(kinds, houses), np.array(pairs, dtype=np.intp).reshape(-1, 2))


def _seconds(times: "pd.Series[pd.Timestamp]", missing: int) -> Times:
    seconds = times.dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
    return np.where(times.isna(), missing, seconds)


def _memberships(
    spells: pd.DataFrame, persons: pd.Index, organisations: pd.Index, pairs: Indices, window: tuple[int, int]
) -> list[tuple[Membership, ...]]:
    """Each person's memberships; a border outside the window is as good as none, which keeps the kinds few."""
    start, end = _seconds(spells["valid_from"], ALWAYS[0]), _seconds(spells["valid_to"], ALWAYS[1])
    start = np.where(start <= window[0], ALWAYS[0], start)
    end = np.where(end > window[1], ALWAYS[1], end)
    observed = set(zip(*pairs.tolist(), strict=True))
    found: list[set[Membership]] = [set() for _ in persons]
    numbers = (
        persons.get_indexer(pd.Index(spells["holder_id"])),
        organisations.get_indexer(pd.Index(spells["organisation"])),
    )
    for who, house, begins, ends in zip(*(values.tolist() for values in (*numbers, start, end)), strict=True):
        if begins <= window[1] and ends > window[0]:
            found[who].add((house, begins, ends, (who, house) in observed))
    return [tuple(sorted(of)) for of in found]


def _kinds(
    memberships: list[tuple[Membership, ...]], person: Indices, house_of: Indices, houses: int
) -> tuple[Indices, list[tuple[Membership, ...]]]:
    """Kind of each account: 0 outside, 1 + house official, then one for each set of memberships there is."""
    number: dict[tuple[Membership, ...], int] = {}
    of_person = np.array(
        [houses + 1 + number.setdefault(of, len(number)) if of else 0 for of in memberships] + [0], dtype=np.intp
    )
    return np.where(house_of >= 0, 1 + house_of, of_person[person]), list(number)


def _rows(
    kind: Indices, earliest: Times, latest: Times, kinds: list[tuple[Membership, ...]], houses: int
) -> tuple[Indices, Indices, Times]:
    """Rows of the table of blocks: sharers of one kind at times between the same borders of spells."""
    borders = np.unique([border for of in kinds for _, start, end, _ in of for border in (start, end)])
    inside = kind > 0
    epochs = [np.where(inside, np.searchsorted(borders, times, "right"), 0) for times in (earliest, latest)]
    _, first, row = np.unique(np.stack([kind, *epochs]), axis=1, return_index=True, return_inverse=True)
    return kind[first], row.astype(np.intp), np.stack([earliest[first], latest[first]])


def _blocks(
    row_kind: Indices, row_time: Times, kinds: list[tuple[Membership, ...]], houses: int
) -> "list[tuple[Indices, Indices, npt.NDArray[np.int32] | int]]":
    """Cells of the table and their blocks; where cells come twice, the later one holds."""
    members: list[list[tuple[int, Membership]]] = [[] for _ in range(houses)]
    for number, of in enumerate(kinds):
        for membership in of:
            members[membership[0]].append((houses + 1 + number, membership))
    rows_of: dict[int, list[int]] = {}
    for place, of_kind in enumerate(row_kind.tolist()):
        rows_of.setdefault(of_kind, []).append(place)
    cells: list[tuple[Indices, Indices, npt.NDArray[np.int32] | int]] = []
    # the alphabetically first organisation comes last and so decides for colleagues with several in common
    for house in reversed(range(houses)):
        base = 1 + BLOCKS_A_HOUSE * house
        column = np.array([number for number, _ in members[house]], dtype=np.intp)
        start, end, seen = (np.array([of[field] for _, of in members[house]]) for field in (1, 2, 3))

        def holds(rows: Indices, start: Times = start, end: Times = end) -> npt.NDArray[np.bool_]:
            now: npt.NDArray[np.bool_] = (row_time[0][rows, None] >= start) & (row_time[1][rows, None] < end)
            return now

        official = np.array(rows_of.get(1 + house, []), dtype=np.intp)
        cells.append((official, np.full(len(official), 1 + house), base + SISTER))
        if not len(column):
            continue
        at, which = np.nonzero(holds(official))
        own = np.where(seen[which], base + TO_PERSON, base + TO_PERSON_UNOBSERVED).astype(np.int32)
        cells.append((official[at], column[which], own))
        rows = np.array([row for number in np.unique(column) for row in rows_of.get(number, [])], dtype=np.intp)
        now = holds(rows)
        at, which = np.nonzero(now & (row_kind[rows][:, None] == column))
        own = np.where(seen[which], base + TO_ORGANISATION, base + TO_ORGANISATION_UNOBSERVED).astype(np.int32)
        cells.append((rows[at], np.full(len(at), 1 + house), own))
        belonging = np.zeros(len(rows), dtype=bool)
        belonging[at] = True
        at, which = np.nonzero(now & belonging[:, None])
        cells.append((rows[at], column[which], base + COLLEAGUE))
    return cells


def _kind_blocks(kinds: list[tuple[Membership, ...]], houses: int) -> KindBlocks:
    """Make the same table for kinds instead of shares, as a list of its cells, the blocks numbered from 0."""
    every = np.arange(houses + 1 + len(kinds))
    cells = _blocks(every, np.zeros((2, len(every)), dtype=np.int64), kinds, houses)
    row, column, code = (
        np.concatenate([np.broadcast_to(cell[part], len(cell[0])) for cell in cells] or [every[:0]])
        for part in range(3)
    )
    # the last of the cells that come twice
    cell, last = np.unique((row * len(every) + column)[::-1], return_index=True)
    names, block = np.unique(code[::-1][last], return_inverse=True)
    return KindBlocks(
        kinds=len(every), row=cell // len(every), column=cell % len(every), block=block.astype(np.intp),
        name=names.astype(np.intp),
    )  # fmt: skip
