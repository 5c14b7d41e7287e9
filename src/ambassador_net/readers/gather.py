# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""Read every file into one table of records, count what each became, and bring the records to a study's tables."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from ambassador_net.errors import ReadError
from ambassador_net.readers.declare import MACROS, RECORD, Format
from ambassador_net.readers.sources import Guess, Source, bad_lines, broken_place, document_lines, plain

MEMORY = "400MB"
"""What DuckDB may hold in memory; beyond it works on disk."""

LEAST_MEMORY = "128MB"
"""The same while its tables are handed to pandas."""

PAGED_MEMORY = "700MB"
"""The same while pages are taken apart, which DuckDB cannot do on disk."""

LARGEST_RECORD = 1 << 24
"""Most bytes of one record, or of one page of records."""

NOT_A_RECORD = "not a record of this format"

# LinkedIn gives a share one id and the activity that shows it another, made within a moment
_SAME_MOMENT_S = 2

_KNOWN = "({0}.id IS NOT NULL OR {0}.handle IS NOT NULL)"

# what a record lacks, after the format's own reason
_ASIDE = f"""coalesce(aside,
  CASE WHEN post_id IS NULL AND made_at IS NULL AND NOT coalesce({_KNOWN.format("author")}, false) THEN '{NOT_A_RECORD}'
    WHEN NOT coalesce({_KNOWN.format("author")}, false) THEN 'the author is missing'
    WHEN made_at IS NULL OR NOT {{sane_at}} THEN 'the time is missing or cannot be read'
    WHEN made_at_latest < made_at OR NOT {{sane_latest}} THEN 'the interval ends before it begins'
    WHEN post_id IS NULL THEN 'the id is missing'
    WHEN made_at_latest IS NOT NULL AND kind IN ('original', 'reply')
      THEN 'a post whose time is only an interval' END)"""
_SANE = "coalesce({0} BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2100-01-01', {1})"


@dataclass
class Read:
    """What was read from one file, before anything is compared.

    Parameters
    ----------
    file, format
        Its name and its format.
    records
        Records in it.
    set_aside
        Records not taken, by reason.
    mentions
        Mentions in the records taken.
    bad_lines
        The first lines that hold no record.
    covers
        Whose posts it holds.
    """

    file: str
    format: str
    records: int
    set_aside: dict[str, int]
    mentions: int = 0
    bad_lines: tuple[int, ...] = ()
    covers: str = "search"


@dataclass
class Tables:
    """The tables that the records make, before roster and coverage.

    Parameters
    ----------
    posts, shares, mentions
        As in ``docs/study.md``.
    counted
        Per file number and kind, how many records were counted: ``file``, ``kind``, ``n``, ``source_unknown``.
    conflicts
        Per file number, how many records carry an id that another author used before: ``file``, ``n``.
    coverage
        Per file number and author, how many records there are, and when the first and the last: ``file``, ``author``,
        ``n``, ``first``, ``last``, ``authors`` (of the file).
    """

    posts: pd.DataFrame
    shares: pd.DataFrame
    mentions: pd.DataFrame
    counted: pd.DataFrame
    conflicts: pd.DataFrame
    coverage: pd.DataFrame


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that spills to a folder and opens no extension.

    Parameters
    ----------
    scratch
        A folder for what does not fit in memory.

    Returns
    -------
    duckdb.DuckDBPyConnection
        With the macros of the formats and an empty table of records.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY,
        # two threads read a file a third sooner, for a fifth more work and twice the memory
        "threads": 1,
        # text as pandas holds it, so that a table is not copied on its way out
        "arrow_large_buffer_size": True,
        "temp_directory": str(scratch / "spill"),
        "preserve_insertion_order": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    for macro in MACROS:
        name, _, body = macro.partition(" AS ")
        connection.execute(f"CREATE MACRO {name} AS ({body})")
    columns = ", ".join(f"{name} {kind}" for name, kind in RECORD.items())
    connection.execute(f"CREATE TABLE records (file INTEGER, {columns})")
    connection.execute("CREATE TABLE listed (platform VARCHAR, id VARCHAR, handle VARCHAR, name VARCHAR)")
    connection.execute("CREATE TABLE owner (id VARCHAR, handle VARCHAR, name VARCHAR)")
    return connection


