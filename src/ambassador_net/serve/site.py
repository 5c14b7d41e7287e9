"""The part of the server that needs no kernel: the page, the guesses, the wall, and the doors before all of it."""

import asyncio
import hmac
import json
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado import web
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.routing import Matcher, Rule

from ambassador_net.hall.doors import raise_descriptors, refuse_unknown_hosts
from ambassador_net.serve.documents import language_wanted, preferences, read_documents
from ambassador_net.serve.guesses import Guesses, NotKeptError
from ambassador_net.serve.limits import Limits
from ambassador_net.serve.log import log_failure, log_scrubbed

TOKEN = "t"  # noqa: S105 - a name
"""Name of the token in an address."""

_MOST_GUESS_BYTES = 200
_MOST_BODY_BYTES = 65_536
# who opens a connection and says nothing does not keep it for long
_SILENT_S = 60.0

# for all answers that have no policy of their own: nothing in them is run or fetched
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Settings:
    """What the parent tells the server.

    Parameters
    ----------
    folder
        The parent's private folder, removed by whoever is last.
    documents
        Folder of the pages.
    language
        Language for those whose browser asks for none of ours.
    values
        How many values each question has.
    guesses
        File of the guesses.
    host
        Address that the server listens on.
    port
        Its port.
    descriptor
        The listening socket, which the parent keeps open.
    token
        What an address must hold; empty for none.
    live
        Whether there are kernels.
    """

    folder: str
    documents: str
    language: str
    values: dict[str, int]
    guesses: str
    host: str
    port: int
    descriptor: int
    token: str
    live: bool


class Site:
    """The handlers and the doors, and what they share.

    Parameters
    ----------
    settings
        What the parent said.
    has_place
        Says whether a kernel could be had now; None where there are none.
    """

    def __init__(self, settings: Settings, has_place: Callable[[], bool] | None = None) -> None:
        self.settings = settings
        self.documents = read_documents(Path(settings.documents))
        self.guesses = Guesses(settings.guesses, settings.values)
        self.limits = Limits()
        self.has_place = has_place

    def handlers(self) -> list[Any]:
        """Give Tornado's handlers of all that needs no kernel.

        Returns
        -------
        list
            For an application.
        """
        page, wall, invite = ({"site": self, "name": name} for name in ("page", "wall", "invite"))
        with_site = {"site": self}
        live: list[Any]
        if self.has_place is None:
            # somebody kept an address of another day
            live = [(r"/live/?", web.RedirectHandler, {"url": "/", "permanent": False})]
        else:
            live = [
                (r"/live", web.RedirectHandler, {"url": "/live/", "permanent": False}),
                (r"/places\.json", PlacesHandler, with_site),
            ]
        return [
            (r"/", DocumentHandler, page),
            (r"/wall", DocumentHandler, wall),
            (r"/invite", DocumentHandler, invite),
            (r"/guess", GuessHandler, with_site),
            (r"/guesses\.json", CountsHandler, with_site),
            (r"/favicon\.ico", NoIconHandler),
            *live,
        ]

    def tornado_settings(self) -> dict[str, Any]:
        """Give what Tornado's application is told.

        Returns
        -------
        dict
            Settings.
        """
        return {
            "log_function": log_failure,
            "default_handler_class": DocumentHandler,
            "default_handler_args": {"site": self, "name": "not-found", "status": 404},
        }

    def open_doors(self, application: web.Application) -> HTTPServer:
        """Let visitors in: those who ask for us by our name and, if there is a token, know it.

        Parameters
        ----------
        application
            What answers them.

        Returns
        -------
        HTTPServer
            Listens until stopped.
        """
        if self.settings.token:
            # before all other rules: sockets and files are behind this door too
            rule = Rule(_WithoutToken(self.settings.token, self.cookie), TokenHandler, {"site": self})
            application.default_router.rules.insert(0, rule)
        refuse_unknown_hosts(application, self.settings.host, [])
        application.transforms.append(Headers)
        server = HTTPServer(
            application,
            max_body_size=_MOST_BODY_BYTES,
            max_header_size=16_384,
            idle_connection_timeout=_SILENT_S,
            body_timeout=_SILENT_S,
        )
        listening = socket.socket(fileno=self.settings.descriptor)
        listening.setblocking(False)
        server.add_socket(listening)
        return server

    @property
    def cookie(self) -> str:
        """Name of the token's cookie; the port is in it, as browsers do not tell ports apart."""
        return f"ambassador-net-{self.settings.port}"

    def close(self) -> None:
        """Let go of the guesses."""
        self.guesses.close()


