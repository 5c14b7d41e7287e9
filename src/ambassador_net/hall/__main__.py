"""Show a notebook to a hall: ``python -m ambassador_net.hall notebook.ipynb``."""

from .server import main

main()
