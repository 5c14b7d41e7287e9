"""Notebooks as other people write them, large ones and hostile ones among them."""

import base64
import struct
import zlib

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from ambassador_net.talk import TalkSettings, title_slide

VIEW = "application/vnd.jupyter.widget-view+json"


def png(width: int = 3, height: int = 2) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = base64.b64encode(png()).decode()


def prose(text: str, slide_type: str | None = None, *tags: str, **more):
    slideshow = {"slideshow": {"slide_type": slide_type}} if slide_type else {}
    return new_markdown_cell(text, metadata={**slideshow, "tags": list(tags)}, **more)


def shown(data: dict, *, metadata: dict | None = None, **cell):
    return new_code_cell(outputs=[new_output("display_data", data, metadata=metadata or {})], metadata=cell)


NAME = "</title></script><script>alert('name')</script>\"'><img src=x onerror=alert(2)>R&D <b>"

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt/x>alert(1)</sCrIpT >",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror\n=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script href=data:,alert(1) /></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></iframe></foreignObject></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<svg><set attributeName=href to=javascript:alert(1)></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/></svg>",
    "<svg><image href='https://evil.example/x.png'/></svg>",
    "<svg><filter id=f><feImage href='https://evil.example/x.svg'/></filter></svg>",
    "<svg><title><style><img src=x onerror=alert(1)></style></title></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>@import 'https://evil.example/x.css'; body{background:url(https://evil.example/a)}</style>",
    "<style>.foot{display:none} .x{background:URL( 'https://evil.example/a' )}</style>",
    "<style></style><script>alert(1)</script>",
    "<div style='position:fixed;inset:0;background:url(https://evil.example/a)'>x</div>",
    "<div style='width:expression(alert(1));behavior:url(#x);-moz-binding:url(//evil.example)'>x</div>",
    "<div style='background:u\\72l(https://evil.example/a)'>x</div>",
    "<video src='https://evil.example/v' onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<img srcset='https://evil.example/x.png 2x' src='https://evil.example/x.png' alt=x>",
    '<img src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\' alt=x>',
    "<img src='data:text/html,<script>alert(1)</script>' alt=x>",
    "<section data-background-iframe='https://evil.example/'>x</section>",
    "<div data-src='https://evil.example/' data-markdown data-background-image='https://evil.example/'>x</div>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><script>alert(1)</script>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    '<p title="</p><script>alert(1)</script>">x</p>',
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "\ufdd00\ufdd1 \ufdd099\ufdd1",
    "$\\href{javascript:alert(1)}{x}$ $\\style{background:url(https://evil.example)}{x}$",
    "`<script>alert(1)</script>`",
]


def hostile_cells():
    error = new_output("error", ename=NAME, evalue=NAME, traceback=[NAME])
    cells = [prose(f"## {NAME}"), new_raw_cell("<script>alert('raw')</script>")]
    for attack in ATTACKS:
        cells += [prose(attack), shown({"text/html": attack}), shown({"image/svg+xml": attack}, alt=NAME)]
        cells += [shown({"text/markdown": attack}), shown({"text/plain": attack})]
    cells += [shown({"text/latex": f"${attack}$"}) for attack in ATTACKS[:3]]
    cells += [
        prose(f"![{NAME}](x.png) [{NAME}](https://example.org '{NAME}')\n\n| {NAME} |\n|---|\n| {NAME} |"),
        new_code_cell(
            NAME,
            outputs=[new_output("stream", name="stdout", text=NAME), error],
            metadata={"tags": ["show-code", "show-error", NAME]},
        ),
        shown({"image/png": PNG}, metadata={"image/png": {"alt": NAME, "width": NAME, "height": [NAME]}}),
        shown(
            {"image/png": '"><script>alert(1)</script>', "text/plain": NAME},
            metadata={"filenames": {"image/png": NAME}},
        ),
        shown({VIEW: {"model_id": "w", "foo": NAME}, "text/plain": NAME}),
        shown({"application/javascript": "alert(1)", "text/plain": NAME}),
        shown({"text/html": title_slide(TalkSettings({"en": NAME}, NAME, NAME), "en")._repr_html_()}),
        prose(NAME, "notes"),
        prose(NAME, None, "source"),
    ]
    return cells


HOSTILE_METADATA = {
    "title": NAME,
    "widgets": {
        "application/vnd.jupyter.widget-state+json": {
            "foo": NAME,
            "state": {"w": {"model_name": "HTMLModel", "state": {"value": NAME, "description": NAME}}},
        }
    },
    "ambassador_net": NAME,
}


def large_notebook():
    cells = [
        prose(
            "# Long words: Lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas and ÄÖÅ äöå\n\n"
            "Pirkanmaanhyvinvointialueentietohallintojakehittämispalvelut said so, מִיכָאֵל too (שלום)."
        ),
        prose("## مرحبا (R&D)!\n\nTeam ‏مرحبا‏, 5 posts.\n\n" + "A sentence that goes on for a while. " * 60),
        prose("## Formulas\n\nA rate $r_i = \\frac{s_i}{p_i}$ in words.\n\n$$\\sum_{i=1}^n \\sqrt{x_i}$$\n\n" * 3),
        prose("## List\n\n" + "\n".join(f"- item {i} with *some* words" for i in range(30))),
    ]
    wide = "".join(f"<th>column {i}</th>" for i in range(16))
    body = "".join("<tr>" + "".join(f"<td>{i * j / 7:.4f}</td>" for j in range(16)) + "</tr>" for i in range(30))
    cells += [
        prose("## Wide and long"),
        shown({"text/html": f'<table class="dataframe"><thead><tr>{wide}</tr></thead><tbody>{body}</tbody></table>'}),
        prose(
            "## House\n\n| Lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas | n |\n|---|---|\n| ab | 1 |"
        ),
        prose("## Output"),
        new_code_cell(outputs=[new_output("stream", name="stdout", text="\n".join("x" * 150 for _ in range(60)))]),
        prose("## Picture"),
        shown({"image/png": base64.b64encode(png(2000, 1800)).decode()}, alt="a large grey picture"),
        prose("after the picture " * 40),
        shown(
            {"image/svg+xml": '<svg viewBox="0 0 500 2000"><rect width="500" height="2000"/></svg>'},
            alt="tall",
        ),
    ]
    return new_notebook(cells=cells)
