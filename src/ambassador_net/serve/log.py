"""A log that may be shown to anybody: no addresses, no tokens, no query strings, no kernel's name."""

import logging
import re
from ipaddress import ip_address
from typing import Any

_QUERY = re.compile(r"\?[^\s\"')\]]*")
# who knows the name of a kernel can reach it
_KERNEL = re.compile(r"\b[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\b")
_PERHAPS_ADDRESS = re.compile(r"[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+")


def scrubbed(text: str) -> str:
    """Leave out of a line what tells who asked, or lets others in.

    Parameters
    ----------
    text
        A line, or several.

    Returns
    -------
    str
        The same without addresses, query strings and kernels' names.

    Examples
    --------
    >>> scrubbed("500 GET /live/?t=secret (192.0.2.7) 14:30:05")
    '500 GET /live/ (-) 14:30:05'
    """
    return _PERHAPS_ADDRESS.sub(_without_address, _KERNEL.sub("-", _QUERY.sub("", text)))


def _without_address(found: re.Match[str]) -> str:
    text = found[0]
    # an IPv4 address may be followed by its port
    for candidate in (text, text.rpartition(":")[0], text.rstrip(".:")):
        try:
            ip_address(candidate)
        except ValueError:
            continue
        return "-"
    return text


class ScrubbedFormatter(logging.Formatter):
    """Formats a record, traceback and all, and scrubs what comes out."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record.

        Parameters
        ----------
        record
            The record.

        Returns
        -------
        str
            Its line.
        """
        return scrubbed(super().format(record))


def log_scrubbed(level: int = logging.WARNING) -> None:
    """Send all records of this process to standard error, scrubbed, and nowhere else.

    Parameters
    ----------
    level
        The least that is logged.
    """
    handler = logging.StreamHandler()
    # here, not at the loggers: Jupyter sets those of its own
    handler.setLevel(level)
    handler.setFormatter(ScrubbedFormatter("%(levelname)s: %(message)s"))
    # refusals, and remarks on settings of Jupyter's
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def log_failure(handler: Any) -> None:
    """Log a request that failed by our fault; all others leave no line.

    Parameters
    ----------
    handler
        What answered it, a :class:`tornado.web.RequestHandler`.
    """
    if handler.get_status() >= 500 and handler.get_status() not in (503, 507):
        logging.getLogger("hall").error("%d %s %s", handler.get_status(), handler.request.method, handler.request.path)
