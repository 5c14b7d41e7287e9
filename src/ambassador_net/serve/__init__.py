"""Hall mode: one process, one port, one address for a hall of phones.

The parent (:mod:`.parent`) reads the study, builds the pages, prepares what kernels share, and watches over a server
process. That one answers with pages that need no kernel (:mod:`.site`), keeps the hall's guesses (:mod:`.guesses`),
and, where live places are wanted, is also the forked-kernel Voilà of :mod:`ambassador_net.hall` (:mod:`.live`).
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ambassador_net.serve.parent import serve_hall

__all__ = ["serve_hall"]

__getattr__, __dir__, _ = lazy_loader.attach(__name__, submod_attrs={"parent": ["serve_hall"]})
