"""`bench numbers`: job numbers said by synthetic voices, while thousands of orders are open.

With so many, half of all numbers exist: what is misheard is often another order, and only how it was heard tells.
Each number is said in a sentence that writes and in one that asks. What counts: the right order is taken; or the
operator is asked, because the number was not understood, does not exist, or is one of two; or a wrong order is taken.
A wrong order for a write is read back before anything is written, and counts as wrong here all the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from voicemes.endpoint import COMMANDS
from voicemes.engines.audio.resample import from_pcm, resample_pcm
from voicemes.model import SPEECH, Live, Parse, Reference, Scope, Understood
from voicemes.nlu.match import Matcher
from voicemes.numbers import DIGITS, say_cardinal
from voicemes.ports import Synthesizer, Voice
from voicemes.runtime.nlu_bench import spread
from voicemes.runtime.speech_bench import Bench, Samples, mix

LOWEST, HIGHEST = 1_000, 9_999
SPACE = HIGHEST - LOWEST + 1
VOICES = ("en-us", "en-us+m3", "en-us+m7", "en-us+f3", "en-us+f4", "en-gb", "en-gb+m2", "en-gb-scotland")
RATES_WPM = (130, 150, 170)
SENTENCES = ("start order {}", "how many left on order {}")
QUIET_S = 0.3
"""Before a sentence, as the endpointer keeps it."""
PEAK = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    number: str
    text: str
    voice: Voice


@dataclass(slots=True)
class Tally:
    right: int = 0
    asked: int = 0
    wrong: int = 0
    voices: dict[str, list[int]] = field(default_factory=dict)
    """Voice -> said, right, wrong."""
    mistakes: list[dict[str, str]] = field(default_factory=list)
    decisions_s: list[float] = field(default_factory=list)

    def count(self, trial: Trial, parse: Parse, exists: Callable[[str], bool]) -> None:
        taken = _job_of(parse)
        is_right = taken == trial.number
        is_asked = taken is None or not exists(taken)
        self.right, self.asked = self.right + is_right, self.asked + (is_asked and not is_right)
        of_voice = self.voices.setdefault(trial.voice.name, [0, 0, 0])
        of_voice[0], of_voice[1] = of_voice[0] + 1, of_voice[1] + is_right
        if not is_right and not is_asked:
            self.wrong, of_voice[2] = self.wrong + 1, of_voice[2] + 1
        if not is_right:
            said = {"said": trial.text, "voice": trial.voice.name, "heard": parse.transcript.text}
            self.mistakes.append(said | {"was": "asked" if is_asked else "wrong"})

    def to_json(self, n_trials: int) -> dict[str, Any]:
        return {
            "trials": n_trials,
            "right": round(self.right / n_trials, 4),
            "asked": round(self.asked / n_trials, 4),
            "wrong": self.wrong,
            "right_or_asked": round((self.right + self.asked) / n_trials, 4),
            "decision": spread(self.decisions_s),
            "voices": {name: {"n": n, "right": r, "wrong": w} for name, (n, r, w) in sorted(self.voices.items())},
            "mistakes": self.mistakes,
        }


def bench_numbers(
    bench: Bench,
    synthesizer: Synthesizer,
    *,
    n_trials: int,
    n_orders: int,
    seed: int,
    noise: Samples | None = None,
    snr_db: float = 15.0,
    on_progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """The object that `bench numbers --json` prints. Raises EngineError, and AudioError for noise that is empty."""
    rng = random.Random(seed)  # noqa: S311 - draws trials
    orders = [str(number) for number in rng.sample(range(LOWEST, HIGHEST + 1), n_orders)]
    known = set(orders)
    bench = replace(bench, matcher=with_orders(bench, orders))
    bench.warm_up({Scope()})
    places, tally = np.random.default_rng(seed), Tally()
    for number, trial in enumerate(draw(rng, orders, n_trials), start=1):
        samples, after = spoken(synthesizer, trial), np.zeros(int(COMMANDS.extendable_silence_s * SPEECH.rate_hz))
        if noise is not None:
            samples, after = mix(samples, noise, snr_db, places, len(after))
        outcome = bench.hear(samples, Scope(), after)
        tally.count(trial, outcome.parse, known.__contains__)
        tally.decisions_s.append(outcome.decision_s)
        on_progress(number)
    return {"orders": n_orders, **tally.to_json(n_trials)}


def with_orders(bench: Bench, orders: list[str]) -> Matcher:
    live = bench.matcher.live
    references = {**live.references, "job": tuple(Reference(number) for number in orders)}
    return bench.matcher.with_live(Live(references, roles=live.roles))


def draw(rng: random.Random, orders: list[str], n_trials: int) -> Iterator[Trial]:
    for at in range(n_trials):
        number = rng.choice(orders)
        voice = Voice(VOICES[at % len(VOICES)], rng.choice(RATES_WPM))
        yield Trial(number, rng.choice(SENTENCES).format(rng.choice(ways_to_say(number))), voice)


def ways_to_say(number: str) -> list[str]:
    """Digit by digit, and in pairs where no pair begins with a zero."""
    digits = " ".join(DIGITS[int(digit)] for digit in number)
    if number[2] == "0":
        return [digits]
    return [digits, f"{say_cardinal(int(number[:2]))} {say_cardinal(int(number[2:]))}"]


def spoken(synthesizer: Synthesizer, trial: Trial) -> Samples:
    pcm = b"".join(chunk.pcm for chunk in synthesizer.speak(trial.text, trial.voice))
    sound = from_pcm(resample_pcm(pcm, synthesizer.format.rate_hz, SPEECH.rate_hz)).astype(np.float64)
    level = PEAK / max(float(np.abs(sound).max(initial=0.0)), 1e-9)
    return np.concatenate([np.zeros(int(QUIET_S * SPEECH.rate_hz)), sound * level])


def _job_of(parse: Parse) -> str | None:
    """None where the operator is asked, or asked to say it again."""
    if not isinstance(parse, Understood):
        return None
    return next((str(slot.value) for slot in parse.candidate.slots if slot.type == "job"), None)
