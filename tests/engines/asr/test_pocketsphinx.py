"""The grammar recogniser: its contract, its words, and its refusal."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from voicemes.engines.asr import pocketsphinx, search
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import EngineFailed
from voicemes.model import Transcript, WordGraph
from voicemes.numbers import DIGITS
from voicemes.ports import EngineContext, Hypothesis

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "audio_fixtures"


@cache
def recognizer() -> pocketsphinx.PocketsphinxRecognizer:
    context = EngineContext(Path("unused"), (ROOT / "grammars" / "lexicon.dict",))
    return pocketsphinx.create(pocketsphinx.Options(), context)


def chain(*sentences: str) -> WordGraph:
    """A graph of whole sentences, each on its own path."""
    arcs, n_states, finals = [], 1, set()
    for sentence in sentences:
        at = 0
        for word in sentence.split():
            arcs.append((at, n_states, word, 1.0))
            at, n_states = n_states, n_states + 1
        finals.add(at)
    return WordGraph("test", n_states, frozenset(finals), tuple(arcs))


SMALL = chain("next step", "repeat that step", "what's my next job", "go back one step")


def pcm_of(name: str) -> bytes:
    return read_speech(FIXTURES / name)


def hear(graph: WordGraph, pcm: bytes, piece_bytes: int = 3_200, speaker: str = "") -> Transcript:
    engine = recognizer()
    engine.begin(graph, speaker)
    for start in range(0, len(pcm), piece_bytes):
        engine.feed(pcm[start : start + piece_bytes])
    return engine.finish()


def assert_same(heard: Transcript, other: Transcript) -> None:
    """The library keeps the best Gaussians of its last frame for the next one, across utterances: a few 0.01 nats."""
    assert heard.text == other.text
    assert heard.deficit == pytest.approx(other.deficit, abs=0.1)


def test_a_word_knows_what_else_it_can_have_been() -> None:
    graph = chain("finished fifty good", "finished fifteen good")
    finished, fifty, good = hear(graph, pcm_of("job.complete/finished-50-kal.flac")).words
    ((other, behind),) = fifty.rivals
    assert (other, behind > 0) == ("fifteen", True)
    assert finished.rivals == good.rivals == ()


def test_hears_a_sentence_of_the_graph() -> None:
    heard = hear(SMALL, pcm_of("instruction.step/repeat-step-kal.flac"))
    assert heard.text == "repeat that step"
    assert heard.is_complete
    assert heard.confidence > 0.6
    assert [word.text for word in heard.words] == ["repeat", "that", "step"]


@pytest.mark.parametrize("piece_bytes", [320, 3_201, 48_000, 10_000_000])
def test_the_size_of_the_pieces_does_not_matter(piece_bytes: int) -> None:
    pcm = pcm_of("instruction.step/back-one-rms.flac")
    assert_same(hear(SMALL, pcm, piece_bytes), hear(SMALL, pcm))


def test_the_same_sound_gives_the_same_result_whatever_was_heard_before() -> None:
    pcm = pcm_of("instruction.step/next-step-kal.flac")
    first = hear(SMALL, pcm)
    hear(SMALL, pcm_of("out-of-grammar/song-f2.flac"))
    assert_same(hear(SMALL, pcm), first)


@pytest.mark.parametrize("pcm", [b"", b"\0" * 3_200, b"\0" * 64_000, b"\x01"])
def test_nothing_is_heard_in_nothing(pcm: bytes) -> None:
    heard = hear(SMALL, pcm)
    assert heard.text == "" or heard.confidence < 0.5


def test_a_graph_without_words_hears_nothing() -> None:
    assert hear(WordGraph("empty", 1, frozenset(), ()), pcm_of("instruction.step/next-step-kal.flac")).text == ""


def test_sound_before_an_utterance_is_a_mistake() -> None:
    engine = recognizer()
    engine.begin(SMALL)
    engine.finish()
    with pytest.raises(EngineFailed, match="begun"):
        engine.feed(b"\0\0")


def test_the_hypothesis_says_whether_the_sentence_can_end_and_go_on() -> None:
    compiled = search.Compiled(chain("help", "help me"), None)
    assert compiled.hypothesis("").is_complete is False
    assert compiled.hypothesis("help") == Hypothesis("help", is_complete=True, can_extend=True)
    assert compiled.hypothesis("help me") == Hypothesis("help me", is_complete=True, can_extend=False)


def test_what_was_not_said_fits_worse_than_what_was() -> None:
    pcm = pcm_of("report.shift/morning-kal.flac")
    right = hear(chain("give me the morning report"), pcm)
    wrong = hear(chain("bent pin on board seven"), pcm)
    assert right.deficit < wrong.deficit
    assert right.confidence > wrong.confidence


def test_a_word_that_no_dictionary_has_is_heard() -> None:
    options = pocketsphinx.Options(phonemes=lambda _: "b_r_'I_dZ_l_@_t")
    engine = pocketsphinx.create(options, EngineContext(Path("unused")))
    engine.begin(chain("solder bridgelet"))
    engine.feed(pcm_of("dialogue/stencil-clog-kal.flac"))
    assert engine.finish().text in ("", "solder bridgelet")


def test_a_word_without_letters_names_itself() -> None:
    with pytest.raises(EngineFailed, match="'42'"):
        recognizer().begin(chain("order 42"))


def test_a_graph_is_compiled_once() -> None:
    engine = recognizer()
    for _ in range(3):
        hear(SMALL, b"")
    assert sum(compiled.graph is SMALL for compiled in engine._search._compiled.values()) == 1


def test_few_graphs_are_kept() -> None:
    for number in range(search.MAX_GRAPHS + 3):
        hear(chain("next step", f"step {DIGITS[number % 10]}"), b"")
    assert recognizer()._search.n_graphs <= search.MAX_GRAPHS


SECOND = bytes(2 * 16_000)


def test_the_answer_is_there_before_the_utterance_is_closed() -> None:
    """In the silence after the words all is decoded; closing finds it and decodes no more."""
    engine = recognizer()
    engine.begin(SMALL)
    assert engine.feed(pcm_of("instruction.step/repeat-step-kal.flac")) == Hypothesis("", is_complete=False)
    assert engine.feed(SECOND[:3_200], is_speech=False).text == "", "so short a silence may be inside a word"
    guess = engine.feed(SECOND[:3_200], is_speech=False)
    assert guess == Hypothesis("repeat that step", is_complete=True, can_extend=False)
    decided = engine._decided
    assert engine.feed(SECOND, is_speech=False) == guess
    assert engine.finish() is decided


def test_a_pause_in_a_sentence_is_not_its_end() -> None:
    first, second = pcm_of("instruction.step/repeat-step-kal.flac"), pcm_of("job.next/my-next-kal.flac")
    graph = chain("repeat that step", "repeat that step what's my next job")
    engine = recognizer()
    engine.begin(graph)
    engine.feed(first)
    assert engine.feed(SECOND, is_speech=False).is_complete
    guess = engine.feed(second)
    assert (guess.text, guess.is_complete) == ("repeat that step", False), "somebody speaks"
    assert engine.finish().text == "repeat that step what's my next job"


def test_silence_before_the_first_word_is_no_pause() -> None:
    engine = recognizer()
    engine.begin(SMALL)
    engine.feed(SECOND, is_speech=False)
    assert engine._decided is None
    engine.feed(pcm_of("instruction.step/repeat-step-kal.flac"))
    engine.feed(SECOND, is_speech=False)
    assert engine.finish().text == "repeat that step"


def test_what_was_believed_of_one_utterance_is_not_believed_of_the_next() -> None:
    engine = recognizer()
    engine.begin(SMALL)
    engine.feed(pcm_of("instruction.step/repeat-step-kal.flac"))
    engine.feed(SECOND, is_speech=False)
    engine.begin(SMALL)
    assert engine.feed(SECOND) == Hypothesis("", is_complete=False)
    assert engine.finish().text == ""


def test_what_is_over_the_limit_of_an_utterance_is_not_heard() -> None:
    engine = recognizer()
    engine.begin(SMALL)
    engine.feed(bytes(pocketsphinx.MAX_BYTES - 32_000))
    engine.feed(pcm_of("instruction.step/repeat-step-kal.flac") * 20)
    assert len(engine._pcm) == pocketsphinx.MAX_BYTES


@pytest.mark.parametrize(
    "name", ["noise/factory-piece-1.flac", "silence/silence-2.flac", "out-of-grammar/name-rms.flac"]
)
def test_what_was_not_meant_has_no_confidence(name: str) -> None:
    assert hear(SMALL, pcm_of(name)).confidence < 0.5


@pytest.mark.parametrize(
    ("heard", "is_settled"),
    [
        ([("next step", 0.94)], False),
        ([("next step", 0.94), ("next step", 0.5)], True),
        ([("next step", 0.5), ("next step", 0.94)], True),
        ([("next step", 0.94), ("repeat that step", 0.9)], False),
        ([("next step", 0.7), ("next step", 0.7)], False),
        ([("next step", 0.7), ("next step", 0.7), ("repeat that step", 0.9)], False),
        ([("next step", 0.7), ("next step", 0.7), ("next step", 0.9)], True),
        ([("next step", 0.001), ("repeat that step", 0.002)], True),
    ],
)
def test_other_sizes_are_tried_until_two_agree_or_nobody_can_have_meant_it(
    heard: list[tuple[str, float]], is_settled: bool
) -> None:
    tried = [Transcript(text, "test", confidence=confidence) for text, confidence in heard]
    assert pocketsphinx.is_settled(tried) is is_settled


def test_who_never_fits_well_is_understood_sooner_and_nobody_else_is() -> None:
    """The voice f2 fits the model worst; where nothing is known of it, its "next step" would write nothing."""
    graph = chain("next step", "what's my next job", "what comes after this", "give me the morning report")
    before = ("job.next/my-next", "job.next/after-this", "report.shift/morning")
    doubtful = pcm_of("instruction.step/next-step-f2.flac")
    unknown = hear(graph, doubtful)
    for name in before * 3:
        understood = hear(graph, pcm_of(f"{name}-f2.flac"), speaker="a woman with a headset")
        recognizer().learn(understood, "a woman with a headset")
    known = hear(graph, doubtful, speaker="a woman with a headset")
    assert unknown.text == known.text == "next step"
    assert unknown.confidence < 0.8
    assert known.confidence > 0.9
    assert hear(graph, doubtful, speaker="somebody else") == hear(graph, doubtful) == unknown