class Headers(web.OutputTransform):
    """What every answer says, whoever gives it: pages, files, errors, redirects, sockets.

    Parameters
    ----------
    request
        What was asked.
    """

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers.

        Parameters
        ----------
        status_code, headers, chunk, finishing
            As Tornado has them.

        Returns
        -------
        tuple
            As Tornado wants it.
        """
        headers.setdefault("Content-Security-Policy", _NOTHING)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.pop("Server", None)
        return status_code, headers, chunk


class _Handler(web.RequestHandler):
    """A handler of the site; failures are said briefly, and logged without who asked."""

    site: Site

    def initialize(self, site: Site) -> None:
        self.site = site

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{status_code}\n")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, web.HTTPError):
            super().log_exception(typ, value, tb)


class DocumentHandler(_Handler):
    """A page that was made before, in the visitor's language, compressed if the browser can take that."""

    def initialize(self, site: Site, name: str = "", status: int = 200) -> None:
        """Take what the route says.

        Parameters
        ----------
        site
            The site.
        name
            Which page.
        status
            What to answer with.
        """
        super().initialize(site)
        self._name, self._status = name, status
        self._tag: str | None = None

    def get(self) -> None:
        """Answer with the page."""
        tag = put_document(self, self.site, self._name)
        self.set_status(self._status)
        if self._status == 200:
            # browsers keep it and ask whether it is still the same: another study must not show the page of the last
            self.set_header("Cache-Control", "private, no-cache" if self.site.settings.token else "no-cache")
            self._tag = tag
        self.finish()

    head = get

    def compute_etag(self) -> str | None:
        """Give the name of these bytes, as it was computed when the page was read.

        Returns
        -------
        str or None
            An ETag; None for a page that is no answer to keep.
        """
        return self._tag


def put_document(handler: web.RequestHandler, site: Site, name: str) -> str:
    """Put a page into an answer, in the language and the coding that the browser asks for.

    Parameters
    ----------
    handler
        What answers; it still has to finish.
    site
        The site.
    name
        Which page.

    Returns
    -------
    str
        Its strong ETag.
    """
    by_language = site.documents[name]
    asked = handler.get_query_argument("lang", "")
    accepted = handler.request.headers.get("Accept-Language", "")
    language = asked if asked in by_language else language_wanted(accepted, by_language, site.settings.language)
    found = by_language[language]
    is_compressed = preferences(handler.request.headers.get("Accept-Encoding", "")).get("gzip", 0) > 0
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header("Content-Language", language)
    handler.set_header("Vary", "Accept-Encoding, Accept-Language")
    handler.set_header("Content-Security-Policy", found.policy)
    if is_compressed:
        handler.set_header("Content-Encoding", "gzip")
    handler.write(found.compressed if is_compressed else found.content)
    # other bytes, another name
    return f'"{found.name}{"-gzip" if is_compressed else ""}"'


