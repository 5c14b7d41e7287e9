"""A visitor of a Voilà without a browser: the page, the kernel's socket, the widgets' states, one slider moved."""

import asyncio
import json
import re
import uuid
from contextlib import suppress
from itertools import pairwise
from typing import Any

import nbformat.v4 as nb
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"
PATIENCE_S = 120.0


def frame_of(kind: str, content: dict[str, Any], *, metadata: dict[str, Any] | None = None) -> bytes:
    """Write a message to the kernel as Voilà's page writes it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "visitor",
        "date": "2026-01-01T00:00:00Z",
        "version": "5.3",
    }
    parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, metadata or {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets)) + b"".join(parts)


def message_in(frame: bytes) -> tuple[str, dict[str, Any]]:
    """Read a message of the kernel: its type and its content."""
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(count)]
    parts = [frame[start:end] for start, end in pairwise(offsets)]
    return json.loads(parts[1])["msg_type"], json.loads(parts[4])


PICTURE = """
    plt.figure()
    plt.plot(x, np.sin(k * x))
    plt.show()
"""


def strangers_notebook(imports: str = "", draw: str = PICTURE) -> Any:
    """Nobody of ours wrote it: a slider, what it draws by `k` and `x`, and what more it imports."""
    cells = [
        nb.new_markdown_cell("# A stranger's notebook"),
        nb.new_code_cell("%matplotlib inline\nimport numpy as np\nimport matplotlib.pyplot as plt\n" + imports),
        nb.new_code_cell(
            "from ipywidgets import interact, IntSlider\n"
            "x = np.linspace(0, 6, 200)\n"
            f"def draw(k):{draw}"
            "interact(draw, k=IntSlider(value=1, min=1, max=9));"
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb.new_notebook(cells=cells, metadata={"kernelspec": kernel})


class Visitor:
    """One browser's worth of requests; `address` is that of the page, without the slash."""

    def __init__(self, address: str, *, patience_s: float = PATIENCE_S) -> None:
        self.address = address
        self.patience_s = patience_s
        self.kernel = ""
        self.cookie = ""
        self.socket: WebSocketClientConnection | None = None
        self.states: dict[str, Any] = {}

    async def ask(self, path: str = "/", **asked: Any) -> HTTPResponse:
        request = HTTPRequest(self.address + path, request_timeout=self.patience_s, follow_redirects=False, **asked)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def open_page(self) -> HTTPResponse:
        answer = await self.ask()
        found = re.search(rb'"kernelId":\s*"([^"]+)"', answer.body)
        self.kernel = found[1].decode() if found else ""
        for cookie in answer.headers.get_list("Set-Cookie"):
            if cookie.startswith("_xsrf="):
                self.cookie = cookie.partition(";")[0].partition("=")[2]
        return answer

    async def open_socket(
        self, *, subprotocols: tuple[str, ...] = (SUBPROTOCOL,), headers: dict[str, str] | None = None
    ) -> WebSocketClientConnection:
        address = f"{self.address.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels"
        self.socket = await websocket_connect(
            HTTPRequest(f"{address}?session_id={uuid.uuid4().hex}", headers=headers, connect_timeout=self.patience_s),
            subprotocols=list(subprotocols),
        )
        return self.socket

    async def say(self, kind: str, content: dict[str, Any], **more: Any) -> None:
        assert self.socket is not None
        await self.socket.write_message(frame_of(kind, content, **more), binary=True)

    async def hear(self) -> tuple[str, dict[str, Any]] | None:
        """The next message, or None if the socket was closed."""
        assert self.socket is not None
        frame = await asyncio.wait_for(self.socket.read_message(), self.patience_s)
        return None if frame is None else message_in(frame)  # type: ignore[arg-type]

    async def see_widgets(self) -> dict[str, Any]:
        """Ask for all widgets' states, as the page does: from now on it is usable."""
        comm = uuid.uuid4().hex
        opened = {"comm_id": comm, "target_name": "jupyter.widget.control", "target_module": "", "data": {}}
        await self.say("comm_open", opened, metadata={"version": "1.0.0"})
        await self.say("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        while message := await self.hear():
            kind, content = message
            if kind == "comm_msg" and content["data"].get("method") == "update_states":
                self.states = content["data"]["states"]
                return self.states
        raise AssertionError("the socket was closed")

    async def move(self, model: str, value: object, shown: str = "image/png") -> None:
        """Set the value of the only widget of its kind, and wait for what is shown next of the kind named."""
        (comm,) = [name for name, state in self.states.items() if state["model_name"] == model]
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        await self.say("comm_msg", {"comm_id": comm, "data": data})
        while message := await self.hear():
            kind, content = message
            # the page puts it into the widget that is to show it
            if kind == "display_data" and shown in content["data"]:
                return
        raise AssertionError("the socket was closed")

    async def choose(self, model: str, name: str, value: object, answer: str) -> dict[str, Any]:
        """Set one trait of the only widget of its kind, and give what the kernel sets another to because of it."""
        (comm,) = [comm for comm, state in self.states.items() if state["model_name"] == model]
        data = {"method": "update", "state": {name: value}, "buffer_paths": []}
        await self.say("comm_msg", {"comm_id": comm, "data": data})
        while message := await self.hear():
            kind, content = message
            if kind == "comm_msg" and content["comm_id"] == comm and answer in content["data"].get("state", ()):
                given: dict[str, Any] = content["data"]["state"][answer]
                return given
        raise AssertionError("the socket was closed")

    async def leave(self) -> HTTPResponse:
        """What the page does when it is closed."""
        if self.socket is not None:
            with suppress(Exception):
                self.socket.close()
        return await self.ask(
            f"/voila/api/shutdown/{self.kernel}",
            method="POST",
            body=f"_xsrf={self.cookie}",
            headers={"Cookie": f"_xsrf={self.cookie}", "Content-Type": "application/x-www-form-urlencoded"},
        )
