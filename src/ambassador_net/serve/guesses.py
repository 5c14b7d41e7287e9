"""The hall's guesses: how often each value was guessed, and nothing else.

No time, no address, no order: a table of counts in SQLite. Whoever steals the file learns what ``/wall`` shows.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from ambassador_net.errors import AmbassadorError

# in the header of the file: so that no other program's database is taken for ours
_OURS = 0x616E6775
_MOST = 1_000_000


class NotKeptError(Exception):
    """A guess could not be kept; the store is full, or its disk."""


class Guesses:
    """Counts of guesses that survive the process; one process at a time has the file.

    Parameters
    ----------
    file
        An SQLite database; made if it is not there.
    values
        How many values each question has: 0 to one less.
    most
        Guesses that are kept; later ones are refused.

    Attributes
    ----------
    version
        Grows with each change.

    Raises
    ------
    AmbassadorError
        If the file is something else, is in use, or cannot be written.
    """

    def __init__(self, file: str | Path, values: Mapping[str, int], *, most: int = _MOST) -> None:
        self._counts = {question: [0] * n for question, n in values.items()}
        self._most = most
        self.version = 0
        self._has_failed = False
        self._batch: Counter[tuple[str, int]] = Counter()
        self._kept: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        # the event loop never waits for the disk
        self._thread = ThreadPoolExecutor(1, "guesses")
        self._database = _opened(Path(file))
        for question, value, n in self._database.execute("SELECT question, value, n FROM guesses"):
            if value < len(self._counts.get(question, ())):
                self._counts[question][value] = n

    @property
    def counts(self) -> dict[str, list[int]]:
        """How often each value was guessed, by question."""
        return {question: list(counts) for question, counts in self._counts.items()}

    @property
    def is_kept(self) -> bool:
        """Whether the last guess was kept, and the next one can be."""
        return not self._has_failed and self._total < self._most

    @property
    def _total(self) -> int:
        return sum(map(sum, self._counts.values()))

    def allows(self, question: object, value: object) -> bool:
        """Say whether there is such a question with such a value.

        Parameters
        ----------
        question, value
            What was sent.
        """
        return (
            isinstance(question, str)
            and type(value) is int
            and question in self._counts
            and 0 <= value < len(self._counts[question])
        )

    async def keep(self, question: str, value: int) -> None:
        """Keep one guess; returns when it is on the disk.

        Those that come while the disk is busy are written together.

        Parameters
        ----------
        question, value
            What was guessed; must be allowed.

        Raises
        ------
        NotKeptError
            If it is not kept.
        """
        if self._total + self._batch.total() >= self._most:
            raise NotKeptError("there are as many guesses as are kept")
        self._batch[question, value] += 1
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
        kept = self._kept
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_batches())
        # a visitor who goes away takes nobody else's guess along
        await asyncio.shield(kept)

    async def _write_batches(self) -> None:
        while self._kept is not None:
            batch, kept = self._batch, self._kept
            self._batch, self._kept = Counter(), None
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
            except sqlite3.Error as error:
                self._has_failed = True
                kept.set_exception(NotKeptError(str(error)))
                # those who asked may all have gone away
                kept.exception()
            else:
                self._has_failed = False
                for (question, value), n in batch.items():
                    self._counts[question][value] += n
                self.version += 1
                kept.set_result(None)

    def _write(self, batch: Mapping[tuple[str, int], int]) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO guesses VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                [(question, value, n) for (question, value), n in batch.items()],
            )
            self._database.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Write what is waiting, and let go of the file."""
        self._thread.shutdown()
        with suppress(sqlite3.Error):
            self._database.close()


def _opened(file: Path) -> sqlite3.Connection:
    try:
        # used by one thread at a time
        database = sqlite3.connect(file, isolation_level=None, timeout=1, check_same_thread=False)
    except sqlite3.Error as error:
        raise _refusal(file, error) from None
    try:
        (mark,) = database.execute("PRAGMA application_id").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if mark != _OURS and tables:
            raise AmbassadorError(f"{file} is another program's database; name another file with --guesses")
        # before the log is begun: with it, the log needs no memory shared with others, and two servers are told apart
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA application_id = {_OURS}")
        database.execute(
            "CREATE TABLE IF NOT EXISTS guesses "
            "(question TEXT, value INTEGER, n INTEGER NOT NULL, PRIMARY KEY (question, value)) STRICT, WITHOUT ROWID"
        )
    except sqlite3.Error as error:
        database.close()
        raise _refusal(file, error) from None
    except AmbassadorError:
        database.close()
        raise
    return database


def _refusal(file: Path, error: sqlite3.Error) -> AmbassadorError:
    if "locked" in str(error):
        return AmbassadorError(f"{file} is in use; stop the other server, or name another file with --guesses")
    return AmbassadorError(f"guesses cannot be kept in {file} ({error}); name another file with --guesses")


def prepare_guesses(file: Path, *, fresh: bool) -> int:
    """Make sure that guesses can be kept, before anything long begins.

    Parameters
    ----------
    file
        The database; made if it is not there.
    fresh
        Whether to forget those of an earlier talk.

    Returns
    -------
    int
        How many are there.

    Raises
    ------
    AmbassadorError
        If the file is something else, is in use, or cannot be written.
    """
    with closing(_opened(file)) as database:
        try:
            if fresh:
                database.execute("DELETE FROM guesses")
            (n,) = database.execute("SELECT coalesce(sum(n), 0) FROM guesses").fetchone()
        except sqlite3.Error as error:
            raise _refusal(file, error) from None
    return int(n)
