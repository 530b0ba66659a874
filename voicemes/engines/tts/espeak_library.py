"""libespeak-ng, called through ctypes; the library and its data come in the espeakng_loader wheel.

The library keeps one voice, one speed and one output for the whole process. So there is one `EspeakLibrary` in a
process (`load` hands out the same one), and a lock lets one caller in at a time. The numbers below are from
espeak-ng's speak_lib.h, version 1.52.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from voicemes.errors import EngineFailed, EngineMissing

if TYPE_CHECKING:
    from voicemes.ports import Voice

OUTPUT_SYNCHRONOUS = 2
"""espeak_Synth returns when everything was made, and hands samples to a callback instead of a sound card."""
DONT_EXIT = 0x8000
"""Without it the library ends the process when its data is missing."""
BUFFER_MS = 200
"""How much sound the callback gets at a time."""
OK = 0
RATE_PARAMETER = 1
"""Words a minute, 80 to 450."""
VOLUME_PARAMETER = 2
"""0 to 200, 100 is the voice's own level."""
TEXT_IS_UTF8 = 1
END_PAUSE = 0x1000
"""Adds the pause of a sentence end, so that sentences made one by one sound like one answer."""
POSITION_CHARACTER = 1
SEPARATOR_SHIFT = 8
"""From this bit on the phoneme mode holds the character that is put between phonemes."""
RATES_WPM = range(80, 451)

INSTALL = "Install it with: pip install espeakng-loader"


class _ListedVoice(ctypes.Structure):
    """The beginning of espeak_VOICE."""

    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_char_p), ("identifier", ctypes.c_char_p))


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_calling = threading.Lock()
"""Held around every use of the library."""


@cache
def load() -> EspeakLibrary:
    """The process's one instance; loaded at the first call, in about 20 ms. Raises EngineMissing and EngineFailed."""
    return EspeakLibrary()


def phonemes(text: str, voice: str = "en-us") -> str:
    """How the voice would say the text, in espeak's ASCII mnemonics: "reflow" is "r_I#_f_l_'oU".

    Phonemes are set apart by "_", words by a space; ' and , before a vowel mark stress. A mnemonic is the same in every
    accent, so what is heard depends on the voice: "0" (stop) is the vowel of "father" in en-us. Raises EngineMissing
    without the library and EngineFailed for a voice that does not exist.
    """
    return load().phonemes(text, voice)


