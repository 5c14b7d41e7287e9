"""Voilà for a hall: the standalone server with forked kernels, a cap on them, and closed doors.

A subclass of Voilà's own application: every option of Voilà holds here too. Only ever the standalone one: as an
extension of a Jupyter server, Voilà lets whoever opens the page run code in the kernel.
"""

import asyncio
import atexit
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
import zmq.asyncio
from jupyter_core.utils import ensure_async, run_sync
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from traitlets import Bool, Float, Integer, List, Unicode, default
from traitlets.config import Config
from voila.app import Voila
from voila.exporter import VoilaExporter
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from . import PROVISIONER
from .client import PatientKernelClient
from .doors import raise_descriptors, refuse_unknown_hosts
from .frames import is_well_formed
from .places import FORKED_MB, ORDINARY_MB, RESERVE_MB, places_here
from .provisioner import register
from .warm import ONE_THREAD, NotForkedError, WarmProcess, Warmth, runtime_folder, warm_process

_SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"

# libzmq allows 1,023 sockets a context, about 190 kernels
_MOST_SOCKETS = 32_768
# sockets, pipes and descriptors of one kernel in the server, generously
_DESCRIPTORS_EACH = 40

# a path of a local socket holds 107 characters; /kernel-UUID-ipc-N and the folder's own name are part of it
_SOCKET_PATH = 107
_SOCKET_NAME = len("/voila_xxxxxxxx/kernel-00000000-0000-0000-0000-000000000000-ipc-99")

# for a kernel that is kept ready to be ready, before the next is begun; and until a visitor looks for it again
_READY_S = 10.0
_LOOK_AGAIN_S = 0.1

_FULL_PAGE = (
    b'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>No place is free</title>'
    b'<meta name="viewport" content="width=device-width"><main><h1>No place is free</h1>'
    b"<p>All places are taken. Try again in a minute.</p></main></html>"
)


class HallFullError(web.HTTPError):
    """There is no place for another kernel."""

    def __init__(self) -> None:
        super().__init__(503, "no place for another kernel")


