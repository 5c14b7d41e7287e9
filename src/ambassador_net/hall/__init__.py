"""Forked Jupyter kernels for a hall full of visitors, and a Voilà that knows how many it can seat.

Imports nothing of ours, so that the folder can be published by itself; its README says how to use it. Three parts:

- :mod:`.provisioner`: a kernel provisioner that forks kernels from a warm process (:mod:`.zygote`) instead of
  starting each from nothing; works with plain Voilà;
- :mod:`.server`: Voilà with a cap on kernels, a page for those who find no place, and closed doors;
- ``python -m`` on this package starts that server.
"""

PROVISIONER = "forked-kernels"
"""Name of the provisioner, as ``JUPYTER_DEFAULT_PROVISIONER_NAME`` takes it."""