@web.stream_request_body
class GuessHandler(_Handler):
    """Takes one guess: which question, which value, and nothing about who."""

    def prepare(self) -> None:
        """Refuse what need not be read."""
        self._body = bytearray()
        if self.request.method != "POST":
            return
        if not self._comes_from_us():
            raise web.HTTPError(403)
        if int(self.request.headers.get("Content-Length") or 0) > _MOST_GUESS_BYTES:
            raise web.HTTPError(413)
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise web.HTTPError(400)
        if not self.site.limits.allow(self.request.remote_ip or ""):
            self.set_header("Retry-After", "5")
            raise web.HTTPError(429)

    def _comes_from_us(self) -> bool:
        origin = self.request.headers.get("Origin")
        if origin and origin != "null":
            return urlsplit(origin).netloc.lower() == self.request.host.lower()
        # a browser that keeps the origin to itself still says this much
        return self.request.headers.get("Sec-Fetch-Site") == "same-origin"

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body, as far as it is needed.

        Parameters
        ----------
        chunk
            The piece.
        """
        self._body += chunk[: _MOST_GUESS_BYTES + 1 - len(self._body)]

    async def post(self) -> None:
        """Keep the guess."""
        if len(self._body) > _MOST_GUESS_BYTES:
            raise web.HTTPError(413)
        question, value = self._guess()
        try:
            await self.site.guesses.keep(question, value)
        except NotKeptError:
            raise web.HTTPError(507) from None
        self.set_status(204)

    def _guess(self) -> tuple[str, int]:
        try:
            said = json.loads(self._body)
        except (ValueError, RecursionError):
            raise web.HTTPError(400) from None
        if not isinstance(said, dict) or said.keys() != {"question", "value"}:
            raise web.HTTPError(400)
        if not self.site.guesses.allows(said["question"], said["value"]):
            raise web.HTTPError(400)
        return said["question"], said["value"]


class CountsHandler(_Handler):
    """The guesses so far, for the wall."""

    def get(self) -> None:
        """Answer with the counts; a browser that has them is told so."""
        guesses = self.site.guesses
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "private, no-cache" if self.site.settings.token else "no-cache")
        self.finish(json.dumps({**guesses.counts, "kept": guesses.is_kept}, separators=(",", ":")))

    head = get


class PlacesHandler(_Handler):
    """Whether a kernel could be had now."""

    def get(self) -> None:
        """Answer yes or no."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"free": self.site.has_place is not None and self.site.has_place()})


class NoIconHandler(web.RequestHandler):
    """There is no icon, and no noise about it."""

    def get(self) -> None:
        """Answer with nothing."""
        self.set_header("Cache-Control", "max-age=86400")
        self.set_status(204)

    head = get


class _WithoutToken(Matcher):
    """Matches requests that do not know the token, and those that still have it in their address."""

    def __init__(self, token: str, cookie: str) -> None:
        self._token, self._cookie = token.encode(), cookie

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        cookie = request.cookies.get(self._cookie)
        is_known = cookie is not None and hmac.compare_digest(cookie.value.encode(), self._token)
        return None if is_known and TOKEN not in request.query_arguments else {}


class TokenHandler(_Handler):
    """The door: whoever brings the token is let in, and it leaves the address."""

    def prepare(self) -> None:
        """Let in, or not."""
        said = self.request.query_arguments.get(TOKEN, [b""])[-1]
        is_known = hmac.compare_digest(said, self.site.settings.token.encode())
        if is_known and self.request.method in ("GET", "HEAD"):
            # lax: a link in somebody's mail opens the page; a foreign page's socket or form still has no cookie
            self.set_cookie(self.site.cookie, self.site.settings.token, httponly=True, samesite="Lax")
            self.set_header("Cache-Control", "no-store")
            # one slash: two would lead to another server
            self.redirect(f"/{self.request.path.lstrip('/')}", status=303)
            return
        put_document(self, self.site, "refused")
        self.set_header("Cache-Control", "no-store")
        self.set_status(403)
        self.finish()


def run_site(settings: Settings) -> None:
    """Serve without kernels, until asked to stop or left alone.

    Parameters
    ----------
    settings
        What the parent said.
    """
    asyncio.run(_run_site(settings))


async def _run_site(settings: Settings) -> None:
    log_scrubbed()
    raise_descriptors()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    site = Site(settings)
    try:
        server = site.open_doors(web.Application(site.handlers(), **site.tornado_settings()))
        when_left_alone(stopped.set)
        await stopped.wait()
        server.stop()
        await server.close_all_connections()
    finally:
        site.close()


def when_left_alone(call: Callable[[], object]) -> None:
    """Call once the parent is gone: its end of our standard input is then closed.

    Parameters
    ----------
    call
        What to call, on the running loop.
    """
    loop = IOLoop.current()

    def look(descriptor: int, events: int) -> None:
        loop.remove_handler(descriptor)
        call()

    loop.add_handler(sys.stdin.fileno(), look, loop.READ)
