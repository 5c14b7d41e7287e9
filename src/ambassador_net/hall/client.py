"""A kernel client that does not wait for ever for a message that is already there."""

from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

_LOOK_AGAIN_S = 0.5


class PatientChannel(AsyncZMQSocketChannel):
    """Looks again where the base class waits to be woken once.

    Notes
    -----
    A socket of zmq wakes its waiter at an edge. nbclient waits on the shell channel for a cell to end, and sends
    on the same channel what an ``Output`` widget is to show; now and then the send uses up the edge of the reply,
    and the cell never ends: about one page in fifty whose cells draw into such a widget, forked kernels or not
    (nbclient 0.11, jupyter_client 8.10, pyzmq 27.3).
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Give the next message.

        Parameters
        ----------
        timeout
            Seconds to wait at most; None for any time.

        Returns
        -------
        dict
            The message.
        """
        if timeout is None:
            while not await self.socket.poll(_LOOK_AGAIN_S * 1000):
                pass
            timeout = _LOOK_AGAIN_S
        return await super().get_msg(timeout=timeout)


class PatientKernelClient(AsyncKernelClient):
    """The client that Voilà runs a notebook's cells through."""

    shell_channel_class = Type(PatientChannel)