class SeatedKernelManager(AsyncMappingKernelManager):
    """Starts no more kernels than there are places; those that Voilà keeps ready wait for one.

    Attributes
    ----------
    places
        How many kernels may live at once, starting ones included.
    grace_s
        How long a kernel outlives the last connection of its visitor.
    """

    places = Integer(1, help="How many kernels may live at once.").tag(config=True)
    grace_s = Float(60.0, help="How long a kernel outlives the last connection of its visitor.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        # kernels are started while the base class is being made
        self._taken: set[object] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._ending: set[asyncio.Future[Any]] = set()
        # visitors who wait for a kernel that is about to be ready
        self._hoping = 0
        # one after the other the first are ready soon; all at once, all of them are ready late
        self._begun = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        self._is_closing = False
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]

    @default("context")
    def _context_with_enough_sockets(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        context.max_sockets = _MOST_SOCKETS
        return context

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self._taken)

    def has_place(self, notebook: str) -> bool:
        """Say whether a visitor who comes now can be seated.

        Parameters
        ----------
        notebook
            What is to be shown, as Voilà names it.
        """
        # of those kept ready, the last ones may still wait for a place themselves
        # the class that Voilà makes of this one knows how many
        kept_ready: int = getattr(self, "get_pool_size", lambda _: 0)(notebook)
        return kept_ready > len(self._waiting) if kept_ready else len(self._taken) < self.places

    async def is_seated(self, notebook: str) -> bool:
        """Wait for the kernel that the next visitor is given; say whether there is one.

        Those that have ended are forgotten, so that no visitor is given one. Where none are kept ready, the visitor's
        own has yet to be started.

        Parameters
        ----------
        notebook
            What is to be shown, as Voilà names it.

        Returns
        -------
        bool
            If so, and nothing is awaited in between, the visitor waits no longer for a place.
        """
        pool: list[asyncio.Future[dict[str, Any]]] = getattr(self, "_pools", {}).get(notebook, [])
        # those who wait already take what there is; who would wait for nothing is told at once
        if self._hoping >= len(pool) - len(self._waiting) + max(0, self.places - len(self._taken)):
            return False
        self._hoping += 1
        try:
            return await self._is_given(pool, notebook)
        finally:
            self._hoping -= 1

    async def _is_given(self, pool: list["asyncio.Future[dict[str, Any]]"], notebook: str) -> bool:
        # kernels that end whenever they begin are not tried for ever
        lost, most_lost = 0, len(pool)
        while self.has_place(notebook) and lost <= most_lost:
            if not pool:
                return True
            # the visitor is given the first, and one that waits for a place itself may wait for ever
            pool.sort(key=lambda kept_ready: not kept_ready.done())
            first = pool[0]
            if not first.done():
                await asyncio.wait([first], timeout=_LOOK_AGAIN_S)
                continue
            if not first.cancelled() and first.exception() is None:
                await asyncio.wait([first.result()["task"]])
            if await self._drop([first], notebook):
                lost += 1
            # many may wait for the same one
            elif pool and pool[0] is first:
                return True
        return False

    async def _drop(self, started: list["asyncio.Future[dict[str, Any]]"], notebook: str) -> bool:
        """Drop those that have ended and start others; say whether there were any."""
        dead = [one for one in started if not await self._is_usable(one)]
        pool = self._pools[notebook] if dead else []  # type: ignore[attr-defined]
        for one in dead:
            # another visitor may have dropped it meanwhile
            if one in pool:
                pool.remove(one)
        if dead:
            fill: Any = self.fill_if_needed  # type: ignore[attr-defined]
            fill(delay=0, notebook_name=notebook)
        return bool(dead)

    async def _is_usable(self, kept_ready: "asyncio.Future[dict[str, Any]]") -> bool:
        if kept_ready.cancelled() or kept_ready.exception() is not None:
            return False
        kernel_id = kept_ready.result()["kernel_id"]
        page: asyncio.Task[Any] = kept_ready.result()["task"]
        has_failed = page.done() and (page.cancelled() or page.exception() is not None)
        if not has_failed and kernel_id in self and await ensure_async(self.is_alive(kernel_id)):
            return True
        # its place is free at once, before whoever watches over it has noticed
        self._leave(kernel_id)
        return False

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel.

        Parameters
        ----------
        **kwargs
            As of the base class.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        HallFullError
            If a visitor wants one and there is no place.
        """
        seat = object()
        is_kept_ready = (kwargs.get("env") or {}).get("VOILA_PREHEAT") == "True"
        while len(self._taken) >= self.places:
            if not is_kept_ready or self._is_closing:
                raise HallFullError
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
        self._taken.add(seat)
        try:
            if is_kept_ready:
                await self._begun.acquire()
                self._finish(asyncio.ensure_future(self._until_ready(asyncio.current_task())))
            kernel_id: str = await super().start_kernel(**kwargs)
        except BaseException:
            self._leave(seat)
            raise
        self._taken.remove(seat)
        self._taken.add(kernel_id)
        return kernel_id

    async def _until_ready(self, kept_ready: "asyncio.Task[Any] | None") -> None:
        """Let the next kernel begin once this one is started and has run its cells, or takes too long for that."""
        try:
            async with asyncio.timeout(_READY_S):
                if kept_ready is not None:
                    await asyncio.wait([kept_ready])
                    if not kept_ready.cancelled() and kept_ready.exception() is None:
                        # the page, as the class that Voilà makes of this one runs it
                        await asyncio.wait([kept_ready.result()["task"]])
        except (TimeoutError, TypeError):
            pass
        finally:
            self._begun.release()

    def _finish(self, work: "asyncio.Future[Any]") -> None:
        self._ending.add(work)
        work.add_done_callback(self._ending.discard)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, and give its place away.

        Parameters
        ----------
        kernel_id
            Which.

        Returns
        -------
        KernelManager
            What managed it.
        """
        self._leave(kernel_id)
        return super().remove_kernel(kernel_id)

    def _leave(self, seat: object) -> None:
        self._taken.discard(seat)
        if self._waiting:
            turn = self._waiting.pop(0)
            if not turn.done():
                turn.set_result(None)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Hear that a connection was closed: give the visitor a while to come back.

        Parameters
        ----------
        kernel_id
            Whose.
        """
        super().notify_disconnect(kernel_id)  # type: ignore[no-untyped-call]
        # phones seldom say that a page was closed
        asyncio.get_running_loop().call_later(self.grace_s, self._end_if_left, kernel_id)

    def _end_if_left(self, kernel_id: str) -> None:
        if kernel_id in self and not self._kernel_connections.get(kernel_id):
            self.log.info("The visitor of a kernel has left.")
            end: Any = self.shutdown_kernel
            self._finish(asyncio.ensure_future(end(kernel_id)))

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """End all kernels, and let none wait any longer.

        Parameters
        ----------
        *args, **kwargs
            As of the base class.
        """
        self._is_closing = True
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(HallFullError())
        await super().shutdown_all(*args, **kwargs)


class SeatHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """The page: a kernel for those who find a place, another page for the others."""

    async def get(self, path: str | None = None) -> None:
        """Answer a visitor.

        Parameters
        ----------
        path
            What was asked for.
        """
        # the browser sends this cookie back when the page is closed; without it, its kernel could not be ended
        self.xsrf_token  # noqa: B018 - asking for it sets it
        if self.notebook_path and not path and not await self.kernel_manager.is_seated(self.notebook_path):
            self.turn_away()
            return
        try:
            await super().get(path)
        except HallFullError:
            # many came at the same moment; nothing was written yet
            self.turn_away()

    def turn_away(self) -> None:
        """Answer a visitor for whom there is no place."""
        self.set_status(503)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Retry-After", "60")
        self.finish(self.settings["hall_overflow"])


class BoundedSocketHandler(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The kernel's websocket, closed to whoever does not speak as Voilà's page does.

    The base class ignores all messages but those that widgets send.
    """

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket.

        Parameters
        ----------
        *args, **kwargs
            As of the base class.
        """
        spoken = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if _SUBPROTOCOL not in (one.strip() for one in spoken.split(",")):
            # no exception: Jupyter's page for errors is not made for sockets
            self.set_status(400, "another subprotocol")
            self.finish()
            return
        await super().get(*args, **kwargs)

    def on_message(self, message: str | bytes) -> None:
        """Pass on a message to the kernel.

        Parameters
        ----------
        message
            What came.
        """
        if is_well_formed(message):
            super().on_message(message)
        else:
            self.log.warning("A malformed frame was refused.")
            self.close(1002, "malformed frame")

    def write_message(self, message: bytes | str | dict[str, Any], binary: bool = False) -> Any:
        """Pass on a message from the kernel.

        Parameters
        ----------
        message
            What is to go.
        binary
            Whether it is no text.

        Returns
        -------
        Future
            Done when it has gone.
        """
        if is_well_formed(message):
            return super().write_message(message, binary)
        self.log.warning("A malformed frame from a kernel was dropped.")
        return None


class _Memory(jinja2.BytecodeCache):
    """Compiled templates, kept in memory: Voilà makes a new environment for every visitor."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


