"""The server process; started by :mod:`.parent`, never by hand."""

import json
import os
import shutil
import sys
from pathlib import Path

from ambassador_net.serve.site import Settings, run_site


def main() -> None:
    """Serve what the file in the first argument says, with kernels if a notebook follows."""
    parent = os.getppid()
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    try:
        if settings.live:
            from ambassador_net.serve.live import run_live

            run_live(settings, sys.argv[2])
        else:
            run_site(settings)
    finally:
        if os.getppid() != parent:
            # nobody else is left to do it
            os.chdir("/")
            shutil.rmtree(settings.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
