"""The only place where events are counted: a study in, dyads, strengths and dyad events out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ambassador_net.errors import AmbassadorError, EngineError, SchemaError
from ambassador_net.reduction.statements import needed, statements
from ambassador_net.study import Study
from ambassador_net.study.stored import AnyStudy, Seen, StoredStudy

if TYPE_CHECKING:
    from ambassador_net.reduction.stored import Streamed

Progress = Callable[[int, int], None]
Engine = Literal["duckdb", "spark"]

STATES = (
    "mutual",
    "person_only",
    "organisation_only",
    "none",
    "person_only_other_side_unknown",
    "organisation_only_other_side_unknown",
    "both_seen_one_side_unknown",
    "unknown",
)

_OBSERVED = np.array(["none", "partial", "full"])

_WANTED = {
    "totals": (),
    "edges": ("sharer_id", "source_id"),
    "strengths": ("account_id",),
    "dyad_events": ("shared_at_earliest", "share_id"),
    "pairs": ("organisation", "holder_id"),
    "collections": ("collection",),
}


@dataclass(frozen=True, eq=False, repr=False)
class Dyads:
    """What a study comes to once its events are counted.

    Parameters
    ----------
    pairs
        One row for each person and organisation that were affiliated at any time: ``holder_id``,
        ``organisation``; ``person_observed``, ``organisation_observed`` (``full``, ``partial``, ``none``: the most
        observed account of the side); ``both_complete`` (a person: at least one account ``full``; an organisation:
        all its official accounts); ``w_eo``, ``w_oe`` (shares by the person of the organisation and back; missing
        where the side was not observed); ``seen_eo``, ``seen_oe`` (what was seen in any case); ``organisation_posts``,
        ``person_posts`` (posts there were to share, in the spell; missing where not observed); ``state``, one of
        :data:`STATES`; ``first_at``, ``last_at``.
    events
        One row for each share inside a pair, in the order of time: ``share_id``, ``direction``
        (``person_to_organisation`` or ``organisation_to_person``), ``holder_id``, ``organisation``, ``sharer_id``,
        ``source_id``, ``collection``, ``shared_at``, ``shared_at_earliest``, ``shared_at_latest``.
    edges
        One row for each ordered pair of accounts with a share: ``sharer_id``, ``source_id``, ``weight``,
        ``quotes``; without self-shares. None where the events of the study stay in their files:
        :func:`ambassador_net.reduction.files.write_table` writes them to another.
    strengths
        One row an account in ``edges``: ``strength_out``, ``strength_in``.
    collections
        One row a collection (``""`` for shares that name none): ``shares``; ``first_at`` and ``last_at`` of those
        whose time is known; ``earliest`` and ``latest`` of all.
    affiliations
        The spells that were used.
    shares, self_shares, source_unknown
        Numbers of shares: all, of one's own posts, and of posts whose author is not known.
    streamed
        What the null models need of a study whose events stay in their files, else None.
    seen
        What counting told of such a study, else None.
    """

    pairs: pd.DataFrame
    events: pd.DataFrame
    edges: pd.DataFrame | None
    strengths: pd.DataFrame
    collections: pd.DataFrame
    affiliations: pd.DataFrame
    shares: int
    self_shares: int
    source_unknown: int
    streamed: "Streamed | None" = None
    seen: Seen | None = None

    @property
    def edges_here(self) -> pd.DataFrame:
        """The edges of a study whose events are in memory.

        Raises
        ------
        AmbassadorError
            If they stay in their files.
        """
        if self.edges is None:
            raise AmbassadorError(
                "this study has too many edges for memory; `ambassador-net network` writes them to a file"
            )
        return self.edges

    def __repr__(self) -> str:
        # the tables hold persons: a notebook must not show rows by accident
        return f"<Dyads: {len(self.pairs):,} pairs, {len(self.events):,} shares inside pairs>"


@dataclass(frozen=True, eq=False, repr=False)
class PostsShared:
    """The original posts of people and official accounts, and who shared them.

    Parameters
    ----------
    posts
        One row an original post: ``post_id``, ``author_id``, ``holder_id``, ``role`` (``employee`` or
        ``organisation``), ``platform``, ``collection``, ``posted_at``, ``content_id``, ``followers_at_post``, and how
        often others shared it: ``times_shared``, ``within_week`` (in the seven days after posting), ``by_others`` and
        ``by_others_within_week`` (without the own house). Self-shares are not counted.
    houses
        One row a post and house that it belongs to: ``post_id``, ``organisation``; a person's post belongs to all
        organisations with which the person was affiliated when posting, and may belong to none.
    shares
        One row a share of such a post by another account: ``share_id``, ``post_id``, ``sharer_id``, ``sharer_holder``,
        ``sharer_role``, ``sharer_organisation``, ``shared_at_earliest``, ``shared_at_latest``, ``by_own_house``,
        ``within_week``.
    affiliations
        The spells that were used.
    """

    posts: pd.DataFrame
    houses: pd.DataFrame
    shares: pd.DataFrame
    affiliations: pd.DataFrame

    def __repr__(self) -> str:
        return f"<PostsShared: {len(self.posts):,} posts, {len(self.shares):,} shares of them>"


_POSTS_WANTED = {"posts_shared": ("post_id",), "houses": ("post_id", "organisation"), "shared": ("share_id",)}


def affiliations_with_basis(study: AnyStudy, basis: Sequence[str]) -> pd.DataFrame:
    """Narrow a study's affiliations to those whose basis contains one of the texts.

    Parameters
    ----------
    study
        The study.
    basis
        Texts; none keeps all affiliations.

    Returns
    -------
    pandas.DataFrame
        The affiliations kept.

    Raises
    ------
    SchemaError
        If no affiliation is left; the message lists the bases that there are.
    """
    spells = study.affiliations
    if not basis:
        return spells
    given = spells["basis"].fillna("")
    keep = pd.Series(False, index=spells.index)
    for text in basis:
        keep |= given.str.contains(text, regex=False)
    if not keep.any():
        there = ", ".join(sorted(set(spells["basis"].dropna()))) or "none"
        raise SchemaError(f"no affiliation's basis contains {' or '.join(basis)}; the bases are: {there}")
    return spells[keep].reset_index(drop=True)


def dyads(
    study: AnyStudy,
    *,
    basis: Sequence[str] = (),
    engine: Engine = "duckdb",
    master: str | None = None,
    progress: Progress | None = None,
) -> Dyads:
    """Count who shared whom: pairs of persons and organisations, strengths, and the shares between them.

    Parameters
    ----------
    study
        The study.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    engine
        Who counts: ``duckdb``, inside this process, or ``spark``; both give the same tables.
    master
        Spark's master, for example ``spark://host:7077``; none is this machine alone.
    progress
        Called with the rows done and their number, where the events stay in their files.

    Returns
    -------
    Dyads
        Pairs, events, edges and strengths.

    Raises
    ------
    SchemaError
        If no affiliation has such a basis.
    EngineError
        If the engine is not there, or gives up.

    Notes
    -----
    A pair's side that was not observed is missing, never 0 (method 2g): absence of a share by an account that
    nobody collected says nothing.

    Examples
    --------
    >>> from ambassador_net import read
    >>> found = dyads(read("data/example"))
    >>> bool((found.pairs["w_eo"].sum() > 0))
    True
    """
    spells = affiliations_with_basis(study, basis)
    streamed = seen = None
    if isinstance(study, StoredStudy):
        from ambassador_net.reduction import stored

        if engine != "duckdb" or master is not None:
            raise EngineError(
                "a study whose events stay in their files is counted by DuckDB only; leave out engine and master"
            )
        counted = stored.run(study, spells, progress=progress)
        found, streamed = dict(counted.tables), counted.streamed
        seen = Seen(_window(found["collections"]), counted.sharers)
    else:
        found = _counted(study, spells, ("reduction.sql",), _WANTED, engine, master)
    totals = found["totals"].iloc[0]
    return Dyads(
        pairs=_described(found["pairs"]),
        events=found["dyad_events"],
        edges=found.get("edges"),
        strengths=found["strengths"],
        collections=found["collections"],
        affiliations=spells,
        shares=int(totals["shares"]),
        self_shares=int(totals["self_shares"]),
        source_unknown=int(totals["source_unknown"]),
        streamed=streamed,
        seen=seen,
    )


def _window(collections: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    return None if collections.empty else (collections["earliest"].min(), collections["latest"].max())


def known_by(study: AnyStudy, found: Dyads) -> AnyStudy:
    """Let a study know what counting told of it: its window and its sharers, if its events stay in their files.

    Parameters
    ----------
    study
        The study.
    found
        Its dyads.

    Returns
    -------
    Study or StoredStudy
        The same study.
    """
    return replace(study, seen=found.seen) if isinstance(study, StoredStudy) else study


def posts_shared(
    study: AnyStudy, *, basis: Sequence[str] = (), engine: Engine = "duckdb", master: str | None = None
) -> PostsShared:
    """Count how often the original posts of people and official accounts were shared, and by whom.

    Parameters
    ----------
    study
        The study; of one whose events stay in their files, each part is counted once and its counts are kept.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    engine, master
        As in :func:`dyads`.

    Returns
    -------
    PostsShared
        Posts, their houses and their shares.

    Raises
    ------
    SchemaError
        If no affiliation has such a basis; if a file is not as it was stored.
    EngineError
        If the engine is not there, or gives up.

    Examples
    --------
    >>> from ambassador_net import read
    >>> found = posts_shared(read("data/example"))
    >>> bool((found.posts["by_others"] <= found.posts["times_shared"]).all())
    True
    """
    spells = affiliations_with_basis(study, basis)
    if isinstance(study, StoredStudy):
        from ambassador_net.reduction import monthly

        tables = {"accounts": study.accounts, "affiliations": spells}
        found = monthly.run(study.events["shares"].place, tables, _POSTS_WANTED, memory=study.memory)
    else:
        found = _counted(study, spells, ("reduction.sql", "posts.sql"), _POSTS_WANTED, engine, master)
    return PostsShared(
        posts=found["posts_shared"],
        houses=found["houses"],
        shares=found["shared"].astype(dict.fromkeys(("by_own_house", "within_week"), bool)),
        affiliations=spells,
    )


def _counted(
    study: Study,
    spells: pd.DataFrame,
    files: Sequence[str],
    wanted: Mapping[str, Sequence[str]],
    engine: Engine,
    master: str | None,
) -> dict[str, pd.DataFrame]:
    plan = needed(statements(*files), wanted)
    tables = {"accounts": study.accounts, "affiliations": spells, "posts": study.posts, "shares": study.shares}
    if engine == "spark":
        from ambassador_net.reduction import spark

        return spark.run(plan, tables, wanted, master=master)
    if engine != "duckdb":
        raise EngineError(f"there is no engine {engine!r}; there are duckdb and spark")
    if master is not None:
        raise EngineError(f"only the engine spark has a master; leave out {master}, or ask for spark")
    from ambassador_net.reduction import duckdb

    return duckdb.run(plan, tables, wanted)


def _described(raw: pd.DataFrame) -> pd.DataFrame:
    """Name how far each side was observed and what state the pair is in."""
    counts = ["seen_eo", "seen_oe", "w_eo", "w_oe", "organisation_posts", "person_posts"]
    pairs = raw.astype(dict.fromkeys(counts, "Int64"))
    person_known, organisation_known = raw["person_best"] > 0, raw["organisation_best"] > 0
    both, seen_eo, seen_oe = person_known & organisation_known, raw["seen_eo"] > 0, raw["seen_oe"] > 0
    state = np.select(
        [
            both & seen_eo & seen_oe,
            both & seen_eo,
            both & seen_oe,
            both,
            seen_eo & seen_oe,
            seen_eo,
            seen_oe,
        ],
        [
            "mutual",
            "person_only",
            "organisation_only",
            "none",
            "both_seen_one_side_unknown",
            "person_only_other_side_unknown",
            "organisation_only_other_side_unknown",
        ],
        default="unknown",
    )
    pairs = pairs.assign(
        person_observed=_OBSERVED[raw["person_best"].astype(int)],
        organisation_observed=_OBSERVED[raw["organisation_best"].astype(int)],
        both_complete=(raw["person_best"] == 2) & (raw["organisation_worst"] == 2),
        state=state,
    )
    return pairs[
        [
            "holder_id", "organisation", "person_observed", "organisation_observed", "both_complete",
            "w_eo", "w_oe", "seen_eo", "seen_oe", "organisation_posts", "person_posts",
            "state", "first_at", "last_at",
        ]
    ]  # fmt: skip
