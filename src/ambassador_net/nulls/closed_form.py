"""The null models without shuffling: a block Poisson model and what it expects of shares both ways (method 2b)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln
from scipy.stats import ncx2, norm

from ambassador_net.errors import Undefined
from ambassador_net.nulls.chance import Indices
from ambassador_net.nulls.matchings import ShareEvents

Floats = npt.NDArray[np.float64]

MOST_SWEEPS = 500
TOLERANCE = 1e-4
# how far the fit is carried on at a time; a step too long is mended by the sweep after it
LONGEST_STEP = 64.0
# means up to which min(X, Y) is summed term by term
SERIES_UP_TO = 60.0
CELLS_AT_A_TIME = 1 << 20
MOST_COUNTERS = 1 << 22
# nodes are grouped so many at a time: their classes are few
NODES_AT_A_TIME = 1 << 21


@dataclass(frozen=True, eq=False)
class KindBlocks:
    """Which block the shares of one kind of node with another kind fall in; what is not listed is the rest.

    Parameters
    ----------
    kinds
        Number of kinds.
    row, column
        Kinds of sharer and source; shape (cells,).
    block
        Their block, from 0; shape (cells,).
    name
        What the blocks are called elsewhere; shape (blocks,).
    """

    kinds: int
    row: Indices
    column: Indices
    block: Indices
    name: Indices

    @classmethod
    def none(cls, kinds: int) -> "KindBlocks":
        """No blocks at all, as in N1.

        Parameters
        ----------
        kinds
            Number of kinds.

        Returns
        -------
        KindBlocks
            Without cells.
        """
        empty = np.zeros(0, dtype=np.intp)
        return cls(kinds, empty, empty, empty, empty)

    def of(self, row: Indices, column: Indices) -> Indices:
        """Look up the block of pairs of kinds.

        Parameters
        ----------
        row, column
            Kinds of sharers and sources; shape (m,).

        Returns
        -------
        numpy.ndarray
            Block, or ``len(name)`` for the rest; shape (m,).
        """
        rest = len(self.name)
        if not len(self.row):
            return np.full(len(row), rest, dtype=np.intp)
        cell = self.row * self.kinds + self.column
        order = np.argsort(cell)
        wanted = row * self.kinds + column
        at = np.minimum(np.searchsorted(cell, wanted, sorter=order), len(cell) - 1)
        return np.where(cell[order[at]] == wanted, self.block[order[at]], rest)


@dataclass(frozen=True, eq=False)
class NodeClasses:
    """Nodes of the same kind and the same strengths, counted instead of listed.

    Parameters
    ----------
    out, into
        How often each node of the class shares and is shared, by stratum; shape (classes, strata).
    kind
        Kind of the nodes; shape (classes,).
    count
        How many nodes; shape (classes,).
    totals
        Shares in each block, by stratum; shape (blocks, strata).
    open_out, open_in
        1 where a kind shares, and is shared, outside the blocks as well, else 0; shape (kinds, strata).
    """

    out: Floats
    into: Floats
    kind: Indices
    count: Floats
    totals: Floats
    open_out: Floats
    open_in: Floats


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Multipliers of the block Poisson model in one stratum.

    Parameters
    ----------
    sharing, shared
        ``a`` and ``b`` of each class; shape (classes,).
    block
        ``omega`` of each block, and 1 for the rest; shape (blocks + 1,).
    sweeps
        How many it took.
    """

    sharing: Floats
    shared: Floats
    block: Floats
    sweeps: int


@dataclass(frozen=True)
class ClosedForm:
    """Reciprocated weight under a null model, without shuffling.

    Parameters
    ----------
    expected, sd
        Mean and standard deviation of ``sum min(w_eo, w_oe)``.
    expected_weight, sd_weight
        Mean and standard deviation of ``sum (w_eo + w_oe)``; the second None if it was not asked for.
    sweeps
        Sweeps of the fit, all strata.
    """

    expected: float
    sd: float
    expected_weight: float
    sd_weight: float | None
    sweeps: int

    def p_norm(self, statistic: float) -> float | None:
        """Upper tail of the normal distribution.

        Parameters
        ----------
        statistic
            The value in the data.

        Returns
        -------
        float or None
            None where the null leaves no freedom.
        """
        # far out the tail underflows; a p-value is never 0
        return max(float(norm.sf((statistic - self.expected) / self.sd)), 1e-300) if self.sd > 0 else None

    def agrees(self, expected: float, sd: float) -> bool:
        """Tell whether draws say the same.

        Parameters
        ----------
        expected, sd
            Mean and standard deviation of the draws.

        Returns
        -------
        bool
            Means within .1 standard deviations, standard deviations within 15 % (method 1.2, 2b); False where the
            draws leave no freedom.
        """
        return sd > 0 and abs(self.expected - expected) <= 0.1 * sd and abs(self.sd - sd) <= 0.15 * sd