class EspeakLibrary:
    """The few functions that are needed, safe to call from any thread. Use `load`, not this class."""

    def __init__(self) -> None:
        self._library, data = _open_library()
        self._pieces: list[bytes] = []
        self._callback = _Callback(self._collect)
        with _calling:
            rate_hz = self._library.espeak_Initialize(OUTPUT_SYNCHRONOUS, BUFFER_MS, data.encode(), DONT_EXIT)
            if rate_hz <= 0:
                raise EngineFailed(f"espeak-ng cannot load its data from {data}. Its path may be too long.")
            self._library.espeak_SetSynthCallback(self._callback)
            self._voices = _known_voices(self._library)
        self._variants = frozenset(file.name for file in (Path(data) / "voices" / "!v").glob("*"))
        self.rate_hz: int = rate_hz
        """Samples per second of what `synthesize` returns."""

    def synthesize(self, text: str, voice: Voice) -> bytes:
        """The text as 16-bit mono samples; they differ a little from call to call.

        Raises EngineFailed for an unknown voice, or when the library gives up.
        """
        encoded = _encoded(text)
        with _calling:
            self._choose(voice.name)
            self._library.espeak_SetParameter(RATE_PARAMETER, _within(voice.rate_wpm, RATES_WPM), 0)
            self._library.espeak_SetParameter(VOLUME_PARAMETER, round(voice.volume * 100), 0)
            self._pieces.clear()
            flags = TEXT_IS_UTF8 | END_PAUSE
            result = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, POSITION_CHARACTER, 0, flags, None, None)
            pcm = b"".join(self._pieces)
            self._pieces.clear()
        if result != OK:
            raise EngineFailed(f"espeak-ng could not say {text!r} (its error {result}).")
        return pcm

    def phonemes(self, text: str, voice: str) -> str:
        """See `phonemes` of this module."""
        buffer = ctypes.create_string_buffer(_encoded(text))
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        with _calling:
            self._choose(voice)
            while rest.value:  # one clause at a time; the library moves the pointer on, and to nothing at the end
                mode = ord("_") << SEPARATOR_SHIFT
                clause = self._library.espeak_TextToPhonemes(ctypes.byref(rest), TEXT_IS_UTF8, mode)
                clauses.append((clause or b"").decode().strip())
        return " ".join(clause for clause in clauses if clause)

    def _choose(self, name: str) -> None:
        """Takes a language ("en-us"), a name ("English (America)"), or either with a variant ("en-us+f3")."""
        base, plus, variant = name.partition("+")
        identifier = self._voices.get(base.lower())
        if identifier is None or (plus and variant not in self._variants):
            raise EngineFailed(f"espeak-ng has no voice {name!r}. Try en-us, en-gb or en-us+f3.")
        result = self._library.espeak_SetVoiceByName(f"{identifier}{plus}{variant}".encode())
        if result != OK:
            raise EngineFailed(f"espeak-ng cannot use the voice {name!r} (its error {result}).")

    def _collect(self, samples: int | None, n_samples: int, _events: int | None) -> int:
        """Called by the library with each piece; the last call has no samples. Returns 0: go on."""
        if samples and n_samples > 0:
            self._pieces.append(ctypes.string_at(samples, n_samples * 2))
        return 0


def _open_library() -> tuple[ctypes.CDLL, str]:
    """The library with its signatures, and the folder of its data."""
    try:
        import espeakng_loader

        library, data = ctypes.CDLL(espeakng_loader.get_library_path()), espeakng_loader.get_data_path()
    except (ImportError, OSError, RuntimeError) as exc:
        raise EngineMissing("espeak-ng", install=INSTALL) from exc
    integer, text = ctypes.c_int, ctypes.c_char_p
    library.espeak_Initialize.argtypes = [integer, integer, text, integer]
    library.espeak_SetSynthCallback.argtypes = [_Callback]
    library.espeak_SetSynthCallback.restype = None
    library.espeak_ListVoices.argtypes = [ctypes.c_void_p]
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_ListedVoice))
    library.espeak_SetVoiceByName.argtypes = [text]
    library.espeak_SetParameter.argtypes = [integer, integer, integer]
    library.espeak_Synth.argtypes = [
        *(text, ctypes.c_size_t, ctypes.c_uint, integer, ctypes.c_uint, ctypes.c_uint),
        *(ctypes.c_void_p, ctypes.c_void_p),
    ]
    library.espeak_TextToPhonemes.argtypes = [ctypes.c_void_p, integer, integer]
    library.espeak_TextToPhonemes.restype = text
    return library, str(data)


def _known_voices(library: ctypes.CDLL) -> dict[str, str]:
    """Languages, names and file names in lower case -> what the library calls the voice."""
    voices: dict[str, str] = {}
    listed = library.espeak_ListVoices(None)
    position = 0
    while listed[position]:
        voice = listed[position].contents
        identifier = voice.identifier.decode()
        language = voice.languages[1:]  # before it stands its priority, one byte
        for name in (language, voice.name, voice.identifier.rpartition(b"/")[2]):
            voices.setdefault(name.decode().lower(), identifier)
        position += 1
    return voices


def _encoded(text: str) -> bytes:
    """The library reads up to the first NUL; what cannot be written as UTF-8 is replaced."""
    return text.replace("\0", " ").encode(errors="replace")


def _within(value: int, allowed: range) -> int:
    return min(max(value, allowed[0]), allowed[-1])
