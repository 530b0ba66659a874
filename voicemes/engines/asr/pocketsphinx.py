"""Grammar search by pocketsphinx, with the en-us model that comes inside its wheel.

The words of the dialogue state are a graph (nlu/grammar.py); only its sentences can come out. A first search runs while
the operator speaks. In a pause, and at the end, a second one decodes all that was said so far anew, because then the
level, the channel, the noise and the size of the speaker are known (`Options.second_pass`); it has the last word.

How well the words were really heard is in the same decode: a segment's `ascore`, shifted right by 10 bits inside the
library, is the distance of each frame to the best of all senones. See search.py and shared/voice.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from voicemes.engines.asr.conditioning import Conditioner, spoken_part, to_pcm, to_samples, whole
from voicemes.engines.asr.gaussians import Mixture, read_mixture
from voicemes.engines.asr.lexicon import Vocabulary, read_dictionary, read_lexicon
from voicemes.engines.asr.pause import Pause
from voicemes.engines.asr.search import GrammarSearch
from voicemes.engines.asr.trust import confidence, is_other_speech, mean_deficit, with_others
from voicemes.engines.asr.warp import fitting_cepstra
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.model import SPEECH, Transcript
from voicemes.ports import Hypothesis, RecognizerTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.search import Compiled
    from voicemes.model import Word, WordGraph
    from voicemes.ports import EngineContext

BLOCK_SAMPLES = 1_600
"""What the library is given at a time, 100 ms: the result must not depend on the pieces in which sound arrives."""
MAX_UTTERANCE_S = 30.0
"""Sound kept of one utterance; the endpoint closes after 12 s, so more is a mistake of the caller and is not heard."""
BARE: dict[str, Any] = {"lm": None, "dict": None, "bestpath": False, "loglevel": "FATAL"}
"""No language model, no words but those that are added, no lattice."""
SEARCH: dict[str, Any] = {
    "beam": 1e-70,
    "pbeam": 1e-70,
    "wbeam": 1e-54,
    "maxhmmpf": 600,
}
"""Wider than the library's beams (1e-48, 7e-29): a number word enters 45 nats behind (spoken.py) and must not be
pruned. What that costs in noise is bounded by the number of active models. With 3,000 one to three of 266 sentences
more are found, and more are refused: the deficit grows with what it is compared with, and was fitted with 600."""
CLEAR, CLEAR_DEFICIT = 0.815, 3.2
"""Otherwise the speaker may be of another size than the sound says: the next likely sizes are tried as well, and what
fits best counts. Of 120 human orders in a kitchen at 6 / 9 / 12 dB the likeliest size alone has 72.5 / 86.7 / 88.3 %
right, this 78.3 / 90.8 / 91.7 with 2.6, 2.1 and 1.6 sizes each (clean 1.03), all four 78.3 / 90.0 / 93.3; known
afterwards, the best of the four is right in 85.8 / 94.2 / 95.0."""
HASTY = 0.6
"""In noise, what was decided in a pause with less is decided anew at the end: a word that noise covers may have looked
like the pause."""
QUICK: dict[str, Any] = {"maxhmmpf": 300, "ds": 2, "topn": 2}
"""Of the first search, where a second one has the last word: fewer models, sounds scored in every other frame only."""
CHANNEL = "50.3,-12.1,0.6,1.0,-3.3,-1.0,-0.9,-5.1,-3.5,-4.2,0.3,0.5,0.3"
"""Cepstral mean at the start of an utterance: that of conditioned speech, half fixtures, half human orders."""
INSTALL = "Install it with: pip install pocketsphinx==5.1.1"


@dataclass(frozen=True, slots=True)
class Options:
    second_pass: bool = True
    """Decode all that was said anew in its pauses and at its end."""
    phonemes: Callable[[str], str] | None = None
    """How a word is said, in espeak-ng's mnemonics: for words that no lexicon has. None guesses from the letters."""


def create(options: Options, context: EngineContext) -> PocketsphinxRecognizer:
    """Loads model and lexicons, in about 0.5 s. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    vocabulary = open_vocabulary(context, options.phonemes)
    first = open_decoder(SEARCH | QUICK if options.second_pass else SEARCH)
    second = open_decoder(SEARCH) if options.second_pass else None
    speech = read_mixture(Path(str(first.config["hmm"])))
    again = SecondPass(GrammarSearch(second, vocabulary), speech) if second else None
    return PocketsphinxRecognizer(GrammarSearch(first, vocabulary), again)


def open_decoder(search: dict[str, Any]) -> Any:
    """A decoder that can say nothing yet. Raises EngineMissing and EngineFailed."""
    try:
        from pocketsphinx import Decoder
    except ImportError as exc:
        raise EngineMissing("pocketsphinx", install=INSTALL) from exc
    # The matrices are small: with two threads that wait for each other the front end takes 2 to 10 times as long.
    threadpool_limits(limits=1, user_api="blas")
    try:
        return Decoder(**BARE, **search)
    except (RuntimeError, ValueError) as exc:
        raise EngineFailed(f"pocketsphinx cannot load its model. {INSTALL}") from exc


def open_vocabulary(context: EngineContext, phonemes: Callable[[str], str] | None = None) -> Vocabulary:
    """How words are said. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    try:
        from pocketsphinx import get_model_path
    except ImportError as exc:
        raise EngineMissing("pocketsphinx", install=INSTALL) from exc
    dictionary = read_dictionary(Path(get_model_path("en-us/cmudict-en-us.dict")))
    return Vocabulary(read_lexicon(context.lexicon_files), dictionary, phonemes)


