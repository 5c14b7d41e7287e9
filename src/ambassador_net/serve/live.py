"""The server with live places: Voilà with forked kernels at ``/live/``, the site at all other addresses."""

from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop

from ambassador_net.hall.server import Hall, SeatHandler
from ambassador_net.serve.log import log_scrubbed
from ambassador_net.serve.site import Settings, Site, put_document, when_left_alone


class FullHandler(SeatHandler):
    """The page with a kernel, or, for whom there is none, the page without, which says so."""

    def turn_away(self) -> None:
        """Answer a visitor for whom there is no place."""
        put_document(self, self.settings["site"], "full")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Retry-After", "60")
        self.set_status(503)
        self.finish()


class HallServer(Hall):
    """A hall that also answers with the page for everybody, and keeps the guesses.

    Attributes
    ----------
    site_settings
        What the parent said; to be set before the server is started.
    """

    site_settings: Settings

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read all settings, and let nothing into the log that tells who asked.

        Parameters
        ----------
        argv
            Arguments; those of this process by default.
        """
        super().initialize(argv)
        log_scrubbed()
        # what Voilà itself logs goes the same way
        self.log.handlers.clear()
        self.log.propagate = True

    def init_settings(self) -> dict[str, Any]:
        """Make the server's settings.

        Returns
        -------
        dict
            Tornado's settings.
        """
        settings = super().init_settings()
        self._site = Site(self.site_settings, self._has_place)
        return {**settings, **self._site.tornado_settings(), "site": self._site}

    def _has_place(self) -> bool:
        # named as Voilà's own handler names it
        return bool(self.kernel_manager.has_place(Path(self.notebook_path).name))

    def init_handlers(self) -> list[Any]:
        """Put the site's handlers before those of the page with a kernel.

        Returns
        -------
        list
            Tornado's handlers.
        """
        ours = {SeatHandler: FullHandler}
        voila = [(pattern, ours.get(handler, handler), *rest) for pattern, handler, *rest in super().init_handlers()]
        return [*self._site.handlers(), *voila]

    def listen(self) -> None:
        """Serve until asked to stop or left alone."""
        server = self._site.open_doors(self.app)
        self.ioloop = IOLoop.current()
        when_left_alone(self.ioloop.stop)
        try:
            self.ioloop.start()
        finally:
            server.stop()
            self.stop()

    def stop(self) -> None:
        """End all kernels, and leave nothing behind."""
        try:
            super().stop()
        finally:
            self._site.close()


def run_live(settings: Settings, notebook: str) -> None:
    """Serve with kernels, until asked to stop or left alone.

    Parameters
    ----------
    settings
        What the parent said.
    notebook
        What each kernel runs.
    """
    server = HallServer.instance()
    server.site_settings = settings
    server.initialize([notebook])
    server.start()