def quoted(text: str | Path) -> str:
    """Write a text as an SQL literal.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The literal.
    """
    return "'{}'".format(str(text).replace("'", "''"))


@dataclass
class Reader:
    """Reads files into the table of records, one after another.

    Parameters
    ----------
    connection
        From :func:`connect`.
    scratch
        A folder for copies.
    progress
        Called with the bytes of this file read so far.
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    progress: Callable[[int], None] | None = None
    _number: int = field(default=0, init=False)

    def read(self, source: Source, guess: Guess, number: int) -> Read:
        """Read one file.

        Parameters
        ----------
        source
            The file.
        guess
            What it was recognised as.
        number
            Its place in the import.

        Returns
        -------
        Read
            What was read.

        Raises
        ------
        ReadError
            If the file as a whole cannot be read; a bad record in it is set aside.
        """
        path = self._plain(source, guess.skip)
        form = guess.format
        if guess.layout == "document":
            path = document_lines(path, source.name, list(form.columns), self.scratch)
        paged = "unnest(" in form.select
        try:
            if paged:
                self.connection.execute(f"SET memory_limit = '{PAGED_MEMORY}'")
            self._raw(path, form.columns, guess)
            self._owner(source, form)
            self._insert(source, form, number)
            self._unfit_pages(form, guess, number)
            lines = self._csv_rejects(path, number) if guess.layout == "csv" else ()
        except duckdb.Error as error:
            raise self._refused(error, path, source, guess) from None
        finally:
            self.connection.execute("DROP VIEW IF EXISTS raw")
            if paged:
                self.connection.execute(f"SET memory_limit = '{MEMORY}'")
        asides = dict(
            self._rows(f"SELECT aside, count(*) FROM records WHERE file = {number} AND aside IS NOT NULL GROUP BY 1")
        )
        records, mentions = self._rows(
            "SELECT count(*), coalesce(sum(CASE WHEN aside IS NULL THEN len(mentioned) END), 0) "
            f"FROM records WHERE file = {number}"
        )[0]
        if asides.get(NOT_A_RECORD) and guess.layout == "lines":
            lines = bad_lines(path, list(form.columns))
        if path.parent == self.scratch:
            path.unlink()
        return Read(
            source.name, form.name, records, dict(sorted(asides.items())), int(mentions), tuple(lines), form.covers
        )

    def _plain(self, source: Source, skip: int) -> Path:
        self._number += 1
        return plain(source, skip, self.scratch, self._number)

    def _rows(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        return self.connection.execute(sql).fetchall()

    def _raw(self, path: Path, columns: Mapping[str, str], guess: Guess) -> None:
        if guess.layout == "csv":
            named = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in guess.header)
            for table in ("bad_rows", "bad_scans"):
                self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            scan = (
                f"read_csv({quoted(path)}, header = true, auto_detect = false, columns = {{{named}}}, "
                f"delim = {quoted(guess.delimiter)}, quote = '\"', escape = '\"', hive_partitioning = false, "
                "store_rejects = true, rejects_table = 'bad_rows', rejects_scan = 'bad_scans')"
            )
        else:
            named = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
            layout = "array" if guess.layout == "array" else "newline_delimited"
            scan = (
                f"read_json({quoted(path)}, format = '{layout}', columns = {{{named}}}, compression = 'uncompressed', "
                # said outright: DuckDB looks at a file of one column for something else, at twice the time
                "records = 'true', "
                f"ignore_errors = true, maximum_object_size = {LARGEST_RECORD}, hive_partitioning = false)"
            )
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS SELECT * FROM {scan}")

    def _owner(self, source: Source, form: Format) -> None:
        self.connection.execute("DELETE FROM owner")
        beside = source.beside(form.beside[0]) if form.beside else None
        if form.beside and beside:
            self._owner_beside(beside, form.beside[1], form.beside_columns)
        elif form.owner:
            self.connection.execute(f"INSERT INTO owner BY NAME {form.owner}")

    def _owner_beside(self, beside: Source, select: str, columns: Mapping[str, str]) -> None:
        head = beside.head()
        equals = head.find(b"=") + 1 if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"window.") else 0
        layout = "array" if head[equals:].lstrip(b"\xef\xbb\xbf \r\n")[:1] == b"[" else "document"
        path = self._plain(beside, equals or (3 if head.startswith(b"\xef\xbb\xbf") else 0))
        named = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
        kind = "array" if layout == "array" else "unstructured"
        scan = f"read_json({quoted(path)}, format = '{kind}', columns = {{{named}}}, hive_partitioning = false)"
        try:
            self.connection.execute(f"INSERT INTO owner BY NAME WITH raw AS (SELECT * FROM {scan}) {select} LIMIT 1")
        except duckdb.Error:
            raise broken_place(path, beside.name) from None

    def _insert(self, source: Source, form: Format, number: int) -> None:
        filled = ", ".join(f"NULL::{kind} AS {name}" for name, kind in RECORD.items())
        aside = _ASIDE.format(
            sane_at=_SANE.format("made_at", "false"), sane_latest=_SANE.format("made_at_latest", "true")
        )
        columns = ", ".join(self._cleaned(name, aside) for name in RECORD)
        self._watched(
            f"INSERT INTO records SELECT {number}, {columns} "
            f"FROM (SELECT * FROM (SELECT {filled}) WHERE false UNION ALL BY NAME ({form.select}))",
            source.size,
        )
        if form.listed:
            self.connection.execute(f"INSERT INTO listed BY NAME {form.listed}")

    @staticmethod
    def _cleaned(name: str, aside: str) -> str:
        if name == "aside":
            return aside
        if name in ("made_at", "made_at_latest"):
            return f"date_trunc('second', CASE WHEN {_SANE.format(name, 'false')} THEN {name} END)"
        if name == "original_at":
            return f"date_trunc('second', CASE WHEN {_SANE.format(name, 'false')} THEN {name} END)"
        if name in ("source", "reply_author"):
            return f"CASE WHEN {_KNOWN.format(name)} THEN {name} END"
        if name == "mentioned":
            # a repost repeats the mentions of its original, which are not the sharer's
            return f"CASE WHEN kind <> 'repost' THEN [m FOR m IN mentioned IF {_KNOWN.format('m')}] END"
        return name

    def _unfit_pages(self, form: Format, guess: Guess, number: int) -> None:
        """Count pages without their list: they give no record, so they must be counted by themselves."""
        if "unnest(" not in form.select or form.listed:
            return
        first = next(iter(form.columns))
        self.connection.execute(
            f"INSERT INTO records BY NAME SELECT {number} AS file, '{NOT_A_RECORD}' AS aside "
            f'FROM raw WHERE "{first}" IS NULL'
        )

    def _csv_rejects(self, path: Path, number: int) -> tuple[int, ...]:
        """Count the rows that DuckDB refused, and name their lines."""
        starts = [r[0] for r in self._rows("SELECT DISTINCT line_byte_position FROM bad_rows ORDER BY 1")]
        if starts:
            self.connection.execute(
                f"INSERT INTO records BY NAME SELECT {number} AS file, '{NOT_A_RECORD}' AS aside "
                f"FROM range({len(starts)})"
            )
        lines, seen, line = [], 0, 1
        with path.open("rb") as stream:
            for start in starts[:20]:
                line += stream.read(max(0, start - 1 - seen)).count(b"\n")
                seen = max(seen, start - 1)
                lines.append(line)
        return tuple(lines)

    def _watched(self, sql: str, size: int) -> None:
        """Run a statement and tell how many bytes are read while it runs."""
        if self.progress is None:
            self.connection.execute(sql)
            return
        done = threading.Event()

        def tell() -> None:
            while not done.wait(0.25):
                share = self.connection.query_progress()
                if share > 0 and self.progress is not None:
                    self.progress(int(size * min(share, 100) / 100))

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            self.connection.execute(sql)
        finally:
            done.set()
            teller.join()

    @staticmethod
    def _refused(error: duckdb.Error, path: Path, source: Source, guess: Guess) -> ReadError:
        # DuckDB's message may quote the file, so nothing of it is passed on
        if isinstance(error, duckdb.OutOfMemoryException):
            return ReadError(
                "holds a record or a page that does not fit in memory; export it in parts", path=source.name
            )
        if guess.layout == "csv":
            return ReadError(
                f"is not a table that can be read ({type(error).__name__}); save it as CSV in UTF-8", path=source.name
            )
        return broken_place(path, source.name)


# accounts --------------------------------------------------------------------------------------------


def name_accounts(connection: duckdb.DuckDBPyConnection, known: pd.DataFrame) -> pd.DataFrame:
    """Give every account that the records name one key, by id, or by handle where no id is known.

    Parameters
    ----------
    connection
        With records.
    known
        Accounts of study folders: ``account_id``, ``platform``, ``handle``.

    Returns
    -------
    pandas.DataFrame
        One row an account and handle under which it was seen, the latest last: ``account_id``, ``platform``,
        ``handle``, ``name``.

    Notes
    -----
    Within one network a handle names one account whatever its case, which is the networks' own rule. A handle that
    belonged to two ids at different times names neither: it stays an account of its own, and is proposed.
    """
    connection.register("known_accounts", known)
    parts = " UNION ALL ".join(
        f"SELECT platform, {who}.id AS id, {who}.handle AS handle, {who}.name AS name, {at} AS made_at "
        f"FROM {source} WHERE {where}"
        for who, at, source, where in (
            ("author", "made_at", "records", "aside IS NULL"),
            ("source", "original_at", "records", "aside IS NULL AND source IS NOT NULL"),
            ("reply_author", "NULL", "records", "aside IS NULL AND reply_author IS NOT NULL"),
            ("m", "NULL", "(SELECT platform, unnest(mentioned) AS m FROM records WHERE aside IS NULL)", "true"),
        )
    )
    # control characters have no place in an id, a handle or a name, and no file format bears them
    clean = r"regexp_replace({}, '[\x00-\x1f\x7f]', '', 'g')"
    connection.execute(f"""CREATE TABLE seen AS
      SELECT platform, id, handle, arg_max({clean.format("name")}, coalesce(made_at, TIMESTAMP '1970-01-01')) AS name,
        max(made_at) AS made_at
      FROM ({parts}) GROUP BY ALL""")
    connection.execute("""CREATE TABLE handles AS
      SELECT platform, lower(handle) AS h, min(account_id) AS account_id FROM (
        SELECT platform, handle, platform || ':' || id AS account_id FROM seen WHERE id IS NOT NULL
          AND handle IS NOT NULL
        UNION SELECT platform, handle, platform || ':' || id FROM listed WHERE id IS NOT NULL AND handle IS NOT NULL
        UNION SELECT platform, handle, account_id FROM known_accounts WHERE handle IS NOT NULL AND platform IS NOT NULL
      ) GROUP BY 1, 2 HAVING count(DISTINCT account_id) = 1""")
    key = clean.format("coalesce(s.platform || ':' || s.id, h.account_id, s.platform || ':@' || lower(s.handle))")
    connection.execute(f"""CREATE TABLE named AS SELECT s.*, {key} AS account_id
      FROM seen s LEFT JOIN handles h ON s.id IS NULL AND s.platform = h.platform AND lower(s.handle) = h.h""")
    return _frame(
        connection,
        f"""SELECT account_id, platform, {clean.format("handle")} AS handle, name FROM named
        ORDER BY account_id, id IS NULL DESC, made_at NULLS FIRST, handle NULLS FIRST, name NULLS FIRST""",
    )


def _key(who: str) -> str:
    """Join to the account's key: the same id and handle were named before."""
    return (
        f"LEFT JOIN named {who}_named ON {who}_named.platform = r.platform "
        f"AND {who}_named.id IS NOT DISTINCT FROM r.{who}.id "
        f"AND {who}_named.handle IS NOT DISTINCT FROM r.{who}.handle"
    )


