"""Count a stored study in one pass over its files: ids become numbers at once, and numbers are all that is kept.

DuckDB reads the columns and hashes the ids, a vector at a time and a dictionary's word once; an account's number stands
at its hash in a table. What the study comes to is then added up in arrays of the accounts, so that nothing is sorted,
joined or grouped by text, and memory does not grow with the number of shares.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
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
        accounts = Accounts(study.accounts, spells)
        numbers = Numbering(connection, study.accounts["account_id"])
        sums = _sums(connection, study, spells, accounts, numbers, told)
        opportunities = accounts.ties.posts_there_were(posts_of(connection, study, numbers, accounts, told))
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


def _sums(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    spells: pd.DataFrame,
    accounts: "Accounts",
    numbers: "Numbering",
    told: Callable[[int], None],
) -> "Sums":
    """Add up all shares; of a study with more than are ever shuffled, only those of parts that are new."""
    shares = study.events["shares"]
    names = collections_of(connection, shares)
    _require_room(study, len(names))
    shuffled = may_shuffle(study)
    if not shuffled and study.accounts_as_written and shares.listed_as_written:
        found = _sums_of_parts(connection, study, spells, accounts, numbers, told)
        if found is not None:
            return found
    sums = Sums(accounts, names, keep=len(shares) if shuffled else None)
    for share in shares_of(connection, study, numbers, sums.names, told):
        sums.add(share)
    return sums


def _require_room(study: StoredStudy, collections: int) -> None:
    """Refuse to begin what could not be held: the counters of the accounts cannot be put anywhere else."""
    needed = len(study.accounts) * (_BYTES_AN_ACCOUNT + _BYTES_A_COUNTER * collections)
    if study.memory is not None and needed > study.memory / 2:
        raise AmbassadorError(
            f"counting {len(study.accounts):,} accounts in {collections:,} collections takes about "
            f"{2 * needed / 1e9:.1f} GB; give it with --memory"
        )


def _sums_of_parts(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    spells: pd.DataFrame,
    accounts: "Accounts",
    numbers: "Numbering",
    told: Callable[[int], None],
) -> "Sums | None":
    """Add up what is kept of each part, counting those of which nothing is; None if one is not as it was written."""
    shares = study.events["shares"]
    kept = Kept(shares.place, study.accounts, spells)
    # what is kept is counted by these very files
    room = resources.files("ambassador_net.reduction.stored")
    how = " ".join(room.joinpath(f"{name}.py").read_text("utf-8") for name in ("accounts", "reading", "sums"))
    sums: list[dict[str, pa.Table]] = []
    for number, part in enumerate(kept.parts("shares")):
        key = kept.key(part, how, "ever")
        if all(kept.has(name, part, key) for name in SUMS):
            sums.append({name: pq.read_table(kept.file(name, part)) for name in SUMS})
            told(shares.rows[number])
            continue
        one = replace(study, events={"shares": shares.part(number)})
        if not one.trusted("shares"):
            return None
        of_part = Sums(accounts, collections_of(connection, one.events["shares"]))
        for share in shares_of(connection, one, numbers, of_part.names, told):
            of_part.add(share)
        sums.append(of_part.kept())
        # where nothing may be written, it is counted again the next time
        with suppress(OSError):
            for name, table in sums[-1].items():
                with written(kept.file(name, part)) as file:
                    pq.write_table(table.replace_schema_metadata({"key": key}), file, compression="zstd")
    names = sorted({name for one in sums for name in one["sums_by_collection"]["collection"].to_pylist()})
    total = Sums(accounts, names)
    for one_part in sums:
        total.take(one_part)
    return total
