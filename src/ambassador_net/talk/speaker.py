"""The speaker's window in the speaker's language: reveal.js's own is English whatever the deck speaks."""

import re
from functools import cache
from importlib import resources

from ambassador_net.errors import TalkError
from ambassador_net.words import Language, say

# what the vendored script says, by the word that takes its place; each stands in it exactly once
_SAID = {
    "speaker_loading": ">Loading speaker view...<",
    "speaker_upcoming": ">Upcoming<",
    "speaker_time": ">Time <",
    "speaker_reset": ">Click to Reset<",
    "speaker_pacing": ">Pacing – Time to finish current slide<",
    "speaker_notes": ">Notes<",
    "speaker_default": "'Default'",
    "speaker_wide": "'Wide'",
    "speaker_tall": "'Tall'",
    "speaker_notes_only": "'Notes only'",
    "speaker_layout": "'Layout'",
    "speaker_error": "'Error connecting to main window.<br>Please try closing and reopening the speaker view.'",
    "speaker_popup": "`Speaker view popup failed to open. Please make sure popups are allowed and reopen the speaker "
    "view.`",
}
_CLOCK = "toLocaleTimeString( 'en-US', { hour12: true, hour: '2-digit', minute:'2-digit' } )"


@cache
def notes_plugin(language: Language) -> str:
    """Give reveal.js's notes plugin with its words in a language, its clock as the language writes it.

    Parameters
    ----------
    language
        Of the deck.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    TalkError
        If the vendored plugin says something else than what is known here.
    """
    script = (resources.files("ambassador_net.talk") / "static" / "plugin" / "notes.js").read_text("utf-8")
    for word, said in _SAID.items():
        text = say(f"deck.{word}", language)
        if script.count(said) != 1 or re.search(r"[\\`'<>$]", text):
            raise TalkError(
                f"the vendored reveal.js does not say {said!r} once; compare talk/speaker.py with its notes.js"
            )
        script = script.replace(said, f"{said[0]}{text}{said[-1]}")
    if script.count(_CLOCK) != 1:
        raise TalkError("the clock of the vendored reveal.js was not found; compare talk/speaker.py with its notes.js")
    return script.replace(_CLOCK, f"toLocaleTimeString( '{language}', {{ hour: '2-digit', minute:'2-digit' }} )")


def speaker_script(plugin: str) -> str:
    """Give the script of the speaker's window, which inherits the policy of the deck.

    Parameters
    ----------
    plugin
        From :func:`notes_plugin`.

    Returns
    -------
    str
        JavaScript, as the window runs it.

    Raises
    ------
    TalkError
        If there is none.
    """
    found = re.search(r"<script>(.*?)<\\/script>", plugin, re.DOTALL)
    if found is None:
        raise TalkError("the speaker view of the vendored reveal.js was not recognised; run scripts/vendor.py")
    # it stands in a template literal, where a backslash is written twice
    return found[1].replace("\\\\", "\\")
