"""What may stand on a slide: elements, attributes, address schemes and style properties, by name.

Everything else is left out. The lists name what prose, tables, figures and formulas need; whatever starts a
script, fetches something, lies over the slide or means something to reveal.js (``section``, ``data-*``) is not
on them.
"""

import re


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


HTML = _names(
    "a abbr address article aside b bdi bdo big blockquote br button caption center cite code col colgroup dd del "
    "details dfn div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd "
    "label legend li mark meter ol optgroup option output p pre progress q rp rt ruby s samp select small span strike "
    "strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)

SVG = _names(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath title desc "
    "linearGradient radialGradient stop clipPath mask pattern marker image switch a filter feBlend feColorMatrix "
    "feComponentTransfer feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge "
    "feMergeNode feMorphology feOffset feTile feTurbulence feDiffuseLighting feSpecularLighting feDistantLight "
    "fePointLight feSpotLight feConvolveMatrix feDisplacementMap"
)

EMPTY = _names("br col hr img input wbr")
"""Elements without an end."""

WITH_CONTENT = _names(
    "script style noscript template iframe object embed applet frameset noframes noembed xmp plaintext textarea video "
    "audio canvas metadata head math"
)
"""Elements that leave nothing of themselves, not even their text."""

_EVERYWHERE = "class id title lang dir style role hidden tabindex"

_HTML_ATTRIBUTES = (
    "align valign width height border cellpadding cellspacing bgcolor color face size span colspan rowspan headers "
    "scope abbr href hreflang src alt start reversed value type checked disabled selected multiple min max step low "
    "high optimum placeholder for open datetime cite label"
)

_SVG_ATTRIBUTES = (
    "xmlns viewBox preserveAspectRatio version focusable x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy fr d points "
    "pathLength width height transform gradientTransform gradientUnits patternTransform patternUnits "
    "patternContentUnits spreadMethod offset clipPathUnits maskUnits maskContentUnits markerUnits markerWidth "
    "markerHeight refX refY orient rotate textLength lengthAdjust startOffset method spacing href xlink:href "
    "filterUnits primitiveUnits in in2 result stdDeviation mode operator k1 k2 k3 k4 values tableValues slope "
    "intercept amplitude exponent scale order kernelMatrix divisor bias surfaceScale specularConstant "
    "specularExponent diffuseConstant azimuth elevation limitingConeAngle pointsAtX pointsAtY pointsAtZ z radius "
    "baseFrequency numOctaves seed stitchTiles xChannelSelector yChannelSelector"
)

_PRESENTATION = _names(
    "alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters "
    "direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity font-family "
    "font-size font-stretch font-style font-variant font-weight letter-spacing lighting-color marker-end marker-mid "
    "marker-start mask opacity overflow paint-order shape-rendering stop-color stop-opacity stroke stroke-dasharray "
    "stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor "
    "text-decoration text-rendering transform-origin unicode-bidi vector-effect visibility word-spacing "
    "writing-mode"
)

ATTRIBUTES = _names(_EVERYWHERE, _HTML_ATTRIBUTES, _SVG_ATTRIBUTES) | _PRESENTATION
"""Attributes of any element, besides ``aria-*``."""

PROPERTIES = _PRESENTATION | _names(
    "background background-color background-image background-position background-repeat background-size border "
    "border-block border-inline border-collapse border-color border-radius border-spacing border-style border-width "
    "bottom box-sizing caption-side column-count column-gap columns flex flex-basis flex-direction flex-flow "
    "flex-grow flex-shrink flex-wrap align-content align-items align-self justify-content justify-items justify-self "
    "order gap row-gap grid-area grid-auto-columns grid-auto-flow grid-auto-rows grid-column grid-row grid-template "
    "grid-template-areas grid-template-columns grid-template-rows float clear font font-feature-settings "
    "font-variant-numeric height width max-height max-width min-height min-width line-height list-style "
    "list-style-position list-style-type margin object-fit object-position overflow-wrap overflow-x overflow-y padding "
    "table-layout text-align text-indent text-overflow text-transform text-wrap transform vertical-align white-space "
    "word-break word-wrap hyphens empty-cells text-align-last text-decoration-color text-decoration-line "
    "text-decoration-style tab-size"
)
"""Style properties; those that end in a side or a corner go by what stands before it."""

_SIDES = re.compile(
    r"(?<=-)(?:block|inline|top|right|bottom|left|start|end)(?:-(?:start|end|left|right))?-?(?=(?:color|style|width|radius)$|$)"
)

FUNCTIONS = _names(
    "rgb rgba hsl hsla hwb lab lch oklab oklch color-mix var calc min max clamp translate translatex translatey scale "
    "scalex scaley rotate skew skewx skewy matrix linear-gradient radial-gradient conic-gradient repeat minmax "
    "fit-content drop-shadow blur brightness contrast grayscale opacity"
)
"""Functions in the value of a style; ``url()`` is looked at by itself."""

LINKS = ("http", "https", "mailto")
"""Where a link may lead, besides a place in the deck or a file beside it."""


def property_allowed(name: str) -> bool:
    """Tell whether a style property may be set.

    Parameters
    ----------
    name
        The property in lower case.

    Returns
    -------
    bool
        Whether it may.

    Examples
    --------
    >>> [property_allowed(name) for name in ("color", "border-top-width", "margin-inline-start", "position")]
    [True, True, True, False]
    """
    return name in PROPERTIES or _SIDES.sub("", name).strip("-") in PROPERTIES
