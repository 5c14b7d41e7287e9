"""Count a stored study in one pass over its files: ids become numbers at once, and numbers are all that is kept.

DuckDB reads the columns and hashes the ids, a vector at a time and a dictionary's word once; an account's number stands
at its hash in a table. What the study comes to is then added up in arrays of the accounts, so that nothing is sorted,
joined or grouped by text, and memory does not grow with the number of shares.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.errors import AmbassadorError
from ambassador_net.reduction.duckdb import run as run_sql
from ambassador_net.reduction.kept import Kept, written
from ambassador_net.reduction.out_of_core import connected
from ambassador_net.reduction.statements import statements
from ambassador_net.reduction.stored.accounts import Accounts, Numbering
from ambassador_net.reduction.stored.reading import collections_of, posts_of, shares_of
from ambassador_net.reduction.stored.streamed import Counted, may_shuffle
from ambassador_net.reduction.stored.sums import SUMS, Sums
from ambassador_net.study.stored import StoredStudy

Progress = Callable[[int, int], None]

# what an account takes while it is counted, and in each collection, as measured
_BYTES_AN_ACCOUNT, _BYTES_A_COUNTER = 200, 8


def run(study: StoredStudy, spells: pd.DataFrame, *, progress: Progress | None = None) -> Counted:
    """Count a stored study.

    Parameters
    ----------
    study
        The study.
    spells
        The affiliations that count.
    progress
        Called with the rows done and their number.

    Returns
    -------
    Counted
        The same tables as the statements of ``reduction.sql`` give, but for ``edges`` and ``strengths_by_day``, which
        only :func:`ambassador_net.reduction.files.write_table` makes.

    Raises
    ------
    SchemaError
        If a cell is refused.
    """
    posts = study.events.get("posts")
    total = len(study.events["shares"]) + (0 if posts is None else len(posts))
    done = 0

    def told(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, total)

    with connected(study.memory) as connection:
        counting = _Counting.of(connection, study, spells, told)
        sums, opportunities = counting.sums(), counting.opportunities()
    tables = sums.tables(study.accounts["account_id"])
    plan = [(name, text) for name, text in statements("reduction.sql") if name in ("sides", "pairs")]
    given = {
        "accounts": study.accounts,
        "affiliations": spells,
        "dyad_events": tables["dyad_events"],
        "opportunities": opportunities,
    }
    tables["pairs"] = run_sql(plan, given, {"pairs": ("organisation", "holder_id")})["pairs"]
    sharers = study.accounts["account_id"][sums.shared_anything[:-1]].reset_index(drop=True)
    return Counted(tables, sums.streamed(), sharers)


@dataclass(frozen=True, eq=False)
class _Counting:
    """One pass over the files of a study."""

    connection: duckdb.DuckDBPyConnection
    study: StoredStudy
    spells: pd.DataFrame
    accounts: Accounts
    numbers: Numbering
    told: Callable[[int], None]

    @classmethod
    def of(
        cls,
        connection: duckdb.DuckDBPyConnection,
        study: StoredStudy,
        spells: pd.DataFrame,
        told: Callable[[int], None],
    ) -> "_Counting":
        accounts, numbers = Accounts(study.accounts, spells), Numbering(connection, study.accounts["account_id"])
        return cls(connection, study, spells, accounts, numbers, told)

    def opportunities(self) -> pd.DataFrame:
        """Count the posts there were to share: the statement of that name."""
        posts = posts_of(self.connection, self.study, self.numbers, self.accounts, self.told)
        return self.accounts.ties.posts_there_were(posts)

    def sums(self) -> Sums:
        """Add up all shares; of a study with more than are ever shuffled, only those of parts that are new."""
        shares = self.study.events["shares"]
        names = collections_of(self.connection, shares)
        _require_room(self.study, len(names))
        shuffled = may_shuffle(self.study)
        if not shuffled and self.study.accounts_as_written and shares.listed_as_written:
            found = self._of_parts()
            if found is not None:
                return found
        return self._added(self.study, Sums(self.accounts, names, keep=len(shares) if shuffled else None))

    def _added(self, study: StoredStudy, sums: Sums) -> Sums:
        for share in shares_of(self.connection, study, self.numbers, sums.names, self.told):
            sums.add(share)
        return sums

    def _of_parts(self) -> Sums | None:
        """Add up what is kept of each part, counting those of which nothing is; None if one is not as written."""
        shares = self.study.events["shares"]
        kept = Kept(shares.place, self.study.accounts, self.spells)
        # what is kept is counted by these very files
        room = resources.files("ambassador_net.reduction.stored")
        how = " ".join(room.joinpath(f"{name}.py").read_text("utf-8") for name in ("accounts", "reading", "sums"))
        sums: list[dict[str, pa.Table]] = []
        for number, part in enumerate(kept.parts("shares")):
            key = kept.key(part, how, "ever")
            if all(kept.has(name, part, key) for name in SUMS):
                sums.append({name: pq.read_table(kept.file(name, part)) for name in SUMS})
                self.told(shares.rows[number])
                continue
            one = replace(self.study, events={"shares": shares.part(number)})
            if not one.trusted("shares"):
                return None
            names = collections_of(self.connection, one.events["shares"])
            sums.append(self._added(one, Sums(self.accounts, names)).kept())
            # where nothing may be written, it is counted again the next time
            with suppress(OSError):
                for name, table in sums[-1].items():
                    with written(kept.file(name, part)) as file:
                        pq.write_table(table.replace_schema_metadata({"key": key}), file, compression="zstd")
        total = Sums(self.accounts, sorted({name for one in sums for name in one[SUMS[0]]["collection"].to_pylist()}))
        for one_part in sums:
            total.take(one_part)
        return total


def _require_room(study: StoredStudy, collections: int) -> None:
    """Refuse to begin what could not be held: the counters of the accounts cannot be put anywhere else."""
    needed = len(study.accounts) * (_BYTES_AN_ACCOUNT + _BYTES_A_COUNTER * collections)
    if study.memory is not None and needed > study.memory / 2:
        raise AmbassadorError(
            f"counting {len(study.accounts):,} accounts in {collections:,} collections takes about "
            f"{2 * needed / 1e9:.1f} GB; give it with --memory"
        )
