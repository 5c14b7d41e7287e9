"""What the server and the warm process say to each other: JSON with its length before it, and open files."""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST_FILES = 8


def send(to: socket.socket, said: dict[str, Any], files: Sequence[int] = ()) -> None:
    """Send one message.

    Parameters
    ----------
    to
        A stream socket of this machine.
    said
        The message.
    files
        Descriptors to hand over; the receiver gets copies of its own.
    """
    body = json.dumps(said).encode()
    socket.send_fds(to, [_LENGTH.pack(len(body))], files)
    to.sendall(body)


def receive(source: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one message.

    Parameters
    ----------
    source
        A stream socket of this machine.

    Returns
    -------
    tuple
        The message, and the descriptors that came with it.

    Raises
    ------
    EOFError
        If the other side has closed the socket.
    """
    head, files, _, _ = socket.recv_fds(source, _LENGTH.size, _MOST_FILES, socket.MSG_CMSG_CLOEXEC)
    body = b""
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        while len(body) < length and (piece := source.recv(length - len(body))):
            body += piece
        if len(body) == length:
            return json.loads(body), files
    raise EOFError("the other side has closed the socket")
