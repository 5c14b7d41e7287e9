"""Under which address a hall finds this machine."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import psutil

# nothing is sent there; the system only says which of our addresses it would use
_ELSEWHERE = ("192.0.2.1", 9)


def is_this_machine_only(host: str) -> bool:
    """Say whether an address to listen on is out of others' reach.

    Parameters
    ----------
    host
        Address or name.

    Returns
    -------
    bool
        True if only this machine reaches it.

    Examples
    --------
    >>> is_this_machine_only("127.0.0.1"), is_this_machine_only("0.0.0.0")
    (True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def addresses_of(host: str) -> list[str]:
    """Give the addresses under which others find a server, the likeliest first.

    Parameters
    ----------
    host
        What the server listens on; ``0.0.0.0`` and ``::`` are all addresses of this machine.

    Returns
    -------
    list of str
        At least one.
    """
    try:
        is_any = ip_address(host).is_unspecified
    except ValueError:
        is_any = False
    if not is_any:
        return [host]
    own = [
        one.address
        for addresses in psutil.net_if_addrs().values()
        for one in addresses
        if one.family == socket.AF_INET and not _is_of_no_use(ip_address(one.address))
    ]
    likeliest = _on_the_way_out()
    return sorted(own, key=lambda address: address != likeliest) or ["127.0.0.1"]


def _is_of_no_use(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback or address.is_link_local


def _on_the_way_out() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_ELSEWHERE)
        except OSError:
            return None
        address: str = asked.getsockname()[0]
        return address


def url_of(host: str, port: int, *, query: str = "") -> str:
    """Write an address as a browser takes it.

    Parameters
    ----------
    host
        Address or name.
    port
        Port.
    query
        What stands after the question mark.

    Returns
    -------
    str
        The address of the page.

    Examples
    --------
    >>> url_of("::1", 8866, query="t=abc")
    'http://[::1]:8866/?t=abc'
    """
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{f'?{query}' if query else ''}"