# tables ----------------------------------------------------------------------------------------------


def make_tables(
    connection: duckdb.DuckDBPyConnection, holders: Mapping[str, str], known: Mapping[str, pd.DataFrame]
) -> Tables:
    """Count each post and share once and bring them to a study's tables.

    Parameters
    ----------
    connection
        With records and named accounts.
    holders
        The holder of an account, where the roster names one.
    known
        ``ids``: the post and share ids of study folders (``id``); ``authors``: whose a post is (``post_id``,
          ``author_id``,
        ``posted_at``).

    Returns
    -------
    Tables
        The tables and what was counted.
    """
    connection.register(
        "holder_of", pd.DataFrame({"account_id": list(holders), "holder": list(holders.values())}, dtype="str")
    )
    connection.register("known_ids", known["ids"])
    connection.register("known_authors", known["authors"])
    for statement in _STEPS:
        connection.execute(statement)
    counted = _frame(
        connection,
        "SELECT file, kind, count(*) AS n, count(*) - count(source) AS source_unknown FROM new GROUP BY 1, 2",
    )
    conflicts = _frame(connection, "SELECT file, count(*) AS n FROM keyed WHERE conflict GROUP BY 1")
    covered = _frame(connection, _COVERAGE)
    mentions = _frame(connection, _MENTIONS)
    # pandas soon holds the same rows again
    connection.execute(f"DROP VIEW keyed; DROP TABLE joined; SET memory_limit = '{LEAST_MEMORY}'")
    return Tables(_frame(connection, _POSTS), _frame(connection, _SHARES), mentions, counted, conflicts, covered)


