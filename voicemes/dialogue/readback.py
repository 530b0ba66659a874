"""What is read back before it is written, and how: clearer each time that it was refused."""

from __future__ import annotations

from collections.abc import Mapping

from voicemes.dialogue.policy import MAX_REFUSALS
from voicemes.dialogue.state import Pending, Rules
from voicemes.intents import Intent
from voicemes.model import Clarity, Reply, SlotData

CLARITY: tuple[Clarity, ...] = ("natural", "digits", "letters")
"""After none, one and two refusals; after MAX_REFUSALS only the screen is clear enough, and only its keys count."""
CHECKED = ("job", "lot", "serial", "request", "alert", "container")
"""Slot types whose last digits a person can be asked for."""
N_CHECK_DIGITS = 2


def read_back(pending: Pending) -> Reply:
    """With what is known of what it names, as `<slot>_<fact>`: nobody approves a number."""
    known = {f"{slot}_{fact}": value for slot, facts in pending.seen.items() for fact, value in facts.items()}
    clarity = CLARITY[min(pending.refusals, len(CLARITY) - 1)]
    return Reply(f"{pending.intent}/confirm", {**known, **pending.values}, clarity)


def known_of(intent: Intent, pending: Pending, rules: Rules) -> dict[str, Mapping[str, SlotData]]:
    """What is known now of the things that must not change before the yes."""
    steady = [spec for spec in intent.slots.values() if spec.is_steady and spec.name in pending.slots]
    facts = {spec.name: rules.live.facts_of(spec.type, str(pending.slots[spec.name].value)) for spec in steady}
    return {name: known for name, known in facts.items() if known}


def needs_screen(pending: Pending) -> bool:
    """Whether it was misheard so often that no voice may confirm it any more."""
    return pending.refusals >= MAX_REFUSALS


def check_of(intent: Intent, pending: Pending, station_digits: str) -> tuple[str, str]:
    """The digits that must be said before it is done, and what they are of: "station", or a slot type.

    Those of the station, where it has some; else the last ones of what it is about. Nothing where there are none.
    """
    if station_digits:
        return station_digits, "station"
    for spec in intent.slots.values():
        if spec.type in CHECKED and spec.name in pending.slots:
            digits = digits_in(pending.slots[spec.name].value)
            if digits:
                return digits[-N_CHECK_DIGITS:], spec.type
    return "", ""


def digits_in(value: SlotData) -> str:
    return "".join(sign for sign in str(value) if sign.isdigit())
