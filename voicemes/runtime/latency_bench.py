"""`bench latency`: how long a sentence takes from text to parse, by route, and the memory of everything loaded.

With recordings, each stage from the microphone to the loudspeaker: stage_bench.py.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from typing import Any

from voicemes.config import Settings
from voicemes.intents import Catalog
from voicemes.model import SPEECH, Live, NotUnderstood, Scope, Transcript
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher
from voicemes.runtime.clips import Clip
from voicemes.runtime.nlu_bench import spread
from voicemes.runtime.reader import Reader, build_reader
from voicemes.runtime.stage_bench import bench_stages
from voicemes.runtime.wiring import build_detector, build_matcher, build_recognizer, build_speech, context_of

Times = dict[str, list[float]]
"""Route -> seconds of each sentence."""


def bench_latency(
    settings: Settings, sentences: Sequence[str], live: Live | None = None, clips: Sequence[Clip] = ()
) -> dict[str, Any]:
    """The object that `bench latency --json` prints. Without sentences the catalogue's own examples are taken. With
    `live` the station hears what its operator may say, as in a session. `clips` are recordings to hear and to answer.
    """
    matcher, reader = build_matcher(settings), build_reader(settings, context_of(settings))
    catalog = matcher.catalog
    if live is not None:
        station = settings.station
        matcher = matcher.with_live(live).heard_by(live.roles.get(station.operator) or (station.role,))
    _load_the_rest(settings, matcher)
    texts = list(sentences) or list(_examples(catalog))
    _times(reader, matcher, texts[:1])  # what is prepared once is nobody's time
    times = _times(reader, matcher, texts)
    heard = bench_stages(settings, matcher, reader, clips)
    reader.close()
    return {
        "sentences": len(texts),
        "routes": {route: {"n": len(taken_s), **spread(taken_s)} for route, taken_s in times.items() if taken_s},
        "memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "lacks": reader.lacks,
        **heard,
    }


def _times(reader: Reader, matcher: Matcher, texts: Sequence[str]) -> Times:
    """The language model is asked about every sentence, after the templates were tried: so is its route."""
    times: Times = {"grammar": [], "fuzzy": [], "clarify": [], "llm": []}
    for text in texts:
        transcript = Transcript(text, "keyboard")
        started_s = time.perf_counter()
        parse = reader.first(transcript, Scope(), matcher)
        first_s = time.perf_counter() - started_s
        for one in candidates_of(parse)[:1]:
            times[one.route].append(first_s)
        if reader.completer is not None:
            started_s = time.perf_counter()
            reader.second(NotUnderstood("out_of_grammar", transcript), matcher)
            times["llm"].append(first_s + time.perf_counter() - started_s)
    return times


def _load_the_rest(settings: Settings, matcher: Matcher) -> None:
    """Everything else that a session has in memory: recogniser with its grammar, voice detector, voice."""
    recognizer = build_recognizer(settings)
    recognizer.begin(matcher.graph(Scope()))
    recognizer.feed(bytes(SPEECH.bytes_per_second))
    recognizer.finish()
    detector = build_detector(settings)
    detector.probability(bytes(detector.window_samples * SPEECH.width_bytes))
    synthesizer, voice = build_speech(settings)
    for _ in synthesizer.speak("ready", voice):
        pass


def _examples(catalog: Catalog) -> Iterator[str]:
    for intent in catalog.intents.values():
        yield from (example.say for example in intent.examples)
