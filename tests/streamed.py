"""Compares what two ways of counting left for the null models."""

import numpy as np

from ambassador_net.reduction.stored.streamed import Streamed


def assert_same_streamed(one: Streamed | None, other: Streamed | None) -> None:
    assert one is not None
    assert other is not None
    assert one.window == other.window
    assert (one.shares is None) == (other.shares is None)
    found = []
    for of in (one, other):
        # a collection without a share that counts may have a number or none
        used = np.flatnonzero(of.strength_out.any(axis=1))
        assert not np.delete(of.strength_in, used, axis=0).any()
        strata = np.cumsum(of.strength_out.any(axis=1)) - 1
        inside = [of.inside.sharer, of.inside.source, strata[of.inside.stratum], of.inside.shares]
        shares = of.shares
        columns = (
            []
            if shares is None
            else [shares.sharer, shares.source, strata[shares.stratum], shares.earliest, shares.latest]
        )
        rows = [sorted(zip(*(values.tolist() for values in table), strict=True)) for table in (inside, columns)]
        found.append([of.strength_out[used].tolist(), of.strength_in[used].tolist(), *rows])
    assert found[0] == found[1]
