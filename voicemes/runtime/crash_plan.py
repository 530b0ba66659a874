"""What each life of `bench crash` says, and when it is killed: drawn from the seed alone.

The moments lie where something is at stake: within the first fractions of a millisecond after the yes, in the commit,
while the request is on its way, between the answer and what the operator hears of it, and at any time at all.
"""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, TypeAlias

PLANT = "the plant of the bench"
"""Both of its addresses are one MES."""
Mark: TypeAlias = Literal["born", "yes", "submitted", "answered", "heard", "delivered"]
"""Lines that a life writes as it goes on (see crash_life.py), from which its end is counted."""
Answer: TypeAlias = Literal["yes", "no", "silence"]
Weather: TypeAlias = Literal["faulty", "fair", "cut_off"]
"""How the MES is in all of that life: it fails a share of the requests; it is well, so that what has waited arrives; or
it is not there, and everything is saved and waits."""

MARKS: dict[Mark, int] = {"born": 18, "yes": 24, "submitted": 30, "answered": 14, "heard": 6, "delivered": 8}
"""How often each."""
ORDERS = ("4711", "4712", "4713", "4714", "4715", "4801", "4802", "10233")
"""On which the plant takes reports, once the bench has prepared it."""
WAITING_ORDER = "4803"
"""It has not begun: the plant refuses reports on it."""
DEFECTS = ("cold joint", "scratch", "void", "crack", "dent")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RECORDINGS = ("scrap-two-bridge", "report-five-cold", "twelve-missing", "on-order-one")
VOICES = ("kal", "rms")
"""They have a yes and a no, too."""

MOST_TALKS = 5
HURRY, HURRY_BY_EAR = 20.0, 2.0
"""How much faster the clock runs: the session waits two seconds of it before it tells news, and twenty to ask again."""
LIMIT_S, LIMIT_BY_EAR_S = 0.9, 2.5
"""Longest life, should its mark not come."""
SOON_S, LATE_S = 0.000_05, 0.04
"""From the mark to the kill; the shorter, the likelier, in each power of ten the same."""
SECOND = 0.3
"""How often it is the second such mark."""
BY_EAR = 0.1
"""Share of the lives."""
NO_BY_EAR = 0.15
ANSWERS: dict[Answer, int] = {"yes": 80, "no": 14, "silence": 6}
WEATHER: dict[Weather, int] = {"faulty": 64, "fair": 18, "cut_off": 18}
"""How often each."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One sentence, and the answer to its read-back."""

    say: str = ""
    recording: str = ""
    """Under audio_fixtures; it is heard, and so is its answer."""
    answer: Answer = "yes"
    answer_recording: str = ""
    is_consent: bool = False
    """Own work is done at once: to say it is to confirm it."""
    pause_s: float = 0.0
    """Afterwards nothing is said for so long."""


@dataclass(frozen=True, slots=True)
class Death:
    mark: Mark
    nth: int
    after_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    talks: tuple[Talk, ...] = ()
    death: Death | None = None
    """None: it ends when everything is delivered and told."""
    hurry: float = HURRY
    weather: Weather = "faulty"

    @property
    def is_by_ear(self) -> bool:
        return any(talk.recording for talk in self.talks)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        death = Death(**data["death"]) if data["death"] else None
        return cls(tuple(Talk(**talk) for talk in data["talks"]), death, data["hurry"], data["weather"])


LAST = Plan(hurry=200.0, weather="fair")
"""What is left is delivered and told, as fast as it goes."""


def draw(seed: int, number: int, *, may_hear: bool = True) -> Plan:
    """The life of this number, from 0."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - dice, no secret
    if may_hear and dice.random() < BY_EAR:
        return Plan((_heard(dice),), _death(dice, 1, LIMIT_BY_EAR_S), HURRY_BY_EAR, _weather(dice))
    first = number * MOST_TALKS + 1
    talks = tuple(_typed(dice, first + talk) for talk in range(dice.randint(1, MOST_TALKS)))
    return Plan(talks, _death(dice, len(talks), LIMIT_S), weather=_weather(dice))


def _weather(dice: random.Random) -> Weather:
    return dice.choices(tuple(WEATHER), tuple(WEATHER.values()))[0]


def _typed(dice: random.Random, number: int) -> Talk:
    """`number` is in it, and in nothing else that is ever said: so the plant's events tell which is which."""
    answer = dice.choices(tuple(ANSWERS), tuple(ANSWERS.values()))[0]
    pause_s = dice.expovariate(1 / 0.03)
    order = dice.choice(ORDERS)
    match dice.choices(("count", "scrap", "note", "refused", "read", "undo"), (34, 18, 22, 7, 8, 11))[0]:
        case "count":
            return Talk(f"book {number} good parts on order {order}", answer=answer, pause_s=pause_s)
        case "scrap":
            say = f"report {number} scrap for {dice.choice(DEFECTS)} on order {order}"
            return Talk(say, answer=answer, pause_s=pause_s)
        case "note":
            words = " ".join(DIGITS[int(digit)] for digit in str(number))
            return Talk(f"note that clamp {words} squeaks", answer=answer, is_consent=True, pause_s=pause_s)
        case "refused":
            return Talk(f"book {number} good parts on order {WAITING_ORDER}", answer=answer, pause_s=pause_s)
        case "read":
            return Talk(f"what is the status of order {order}", pause_s=pause_s)
        case _:
            return Talk("undo", pause_s=pause_s)


def _heard(dice: random.Random) -> Talk:
    voice = dice.choice(VOICES)
    answer: Answer = "no" if dice.random() < NO_BY_EAR else "yes"
    said = "affirm" if answer == "yes" else "negative"
    recording = f"scrap.report/{dice.choice(RECORDINGS)}-{voice}.flac"
    return Talk(recording=recording, answer=answer, answer_recording=f"dialogue/{said}-{voice}.flac")


def _death(dice: random.Random, n_talks: int, limit_s: float) -> Death:
    mark = dice.choices(tuple(MARKS), tuple(MARKS.values()))[0]
    if mark == "born":
        return Death(mark, 1, dice.uniform(0.0, limit_s * 0.7), limit_s)
    after_s = SOON_S * math.exp(dice.random() * math.log(LATE_S / SOON_S))
    return Death(mark, 2 if n_talks > 1 and dice.random() < SECOND else 1, after_s, limit_s)