_KIND_RANK = "['original', 'reply', 'quote', 'repost']"

_STEPS = (
    # every record with the keys of its accounts
    f"""CREATE TABLE joined AS
    SELECT r.file, r.platform || ':' || r.post_id AS id, r.kind, r.made_at, r.made_at_latest,
      author_named.account_id AS author,
      source_named.account_id AS source, r.platform || ':' || r.original_id AS original_id, r.original_at,
      r.platform || ':' || r.reply_to AS reply_to, reply_author_named.account_id AS reply_author, r.mentioned,
        r.platform,
      r.followers, r.content_id, r.collection
    FROM records r {_key("author")} {_key("source")} {_key("reply_author")} WHERE r.aside IS NULL""",
    "DROP TABLE records",
    # an id belongs to the author who used it first; a handle may stand for an id that no file gives
    """CREATE TABLE contested AS SELECT id, arg_min(author, file) AS author FROM joined GROUP BY id
    HAVING count(DISTINCT author) > 1 AND NOT bool_or(contains(author, ':@'))""",
    """CREATE VIEW keyed AS SELECT j.*, c.id IS NOT NULL AND j.author <> c.author AS conflict
    FROM joined j LEFT JOIN contested c USING (id)""",
    "CREATE TABLE several AS SELECT id FROM joined GROUP BY id HAVING count(*) > 1",
    # one row a post: what one export leaves out, another may tell
    f"""CREATE TABLE told AS
    SELECT id, min(file) AS file, {_KIND_RANK}[max(list_position({_KIND_RANK}, kind))] AS kind, min(platform)
      AS platform,
      coalesce(min(CASE WHEN made_at_latest IS NULL THEN made_at END), max(made_at)) AS made_at,
      CASE WHEN count(*) = count(made_at_latest) THEN min(made_at_latest) END AS made_at_latest,
      min(author) AS author, min(source) AS source, min(original_id) AS original_id, min(original_at) AS original_at,
      min(reply_to) AS reply_to, min(reply_author) AS reply_author, max(followers) AS followers,
      min(content_id) AS content_id, min(collection) AS collection
    FROM keyed WHERE NOT conflict AND id IN (SELECT id FROM several) GROUP BY id
    UNION ALL BY NAME SELECT * EXCLUDE (mentioned) FROM joined WHERE id NOT IN (SELECT id FROM several)""",
    # whose a post is, for the shares whose file does not say
    """CREATE TABLE authors AS SELECT id, author, CASE WHEN made_at_latest IS NULL THEN made_at END AS made_at FROM told
    UNION ALL SELECT post_id, author_id, posted_at FROM known_authors
      WHERE post_id NOT IN (SELECT id FROM told)""",
    """CREATE TABLE once AS SELECT o.* REPLACE (
      CASE WHEN o.kind IN ('repost', 'quote') THEN coalesce(o.source, a.author) END AS source,
      CASE WHEN o.kind IN ('repost', 'quote') THEN coalesce(o.original_at, a.made_at) END AS original_at,
      CASE WHEN o.kind IN ('repost', 'quote') THEN o.original_id END AS original_id,
      coalesce(o.reply_author, b.author) AS reply_author)
    FROM told o LEFT JOIN authors a ON a.id = o.original_id LEFT JOIN authors b ON b.id = o.reply_to""",
    "DROP TABLE authors",
    "DROP TABLE told",
    # one share seen from both sides has two ids: the same holder, the same original, the same moment
    """CREATE TABLE sharing AS
    SELECT id, file, kind, platform, coalesce(h.holder, author) AS holder, original_id, source, made_at,
      coalesce(made_at_latest, made_at) AS until,
      (made_at_latest IS NOT NULL)::INTEGER * 2 + (source IS NULL)::INTEGER AS vague
    FROM once LEFT JOIN holder_of h ON h.account_id = author WHERE kind IN ('repost', 'quote')
      AND (SELECT min(file) < max(file) FROM once)""",
    f"""CREATE TABLE pairs AS
    SELECT a.id, b.id AS other, a.vague AS vague, b.vague AS other_vague, a.file AS file, b.file AS other_file
    FROM sharing a JOIN sharing b ON a.holder = b.holder AND a.kind = b.kind AND a.platform = b.platform
      AND a.original_id = b.original_id AND a.file <> b.file AND a.made_at <= b.until + to_seconds({_SAME_MOMENT_S})
      AND b.made_at <= a.until + to_seconds({_SAME_MOMENT_S})
    UNION ALL
    SELECT a.id, b.id, a.vague, b.vague, a.file, b.file
    FROM (SELECT *, unnest([epoch(made_at)::BIGINT - 1, epoch(made_at)::BIGINT, epoch(made_at)::BIGINT + 1])
      AS second FROM sharing) a
    JOIN (SELECT *, unnest([epoch(made_at)::BIGINT - 1, epoch(made_at)::BIGINT, epoch(made_at)::BIGINT + 1])
      AS second FROM sharing) b
      ON a.holder = b.holder AND a.kind = b.kind AND a.second = b.second
      AND a.platform = 'linkedin' AND b.platform = 'linkedin' AND a.file <> b.file
      AND (a.source IS NULL OR b.source IS NULL OR a.source = b.source)""",
    """CREATE TABLE again AS SELECT DISTINCT id FROM pairs
    WHERE (other_vague, other_file, other) < (vague, file, id)""",
    "DROP TABLE sharing",
    """CREATE VIEW new AS SELECT * FROM once
    WHERE id NOT IN (SELECT id FROM again) AND id NOT IN (SELECT id FROM known_ids)""",
)