class PocketsphinxRecognizer:
    """A StreamingRecognizer."""

    def __init__(self, search: GrammarSearch, again: SecondPass | None) -> None:
        self._search, self._again = search, again
        self._current: Compiled | None = None
        self._utterance, self._conditioner, self._pause = Utterance(), Conditioner(), Pause()
        self._decided: Transcript | None = None
        """What was said before the pause that goes on."""

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits(name="pocketsphinx", streams=True, follows_grammar=True)

    def begin(self, graph: WordGraph) -> None:
        """Starts an utterance. The first time for a graph takes up to 1 s, later none. Raises EngineFailed."""
        self._current = self._decided = None
        self._utterance, self._conditioner, self._pause = Utterance(), Conditioner(), Pause()
        compiled = self._search.choose(graph)
        if compiled.search:
            self._search.start(CHANNEL)
            if self._again is not None:
                self._again.choose(graph)
        self._current = compiled

    def feed(self, pcm: bytes) -> Hypothesis:
        compiled = self._begun()
        for block in self._utterance.push(pcm):
            self._pause.push(block)
            self._hear(self._conditioner.push(block))
            self._look_back(compiled)
        return compiled.hypothesis(self._decided.text if self._decided else self._search.text())

    def finish(self) -> Transcript:
        compiled = self._begun()
        self._current = None
        if not compiled.search:
            return Transcript("", "pocketsphinx", is_complete=False)
        rest = self._utterance.rest()
        self._pause.push(rest)
        self._hear(self._conditioner.push(rest))
        self._hear(self._conditioner.flush())
        self._search.stop()
        decided = self._decided if self._pause.is_quiet else None
        is_hasty = decided is not None and self._pause.is_noisy and decided.confidence < HASTY
        if self._again is not None and (decided is None or is_hasty):
            decided = self._again.transcript(compiled, self._utterance.samples(), self._pause)
        return decided or transcript_of(compiled, self._search.words(), self._pause.range_db)

    def _hear(self, samples: Array) -> None:
        """The first search ends where noise leaves it little to hear: it is right there in 8 of 45, and costs as much
        as the second.
        """
        if len(samples) and (self._again is None or not self._pause.is_noisy):
            self._search.hear(to_pcm(samples))

    def _look_back(self, compiled: Compiled) -> None:
        """In a pause the second pass is done once, so that the answer is there when the utterance is closed."""
        if not self._pause.is_quiet:
            self._decided = None
        elif self._decided is None and self._again is not None and compiled.search:
            self._decided = self._again.transcript(compiled, self._utterance.samples(), self._pause)

    def _begun(self) -> Compiled:
        if self._current is None:
            raise EngineFailed("pocketsphinx was given sound before an utterance was begun.")
        return self._current


class SecondPass:
    """Decodes an utterance as a whole, with all that can be known about it."""

    def __init__(self, search: GrammarSearch, speech: Mixture) -> None:
        self._search, self._speech = search, speech

    def choose(self, graph: WordGraph) -> None:
        self._search.choose(graph)

    def transcript(self, compiled: Compiled, samples: Array, pause: Pause) -> Transcript | None:
        """None where there is too little sound."""
        offset, spoken = spoken_part(samples)
        if len(spoken) < BLOCK_SAMPLES:
            return None
        heard: list[Transcript] = []
        for cepstra in fitting_cepstra(whole(spoken), self._speech):
            heard.append(self._decode(compiled, cepstra, offset / SPEECH.rate_hz, pause.range_db))
            if heard[-1].confidence >= CLEAR and heard[-1].deficit <= CLEAR_DEFICIT:
                return heard[-1]
        best = max(heard, key=lambda one: (one.is_complete, one.confidence))
        others = [one.text for one in heard if one is not best]
        return replace(best, confidence=with_others(best.confidence, best.text, others))

    def _decode(self, compiled: Compiled, cepstra: Array, offset_s: float, range_db: float | None) -> Transcript:
        self._search.decode(cepstra)
        heard = transcript_of(compiled, self._search.words(offset_s), range_db)
        return replace(heard, confidence=0.0) if is_other_speech(self._search.fillers(), range_db) else heard


@dataclass(slots=True)
class Utterance:
    """The sound of one utterance so far, in blocks of one size."""

    _blocks: list[Array] = field(default_factory=list)
    _n_samples: int = 0
    _odd: bytes = b""
    """Half a sample, when a piece ended in the middle of one."""
    _waiting: Array = field(default_factory=lambda: np.zeros(0))

    def push(self, pcm: bytes) -> Iterator[Array]:
        """The blocks that are whole now. What is over the limit of one utterance is not heard."""
        pcm = self._odd + pcm
        n_bytes = len(pcm) - len(pcm) % SPEECH.width_bytes
        self._odd = pcm[n_bytes:]
        room = int(MAX_UTTERANCE_S * SPEECH.rate_hz) - self._n_samples
        samples = to_samples(pcm[:n_bytes])[: max(room, 0)]
        self._n_samples += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= BLOCK_SAMPLES:
            block, self._waiting = self._waiting[:BLOCK_SAMPLES], self._waiting[BLOCK_SAMPLES:]
            self._blocks.append(block)
            yield block

    def rest(self) -> Array:
        """The last block, which is not whole: the utterance is over."""
        self._blocks.append(self._waiting)
        return self._waiting

    def samples(self) -> Array:
        """All blocks so far."""
        return np.concatenate([*self._blocks, np.zeros(0)])


def transcript_of(compiled: Compiled, words: Sequence[Word], range_db: float | None) -> Transcript:
    text = " ".join(word.text for word in words)
    return Transcript(
        text=text,
        engine="pocketsphinx",
        words=tuple(words),
        confidence=confidence(words, range_db),
        is_complete=compiled.hypothesis(text).is_complete,
        deficit=mean_deficit(words),
        range_db=range_db,
    )
