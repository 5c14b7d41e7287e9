"""What the demo needs of a study: computed when it is asked for, or once before a hall's kernels are forked.

A kernel of a hall must neither read nor compute: :func:`prepare` writes all that a visitor can see or ask into one
file, and :func:`warm` loads it before the first fork. It holds sentences and counts that a visitor may see.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ambassador_net.study import Study

Json: TypeAlias = dict[str, Any]

FILE = "AMBASSADOR_NET_PREPARED"
"""Environment variable that names what was prepared, for a kernel that was not forked from a warmed process."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that the demo of one study shows and answers; made by :func:`prepared`.

    Parameters
    ----------
    shown
        What the browser shows, as :func:`ambassador_net.app.payload.payload` gives it.
    what_if
        The answers of a live kernel by their key, as :mod:`ambassador_net.app.what_if` makes them; computed when they
        are looked up, unless they were prepared.
    """

    shown: Json
    what_if: Mapping[str, Json]

    @cached_property
    def text(self) -> str:
        """What is shown, as JSON: made once, however many visitors it is sent to."""
        return json.dumps(self.shown, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


_warm: dict[tuple[str, int], Prepared] = {}


def prepared(study: "str | Path | Study", *, seed: int) -> Prepared:
    """Give what the demo needs: what this process was warmed up with, or else computed now.

    Parameters
    ----------
    study
        The folder of a study, or a study.
    seed
        Seed of everything left to chance.

    Returns
    -------
    Prepared
        For :func:`ambassador_net.demo`.

    Raises
    ------
    AmbassadorError
        If the study cannot be read.
    """
    if isinstance(study, str | Path):
        if not _warm and (file := os.environ.get(FILE)):
            warm(file)
        found = _warm.get(_key(study, seed))
        if found is not None:
            return found
    from ambassador_net.amplification import mutual_amplification
    from ambassador_net.app.payload import payload
    from ambassador_net.app.ties import ties
    from ambassador_net.app.what_if import WhatIf
    from ambassador_net.claims import assess_all
    from ambassador_net.study import read

    of = read(study) if isinstance(study, str | Path) else study
    tango = mutual_amplification(of, seed=seed)
    answers = assess_all(of, seed=seed, tango=tango)
    what_if = WhatIf(of, tango, seed=seed)
    network = ties(of, tango, seed=seed)
    return Prepared(payload(tango, answers, network=network, what_if=what_if.shown()), what_if)


def prepare(study: Path, to: Path, *, seed: int) -> Path:
    """Compute once all that the demo shows and answers, and write it into one file.

    Parameters
    ----------
    study
        The folder of a study.
    to
        The file; it belongs to the server and to nobody else.
    seed
        Seed of everything left to chance.

    Returns
    -------
    pathlib.Path
        The file, for :func:`warm`.

    Raises
    ------
    AmbassadorError
        If the study cannot be read.
    """
    # heavy for those who only load what was prepared
    from ambassador_net.privacy import write_whole

    found = prepared(study, seed=seed)
    path, of = _key(study, seed)
    content = {"study": path, "seed": of, "shown": found.shown, "what_if": dict(found.what_if)}
    return write_whole(json.dumps(content, allow_nan=False).encode(), to, mode=0o600)


def warm(file: str) -> None:
    """Load what was prepared into this process, with the widget that shows it; starts no thread.

    Parameters
    ----------
    file
        As :func:`prepare` gave it.
    """
    import ambassador_net.app.widget  # noqa: F401 - so that no visitor's kernel imports it

    content = json.loads(Path(file).read_bytes())
    found = _warm[content["study"], content["seed"]] = Prepared(content["shown"], content["what_if"])
    # now, not once a visitor
    found.text  # noqa: B018


def _key(study: str | Path, seed: int) -> tuple[str, int]:
    return str(Path(study).resolve()), seed
