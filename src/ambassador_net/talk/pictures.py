"""Pictures of a notebook, carried inside the deck: from its outputs, its attachments and its folder."""

import base64
import binascii
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from ambassador_net.talk.cleaning import Cleaner, Element, Node, host_of
from ambassador_net.talk.remarks import Remarks

RASTER = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""Kinds of picture that are only points, and how such a file begins."""

STAND_IN = "No description has been provided for this image"
"""What nbconvert writes where it knows no alternative text: as good as none."""

_SVG = "image/svg+xml"


def described(alt: object) -> str:
    """Give an alternative text that somebody wrote.

    Parameters
    ----------
    alt
        What stands in the place of one.

    Returns
    -------
    str
        The text; empty if there is none.
    """
    alt = alt.strip() if isinstance(alt, str) else ""
    return "" if alt.startswith(STAND_IN) else alt


class Pictures:
    """Looks at the pictures of one cell.

    Parameters
    ----------
    cleaner
        Cleans drawings.
    remarks
        Where it is said which pictures are missing or have no alternative text.
    folder
        The notebook's folder; pictures outside it are not taken.
    cell
        Number of the cell, counted from 1.
    attachments
        The cell's attachments by name.
    alt
        Alternative text of the cell, for a picture that has none of its own.
    """

    def __init__(
        self,
        cleaner: Cleaner,
        remarks: Remarks,
        *,
        folder: Path,
        cell: int,
        attachments: Mapping[str, Mapping[str, Any]],
        alt: str = "",
    ) -> None:
        self._cleaner = cleaner
        self._remarks = remarks
        self._folder = folder
        self._cell = cell
        self._attachments = attachments
        self._alt = alt

    def look(self, picture: Element) -> list[Node]:
        """Give what is shown in the place of an ``img``.

        Parameters
        ----------
        picture
            As it stands in the notebook.

        Returns
        -------
        list of Node
            The picture with its content inside itself, or its alternative text.
        """
        given = picture.attributes
        alt = described(given.get("alt")) or described(given.get("aria-label")) or self._alt
        content = self._content(given.get("src", "").strip(), alt)
        if not content:
            return [Element("em", {"class": "missing"}, [alt])] if alt else []
        hidden = given.get("aria-hidden") == "true" or given.get("role") in ("presentation", "none")
        if alt:
            given["alt"] = alt
        elif hidden:
            given["alt"] = ""
        else:
            given.pop("alt", None)
            self.unlabelled()
        given = {"src": content, **{name: value for name, value in given.items() if name != "src"}}
        return [Element("img", given)]

    def unlabelled(self) -> None:
        """Say that a picture has no alternative text."""
        self._remarks.add(self._cell, "shows a picture without alternative text; set `alt` in the metadata of the cell")

    def _content(self, address: str, alt: str) -> str:
        shown = "its alternative text is shown" if alt else "nothing is shown"
        if address.lower().startswith("data:"):
            content = self._from_data(address)
            if not content:
                self._remarks.add(self._cell, f"holds a picture that cannot be read; {shown}")
            return content
        if address.startswith("attachment:"):
            name = unquote(address.removeprefix("attachment:"))
            attachment = self._attachments.get(name) or self._attachments.get(address.removeprefix("attachment:")) or {}
            for kind in (_SVG, *RASTER) if isinstance(attachment, Mapping) else ():
                if kind in attachment and (content := self._of_kind(kind, _bytes(attachment[kind], kind))):
                    return content
            self._remarks.add(self._cell, f"names the attachment {name}, which it does not have; {shown}")
            return ""
        host = host_of(address)
        if host or "://" in address[:12]:
            self._remarks.add(
                self._cell,
                f"asks for a picture from {host or 'elsewhere'}, which a deck does not fetch: save it beside the "
                f"notebook; {shown}",
            )
            return ""
        return self._from_file(address, shown)

    def _from_file(self, address: str, shown: str) -> str:
        name = unquote(address.split("#")[0].split("?")[0]).replace("\\", "/")
        folder = self._folder.resolve()
        try:
            path = (folder / name).resolve()
            if not name or ":" in name or not path.is_relative_to(folder):
                raise PermissionError
            content = path.read_bytes()
        except PermissionError:
            self._remarks.add(
                self._cell, f"asks for the picture {name or '(no name)'}, outside the notebook's folder; {shown}"
            )
            return ""
        except (OSError, ValueError):
            self._remarks.add(self._cell, f"asks for the picture {name}, which is not there; {shown}")
            return ""
        kind = _SVG if path.suffix.lower() == ".svg" else _kind_of(content)
        found = self._of_kind(kind, content)
        if not found:
            self._remarks.add(self._cell, f"asks for {name}, which is no PNG, JPEG, GIF, WebP or SVG; {shown}")
        return found

    def _from_data(self, address: str) -> str:
        head, _, body = address[len("data:") :].partition(",")
        kind, *parameters = (part.strip().lower() for part in head.split(";"))
        if "base64" in parameters:
            return self._of_kind(kind, _bytes(unquote(body), ""))
        return self._of_kind(kind, unquote_to_bytes(body)) if kind == _SVG else ""

    def _of_kind(self, kind: str, content: bytes) -> str:
        if kind == _SVG:
            drawing = self._cleaner.clean_drawing(content.decode("utf-8", "replace"))
            return as_data(_SVG, drawing.encode()) if drawing else ""
        # by what it is, not by what it says it is
        kind = _kind_of(content)
        return as_data(kind, content) if kind else ""


def as_data(kind: str, content: bytes) -> str:
    """Give an address that is its own content.

    Parameters
    ----------
    kind
        Its media type.
    content
        The content.

    Returns
    -------
    str
        A ``data:`` address.
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _bytes(content: Any, kind: str) -> bytes:
    if isinstance(content, bytes):
        return content
    text = "".join(content) if isinstance(content, list) else str(content)
    if kind == _SVG and "<svg" in text:
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()) + "==")
    except (binascii.Error, ValueError):
        return b""


def _kind_of(content: bytes) -> str:
    return next((kind for kind, begins in RASTER.items() if content.startswith(begins)), "")


def size_of(address: str) -> tuple[float, float] | None:
    """Give the size of a picture that stands inside the deck.

    Parameters
    ----------
    address
        A ``data:`` address.

    Returns
    -------
    tuple of float, or None
        Width and height in px, where the file says it.
    """
    head, _, body = address.partition(",")
    content = base64.b64decode(body[:4000] + "==") if "base64" in head else b""
    if content.startswith(b"\x89PNG") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content.startswith(b"GIF8") and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    return None
