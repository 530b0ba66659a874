"""The loading and decoding code of Whisper on real sound, with tiny models: one of random weights, and parrots."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tiny_whisper import write_tiny_whisper

from voicemes.engines.asr.faster_whisper import Options, WhisperRecognizer, create
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.ports import EngineContext, Expected

CONTEXT = EngineContext(cache_dir=Path("unused"))
FIXTURES = Path(__file__).resolve().parents[3] / "audio_fixtures"
SPOKEN = sorted(FIXTURES.glob("scrap.report/*.flac"))[:6]
QUIET = sorted([*FIXTURES.glob("silence/*.flac"), *FIXTURES.glob("noise/*.flac")])[:8]


def never() -> bool:
    return False


def parrot(folder: Path, says: Sequence[str], **options: object) -> WhisperRecognizer:
    return create(Options(write_tiny_whisper(folder, says=says), **options), CONTEXT)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def speech() -> bytes:
    return read_speech(FIXTURES / "instruction.step" / "repeat-step-kal.flac")


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory: pytest.TempPathFactory) -> WhisperRecognizer:
    return create(Options(write_tiny_whisper(tmp_path_factory.mktemp("random"))), CONTEXT)


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> WhisperRecognizer:
    return parrot(tmp_path_factory.mktemp("sure"), [" Scrap 3", " on U7."])


@pytest.mark.parametrize("file", SPOKEN, ids=lambda file: file.stem)
def test_a_model_that_learned_nothing_is_never_believed(nonsense: WhisperRecognizer, file: Path) -> None:
    written = nonsense._decode(nonsense._model.encode(nonsense._features(nonsense._speech(read_speech(file))[0])), 3.0)
    assert written[0].strip(), "it does say something"
    assert nonsense.recognize(read_speech(file), never).text == ""


@pytest.mark.parametrize("file", QUIET, ids=lambda file: file.stem)
def test_where_nobody_speaks_nothing_is_written_even_by_a_model_that_is_sure(
    sure: WhisperRecognizer, file: Path
) -> None:
    assert sure.recognize(read_speech(file), never).text == ""


def test_a_sure_sentence_comes_out_as_it_was_written(sure: WhisperRecognizer, speech: bytes) -> None:
    heard = sure.recognize(speech, never)
    assert heard.text == "Scrap 3 on U7."
    assert heard.confidence > 0.9
    assert heard.is_complete


def test_a_number_with_a_comma_is_a_number(tmp_path: Path, speech: bytes) -> None:
    heard = parrot(tmp_path, [" Order 4,711", " on 3, 4"]).recognize(speech, never)
    assert heard.text == "Order 4711 on 3, 4"


def test_the_same_word_without_end_is_refused_and_does_not_take_for_ever(tmp_path: Path, speech: bytes) -> None:
    looping = parrot(tmp_path, [" you", " you"])
    written = looping._decode(looping._model.encode(looping._features(looping._speech(speech)[0])), 1.0)
    assert 10 < len(written[0].split()) <= 30, "it would say 446"
    assert looping.recognize(speech, never).text == ""


def test_what_it_is_not_sure_of_is_refused(tmp_path: Path, speech: bytes) -> None:
    unsure = create(Options(write_tiny_whisper(tmp_path, says=[" Scrap 3", " on U7."], sure=4.0)), CONTEXT)
    assert unsure.recognize(speech, never).text == ""


# --- the hint --------------------------------------------------------------------------------------------------------


def test_the_hint_itself_is_never_what_was_said(tmp_path: Path, speech: bytes) -> None:
    said = [" Solder bridge,", " oven one,", " stencil"]
    assert parrot(tmp_path, said).recognize(speech, never).text
    hinted = parrot(tmp_path, said)
    hinted.expect(Expected(nouns=("solder bridge", "oven one", "stencil")))
    assert hinted.recognize(speech, never).text == ""


def test_nouns_are_in_the_prompt_before_the_sentence_and_only_where_they_are_wanted(
    tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[list[int]] = []
    for folder, bias in (("with", True), ("without", False)):
        recognizer = parrot(tmp_path / folder, [" Scrap 3"], bias=bias)
        recognizer.expect(Expected(("start order four",), ("solder bridge",)))
        monkeypatch.setattr(recognizer._model, "model", Overheard(recognizer._model.model, prompts))
        assert recognizer.recognize(speech, never).text == "Scrap 3"
    with_nouns, without = (recognizer._tokenizer.tokenizer.decode(one) for one in prompts)
    assert "solder bridge" in with_nouns
    assert "start order" not in with_nouns, "never an action"
    assert "solder" not in without


class Overheard:
    """The model, and what it is asked."""

    def __init__(self, model: object, prompts: list[list[int]]) -> None:
        self._model, self._prompts = model, prompts

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def generate(self, encoded: object, prompts: list[list[int]], **options: object) -> object:
        self._prompts += prompts
        return self._model.generate(encoded, prompts, **options)


# --- deadline and length ---------------------------------------------------------------------------------------------


def test_it_stops_between_its_steps_when_it_is_late(
    sure: WhisperRecognizer, speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    encode = sure._model.encode
    monkeypatch.setattr(sure._model, "encode", lambda features: steps.append("encode") or encode(features))
    monkeypatch.setattr(sure, "_decode", lambda *_: pytest.fail("it is late"))
    answers = iter([False, True])
    assert sure.recognize(speech, lambda: next(answers)).text == ""
    assert steps == ["encode"]
    assert sure.recognize(speech, lambda: True).text == ""
    assert steps == ["encode"]


@pytest.mark.parametrize(("context_s", "frames"), [(30.0, 3_000), (10.0, 1_000), (99.0, 3_000)])
def test_the_encoder_takes_as_much_as_it_is_told(
    tmp_path: Path, speech: bytes, context_s: float, frames: int
) -> None:
    recognizer = parrot(tmp_path, [" Scrap 3"], context_s=context_s)
    assert recognizer._features(recognizer._speech(speech)[0]).shape == (80, frames)
    assert recognizer.recognize(speech, never).text == "Scrap 3"


def test_a_short_context_never_cuts_what_was_said(tmp_path: Path, speech: bytes) -> None:
    recognizer = parrot(tmp_path, [" Scrap 3"], context_s=0.5)
    spoken, _ = recognizer._speech(speech)
    assert recognizer._features(spoken).shape[1] >= len(spoken) / 160 - 1


def test_a_minute_of_sound_is_heard_up_to_what_the_model_takes(sure: WhisperRecognizer, speech: bytes) -> None:
    assert sure.recognize(speech * 40, never).text == "Scrap 3 on U7."


# --- what can be missing or broken -----------------------------------------------------------------------------------


def test_without_a_model_it_says_which_to_fetch() -> None:
    with pytest.raises(EngineMissing, match=r"\[asr\] second_model.*voicemes models pull whisper-base\.en"):
        create(Options(), CONTEXT)


@pytest.mark.parametrize("gone", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_missing_part_is_named_and_never_fetched(tmp_path: Path, gone: str) -> None:
    folder = write_tiny_whisper(tmp_path)
    (folder / gone).unlink()
    with pytest.raises(EngineMissing, match=rf"{gone}.*voicemes models pull"):
        create(Options(folder), CONTEXT)


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineMissing, match="pip install faster-whisper"):
        create(Options(tmp_path), CONTEXT)


@pytest.mark.parametrize("broken", ["model.bin", "tokenizer.json", "vocabulary.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"nothing of the kind"])
def test_a_broken_file_is_no_model(tmp_path: Path, broken: str, content: bytes) -> None:
    folder = write_tiny_whisper(tmp_path)
    (folder / broken).write_bytes(content)
    with pytest.raises(EngineFailed, match="Whisper"):
        create(Options(folder), CONTEXT)


def test_the_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    folder = write_tiny_whisper(tmp_path)
    Tokenizer(models.BPE({"a": 0}, [])).save(str(folder / "tokenizer.json"))
    with pytest.raises(EngineFailed, match="is not that of a Whisper model"):
        create(Options(folder), CONTEXT)


def test_a_way_of_computing_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="int7"):
        create(Options(write_tiny_whisper(tmp_path), compute_type="int7"), CONTEXT)


def test_what_breaks_while_it_decodes_is_our_error(tmp_path: Path, speech: bytes) -> None:
    folder = write_tiny_whisper(tmp_path, says=[" Scrap 3"])
    recognizer = create(Options(folder), CONTEXT)
    shutil.rmtree(folder)  # loaded is loaded
    assert recognizer.recognize(speech, never).text == "Scrap 3"
    write_tiny_whisper(folder, says=[" Scrap 3"])
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}', encoding="utf-8")  # of a larger model
    with pytest.raises(EngineFailed, match="broke while it decoded"):
        create(Options(folder), CONTEXT).recognize(speech, never)