def node_classes(events: ShareEvents, kind: Indices, blocks: KindBlocks) -> NodeClasses:
    """Group the nodes of a study by kind and strengths.

    Parameters
    ----------
    events
        The shares; no self-share among them. Accounts of one identity are one node: their multipliers are
        proportional, so that merging them changes nothing.
    kind
        Kind of each identity; shape (identities,).
    blocks
        The blocks whose totals are counted.

    Returns
    -------
    NodeClasses
        Nodes that neither share nor are shared are left out.
    """
    nodes = len(kind)
    occupied = np.bincount(events.stratum) > 0
    of_stratum, strata = (np.cumsum(occupied) - 1)[events.stratum], int(occupied.sum())
    sharer, source = events.identity[events.sharer], events.identity[events.source]
    out, into = (
        np.bincount(end * strata + of_stratum, minlength=nodes * strata).reshape(nodes, strata)
        for end in (sharer, source)
    )
    cells, shares = _counted(
        (kind[sharer] * blocks.kinds + kind[source]) * strata + of_stratum, blocks.kinds**2 * strata
    )
    pair, stratum = cells // strata, cells % strata
    row, column = pair // blocks.kinds, pair % blocks.kinds
    block = blocks.of(row, column)
    size = len(blocks.name)

    def by_stratum(of: Indices, many: int, some: npt.NDArray[np.bool_]) -> Floats:
        return _total((of * strata + stratum)[some], shares[some], many * strata).reshape(many, strata)

    rest = block == size
    alike, count = _alike(out, into, kind)
    return NodeClasses(
        out=alike[:, 1 : 1 + strata].astype(np.float64),
        into=alike[:, 1 + strata :].astype(np.float64),
        kind=alike[:, 0].astype(np.intp),
        count=count,
        totals=by_stratum(block, size, ~rest),
        open_out=np.minimum(by_stratum(row, blocks.kinds, rest), 1.0),
        open_in=np.minimum(by_stratum(column, blocks.kinds, rest), 1.0),
    )


def classes_of_strengths(
    out: npt.NDArray[np.integer],
    into: npt.NDArray[np.integer],
    kind: npt.NDArray[np.integer],
    inside: tuple[Indices, Indices, Indices, npt.NDArray[np.integer]],
    blocks: KindBlocks,
) -> NodeClasses:
    """Group nodes by kind and strengths where the shares themselves are no longer there.

    Parameters
    ----------
    out, into
        How often each node shares and is shared, by stratum; shape (nodes, strata).
    kind
        Kind of each node; shape (nodes,).
    inside
        Kind of the sharer, kind of the source, stratum and number of shares; all that may lie in a block are there,
        and a pair of kinds may stand there again; shape (m,) each.
    blocks
        The blocks whose totals are counted.

    Returns
    -------
    NodeClasses
        As :func:`node_classes` gives them of the shares. Takes memory for the classes and a few million nodes at a
        time, whatever the number of nodes.
    """
    used = np.flatnonzero([int(column.sum(dtype=np.int64)) > 0 for column in out.T])
    out, into = (values[:, used] if len(used) < values.shape[1] else values for values in (out, into))
    strata, size = len(used), len(blocks.name)
    row, column, of_stratum, shares = inside
    # a stratum in which nothing is shared has no shares inside houses either
    stratum = np.searchsorted(used, of_stratum)
    block, counted = blocks.of(row, column), shares.astype(np.float64)
    held = block < size

    def by_stratum(of: Indices, many: int) -> Floats:
        return _total((of * strata + stratum)[held], counted[held], many * strata).reshape(many, strata)

    alike, count = _alike(out, into, kind)
    of_kind, strengths = alike[:, 0].astype(np.intp), alike[:, 1:].astype(np.float64)

    def by_kind(columns: Floats) -> Floats:
        return np.stack([_total(of_kind, count * values, blocks.kinds) for values in columns.T], axis=1)

    return NodeClasses(
        out=strengths[:, :strata],
        into=strengths[:, strata:],
        kind=of_kind,
        count=count,
        totals=by_stratum(block, size),
        open_out=np.minimum(by_kind(strengths[:, :strata]) - by_stratum(row, blocks.kinds), 1.0),
        open_in=np.minimum(by_kind(strengths[:, strata:]) - by_stratum(column, blocks.kinds), 1.0),
    )


