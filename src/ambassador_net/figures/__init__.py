"""Every picture: drawn from a result, in the house's looks, with its own alt text and caption.

People are warm discs, organisations blue squares, chance a grey band, the rest ink. Figures are inline SVG whose
text stays text and whose colours follow the page's tokens, so a deck, a page and a notebook show the same picture.
"""

from ambassador_net.figures.answers import excess_by_lag, returns, returns_by_house, sensitivity_strip, timeline
from ambassador_net.figures.board import Board, board, verdicts
from ambassador_net.figures.drawing import WIDTH, Figure, Typeface
from ambassador_net.figures.effects import effects
from ambassador_net.figures.headings import (
    answer_heading,
    board_heading,
    both_ways_heading,
    house_heading,
    mixing_heading,
    mutual_heading,
    read_heading,
    ring_heading,
    saying_heading,
)
from ambassador_net.figures.plots import both_ways, house_mixing, pairs_by_state, share_ring
from ambassador_net.figures.telling import (
    Sentence,
    Words,
    cannot_tell,
    source,
    verdict,
    what_was_read,
)

__all__ = [
    "WIDTH",
    "Board",
    "Figure",
    "Sentence",
    "Typeface",
    "Words",
    "answer_heading",
    "board",
    "board_heading",
    "both_ways",
    "both_ways_heading",
    "cannot_tell",
    "effects",
    "excess_by_lag",
    "house_heading",
    "house_mixing",
    "mixing_heading",
    "mutual_heading",
    "pairs_by_state",
    "read_heading",
    "returns",
    "returns_by_house",
    "ring_heading",
    "saying_heading",
    "sensitivity_strip",
    "share_ring",
    "source",
    "timeline",
    "verdict",
    "verdicts",
    "what_was_read",
]
