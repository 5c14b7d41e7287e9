"""A kernel provisioner that forks kernels from a warm process instead of starting each from nothing."""

import asyncio
import os
from importlib.metadata import EntryPoint
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode, default

from . import PROVISIONER
from .warm import NotForkedError, WarmProcess, Warmth, warm_process

PRELOAD = "FORKED_KERNELS_PRELOAD"
WARM_UP = "FORKED_KERNELS_WARM_UP"
ARGUMENT = "FORKED_KERNELS_WARM_UP_ARGUMENT"

# said once each: a hall would hear it three hundred times
_said: set[str] = set()


class ForkingProvisioner(LocalProvisioner):
    """Forks the plain Python kernel of this interpreter; starts every other kernel as jupyter_client does.

    Switched on for all kernels of a server by ``JUPYTER_DEFAULT_PROVISIONER_NAME=forked-kernels``, or for one
    kernelspec by its ``metadata.kernel_provisioner.provisioner_name``. Where a fork would not be the kernel that
    was asked for, or none is possible, the kernel starts the ordinary way, and the log says why.
    """

    preload = List(
        Unicode(),
        help="Modules to import before the first fork; by default those in FORKED_KERNELS_PRELOAD, with commas.",
    ).tag(config=True)
    warm_up = Unicode(
        help="module:function to call before the first fork; by default FORKED_KERNELS_WARM_UP. Nothing secret.",
    ).tag(config=True)
    warm_up_argument = Unicode(
        help="What to call it with; by default FORKED_KERNELS_WARM_UP_ARGUMENT.",
    ).tag(config=True)
    folder = Unicode(help="A folder to remove once the server is gone, however it went.").tag(config=True)

    @default("preload")
    def _default_preload(self) -> list[str]:
        return [name.strip() for name in os.environ.get(PRELOAD, "").split(",") if name.strip()]

    @default("warm_up")
    def _default_warm_up(self) -> str:
        return os.environ.get(WARM_UP, "")

    @default("warm_up_argument")
    def _default_warm_up_argument(self) -> str:
        return os.environ.get(ARGUMENT, "")

    @property
    def warm(self) -> WarmProcess:
        """The process that this kernel is forked from."""
        return warm_process(Warmth(tuple(self.preload), self.warm_up, self.warm_up_argument, self.folder))

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or launch one.

        Parameters
        ----------
        cmd
            What a new process would run.
        **kwargs
            What ``subprocess.Popen`` would be given.

        Returns
        -------
        dict
            How to connect to it.
        """
        warm, environment = self.warm, kwargs.get("env") or dict(os.environ)
        try:
            arguments = warm.check(cmd, environment, kwargs)
            await warm.ready()
            folder = kwargs.get("cwd")
            forked = await asyncio.to_thread(
                warm.fork,
                arguments,
                environment=environment,
                # the warm process stays where it was started, the server may have gone elsewhere
                folder=os.fspath(folder) if folder is not None else os.getcwd(),  # noqa: PTH109
                streams={0: kwargs.get("stdin"), 1: kwargs.get("stdout"), 2: kwargs.get("stderr")},
            )
        except NotForkedError as reason:
            self._say(str(reason))
            return await super().launch_kernel(cmd, **kwargs)
        # what is used of a Popen; it leads a group of its own
        self.process = cast(Any, forked)
        self.pid = self.pgid = forked.pid
        self.cwd = folder
        return self.connection_info

    def _say(self, reason: str) -> None:
        log = self.log.debug if reason in _said else self.log.warning
        _said.add(reason)
        log("A kernel starts the ordinary way instead of being forked: %s", reason)


def register() -> None:
    """Make the provisioner known to this process, also where no installed package names it."""
    value = f"{ForkingProvisioner.__module__}:{ForkingProvisioner.__qualname__}"
    KernelProvisionerFactory.provisioners.setdefault(
        PROVISIONER, EntryPoint(PROVISIONER, value, KernelProvisionerFactory.GROUP_NAME)
    )
