"""A minute of somebody's speech: which sentences are asked for, how they are heard, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from voicemes.clock import SystemClock
from voicemes.config import Settings
from voicemes.engines.asr.alignment import chain_of
from voicemes.engines.asr.enrolment import Spoken, voice_of
from voicemes.engines.asr.own_voice import save
from voicemes.engines.asr.pocketsphinx import Options, open_search
from voicemes.engines.audio import sounddevice
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import ConfigError
from voicemes.model import Scope
from voicemes.nlu.kit.sampling import samples
from voicemes.nlu.match import Matcher
from voicemes.ports import AudioSource
from voicemes.runtime.clips import read_rows
from voicemes.runtime.hearing import Ears, SpeechOver
from voicemes.runtime.threads import start_thread
from voicemes.runtime.wiring import build_ears, context_of, proposer

N_SENTENCES = 14
"""About a minute with the pauses."""
N_DRAWN, SEED = 400, 1
LEAST_WORDS, MOST_WORDS = 5, 12
LEAST_CONFIDENCE = 0.3
"""That the sentence was read, and nothing else."""
TRIES = 3


def sentences_to_read(matcher: Matcher, sounds_of: Callable[[str], Sequence[str]], n: int = N_SENTENCES) -> list[str]:
    """Sentences of the catalogue; each brings the most pairs of sounds that the ones before did not have."""
    drawn = {one.say for one in samples(matcher, N_DRAWN, SEED) if LEAST_WORDS <= len(one.say.split()) <= MOST_WORDS}
    pairs = {text: _pairs(text, sounds_of) for text in sorted(drawn)}
    chosen: list[str] = []
    known: set[tuple[str, str]] = set()
    while pairs and len(chosen) < n:
        best = max(pairs, key=lambda text: len(pairs[text] - known))
        known |= pairs.pop(best)
        chosen.append(best)
    return chosen


def _pairs(text: str, sounds_of: Callable[[str], Sequence[str]]) -> set[tuple[str, str]]:
    sounds = [sound for word in text.split() for sound in sounds_of(word)]
    return set(pairwise(sounds))


def read_recordings(manifest: Path, matcher: Matcher) -> list[Spoken]:
    """Lines of {"audio": path, "say": sentence in words}. Raises ConfigError and AudioError."""
    found = []
    for row, place in read_rows(manifest):
        said = row.get("say")
        if not isinstance(said, str) or not matcher.tokens(said):
            raise ConfigError('needs "say", what is said in the recording.', file=place)
        found.append(Spoken(matcher.tokens(said), read_speech(manifest.parent / row["audio"])))
    return found


def open_headset(settings: Settings) -> AudioSource:
    """Raises DeviceMissing, and EngineMissing where PortAudio is not installed."""
    options = sounddevice.SourceOptions(settings.audio.input, settings.audio.ring_s)
    surroundings = sounddevice.Surroundings(start_thread, lambda _: None, SystemClock().now_s)
    return sounddevice.create_source(options, context_of(settings), surroundings)


class Prompter:
    """Hears one sentence after another."""

    def __init__(self, source: AudioSource, ears: Ears) -> None:
        self._frames, self._ears = source.frames(), ears

    def hear(self, text: str) -> Spoken | None:
        """The next utterance; None where something else was said. Raises AudioError where the source ends."""
        self._ears.tune(Scope(), chain_of(text.split()))
        over = next(self._overs(), None)
        if over is None or over.transcript.confidence < LEAST_CONFIDENCE:
            return None
        return Spoken(text.split(), over.utterance.pcm)

    def _overs(self) -> Iterator[SpeechOver]:
        for frame in self._frames:
            yield from (sound for sound in self._ears.take(frame) if isinstance(sound, SpeechOver))
        yield from (sound for sound in self._ears.end() if isinstance(sound, SpeechOver))


def read_aloud(
    settings: Settings, source: AudioSource, texts: Sequence[str], show: Callable[[int, str, bool], None]
) -> list[Spoken]:
    """`show` is told which sentence is to be read now, and whether it is for another time. What is not heard in a few
    tries is left out. Raises AudioError and EngineError.
    """
    found = []
    with closing(source):
        prompter = Prompter(source, build_ears(settings))
        for number, text in enumerate(texts):
            for attempt in range(TRIES):
                show(number, text, attempt > 0)
                spoken = prompter.hear(text)
                if spoken is not None:
                    found.append(spoken)
                    break
    return found


def enrol(settings: Settings, speaker: str, spoken: Sequence[Spoken]) -> Path:
    """Keeps what is known of the voice; the recordings themselves are not kept. Raises AudioError."""
    search, speech = open_search(Options(proposer()), context_of(settings))
    return save(settings.voices_dir, speaker, voice_of(spoken, search, speech))
