"""What a live kernel is asked: another window or channel, a larger k, a house of one's own.

Every answer stands under a key and there are few enough to compute them all beforehand. What comes out under another
window is an exploration: the verdict is that of the method.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pandas as pd

from ambassador_net.amplification.cross import cross_shares
from ambassador_net.amplification.sensitivity import with_other_windows
from ambassador_net.amplification.tested import run_tests
from ambassador_net.amplification.verdict import Verdict, judge
from ambassador_net.amplification.weights import houses, observed_on_both_sides
from ambassador_net.app.band import drawn, of_study, told
from ambassador_net.app.choices import ALL_CHANNELS, KS, METHOD_TAU_H, TAUS_H, keys
from ambassador_net.nulls import generator
from ambassador_net.power.own_house import KAPPAS, PEOPLE, WEEKS, own_houses
from ambassador_net.privacy import in_window
from ambassador_net.reduction import Dyads, dyads
from ambassador_net.study import Study
from ambassador_net.words import LANGUAGES, number, say

if TYPE_CHECKING:
    from ambassador_net.amplification import Amplification, Returns

Json: TypeAlias = dict[str, Any]

_PERMUTATIONS = 2000
_ANSWERS = ("supported", "not_supported", "cannot_tell")
# of many worlds together, it is not known which side
_ONE_SIDE_OPEN = "one side returns, the other is open"


class WhatIf(Mapping[str, Json]):
    """The answers by key (:func:`ambassador_net.app.choices.keys`); each is computed when it is first looked up.

    Parameters
    ----------
    study
        The study.
    tango
        Its result.
    seed
        Seed of the tests on single channels.
    """

    def __init__(self, study: Study, tango: "Amplification", *, seed: int) -> None:
        self._study = study
        self._tango = tango
        self._seed = seed
        self._known: dict[str, Json] = {}
        self._tested: dict[str, tuple[Returns, Returns, Mapping[int, Verdict], bool]] = {}

    @cached_property
    def choices(self) -> dict[str, list[Any]]:
        """What may be asked: values by name, the first or the method's holding at first."""
        people = int(self._tango.study["people"])
        return {
            "tau_h": list(TAUS_H),
            "channel": [ALL_CHANNELS, *self._channels],
            "k": [self._tango.k, *(k for k in KS if self._tango.k < k <= people)],
            "people": list(PEOPLE),
            "weeks": list(WEEKS),
            # whole numbers: 0.0 comes back from a browser as 0
            "returns": [round(100 * kappa) for kappa in KAPPAS],
        }

    def shown(self) -> Json:
        """Give the choices as the browser shows them: by name ``values``, ``holds`` and ``texts`` by language."""
        holds = {"tau_h": METHOD_TAU_H, "people": PEOPLE[len(PEOPLE) // 2], "weeks": WEEKS[1], "returns": 5}
        return {
            name: {
                "values": values,
                "holds": holds.get(name, values[0]),
                "texts": {language: [_choice(name, value, language) for value in values] for language in LANGUAGES},
            }
            for name, values in self.choices.items()
        }

    def __iter__(self) -> Iterator[str]:
        names = self.choices
        asked = (dict(zip(names, values, strict=True)) for values in product(*names.values()))
        return iter({key: None for one in asked for key in keys(one).values()})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, key: str) -> Json:
        if key not in self._known:
            part, *values = key.split(" ")
            if part == "tests":
                found = self._tests(int(values[0]), " ".join(values[1:-1]), int(values[-1]))
            elif part == "houses":
                found = self._houses(int(values[0]))
            else:
                found = _power(int(values[0]), int(values[1]), int(values[2]))
            self._known[key] = found
        return self._known[key]

    @cached_property
    def _dyads(self) -> Dyads:
        return dyads(self._study)

    @cached_property
    def _channels(self) -> dict[str, int]:
        """The channels that may be looked at alone, with the size of the smaller group: those in it or the others."""
        accounts = self._study.accounts
        platforms = sorted(accounts["platform"].dropna().unique())
        people = set(in_window(self._study, self._study.affiliations)["holder_id"])
        found = {}
        for platform in platforms if len(platforms) > 1 else ():
            own = accounts[(accounts["platform"] == platform) & (accounts["role"] == "employee")]
            inside = len(people & set(own["holder_id"]))
            # both channels together less this one is the other one: whoever is missing here is a group too
            smaller = min(n for n in (inside, len(people) - inside) if n) if people else 0
            if inside and (smaller >= self._tango.k or self._study.shows_persons):
                found[str(platform)] = smaller
        return found

    def _tests(self, tau_h: int, channel: str, k: int) -> Json:
        if channel and self._channels[channel] < k and not self._study.shows_persons:
            texts = {language: {"too_few": say("what_if.too_few", language, k=k)} for language in LANGUAGES}
            return {"answer": None, "band": None, "texts": texts}
        organisation, person, verdicts, observed = self._tested_on(channel)
        verdict = verdicts[tau_h]
        sides = {
            side: of_study(found, observed=observed, window=f"h{tau_h}")
            for side, found in (("person", person), ("organisation", organisation))
        }
        as_planned = tau_h == METHOD_TAU_H and not channel
        return {
            "answer": verdict.answer,
            "band": drawn(sides),
            "texts": {
                language: {
                    "sides": told(sides, language),
                    "says": say(f"verdict.{verdict.answer}", language),
                    "why": verdict.why(language),
                    "label": say("what_if.as_planned" if as_planned else "what_if.exploration", language),
                }
                for language in LANGUAGES
            },
        }

    def _tested_on(self, channel: str) -> "tuple[Returns, Returns, Mapping[int, Verdict], bool]":
        if channel not in self._tested:
            tango = self._tango
            if channel:
                study = _on_channel(self._study, channel)
                counted = dyads(study)
                of = run_tests(study, counted, rng=generator(self._seed), permutations=_PERMUTATIONS)
                sides = (of.organisation_returns, of.person_returns)
                order, seen, pairs, cross = of.order_check, of.coverage, of.same_pairs, of.cross
            else:
                counted, cross = self._dyads, cross_shares(self._dyads)
                sides, order, seen = (
                    (tango.organisation_returns, tango.person_returns),
                    tango.order_check,
                    tango.coverage,
                )
                pairs = tango.same_pairs
            verdicts = {}
            for tau_h in TAUS_H:
                organisation, person = (with_other_windows(side, {"h48": f"h{tau_h}"}) for side in sides)
                verdicts[tau_h] = judge(organisation, person, order, seen, cross.days, pairs)
            observed = bool(len(observed_on_both_sides(counted.pairs)))
            self._tested[channel] = (*sides, verdicts, observed)
        return self._tested[channel]

    def _houses(self, k: int) -> Json:
        cross = cross_shares(self._dyads)
        table = houses(self._study, self._dyads, cross, k=k)
        rows = cast("list[dict[str, Any]]", table.to_dict("records"))
        named = table["organisation"].notna()
        alone, together = int(named.sum()), int(table.loc[~named, "joined"].sum())
        return {
            "texts": {
                language: {
                    "said": say("what_if.houses", language, alone=alone, together=together, k=k),
                    "rows": [_house(row, language) for row in rows],
                }
                for language in LANGUAGES
            }
        }


def _on_channel(study: Study, channel: str) -> Study:
    accounts = study.accounts[study.accounts["platform"] == channel]
    own = accounts["account_id"]
    shares = study.shares[study.shares["sharer_id"].isin(own) & study.shares["source_id"].isin(own)]
    posts = study.posts[study.posts["author_id"].isin(own)]
    return replace(study, accounts=accounts, shares=shares.reset_index(drop=True), posts=posts.reset_index(drop=True))


def _house(row: Mapping[str, Any], language: str) -> list[str]:
    name = (
        say("demo.other_houses", language, joined=int(row["joined"]))
        if pd.isna(row["organisation"])
        else str(row["organisation"])
    )
    mutual, both = row["mutual"], int(row["both_sides_observed"])
    pairs = (
        say("demo.not_observed", language) if pd.isna(mutual) else say("what_if.of", language, n=int(mutual), of=both)
    )
    return [name, number(int(row["people"]), language), pairs]


def _power(people: int, weeks: int, returns: int) -> Json:
    (found,) = [
        row
        for (of_people, of_weeks, kappa), row in own_houses().items()
        if (of_people, of_weeks, round(100 * kappa)) == (people, weeks, returns)
    ]
    parts = {answer: getattr(found, answer) for answer in _ANSWERS}
    why = found.mostly_because

    def texts(language: str) -> Json:
        said = {answer: f"{number(100 * part, language, digits=0)} %" for answer, part in parts.items()}
        because = None
        if why is not None:
            one_open = why == _ONE_SIDE_OPEN
            reason = (
                say("what_if.one_side_open", language) if one_open else Verdict("cannot_tell", (why,)).why(language)
            )
            because = say("what_if.mostly_because", language, why=reason)
        likely = max(parts, key=parts.__getitem__)
        return {
            "parts": said,
            "names": {answer: say(f"verdict.{answer}", language) for answer in _ANSWERS},
            "because": because,
            "said": say("what_if.own_house", language, percent=said[likely], answer=say(f"verdict.{likely}", language)),
        }

    return {
        "parts": {answer: round(100 * part, 1) for answer, part in parts.items()},
        "texts": {language: texts(language) for language in LANGUAGES},
    }


def _choice(name: str, value: int | str, language: str) -> str:
    if name == "channel":
        return str(value) or say("what_if.all_channels", language)
    return say(f"what_if.choice_{name}", language, n=value)
