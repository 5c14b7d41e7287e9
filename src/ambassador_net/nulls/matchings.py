"""Monte Carlo under N1, N2 and N3: random matchings of shares that exchange their sources (method 2b)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ambassador_net.nulls.chance import Indices, Progress, Statistic, lag1_autocorrelation
from ambassador_net.nulls.compiled import fastest
from ambassador_net.nulls.exchanges import Groups, State

BURN_IN = 400
MATCHINGS_AT_ONCE = 20
BETWEEN_DRAWS = 12
# with blocks, a round is one matching among all shares and three each among the shares of one block's ends
INSIDE_BLOCKS = 3
MATCHINGS_A_ROUND = 1 + 2 * INSIDE_BLOCKS
ROUNDS_BETWEEN_DRAWS = 2

# draws that a pilot makes before the spacing of the draws is settled, and how often it may double
PILOT = 500
DOUBLINGS = 4
MOST_LAG1 = 0.1

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, eq=False)
class ShareEvents:
    """Shares as arrays, ready to be shuffled.

    Parameters
    ----------
    sharer, source
        Account of each end of each share, as an index; shape (n,).
    identity
        For each account, whose it is: two accounts with the same identity make a self-share; shape (accounts,).
    stratum
        Shares exchange their sources inside a stratum only; shape (n,).
    """

    sharer: Indices
    source: Indices
    identity: Indices
    stratum: Indices

    def __len__(self) -> int:
        return len(self.sharer)


@dataclass(frozen=True, eq=False)
class BlockCodes:
    """Which block a share falls in, whichever source it carries.

    Parameters
    ----------
    row
        Row of the table for each share: its sharer and its time; shape (n,).
    column
        Column of the table for each account as a source; shape (accounts,).
    code
        The block; 0 is the rest; shape (rows, columns).
    """

    row: Indices
    column: Indices
    code: npt.NDArray[np.int32]

    def of(self, source: Indices) -> npt.NDArray[np.int32]:
        """Give the block of each share.

        Parameters
        ----------
        source
            Account whose post each share carries; shape (n,).

        Returns
        -------
        numpy.ndarray
            Shape (n,).
        """
        return self.code[self.row, self.column[source]]


def day_strata(stratum: Indices, seconds: npt.NDArray[np.int64]) -> Indices:
    """Split strata by UTC day, for N2.

    Parameters
    ----------
    stratum
        The strata of N1; shape (n,).
    seconds
        Time of each share in seconds since 1970, UTC; shape (n,).

    Returns
    -------
    numpy.ndarray
        One number for each stratum and day, from 0; shape (n,).
    """
    both = np.stack([np.asarray(stratum, dtype=np.int64), seconds // SECONDS_A_DAY])
    return np.unique(both, axis=1, return_inverse=True)[1].astype(np.intp)


def strengths_kept(
    events: ShareEvents,
    statistic: Statistic,
    *,
    permutations: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> npt.NDArray[np.float64]:
    """Draw under N1: each account keeps how often it shares and is shared, and when; whom is left to chance.

    With strata of :func:`day_strata` this is N2.

    Parameters
    ----------
    events
        The shares; no self-share among them.
    statistic
        Takes the sources of all shares, shape (n,), and gives k values.
    permutations
        Number of draws, B.
    rng
        Random generator.
    progress
        Called with the draws made and B.

    Returns
    -------
    numpy.ndarray
        Shape (B, k).

    Notes
    -----
    A random matching pairs the shares of each stratum; each pair exchanges its sources with probability 1/2
    unless that makes a self-share. The moves are symmetric and reach every exchange of two shares, so every
    arrangement with these strengths is equally likely in the long run (degree-preserving randomisation, Maslov and
    Sneppen 2002, doi:10.1126/science.1065103, on event lists). 400 matchings are burnt in and 12 lie between draws
    (method 2b); where 500 or more draws are asked for, a pilot of 500 doubles the 12, four times at most, until the
    lag-1 autocorrelation of every value is below .1.

    The matching is a reflection, share i with share r - i modulo the size of the stratum, r drawn anew each time:
    any two shares are matched equally often, and nothing has to be sorted.
    """
    chain = Chain(events, None, rng)
    for _ in range(BURN_IN // MATCHINGS_AT_ONCE):
        chain.match_all(MATCHINGS_AT_ONCE)
    return _draws(chain, chain.match_all, statistic, BETWEEN_DRAWS, permutations, progress)


def blocks_kept(
    events: ShareEvents,
    blocks: BlockCodes,
    statistic: Statistic,
    *,
    permutations: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> npt.NDArray[np.float64]:
    """Draw under N3: as :func:`strengths_kept`, and every block keeps its number of shares in each stratum.

    Parameters
    ----------
    events
        The shares; no self-share among them.
    blocks
        The block of each share for any source.
    statistic
        Takes the sources of all shares, shape (n,), and gives k values.
    permutations
        Number of draws, B.
    rng
        Random generator.
    progress
        Called with the draws made and B.

    Returns
    -------
    numpy.ndarray
        Shape (B, k).

    Notes
    -----
    An exchange is refused as well if it changes the unordered pair of block codes (method 2b). Few such exchanges
    are found among all shares, so each matching of all is followed by three among the shares by accounts that have a
    block in common and three among the shares of posts by such accounts. A ranking of the blocks, drawn anew each
    time, says which block counts where accounts have several; the groups depend on nothing else, or stay as they are
    under the exchange, so that the moves remain symmetric and the law is the same. Two such rounds, 14 matchings,
    lie between draws (lag-1 autocorrelation .02 on ``conference_hashtags``; 40 matchings of all shares, method
    2b, leave .09), doubled by a pilot as in :func:`strengths_kept` (four rounds on ``us_congress_2020``).

    Exchanges of two shares reach every arrangement of N1; with blocks, cases of a handful of shares can be made in
    which a ring of three or more would be needed.
    """
    chain = Chain(events, blocks, rng)
    for _ in range(BURN_IN // MATCHINGS_A_ROUND):
        chain.round()

    def move(rounds: int) -> None:
        for _ in range(rounds):
            chain.round()

    return _draws(chain, move, statistic, ROUNDS_BETWEEN_DRAWS, permutations, progress)


class Chain:
    """The state of a shuffle: shares in the order of their strata, and the sources they carry at present.

    Parameters
    ----------
    events
        The shares.
    blocks
        The blocks to keep, or None.
    rng
        Random generator.
    """

    def __init__(self, events: ShareEvents, blocks: BlockCodes | None, rng: np.random.Generator) -> None:
        self._rng = rng
        self._exchange = fastest()
        identity = events.identity.astype(np.int32)
        if blocks is None:
            # without blocks every share and every account is alike
            nothing = np.zeros(0, dtype=np.intp)
            blocks = BlockCodes(nothing, nothing, np.zeros((0, 0), dtype=np.int32))
        stratum = np.unique(events.stratum, return_inverse=True)[1]
        self._order = np.argsort(stratum, kind="stable")
        self.state = State(
            carried=events.source[self._order].astype(np.int32),
            sharer_is=identity[events.sharer[self._order]],
            identity=identity,
            row=blocks.row[self._order] * np.intp(blocks.code.shape[1]) if len(blocks.row) else blocks.row,
            column=blocks.column,
            code=np.ascontiguousarray(blocks.code).reshape(-1),
        )
        self._stratum = stratum[self._order]
        self._whole = Groups(None, np.bincount(stratum).astype(np.int32))
        if len(blocks.code):
            self._sharer_blocks = _Labels(blocks.code, blocks.row[self._order])
            self._source_blocks = _Labels(blocks.code.T, blocks.column)

    def _groups(self, label: Indices) -> Groups:
        inside = np.flatnonzero(label)
        many = int(label.max(initial=0)) + 1
        key = self._stratum[inside] * many + label[inside]
        size = np.bincount(key)
        # few groups sort by radix, an order of magnitude faster
        order = np.argsort(key.astype(np.int16 if len(size) <= np.iinfo(np.int16).max else np.int64), kind="stable")
        return Groups(inside[order], size[size > 0].astype(np.int32))

    def match_all(self, matchings: int) -> None:
        """Make matchings among all shares of a stratum.

        Parameters
        ----------
        matchings
            How many.
        """
        self._match(self._whole, matchings)

    def round(self) -> None:
        """Make a matching among all shares of a stratum, and three each among the shares of one block's ends."""
        self.match_all(1)
        self._match(self._groups(self._sharer_blocks.one_each(self._rng)), INSIDE_BLOCKS)
        # exchanges inside these groups leave the groups as they are, so the way back is as likely
        label = self._source_blocks.one_each(self._rng)
        self._match(self._groups(label[self.state.carried]), INSIDE_BLOCKS)

    def _match(self, groups: Groups, matchings: int) -> None:
        """Draw the random numbers here, whoever does the exchanges."""
        n = int(groups.size.sum())
        shifts = self._rng.integers(0, groups.size, size=(matchings, len(groups.size)), dtype=np.int32)
        raw = np.frombuffer(self._rng.bytes(matchings * -(-n // 8)), dtype=np.uint8)
        coins = np.unpackbits(raw.reshape(matchings, -(-n // 8)), axis=1)
        self._exchange(self.state, groups, shifts, coins)

    def source(self) -> Indices:
        """Give the sources in the order of the study's shares.

        Returns
        -------
        numpy.ndarray
            Shape (n,).
        """
        source = np.empty(len(self.state.carried), dtype=np.intp)
        source[self._order] = self.state.carried
        return source


class _Labels:
    """Puts rows that have a block in common in one group, now by this block and now by that."""

    def __init__(self, code: npt.NDArray[np.int32], of: Indices) -> None:
        blocks = int(code.max(initial=0)) + 1
        row, column = np.nonzero(code)
        both = np.unique(row * blocks + code[row, column])
        row, block = both // blocks, both % blocks
        self._rows, self._start = np.unique(row, return_index=True)
        self._block = np.unique(block, return_inverse=True)[1]
        self._of, self._all_rows = of, len(code)

    def one_each(self, rng: np.random.Generator) -> Indices:
        """Draw a ranking of the blocks and give each share or account its highest; 0 for those without a block."""
        rank = 1 + rng.permutation(int(self._block.max(initial=-1)) + 1)
        label = np.zeros(self._all_rows, dtype=np.intp)
        if len(self._rows):
            label[self._rows] = np.maximum.reduceat(rank[self._block], self._start)
        return label[self._of]


def _draws(
    chain: Chain,
    move: Callable[[int], None],
    statistic: Statistic,
    between: int,
    permutations: int,
    progress: Progress | None,
) -> npt.NDArray[np.float64]:
    draws: list[npt.NDArray[np.float64]] = []
    doublings = 0
    while len(draws) < permutations:
        move(between)
        draws.append(statistic(chain.source()))
        done = len(draws)
        if done == PILOT and doublings < DOUBLINGS and _depend(np.array(draws)):
            draws, between, doublings = [], 2 * between, doublings + 1
        elif progress is not None and (done % 50 == 0 or done == permutations):
            progress(done, permutations)
    return np.array(draws, dtype=np.float64)


def _depend(draws: npt.NDArray[np.float64]) -> bool:
    return any(abs(lag1_autocorrelation(values)) >= MOST_LAG1 for values in draws.T)
