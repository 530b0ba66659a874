"""Grammar search with the en-us model that comes inside pocketsphinx's wheel.

The words of the dialogue state are a graph (nlu/grammar.py); only its sentences can come out. All that was said is
decoded in a pause, which is what an endpoint waits for anyway: only then are the level, the channel, the noise and the
size of the speaker known.

Model and dictionary are the library's, the search is not (senones.py, network.py, viterbi.py). The library's walks
through all states of the graph times 42 phones in every frame, and adds only the four best Gaussians of each phone. Of
120 human orders in a kitchen at 6 / 9 / 12 dB, and of 124 fixtures at 9 dB, 93 / 109 / 108 and 109 are right with one
size of speaker instead of 86 / 104 / 106 and 104; and the whole catalogue takes half of the time.

How well the words were really heard is in the same decode: the distance of each frame to the best of all senones. See
shared/voice.md and trust.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.gaussians import Mixture, read_mixture
from voicemes.engines.asr.known_voices import KnownVoices
from voicemes.engines.asr.levels import range_db
from voicemes.engines.asr.lexicon import Vocabulary, read_dictionary, read_lexicon
from voicemes.engines.asr.search import GrammarSearch
from voicemes.engines.asr.senones import read_model
from voicemes.engines.asr.trust import confidence, is_other_speech, is_quiet, mean_deficit, with_others
from voicemes.engines.asr.usual import Usual
from voicemes.engines.asr.warp import fitting_cepstra
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.model import SPEECH, Transcript
from voicemes.ports import Hypothesis, RecognizerTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.known_voices import BentModel
    from voicemes.engines.asr.search import Compiled, Decoded
    from voicemes.engines.asr.senones import AcousticModel
    from voicemes.model import WordGraph
    from voicemes.ports import EngineContext

LEAST_SAMPLES = 1_600
"""100 ms: with less there is nothing to decode."""
NAME = "pocketsphinx"
MAX_BYTES = 30 * SPEECH.bytes_per_second
"""Sound kept of one utterance; the endpoint closes after 12 s, so more is a mistake of the caller and is not heard."""
MODEL, DICTIONARY = "en-us/en-us", "en-us/cmudict-en-us.dict"
CLEAR = 0.955
"""Otherwise the speaker may be of another size than the sound says: the next likely sizes are tried as well, and what
fits best counts. Of 268 fixtures, clean and at 15 dB, 261 and 254 are right with 1.7 sizes each, 260 and 253 with all
four; of 120 human orders at 6 dB 96 with 1.5, 95 with four."""
LOST = 0.0075
"""No other size is tried where two heard words with less confidence than this: of 120 wake words in the catalogue of
the plant, each costs 2.4 decodes instead of 4, and nothing that was right is lost."""
ENOUGH = 0.8
"""No other size is tried either where two heard the same and one of them is so sure."""
PAUSE_S = 0.12
"""Shorter than any silence that an endpoint waits for, so that most is decided when it closes. After 0.2 s an answer of
eight headsets on two cores was 0.08 s later; what is decoded in vain, in a stop inside a sentence, is 7 % more."""
NOTHING_YET = Hypothesis("", is_complete=False)
INSTALL = "Install it with: pip install pocketsphinx==5.1.1"


@dataclass(frozen=True, slots=True)
class Options:
    phonemes: Callable[[str], str] | None = None
    """How a word is said, in espeak-ng's mnemonics: for words that no lexicon has. None guesses from the letters."""


def create(options: Options, context: EngineContext) -> PocketsphinxRecognizer:
    """Loads model and lexicons, in about 0.5 s. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    search, speech = open_search(options, context)
    return PocketsphinxRecognizer(search, speech, context.voices_dir)


def open_search(options: Options, context: EngineContext) -> tuple[GrammarSearch, Mixture]:
    """A search that can say nothing yet, and what speech sounds like. Raises as `create`."""
    vocabulary = open_vocabulary(context, options.phonemes)
    # The matrices are small: with two threads that wait for each other the front end takes 2 to 10 times as long.
    threadpool_limits(limits=1, user_api="blas")
    folder = model_file(MODEL)
    return GrammarSearch(read_model(folder), vocabulary), read_mixture(folder)


def model_file(name: str) -> Path:
    """Something that the wheel brings along. Raises EngineMissing."""
    try:
        from pocketsphinx import get_model_path
    except ImportError as exc:
        raise EngineMissing(NAME, install=INSTALL) from exc
    return Path(get_model_path(name))


def open_vocabulary(context: EngineContext, phonemes: Callable[[str], str] | None = None) -> Vocabulary:
    """How words are said. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    dictionary = read_dictionary(model_file(DICTIONARY))
    return Vocabulary(read_lexicon(context.lexicon_files), dictionary, phonemes)


