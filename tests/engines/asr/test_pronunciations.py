"""Pronunciations: files, their faults, and proposals."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicemes.engines.asr.lexicon import (
    SOUNDS,
    from_mnemonics,
    from_spelling,
    read_lexicon,
)
from voicemes.errors import ConfigError

SHIPPED = Path(__file__).parents[3] / "grammars" / "lexicon.dict"


def write(folder: Path, text: str, name: str = "words.dict") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_reads_words_variants_and_comments(tmp_path: Path) -> None:
    file = write(tmp_path, "# mine\n;;; theirs\n\nSPI EH1 S P IY0 AY  # by hand\nspi(2) S P AY\n")
    assert read_lexicon([file]) == {"spi": ("EH S P IY AY", "S P AY")}


def test_the_first_file_wins(tmp_path: Path) -> None:
    site = write(tmp_path, "spi S P AY", "site.dict")
    assert read_lexicon([site, write(tmp_path, "spi EH S P IY AY\noee OW IY IY")])["spi"] == ("S P AY",)


@pytest.mark.parametrize(("line", "complaint"), [("spi", "not `word"), ("spi EH ESS P", "ESS is not a sound")])
def test_a_fault_names_file_and_line(tmp_path: Path, line: str, complaint: str) -> None:
    file = write(tmp_path, f"oee OW IY IY\n{line}\n")
    with pytest.raises(ConfigError, match=f"words.dict:2.*{complaint}"):
        read_lexicon([file])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.dict"):
        read_lexicon([tmp_path / "missing.dict"])


def test_the_shipped_lexicon_has_the_words_of_the_trade() -> None:
    words = read_lexicon([SHIPPED])
    assert {"aoi", "spi", "oee", "reflow", "andon", "mtbf", "misaligned"} <= words.keys()


@pytest.mark.parametrize(
    ("mnemonics", "sounds"),
    [
        ("r_I#_f_l_'oU", "R IH F L OW"),
        ("k_j_'u:_d", "K Y UW D"),
        ("m_I2_s_a#_l_'aI_n_d", "M IH S AH L AY N D"),
        ("dZ_,u:_l_I2_;_'E_t", "JH UW L IH EH T"),
        ("t_'u:_m_s_t_@_n_I2_N", "T UW M S T AH N IH NG"),
        ("", ""),
    ],
)
def test_mnemonics_become_arpabet(mnemonics: str, sounds: str) -> None:
    assert from_mnemonics(mnemonics) == sounds


@pytest.mark.parametrize("word", ["bridgelet", "quux", "zyzzyva", "o'clock"])
def test_a_guess_from_letters_uses_known_sounds(word: str) -> None:
    assert from_spelling(word)
    assert set(from_spelling(word).split()) <= SOUNDS