def _alike(
    out: npt.NDArray[np.integer], into: npt.NDArray[np.integer], kind: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Kind and strengths of the nodes, each combination once and in order, and how many nodes have it."""
    rows, counts = [np.zeros((0, 1 + 2 * out.shape[1]), dtype=np.int64)], [np.zeros(0)]
    for begin in range(0, len(kind), NODES_AT_A_TIME):
        some = slice(begin, begin + NODES_AT_A_TIME)
        table = np.column_stack([kind[some], out[some], into[some]]).astype(np.int64, copy=False)
        table = table[(table[:, 1:] != 0).any(axis=1)]
        first, count = _once(table, np.ones(len(table)))
        rows.append(table[first])
        counts.append(count)
    table = np.concatenate(rows)
    first, count = _once(table, np.concatenate(counts))
    return table[first], count


def _once(table: npt.NDArray[np.int64], counts: Floats) -> tuple[Indices, Floats]:
    """First places of the rows that differ, in the order of what stands in them, and the sum of their counts."""
    key = table[:, 0]
    for values in table.T[1:]:
        width = int(values.max(initial=0)) + 1
        if (int(key.max(initial=0)) + 1) * width > np.iinfo(np.int64).max:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * width + values
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    return first, _total(of, counts, len(first))


def _counted(values: Indices, many: int) -> tuple[Indices, Floats]:
    """Give the different values below ``many`` and how often they come, by counting or, where many, by sorting."""
    if many <= MOST_COUNTERS:
        counts = np.bincount(values, minlength=1)
        cells = np.flatnonzero(counts)
        return cells, counts[cells].astype(np.float64)
    cells, counts = np.unique(values, return_counts=True)
    return cells, counts.astype(np.float64)


class _Sums:
    """Sums over all partners of a node but itself, in one stratum, by sums over kinds: O(classes + cells)."""

    def __init__(self, nodes: NodeClasses, stratum: int, blocks: KindBlocks) -> None:
        self.kind, self.count, self.blocks = nodes.kind, nodes.count, blocks
        self._out, self._in = nodes.open_out[:, stratum], nodes.open_in[:, stratum]
        itself = blocks.row == blocks.column
        own = np.full(blocks.kinds, len(blocks.name), dtype=np.intp)
        own[blocks.row[itself]] = blocks.block[itself]
        # where its own kind is among the partners, a node is no partner of itself
        self.own = own[nodes.kind]
        self._own_rest = np.where(self.own == len(blocks.name), (self._out * self._in)[nodes.kind], 1.0)
        self._rest_of_cells = self._out[blocks.row] * self._in[blocks.column]

    def by_kind(self, values: Floats) -> Floats:
        return _total(self.kind, self.count * values, self.blocks.kinds)

    def over_sources(self, values: Floats, block: Floats) -> Floats:
        """``sum over j != i of block[c(i, j)] values[j]`` for each class i."""
        return self._over((self.blocks.row, self._out), (self.blocks.column, self._in), values, block)

    def over_sharers(self, values: Floats, block: Floats) -> Floats:
        """``sum over i != j of block[c(i, j)] values[i]`` for each class j."""
        return self._over((self.blocks.column, self._in), (self.blocks.row, self._out), values, block)

    def _over(
        self, here: tuple[Indices, Floats], there: tuple[Indices, Floats], values: Floats, block: Floats
    ) -> Floats:
        sums, rest = self.by_kind(values), block[-1]
        more = (block[self.blocks.block] - rest * self._rest_of_cells) * sums[there[0]]
        of_kind = rest * (there[1] @ sums) * here[1] + _total(here[0], more, self.blocks.kinds)
        of_node: Floats = of_kind[self.kind] - block[self.own] * self._own_rest * values
        return of_node

    def in_blocks(self, sharing: Floats, shared: Floats) -> Floats:
        """``sum of sharing[i] shared[j]`` over the cells of each block."""
        row, column, size = self.blocks.row, self.blocks.column, len(self.blocks.name)
        of_cells = self.by_kind(sharing)[row] * self.by_kind(shared)[column]
        itself = _total(self.own, self.count * sharing * shared, size + 1)[:size]
        return _total(self.blocks.block, of_cells, size) - itself


def _total(of: Indices, values: Floats, many: int) -> Floats:
    return np.asarray(np.bincount(of, values, minlength=many), dtype=np.float64)


def fit_blocks(nodes: NodeClasses, blocks: KindBlocks, stratum: int = 0) -> BlockFit:
    """Fit ``lambda_ij = a_i b_j omega_c(i,j)``, ``lambda_ii = 0``, to strengths and block totals.

    Parameters
    ----------
    nodes
        The nodes by class.
    blocks
        The blocks.
    stratum
        Which stratum.

    Returns
    -------
    BlockFit
        The multipliers.

    Raises
    ------
    Undefined
        If 500 sweeps do not bring every ``a_i S_i`` within 1e-4 of the strength it stands for.

    Notes
    -----
    Iterative proportional fitting (method 2b): ``a_i = out_i / S_i`` with ``S_i = sum over j != i of omega_ij b_j``,
    ``b_j`` alike, ``omega_c = observed_c / sum over c of a_i b_j``. Sums over partners are sums over kinds, and
    nodes with the same strengths and kind share one multiplier, so that a sweep costs O(classes), however many
    outsiders there are.

    A kind none of whose shares lie in the rest has no cells there: lambda_ij = 0 is the limit that its multipliers
    would only creep towards (1,000 to 4,000 sweeps on the shared data instead of 13 to 40). After every third sweep
    the logarithms are carried on along their path (squared extrapolation, Varadhan and Roland 2008,
    doi:10.1111/j.1467-9469.2007.00585.x, scheme S3).
    """
    out, into, totals = nodes.out[:, stratum], nodes.into[:, stratum], nodes.totals[:, stratum]
    sums = _Sums(nodes, stratum, blocks)
    b = into / np.sqrt(max(float(nodes.count @ out), 1.0))
    block = np.ones(len(totals) + 1)
    # multipliers of 0 stay 0
    free_b, free_block = into > 0, np.append(totals > 0, False)
    # a class counts as often as it has nodes, so that the path does not depend on the classes
    weight = np.sqrt(np.append(nodes.count[free_b], np.ones(int(free_block.sum()))))
    path: list[Floats] = []
    reach = sums.over_sources(b, block)
    for sweep in range(1, MOST_SWEEPS + 1):
        if len(path) == 3:
            b, block = b.copy(), block.copy()
            b[free_b], block[free_block] = np.split(_squared(path, weight), [int(free_b.sum())])
            path, reach = [], sums.over_sources(b, block)
        a = _quotient(out, reach)
        b = _quotient(into, sums.over_sharers(a, block))
        block = np.append(_quotient(totals, sums.in_blocks(a, b)), 1.0)
        reach = sums.over_sources(b, block)
        if np.abs(a * reach - out).max(initial=0.0) < TOLERANCE:
            return BlockFit(a, b, block, sweep)
        path.append(np.log(np.concatenate([b[free_b], block[free_block]])))
    raise Undefined(f"the block model has not converged in {MOST_SWEEPS} sweeps; Monte Carlo decides")


def _squared(path: list[Floats], weight: Floats) -> Floats:
    """Carry on along three successive sweeps as far as their change of pace says."""
    first, second, third = path
    pace, change = second - first, third - 2 * second + first
    slowed = float(np.linalg.norm(weight * change))
    length = float(np.clip(np.linalg.norm(weight * pace) / slowed, 1.0, LONGEST_STEP)) if slowed > 0 else 1.0
    return np.exp(first + 2 * length * pace + length**2 * change)


def _quotient(above: Floats, below: Floats) -> Floats:
    if (below[above > 0] <= 0).any():
        raise Undefined("the block model leaves an account with shares no partner; Monte Carlo decides")
    return np.divide(above, below, out=np.zeros_like(above), where=above > 0)


def minimum_moments(first: Floats, second: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Moments of the smaller of two independent Poisson numbers.

    Parameters
    ----------
    first, second
        Means of X and Y; shape (m,).

    Returns
    -------
    tuple of numpy.ndarray
        ``E[min]``, ``Var[min]``, ``P(Y > X)`` and ``P(X > Y)``; shape (m,) each.

    Notes
    -----
    ``E[min] = sum over k of P(X >= k) P(Y >= k)``, up to means of 60 of the smaller one; above, with D = X - Y
    (Skellam 1946, doi:10.2307/2981372; its tails are those of a non-central chi-squared),
    ``E[min] = x P(D <= -1) + y P(D >= 2)`` and
    ``E[min^2] = x^2 P(D <= -2) + x P(D <= -1) + y^2 P(D >= 3) + y P(D >= 2)`` (method 1.2).
    """
    found = np.zeros((4, len(first)))
    low = np.minimum(first, second)
    for some, most in _chunks(low, low <= SERIES_UP_TO):
        x, y = _poisson(first[some], most), _poisson(second[some], most)
        both = x.tail[:, 1:-1] * y.tail[:, 1:-1]
        k = np.arange(1, most + 1)
        mean = both.sum(axis=1)
        found[:, some] = (
            mean,
            both @ (2.0 * k - 1.0) - mean**2,
            (x.at * y.tail[:, 1:]).sum(axis=1),
            (y.at * x.tail[:, 1:]).sum(axis=1),
        )
    large = np.flatnonzero(low > SERIES_UP_TO)
    if len(large):
        of_x, of_y = first[large], second[large]
        y_more, y_two_more = (_difference(of_y, of_x, by) for by in (1, 2))
        x_more, x_two_more, x_three_more = (_difference(of_x, of_y, by) for by in (1, 2, 3))
        mean = of_x * y_more + of_y * x_two_more
        square = of_x**2 * y_two_more + of_x * y_more + of_y**2 * x_three_more + of_y * x_two_more
        found[:, large] = mean, square - mean**2, y_more, x_more
    return found[0], found[1], found[2], found[3]


def _difference(first: Floats, second: Floats, by: int) -> Floats:
    """``P(X - Y >= by)`` of two Poisson numbers, by >= 1."""
    return np.asarray(ncx2.cdf(2 * first, 2 * by, 2 * second), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Law:
    """Probabilities of the values 0 to most, and of at least 0 to most + 1; shapes (m, most + 1), (m, most + 2)."""

    at: Floats
    tail: Floats


def _law(at: Floats, beyond: Floats) -> _Law:
    return _Law(at, np.cumsum(np.column_stack([at, beyond])[:, ::-1], axis=1)[:, ::-1])


def _poisson(mean: Floats, most: int) -> _Law:
    k = np.arange(most + 1.0)
    with np.errstate(divide="ignore"):
        log = np.log(mean)[:, None]
    at = np.exp(np.where(k > 0, k * log, 0.0) - mean[:, None] - gammaln(k + 1))
    return _law(at, np.asarray(gammainc(most + 1.0, mean), dtype=np.float64))


def _hypergeometric(mean: Floats, drawn: Floats, marked: Floats, most: int) -> _Law:
    """Law of a cell with this mean whose row and column add up to ``drawn`` and ``marked``."""
    # in the population of this size the mean is drawn * marked / size
    size = np.maximum(drawn * marked / mean, np.maximum(drawn, marked))
    k = np.arange(most + 1.0)
    left = (size - drawn - marked)[:, None]
    n, m = drawn[:, None], marked[:, None]
    possible = (k <= n) & (k <= m) & (left + k > -1)
    # P(k + 1) / P(k), wherever both can be
    ratio = (n - k) * (m - k) / ((k + 1) * np.where(possible, left + k + 1, 1.0))
    step = np.log(np.where(possible[:, :-1] & possible[:, 1:], ratio[:, :-1], 1.0))
    log = np.zeros_like(ratio)
    np.cumsum(step, axis=1, out=log[:, 1:])
    log[~possible] = -np.inf
    at = np.exp(log - log.max(axis=1, keepdims=True))
    return _law(at / at.sum(axis=1, keepdims=True), np.zeros(len(at)))


def _chunks(mean: Floats, chosen: npt.NDArray[np.bool_]) -> Iterator[tuple[Indices, int]]:
    """Give places with means of one size, as many as fit, and a value that theirs hardly ever exceed."""
    order = np.flatnonzero(chosen)
    order = order[np.argsort(mean[order])]
    most = np.ceil(mean[order] + 9 * np.sqrt(mean[order]) + 12).astype(np.int64)
    begin = 0
    while begin < len(order):
        # doubling widths waste at most half of the cells
        end = int(np.searchsorted(most, 2 * most[begin], "right"))
        end = min(end, begin + max(1, CELLS_AT_A_TIME // int(most[end - 1])))
        yield order[begin:end], int(most[end - 1])
        begin = end


def minimum_under_null(
    nodes: NodeClasses, blocks: KindBlocks, pairs: Indices, *, weight_too: bool = False
) -> ClosedForm:
    """Mean and spread of the reciprocated weight of pairs under a null model, without shuffling.

    Parameters
    ----------
    nodes
        The nodes by class.
    blocks
        The blocks that are kept; none under N1.
    pairs
        Kind of the person and of the official accounts of each pair of kinds that counts; shape (k, 2).
    weight_too
        Whether the standard deviation of the weight itself is wanted.

    Returns
    -------
    ClosedForm
        Mean and standard deviation of ``sum min(w_eo, w_oe)`` over all pairs of such nodes.

    Raises
    ------
    Undefined
        If the model cannot be fitted.

    Notes
    -----
    Official accounts of an organisation add their means, and so do strata (method 2b).
    ``E[min] = sum over k of P(X >= k) P(Y >= k)`` with hypergeometric margins: a pair's weight with mean lambda is a
    cell of a table of ``m n / lambda`` shares whose row and column add up to m and n. It is part of three sums, the
    strength of the sharer, that of the source and, with blocks, the block's total; m and n are the two smallest, so
    that the weight of a house's only person is fixed as it has to be (without the block's total, the mean is .3
    standard deviations too low on the small houses of ``conference_hashtags``).

    The variance given margins and blocks is ``sum Var(min)`` of independent Poissons less its projection on the
    margins and blocks: ``Cov(min, X) = lambda P(Y > X)`` (Stein and Chen), so the best linear predictor of the sum
    is ``sum beta_ij X_ij`` with ``beta = P(Y > X)`` in the cells of the pairs; its weighted least squares fit by
    ``u_i + v_j + w_c``, weights lambda_ij, is what the margins and blocks already tell.
    """
    strata = range(nodes.out.shape[1])
    fits = [fit_blocks(nodes, blocks, stratum) for stratum in strata]
    sums_of = [_Sums(nodes, stratum, blocks) for stratum in strata]

    def by_kind(values: Floats) -> Floats:
        return _total(nodes.kind, nodes.count * values, blocks.kinds)

    places = _pairs_of_classes(nodes.kind, pairs)
    person, official = places.person, places.official
    if not len(person):
        raise Undefined("no person of a pair shares or is shared in these data")
    block_eo, block_oe = blocks.of(nodes.kind[person], official), blocks.of(official, nodes.kind[person])
    by_stratum = []
    for fit in fits:
        given, taken = by_kind(fit.sharing)[official], by_kind(fit.shared)[official]
        by_stratum.append(
            (fit.sharing[person] * fit.block[block_eo] * taken, fit.shared[person] * fit.block[block_oe] * given)
        )
    means = np.array(by_stratum).reshape(-1, 2, len(person)).sum(axis=0)
    counts = nodes.count[person]
    likely = np.flatnonzero((means > 0).all(axis=0))
    x, y = means[:, likely]
    out, into = nodes.out.sum(axis=1), nodes.into.sum(axis=1)
    who, house = person[likely], official[likely]
    block_totals = np.append(nodes.totals.sum(axis=1), np.inf)
    expected = _hypergeometric_minimum(
        (x, *_binding(out[who], by_kind(into)[house], block_totals[block_eo[likely]])),
        (y, *_binding(by_kind(out)[house], into[who], block_totals[block_oe[likely]])),
    )
    _, variance, y_more, x_more = minimum_moments(x, y)
    slopes = np.zeros_like(means)
    slopes[0, likely], slopes[1, likely] = y_more, x_more

    def given_sums(spread: float, slopes: Floats) -> float:
        """Take off a variance what margins and blocks tell of it."""
        left = spread
        for sums, fit, (eo, oe) in zip(sums_of, fits, by_stratum, strict=True):
            known = _Known(sums, fit, nodes, person, official, (block_eo, block_oe), (eo * slopes[0], oe * slopes[1]))
            left -= known.variance(left)
        return float(np.sqrt(max(left, 0.0)))

    weight = float((counts * means).sum())
    return ClosedForm(
        expected=float(counts[likely] @ expected),
        sd=given_sums(float(counts[likely] @ variance), slopes),
        expected_weight=weight,
        # the weight is the sum of its shares: each slope is 1
        sd_weight=given_sums(weight, np.ones_like(means)) if weight_too else None,
        sweeps=sum(fit.sweeps for fit in fits),
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Classes of persons beside kinds of official accounts; shape (m,) each."""

    person: Indices
    official: Indices


def _pairs_of_classes(kind: Indices, pairs: Indices) -> _Pairs:
    order = np.argsort(pairs[:, 0], kind="stable")
    of, official = pairs[order, 0], pairs[order, 1]
    first, behind = np.searchsorted(of, kind, "left"), np.searchsorted(of, kind, "right")
    many = behind - first
    person = np.repeat(np.arange(len(kind)), many)
    place = np.arange(len(person)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    return _Pairs(person, official[place])


def _binding(*margins: Floats) -> tuple[Floats, Floats]:
    """Give the two smallest of the sums that a pair's weight is part of."""
    smallest = np.sort(margins, axis=0)
    return smallest[0], smallest[1]


def _hypergeometric_minimum(*laws: tuple[Floats, Floats, Floats]) -> Floats:
    """``E[min]`` of two independent cells, each given as its mean and the two sums it is part of."""
    high = np.maximum(laws[0][0], laws[1][0])
    mean = np.zeros(len(high))
    for some, most in _chunks(high, np.ones(len(high), dtype=bool)):
        x, y = (_hypergeometric(means[some], drawn[some], marked[some], most).tail for means, drawn, marked in laws)
        mean[some] = (x[:, 1:] * y[:, 1:]).sum(axis=1)
    return mean


class _Known:
    """What the margins and blocks of one stratum tell of the sum, by backfitting."""

    def __init__(
        self,
        sums: _Sums,
        fit: BlockFit,
        nodes: NodeClasses,
        person: Indices,
        official: Indices,
        block: tuple[Indices, Indices],
        weight: tuple[Floats, Floats],
    ) -> None:
        self._sums, self._fit, self._nodes = sums, fit, nodes
        classes, kinds, size = len(nodes.kind), sums.blocks.kinds, len(fit.block)
        counts = nodes.count[person]
        # lambda beta, summed over the cells of each sharer, of each source and of each block
        taken, given = sums.by_kind(fit.shared), sums.by_kind(fit.sharing)
        eo, oe = (_total(official, counts * part, kinds) for part in weight)
        of_official_out = np.divide(oe, given, out=np.zeros(kinds), where=given > 0)[nodes.kind] * fit.sharing
        of_official_in = np.divide(eo, taken, out=np.zeros(kinds), where=taken > 0)[nodes.kind] * fit.shared
        self.row = _total(person, weight[0], classes) + of_official_out
        self.column = _total(person, weight[1], classes) + of_official_in
        eo, oe = (_total(of, counts * part, size)[:-1] for of, part in zip(block, weight, strict=True))
        self.of_block = eo + oe

    def variance(self, spread: float) -> float:
        """Variance of the fit; iterated until it changes by less than 1e-6 of what there is to explain."""
        sums, fit, count = self._sums, self._fit, self._nodes.count
        a, b, block = fit.sharing, fit.shared, fit.block
        out, into = a * sums.over_sources(b, block), b * sums.over_sharers(a, block)
        totals = block[:-1] * sums.in_blocks(a, b)
        v, w = np.zeros(len(a)), np.zeros(len(block))
        explained = 0.0
        for _ in range(MOST_SWEEPS):
            u = _part(self.row - a * (sums.over_sources(b * v, block) + sums.over_sources(b, block * w)), out)
            v = _part(self.column - b * (sums.over_sharers(a * u, block) + sums.over_sharers(a, block * w)), into)
            told = block[:-1] * (sums.in_blocks(a * u, b) + sums.in_blocks(a, b * v))
            w[:-1] = _part(self.of_block - told, totals)
            before = explained
            explained = float(count @ (u * self.row + v * self.column) + w[:-1] @ self.of_block)
            if abs(explained - before) <= 1e-6 * spread:
                break
        return explained


def _part(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-12)