_POSTS = """SELECT id AS post_id, author AS author_id, made_at AS posted_at, kind, reply_to, content_id,
  followers AS followers_at_post, collection
FROM new WHERE made_at_latest IS NULL ORDER BY posted_at, post_id"""

_SHARES = """SELECT id AS share_id, CASE WHEN made_at_latest IS NULL THEN made_at END AS shared_at,
  CASE WHEN made_at_latest IS NOT NULL THEN made_at END AS shared_at_earliest, made_at_latest AS shared_at_latest,
  author AS sharer_id, source AS source_id, kind, CASE WHEN made_at_latest IS NULL THEN id END AS post_id,
  original_id AS original_post_id, original_at AS original_posted_at, collection
FROM new WHERE kind IN ('repost', 'quote') ORDER BY made_at, share_id"""

_MENTIONS = """WITH told AS (
  SELECT k.id, k.platform, unnest(k.mentioned) AS m FROM keyed k WHERE NOT conflict AND kind <> 'repost'
), who AS (
  SELECT DISTINCT t.id, n.account_id FROM told t JOIN named n ON n.platform = t.platform
    AND n.id IS NOT DISTINCT FROM t.m.id AND n.handle IS NOT DISTINCT FROM t.m.handle
  UNION SELECT id, reply_author FROM new WHERE reply_author IS NOT NULL AND kind = 'reply'
)
SELECT o.id AS post_id, o.author AS author_id, w.account_id AS mentioned_id, o.made_at AS posted_at,
  CASE WHEN w.account_id = o.reply_author AND o.kind = 'reply' THEN 'reply' ELSE 'mention' END AS kind, o.collection
FROM who w JOIN new o USING (id)
WHERE w.account_id <> o.author AND o.made_at_latest IS NULL ORDER BY posted_at, post_id, mentioned_id"""

_COVERAGE = """SELECT file, author, count(*) AS n, min(made_at) AS first,
  max(coalesce(made_at_latest, made_at)) AS last, count(*) OVER (PARTITION BY file) AS authors
FROM keyed WHERE NOT conflict GROUP BY file, author ORDER BY 1, 2"""


def _frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    table: pd.DataFrame = connection.sql(sql).to_arrow_table().to_pandas()
    times = {c: table[c].dt.as_unit("s").dt.tz_localize("UTC") for c in table.select_dtypes("datetime").columns}
    return table.assign(**times)