class PocketsphinxRecognizer:
    """A StreamingRecognizer: it hears all along, and decodes where nobody speaks."""

    def __init__(self, search: GrammarSearch, speech: Mixture, voices_dir: Path | None = None) -> None:
        self._search, self._speech = search, speech
        self._voices = KnownVoices(voices_dir, search.model)
        self._own: BentModel | None = None
        """Of who speaks, where they enrolled."""
        self._usual = Usual()
        self._usuals: dict[str, Usual] = {}
        """Speaker -> what is usual of the voice. As many as wear this headset."""
        self._current: Compiled | None = None
        self._pcm = bytearray()
        self._quiet_bytes: int | None = None
        """Since the last speech; None before the first."""
        self._decided: Transcript | None = None
        """What was said before the pause that goes on."""
        self._guess = NOTHING_YET

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits(name=NAME, streams=True, follows_grammar=True)

    def begin(self, graph: WordGraph, speaker: str = "") -> None:
        """Starts an utterance. The first time for a graph takes up to 0.5 s, later none. Raises EngineFailed."""
        self._current = self._decided = None
        self._pcm, self._quiet_bytes, self._guess = bytearray(), None, NOTHING_YET
        self._own = self._voices.of(speaker)
        self._usual = self._usuals.get(speaker, Usual())
        self._current = self._search.choose(graph)

    def feed(self, pcm: bytes, *, is_speech: bool = True) -> Hypothesis:
        compiled = self._begun()
        self._pcm += pcm[: max(MAX_BYTES - len(self._pcm), 0)]
        if is_speech:
            self._quiet_bytes, self._decided = 0, None
            return replace(self._guess, is_complete=False)
        if self._quiet_bytes is None:
            return self._guess
        self._quiet_bytes += len(pcm)
        if self._decided is None and self._quiet_bytes >= PAUSE_S * SPEECH.bytes_per_second:
            self._decided = self._decide(compiled)
            self._guess = compiled.hypothesis(self._decided.text)
        return self._guess

    def finish(self) -> Transcript:
        compiled = self._begun()
        self._current = None
        return self._usual.judged(self._decided or self._decide(compiled))

    def learn(self, heard: Transcript, speaker: str) -> None:
        if speaker:
            self._usuals.setdefault(speaker, Usual()).learn(heard)

    def _decide(self, compiled: Compiled) -> Transcript:
        """What all the sound so far says: the voice that is expected, then every size of speaker, until one fits."""
        samples = to_samples(bytes(self._pcm))
        offset, spoken = spoken_part(samples)
        if len(spoken) < LEAST_SAMPLES or compiled.network is None:
            return Transcript("", NAME, confidence=0.0, is_complete=False)
        distance_db = range_db(samples)
        tried: list[tuple[Transcript, Decoded]] = []
        sized = fitting_cepstra(whole(spoken), self._speech, is_quiet=is_quiet(distance_db))
        for cepstra, model in self._tries(sized):
            tried.append(self._decode(compiled, cepstra, model, offset / SPEECH.rate_hz, distance_db))
            if tried[-1][0].confidence >= CLEAR:
                return self._with_rivals(compiled, *tried[-1])
            if is_settled([one for one, _ in tried]):
                break
        best = most_fitting([one for one, _ in tried])
        return self._with_rivals(compiled, best, next(decoded for one, decoded in tried if one.words is best.words))

    def _with_rivals(self, compiled: Compiled, heard: Transcript, decoded: Decoded) -> Transcript:
        """Where nobody can have meant it, nobody asks what else it was."""
        if heard.confidence < LOST:
            return heard
        return replace(heard, words=self._search.with_rivals(compiled, decoded))

    def _tries(self, sized: Iterable[tuple[float, Array]]) -> Iterator[tuple[Array, AcousticModel | None]]:
        if self._own is not None:
            sized = list(sized)
            yield dict(sized)[self._own.size], self._own.model
        for _, cepstra in sized:
            yield cepstra, None

    def _decode(
        self,
        compiled: Compiled,
        cepstra: Array,
        model: AcousticModel | None,
        offset_s: float,
        distance_db: float | None,
    ) -> tuple[Transcript, Decoded]:
        decoded = self._search.decode(compiled, cepstra, offset_s, is_quiet=is_quiet(distance_db), model=model)
        heard = transcript_of(compiled, decoded, distance_db)
        if is_other_speech(decoded.fillers, distance_db):
            heard = replace(heard, confidence=0.0)
        return heard, decoded

    def _begun(self) -> Compiled:
        if self._current is None:
            raise EngineFailed("pocketsphinx was given sound before an utterance was begun.")
        return self._current


def is_settled(heard: Sequence[Transcript]) -> bool:
    """Whether no other size is worth its time: two heard the same well, or neither heard anything that was meant."""
    if len(heard) < 2:
        return False
    best = max(heard, key=lambda one: one.confidence)
    return best.confidence < LOST or (best.confidence >= ENOUGH and best.text == heard[0].text == heard[1].text)


def most_fitting(heard: Sequence[Transcript]) -> Transcript:
    """Of the same sound decoded for several sizes of speaker; surer where the others heard the same."""
    best = max(heard, key=lambda one: (one.is_complete, one.confidence))
    others = [one.text for one in heard if one is not best]
    return replace(best, confidence=with_others(best.confidence, best.text, others))


def transcript_of(compiled: Compiled, decoded: Decoded, distance_db: float | None) -> Transcript:
    words = decoded.words
    text = " ".join(word.text for word in words)
    return Transcript(
        text=text,
        engine=NAME,
        words=words,
        confidence=confidence(words, decoded.ground),
        is_complete=compiled.hypothesis(text).is_complete,
        deficit=mean_deficit(words),
        range_db=distance_db,
    )
