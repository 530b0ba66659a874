"""Files that say they are language models: the header is read, or refused in a sentence, before llama.cpp sees them.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from fuzzing import patient, some, spoiled_bytes, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.engines.llm import glance_file
from voicemes.engines.llm.gguf_header import read_header
from voicemes.engines.llm.llama_cpp import shipped_model
from voicemes.errors import EngineError

pytestmark = patient


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


PAIRS = [
    text("general.architecture") + struct.pack("<I", 8) + text("llama"),
    text("llama.context_length") + struct.pack("<II", 4, 512),
    text("tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("b") + text("c"),
    text("nested") + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 4, 2) + struct.pack("<II", 1, 2),
    text("yes") + struct.pack("<IB", 7, 1),
]
SOUND = b"GGUF" + struct.pack("<IQQ", 3, 0, len(PAIRS)) + b"".join(PAIRS)
SECOND = glance_file.beside(shipped_model()).read_bytes()[:200_000]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "model.gguf"


def test_what_is_spoiled_is_a_header(file: Path) -> None:
    file.write_bytes(SOUND)
    assert read_header(file)["llama.context_length"] == 512


@some
@given(content=st.one_of(spoiled_bytes(SOUND), st.binary(max_size=100).map(lambda rest: b"GGUF" + rest)))
def test_no_header_breaks_who_reads_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with within():
        try:
            read_header(file)
            event("read")
        except EngineError:
            event("refused")


@some
@given(content=spoiled_bytes(SECOND))
def test_no_second_reader_breaks_who_reads_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with within():
        try:
            glance_file.load(file)
            event("read")
        except EngineError:
            event("refused")
