"""The markup of one slide's pieces: prose from Markdown, outputs by the richest form a deck can carry."""

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from ambassador_net.talk.slides import Piece, Slide

if TYPE_CHECKING:
    from nbformat import NotebookNode

_PICTURES = ("image/png", "image/jpeg", "image/gif")
_SVG_TAG = re.compile(r"<svg\b[^>]*>", re.IGNORECASE)


class _Prose(IPythonRenderer):
    """Markdown where a slide's first heading is its title, whatever level the author gave it."""

    def __init__(self, *, title_level: int, folder: str) -> None:
        super().__init__(
            escape=False,
            # embedded pictures are data: addresses; javascript: and its like are not let through
            allow_harmful_protocols=("data:",),  # type: ignore[arg-type] # mistune takes a tuple
            embed_images=True,
            exclude_anchor_links=True,
            path=folder,
        )
        self._title_level = title_level
        self._titled = False

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        del level, attrs
        level = self._title_level + self._titled
        self._titled = True
        return f"<h{level}>{text}</h{level}>\n"

    def _html_embed_images(self, html: str) -> str:
        # the parser behind this closes every tag it sees, so that a lone <span> would enclose nothing
        return str(super()._html_embed_images(html)) if "<img" in html else html


class SlideWriter:
    """Writes the pieces of one slide.

    Parameters
    ----------
    slide
        The slide; a ``title`` has its heading at level 1, every other at level 2.
    folder
        Where local pictures of the notebook are.
    """

    def __init__(self, slide: Slide, folder: str) -> None:
        self._prose = _Prose(title_level=1 if slide.kind == "title" else 2, folder=folder)
        self.unlabelled: list[int] = []
        """Cells with a picture that has no alternative text."""

    def write(self, piece: Piece) -> Markup:
        """Give the markup of one piece.

        Parameters
        ----------
        piece
            A cell in its role.

        Returns
        -------
        Markup
            HTML; text outputs, code and alternative texts are escaped.
        """
        if piece.node.cell_type == "markdown":
            return self._markdown(piece.node.source, piece.node.get("attachments", {}))
        parts = [self._output(output, piece) for output in piece.node.outputs]
        if piece.show_code:
            parts.insert(0, Markup('<pre class="code"><code>{}</code></pre>').format(piece.node.source))
        return Markup("\n").join(part for part in parts if part)

    def _markdown(self, source: str, attachments: Mapping[str, Any]) -> Markup:
        self._prose.attachments = dict(attachments)
        return Markup(MarkdownWithMath(renderer=self._prose).render(source))  # noqa: S704 - the author's own prose

    def _output(self, output: "NotebookNode", piece: Piece) -> Markup:
        if output.output_type == "stream":
            return Markup("<pre>{}</pre>").format(output.text) if output.name == "stdout" else Markup()
        data = output.data
        if "text/html" in data:
            return Markup(data["text/html"])  # noqa: S704 - written by our result objects, which escape
        if "text/markdown" in data:
            return self._markdown(data["text/markdown"], {})
        if "image/svg+xml" in data:
            return self._svg(data["image/svg+xml"], self._alt("image/svg+xml", output, piece), piece)
        for kind in _PICTURES:
            if kind in data:
                return self._picture(kind, data[kind], self._alt(kind, output, piece), piece)
        return Markup("<pre>{}</pre>").format(data.get("text/plain", ""))

    @staticmethod
    def _alt(kind: str, output: "NotebookNode", piece: Piece) -> str:
        places = (output.metadata.get(kind, {}), output.metadata, piece.node.metadata)
        return next((place["alt"] for place in places if isinstance(place, Mapping) and place.get("alt")), "")

    def _svg(self, svg: str, alt: str, piece: Piece) -> Markup:
        # an XML prolog has no place inside HTML
        svg = svg[svg.find("<svg") :]
        tag = _SVG_TAG.match(svg)
        if tag and "aria-label" not in tag[0]:
            if alt:
                svg = f'<svg role="img" aria-label="{escape(alt)}"{svg[len("<svg") :]}'
            else:
                self.unlabelled.append(piece.cell)
        return Markup(svg)  # noqa: S704 - a figure of ours

    def _picture(self, kind: str, data: str | bytes, alt: str, piece: Piece) -> Markup:
        if not alt:
            self.unlabelled.append(piece.cell)
        content = base64.b64encode(data).decode() if isinstance(data, bytes) else "".join(data.split())
        attribute = Markup(' alt="{}"').format(alt) if alt else Markup()
        return Markup('<img src="data:{};base64,{}"{}>').format(kind, content, attribute)