def keep_templates_compiled() -> None:
    """Give all pages of this process one cache of compiled templates, where each visitor cost compiling them all."""
    if "_create_environment" in vars(VoilaExporter):
        return
    make: Callable[[Any], jinja2.Environment] = VoilaExporter._create_environment
    # synchronous templates compile to other code from the same source
    memories = {True: _Memory(), False: _Memory()}

    def create_environment(exporter: Any) -> jinja2.Environment:
        environment = make(exporter)
        environment.bytecode_cache = memories[bool(exporter.enable_async)]
        return environment

    VoilaExporter._create_environment = create_environment


class Hall(Voila):  # type: ignore[misc]
    """Voilà for many visitors at once, of one notebook."""

    # the settings in voila.json and voila.py hold here too
    name = "voila"
    description = Unicode("Show a notebook to a hall: Voilà with forked kernels, a cap on them, and closed doors.")
    examples = "python -m ambassador_net.hall notebook.ipynb --preload=numpy --preload=matplotlib.pyplot"

    preload = List(Unicode(), help="Modules to import before the first kernel is forked.").tag(config=True)
    warm_up = Unicode(help="module:function to call before the first kernel is forked; nothing secret.").tag(
        config=True
    )
    warm_up_argument = Unicode(help="What to call it with.").tag(config=True)
    fork = Bool(True, help="Whether kernels are forked where they can be.").tag(config=True)
    places = Integer(0, help="How many kernels may live at once; 0: as many as memory allows.").tag(config=True)
    reserve_mb = Integer(RESERVE_MB, help="Memory that kernels leave alone.").tag(config=True)
    overflow = Unicode(help="An HTML file for those who find no place.").tag(config=True)
    hosts = List(
        Unicode(),
        help="Names under which this server is known, beside its own address; all others are refused. '*': any.",
    ).tag(config=True)
    most_frame_bytes = Integer(1_000_000, help="The largest message that a visitor may send.").tag(config=True)
    most_server_mb = Integer(
        4096, help="Memory of the server itself, beyond which it refuses instead of taking the machine down; 0: any."
    ).tag(config=True)

    aliases = {  # noqa: RUF012 - as traitlets has it
        **Voila.aliases,
        "preload": "Hall.preload",
        "warm-up": "Hall.warm_up",
        "warm-up-argument": "Hall.warm_up_argument",
        "places": "Hall.places",
        "overflow": "Hall.overflow",
        "hosts": "Hall.hosts",
    }
    classes = [*Voila.classes, SeatedKernelManager]  # noqa: RUF012 - as traitlets has it

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read all settings.

        Parameters
        ----------
        argv
            Arguments; those of this process by default.
        """
        super().initialize(argv)
        if not self.notebook_path:
            self.log.critical("Name one notebook; a hall shows one.")
            self.exit(2)
        try:
            self._overflow = Path(self.overflow).read_bytes() if self.overflow else _FULL_PAGE
        except OSError as error:
            self.log.critical("The page for those who find no place cannot be read: %s", error.strerror)
            self.exit(2)
        # kernels that are forked and those that are not should be alike
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        self._folder = runtime_folder(self.connection_dir_root)  # type: ignore[has-type]
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        raise_descriptors()
        self.voila_configuration.multi_kernel_manager_class = SeatedKernelManager
        given, ours = self.config.copy(), Config()
        ours.KernelManager.transport = self._transport()
        ours.MappingKernelManager.cull_idle_timeout = 120
        ours.MappingKernelManager.cull_interval = 30
        ours.AsyncKernelManager.client_class = f"{PatientKernelClient.__module__}.{PatientKernelClient.__qualname__}"
        # begun again, a kernel has none of the widgets that its visitor sees: its page is told that it has ended
        ours.KernelRestarter.restart_limit = 0
        # a place that is waited for is not waited for longer than need be
        ours.VoilaKernelManager.fill_delay = 0.0
        if self.fork:
            ours.KernelProvisionerFactory.default_provisioner_name = PROVISIONER
        ours.merge(given)
        # what the process holds is ours to say: it is begun before the first visitor comes
        ours.ForkingProvisioner.preload = self.preload
        ours.ForkingProvisioner.warm_up = self.warm_up
        ours.ForkingProvisioner.warm_up_argument = self.warm_up_argument
        ours.ForkingProvisioner.folder = self._folder
        self.config: Config = ours
        # after the settings, which may name another place: there everything but this folder is somebody else's
        self.connection_dir_root = self._folder
        # Jupyter's applications make every record, and their handlers throw it away
        self.log.setLevel(self.log_level)
        register()
        keep_templates_compiled()

    def _transport(self) -> str:
        """Choose sockets that other users of this machine cannot reach, where their paths fit."""
        fits = len(self._folder) + _SOCKET_NAME <= _SOCKET_PATH
        return "ipc" if sys.platform == "linux" and fits else "tcp"

    @property
    def warm(self) -> WarmProcess:
        """The process that all kernels are forked from."""
        return warm_process(Warmth(tuple(self.preload), self.warm_up, self.warm_up_argument, self._folder))

    def init_settings(self) -> dict[str, Any]:
        """Start what kernels are forked from, count the places, and make the server's settings.

        Returns
        -------
        dict
            Tornado's settings.
        """
        each = ORDINARY_MB
        if self.fork:
            try:
                self.warm.wait()
                each = FORKED_MB
            except NotForkedError as reason:
                self.log.warning("Kernels start the ordinary way instead of being forked: %s", reason)
        places = self.places or places_here(megabytes_each=each, reserve_mb=self.reserve_mb)
        places = min(places, max(1, raise_descriptors() // _DESCRIPTORS_EACH))
        self.config.SeatedKernelManager.places = places
        self.log.info("There are places for %d visitors at once.", places)
        _limit_memory(self.most_server_mb)
        settings: dict[str, Any] = super().init_settings()
        settings["hall_overflow"] = self._overflow
        settings["websocket_max_message_size"] = self.most_frame_bytes
        settings["xsrf_cookie_kwargs"] = {"samesite": "Strict"}
        return settings

    def init_handlers(self) -> list[Any]:
        """Put our handlers in the place of Voilà's.

        Returns
        -------
        list
            Tornado's handlers.
        """
        ours = {TornadoVoilaHandler: SeatHandler, VoilaKernelWebsocketHandler: BoundedSocketHandler}
        return [(pattern, ours.get(handler, handler), *rest) for pattern, handler, *rest in super().init_handlers()]

    def listen(self) -> None:
        """Serve until interrupted."""
        refuse_unknown_hosts(self.app, self.ip, self.hosts)
        super().listen()

    def stop(self) -> None:
        """End all kernels, and leave nothing behind."""
        try:
            run_sync(self.kernel_manager.shutdown_all)(now=True)
        finally:
            self.warm.stop()
            # after the kernels: they write there
            shutil.rmtree(self._folder, ignore_errors=True)


def _limit_memory(megabytes: int) -> None:
    if sys.platform != "linux" or not megabytes:
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000, resource.getrlimit(resource.RLIMIT_DATA)[1]))


main = Hall.launch_instance
