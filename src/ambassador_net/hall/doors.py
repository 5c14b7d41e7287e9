"""Who is let in, and how many at once; without Voilà, for any Tornado application."""

import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import psutil
from tornado import web
from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.routing import Matcher, Rule


class _UnknownHost(Matcher):
    """Matches requests for another name than ours: a name of somebody else that was made to lead here."""

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        name = split_host_and_port(request.host.lower())[0].strip("[]")
        return None if name in self._known else {}


class _Forbidden(web.RequestHandler):
    def prepare(self) -> None:
        raise web.HTTPError(403)


def refuse_unknown_hosts(application: web.Application, ip: str, names: list[str]) -> None:
    """Answer 403 to all requests that ask for another name than ours.

    Parameters
    ----------
    application
        What answers them.
    ip
        Address that the server listens on.
    names
        Others by which it is known; ``*`` among them: any.
    """
    if "*" not in names:
        # before all other rules: also files and sockets are only for those who ask for us by our name
        application.default_router.rules.insert(0, Rule(_UnknownHost(known_hosts(ip, names)), _Forbidden))


def known_hosts(ip: str, names: list[str]) -> set[str]:
    """Give the names that a request may be for.

    Parameters
    ----------
    ip
        Address that the server listens on.
    names
        Others by which it is known.

    Returns
    -------
    set of str
        In lower case; this machine's own names only if the server listens there.

    Examples
    --------
    >>> sorted(known_hosts("127.0.0.1", ["Hall.example"]))
    ['127.0.0.1', '::1', 'hall.example', 'localhost']
    >>> sorted(known_hosts("192.0.2.7", []))
    ['192.0.2.7']
    """
    known = {name.lower() for name in names}
    try:
        address = ip_address(ip)
    except ValueError:
        is_here, is_any = ip in ("", "localhost"), not ip
    else:
        is_here, is_any = address.is_loopback, address.is_unspecified
    if is_here or is_any:
        known |= {"localhost", "127.0.0.1", "::1"}
    if is_any:
        # our addresses; the trick needs a name, which its owner can lead to any address
        known |= {one.address.partition("%")[0].lower() for own in psutil.net_if_addrs().values() for one in own}
    if ip and not is_any:
        known.add(ip.lower())
    return known


def raise_descriptors() -> int:
    """Raise the limit on open files and sockets as far as it goes.

    Returns
    -------
    int
        The limit.
    """
    if sys.platform == "win32":
        return 1_000_000
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most == resource.RLIM_INFINITY:
        most = 1_000_000
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
