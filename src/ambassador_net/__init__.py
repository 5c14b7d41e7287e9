"""Test the sayings of employee advocacy on your own shares.

The public names below are loaded when they are first used, so that importing the package stays fast.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
