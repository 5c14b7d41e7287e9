"""What an audience clicks: the widget, the page without a kernel, and the app with one."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ambassador_net.app.page import Page, build_page
    from ambassador_net.app.prepared import Prepared
    from ambassador_net.app.server import serve_app
    from ambassador_net.app.widget import Demo, demo

__all__ = ["Demo", "Page", "Prepared", "build_page", "demo", "serve_app"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "page": ["Page", "build_page"],
        "server": ["serve_app"],
        "widget": ["Demo", "demo"],
        "prepared": ["Prepared"],
    },
)
