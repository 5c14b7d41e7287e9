"""The bound on websocket frames: nothing in a frame is believed before it is found to fit in it."""

_NUMBER = 8

# a channel, four parts of a message, the end of the last
FEWEST_OFFSETS = 6
# a message may carry buffers; no widget sends thousands
MOST_OFFSETS = 4096


def is_well_formed(frame: object) -> bool:
    """Check a frame of the protocol ``v1.kernel.websocket.jupyter.org``, in time and memory of its own size at most.

    Parameters
    ----------
    frame
        What came, or is to go, through the socket.

    Returns
    -------
    bool
        Whether it is binary, and each of its parts lies inside it, in order.

    Examples
    --------
    >>> is_well_formed("text"), is_well_formed(b"")
    (False, False)
    """
    if not isinstance(frame, bytes) or len(frame) < _NUMBER:
        return False
    count = int.from_bytes(frame[:_NUMBER], "little")
    start = _NUMBER * (count + 1)
    if not FEWEST_OFFSETS <= count <= MOST_OFFSETS or start > len(frame):
        return False
    offsets = [int.from_bytes(frame[at : at + _NUMBER], "little") for at in range(_NUMBER, start, _NUMBER)]
    return start <= offsets[0] and offsets[-1] <= len(frame) and offsets == sorted(offsets)
