"""Within one run, several notebooks ask the same question of the same study: answer it once.

Whoever runs the notebooks makes a folder of their own, names it in :data:`VARIABLE` and removes it afterwards. The
result is found again only under the same tables, arguments and package, so that a notebook gets what it would have
computed.
"""

import copyreg
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pandas as pd

from ambassador_net.study import Study

VARIABLE = "AMBASSADOR_NET_REMEMBER"
"""Environment variable that names the folder; it holds pickles and must belong to the one who runs the notebooks."""

Result = TypeVar("Result")


def _read_only(mapping: dict[Any, Any]) -> Any:
    return MappingProxyType(mapping)


# results are read-only to the last mapping, which pickle by itself does not know
copyreg.pickle(MappingProxyType, lambda proxy: (_read_only, (dict(proxy),)))


def remembered(study: Study, question: str, compute: Callable[[], Result]) -> Result:
    """Give the result that was stored for a study and question, or compute and store it.

    Parameters
    ----------
    study
        The study.
    question
        What is asked, with all arguments that the result depends on.
    compute
        Gives the result.

    Returns
    -------
    object
        What ``compute`` gives.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return compute()
    file = Path(folder) / f"{_fingerprint(study, question)}.pickle"
    if file.exists():
        found: Result = pickle.loads(file.read_bytes())  # noqa: S301 - the folder is the caller's own
        return found
    result = compute()
    scratch = file.with_suffix(f".{os.getpid()}")
    scratch.write_bytes(pickle.dumps(result))
    scratch.replace(file)
    return result


def _fingerprint(study: Study, question: str) -> str:
    found = hashlib.sha256(f"{question} {study.title} {study.made_up} {study.persons}".encode())
    for name, table in study.tables.items():
        found.update(f"{name} {list(table.columns)}".encode())
        found.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return found.hexdigest()
