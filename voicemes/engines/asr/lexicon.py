"""Pronunciations: lexicon files in the format of the CMU dictionary, and proposals for words that no file has.

A line is `word PH PH PH`, another way of saying it `word(2) PH PH PH`; `#` and `;;;` begin a comment. The sounds are
the 39 of the CMU dictionary, without stress: the acoustic model knows no others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicemes.errors import ConfigError, EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Pronunciations = dict[str, tuple[str, ...]]
"""Word -> its pronunciations, each as sounds separated by blanks."""

SOUNDS = frozenset(
    (
        *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
        *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG"),
        *("P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
    )
)
"""The phones of pocketsphinx's en-us model (its mdef file); silence and noises are not for words."""

ENTRY = re.compile(r"(?P<word>\S+?)(?:\((?P<variant>\d+)\))?\s+(?P<sounds>\S.*)")

# espeak-ng's mnemonics for en-us, longest first where one begins with another. Sources: phsource/ph_english_us of
# espeak-ng 1.52 and the table of the CMU dictionary; checked by ear against words that both know.
_MNEMONICS: Mapping[str, str] = {
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "f": "F", "v": "V", "s": "S", "z": "Z",
    "T": "TH", "D": "DH", "S": "SH", "Z": "ZH", "h": "HH", "m": "M", "n": "N", "N": "NG", "l": "L", "r": "R",
    "w": "W", "j": "Y", "tS": "CH", "dZ": "JH", "t2": "T", "*": "T", "t#": "D", "?": "", ";": "", "z#": "Z",
    "r-": "R", "x": "K", "C": "K", "L": "AH L", "@L": "AH L", "n-": "AH N", "m-": "AH M", "w#": "W", "l^": "L",
    "a": "AE", "aa": "AE", "a#": "AH", "A": "AA", "A:": "AA", "A@": "AA R", "0": "AA", "0#": "AA", "O": "AO",
    "O:": "AO", "O@": "AO R", "o@": "AO R", "O2": "AO", "V": "AH", "E": "EH", "E2": "EH", "E#": "EH",
    "e@": "EH R", "i": "IY", "i:": "IY", "I": "IH", "I2": "IH", "I#": "IH", "i@": "IY AH", "i@3": "IH R",
    "i:;": "IY", "u": "UW", "u:": "UW", "U": "UH", "U@": "UH R", "@": "AH", "@2": "AH", "@5": "AH", "@#": "AH",
    "3": "ER", "3:": "ER", "eI": "EY", "aI": "AY", "aI@": "AY AH", "aI3": "AY ER", "aU": "AW", "aU@": "AW ER",
    "oU": "OW", "oU#": "OW", "OI": "OY", "I@": "IY AH", "VR": "AH R", "3r": "ER", "e": "EH", "Q": "AA",
}
STRESS = "',%=|!"
"""Marks that say how strongly, not what."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How every word is said: as the lexicon has it, else as the dictionary has it, else as it is written."""

    lexicon: Pronunciations
    dictionary: Pronunciations
    phonemes: Callable[[str], str] | None = None
    """In espeak-ng's mnemonics, for words that neither has. None guesses from the letters."""

    def written(self, word: str) -> tuple[str, ...]:
        """As a person wrote it down; nothing for a word that would be guessed."""
        return self.lexicon.get(word) or self.dictionary.get(word) or ()

    def pronunciations(self, word: str) -> tuple[str, ...]:
        """Raises EngineFailed for a word without any letter."""
        return self.written(word) or (self._proposal(word),)

    def _proposal(self, word: str) -> str:
        proposal = (from_mnemonics(self.phonemes(word)) if self.phonemes else "") or from_spelling(word)
        if not proposal:
            raise EngineFailed(f"Nobody knows how {word!r} is said. Add it to grammars/lexicon.dict.")
        return proposal


def read_dictionary(file: Path) -> Pronunciations:
    """The dictionary of the acoustic model, 126,000 words, in 0.1 s. Raises EngineFailed."""
    words: Pronunciations = {}
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                entry, _, sounds = line.partition(" ")
                word = entry.partition("(")[0]
                words[word] = (*words.get(word, ()), sounds.strip())
    except (OSError, UnicodeDecodeError) as exc:
        raise EngineFailed(f"{file} cannot be read as the dictionary of an acoustic model.") from exc
    return words


def read_lexicon(files: Iterable[Path]) -> Pronunciations:
    """All words of the files; where two have a word, the first file wins. Raises ConfigError with file and line."""
    words: Pronunciations = {}
    for file in files:
        for word, sounds in _read_file(file).items():
            words.setdefault(word, sounds)
    return words


def _read_file(file: Path) -> Pronunciations:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read as a lexicon: {exc}", file=file) from exc
    words: Pronunciations = {}
    for number, line in enumerate(lines, start=1):
        text = line.split("#", maxsplit=1)[0].strip()
        if text and not text.startswith(";;;"):
            word, sounds = _entry(text, f"{file}:{number}")
            words[word] = (*words.get(word, ()), sounds)
    return words


def _entry(text: str, place: str) -> tuple[str, str]:
    found = ENTRY.fullmatch(text)
    if found is None:
        raise ConfigError("is not `word PH PH`: a word, then its sounds.", file=place)
    sounds = [re.sub(r"\d$", "", sound).upper() for sound in found["sounds"].split()]
    unknown = [sound for sound in sounds if sound not in SOUNDS]
    if unknown:
        raise ConfigError(f"{unknown[0]} is not a sound. Known: {' '.join(sorted(SOUNDS))}.", file=place)
    return found["word"].lower(), " ".join(sounds)


def from_mnemonics(mnemonics: str) -> str:
    """The ARPAbet of espeak-ng's en-us mnemonics, as "r_I#_f_l_'oU" -> "R IH F L OW". Unknown ones are left out."""
    sounds = [_sound(part.strip(STRESS)) for part in re.split(r"[_\s]+", mnemonics)]
    return " ".join(sound for sound in sounds if sound)


def _sound(mnemonic: str) -> str:
    """One mnemonic; several run together are taken apart, longest first."""
    if mnemonic in _MNEMONICS:
        return _MNEMONICS[mnemonic]
    for length in range(len(mnemonic) - 1, 0, -1):
        if mnemonic[:length] in _MNEMONICS:
            rest = _sound(mnemonic[length:].strip(STRESS))
            return f"{_MNEMONICS[mnemonic[:length]]} {rest}".strip()
    return _sound(mnemonic[1:]) if len(mnemonic) > 1 else ""


# Letter by letter, for the day when no synthesiser is there: rough, but better than a grammar that does not load.
_SPELLING: Mapping[str, str] = {
    "tion": "SH AH N", "igh": "AY", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "ng": "NG", "ck": "K",
    "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "ai": "EY", "ay": "EY", "oa": "OW", "qu": "K W",
    "er": "ER", "ar": "AA R", "or": "AO R", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F",
    "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P",
    "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}


def from_spelling(word: str) -> str:
    """A guess from the letters alone; empty for a word without any."""
    sounds, rest = [], re.sub("[^a-z]", "", word.lower())
    while rest:
        part = next(rest[:length] for length in (4, 3, 2, 1) if rest[:length] in _SPELLING)
        sounds.append(_SPELLING[part])
        rest = rest[len(part) :]
    return " ".join(sounds)
