"""Models that can be fetched: language models, voices and Whisper. What they are, and fetching them whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import httpx

from voicemes.errors import EngineMissing

HUB = "https://huggingface.co"
CHUNK_BYTES = 1_048_576
VOICES_REVISION = "f5a6e9094787fd865d65cb024472f977f9c542b5"
TIMEOUT_S = 30.0
Kind: TypeAlias = Literal["llm", "voice", "whisper"]
Tell = Callable[[int, int], None]
"""Called with the bytes that are there, and all of them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file of somebody else's, pinned to one revision."""

    name: str
    summary: str
    repository: str
    revision: str
    file: str
    size_bytes: int
    sha256: str
    """Empty where nobody can say it: then only the size is checked."""
    licence: str
    kind: Kind = "llm"
    there: str = ""
    """Folder inside the repository."""
    folder: str = ""
    """Folder of one's own, where the files of several models have the same names."""
    beside: tuple[Weights, ...] = ()
    """The other files of which it consists."""

    @property
    def files(self) -> tuple[Weights, ...]:
        return (self, *self.beside)

    @property
    def all_bytes(self) -> int:
        return sum(one.size_bytes for one in self.files)

    def place(self, folder: Path) -> Path:
        return folder / self.folder / self.file

    def settings(self, file: Path) -> str:
        """What to write into the settings to use it."""
        if self.kind == "voice":
            return f'[tts]\nengine = "piper"\nmodel = {json.dumps(str(file))}'
        if self.kind == "whisper":
            return f'[asr]\nsecond = "faster_whisper"\nsecond_model = {json.dumps(str(file.parent))}'
        return f"[llm]\nmodel = {json.dumps(str(file))}"

    def url(self, hub: str = HUB) -> str:
        parts = (hub, self.repository, "resolve", self.revision, self.there, self.file)
        return "/".join(part for part in parts if part)


def _voice(name: str, speaker: str, sha256: str, json_bytes: int, json_sha256: str, recordings: str) -> Weights:
    """A voice of piper: its two files lie in a folder of their language, name and quality."""
    language, own, quality = name.split("-")
    place = ("rhasspy/piper-voices", VOICES_REVISION)
    there, licence = f"{language.partition('_')[0]}/{language}/{own}/{quality}", f"MIT; its recordings: {recordings}"
    about = Weights(
        *(f"{name}.json", "its description", *place, f"{name}.onnx.json", json_bytes, json_sha256, licence),
        kind="voice",
        there=there,
    )
    return Weights(
        *(name, f"A voice of piper: {speaker}", *place, f"{name}.onnx", 63_201_294, sha256, licence),
        kind="voice",
        there=there,
        beside=(about,),
    )


def _whisper(name: str, summary: str, revision: str, model: tuple[int, str], config: tuple[int, str]) -> Weights:
    """A Whisper in CTranslate2's format; the English ones share their tokens."""
    repository = f"Systran/faster-{name}"

    def part(file: str, size_bytes: int, sha256: str, beside: tuple[Weights, ...] = ()) -> Weights:
        about = (name, summary, repository, revision, file, size_bytes, sha256, "MIT")
        return Weights(*about, kind="whisper", folder=f"faster-{name}", beside=beside)

    return part(
        "model.bin",
        *model,
        beside=(
            part("config.json", *config),
            part("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
            part("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
        ),
    )


WEIGHTS = (
    Weights(
        "small",
        "Qwen2.5 0.5B Instruct, 4 bits",
        "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        "9217f5db79a29953eb74d5343926648285ec7e67",
        "qwen2.5-0.5b-instruct-q4_k_m.gguf",
        491_400_032,
        "74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db",
        "Apache-2.0",
    ),
    Weights(
        "medium",
        "Qwen2.5 1.5B Instruct, 4 bits",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        "91cad51170dc346986eccefdc2dd33a9da36ead9",
        "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        1_117_320_736,
        "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
        "Apache-2.0",
    ),
    Weights(
        "large",
        "Qwen3 4B, 4 bits",
        "Qwen/Qwen3-4B-GGUF",
        "bc640142c66e1fdd12af0bd68f40445458f3869b",
        "Qwen3-4B-Q4_K_M.gguf",
        2_497_280_256,
        "7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5",
        "Apache-2.0",
    ),
    _voice(
        "en_US-lessac-medium",
        "an American woman",
        "5efe09e69902187827af646e1a6e9d269dee769f9877d17b16b1b46eeaaf019f",
        4_885,
        "efe19c417bed055f2d69908248c6ba650fa135bc868b0e6abb3da181dab690a0",
        "Blizzard Challenge 2011, read its terms before a plant uses it",
    ),
    _voice(
        "en_GB-alba-medium",
        "a Scottish woman",
        "401369c4a81d09fdd86c32c5c864440811dbdcc66466cde2d64f7133a66ad03b",
        4_888,
        "aa965a2f02ecced632c2694e1fc72bbff6d65f265fab567ca945918c73dd89f4",
        "CC-BY-4.0",
    ),
    _whisper(
        "whisper-base.en",
        "Whisper base, English",
        "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        (145_216_508, "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef"),
        (2_227, "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb"),
    ),
    _whisper(
        "whisper-small.en",
        "Whisper small, English: better, three times slower",
        "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        (483_545_366, "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a"),
        (2_657, "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae"),
    ),
)
"""Sizes and hashes of the voices and of Whisper: as several public projects pin them, which agree."""


def fetch(weights: Weights, folder: Path, tell: Tell, hub: str = HUB) -> Path:
    """The model's file in `folder`, with all that belongs to it. What is there already is kept; what was begun is gone
    on with; what is not as it should be is not used. Proxies are taken from the environment. Raises EngineMissing.
    """
    before = 0
    for one in weights.files:
        already = before
        _fetch(one, one.place(folder), lambda done, _: tell(already + done, weights.all_bytes), hub)  # noqa: B023
        before += one.size_bytes
    return weights.place(folder)


def _fetch(weights: Weights, file: Path, tell: Tell, hub: str) -> None:
    part = file.with_suffix(".part")
    try:
        if file.exists() and _is_right(weights, file):
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        _download(weights.url(hub), part, weights.size_bytes, tell)
        if _is_right(weights, part):
            part.replace(file)
            return
        part.unlink()
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError) as exc:  # ImportError: a proxy of another kind
        raise EngineMissing(f"the model '{weights.name}'", install=_offline(weights, file, exc)) from exc
    message = f"What {hub} sent is not the file that was asked for. Try again."
    raise EngineMissing(f"the model '{weights.name}'", install=message)


def _is_right(weights: Weights, file: Path) -> bool:
    if not weights.sha256:
        return file.stat().st_size == weights.size_bytes
    return _digest(file) == weights.sha256


def _download(url: str, part: Path, size_bytes: int, tell: Tell) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= size_bytes:
        return
    headers = {"range": f"bytes={have}-"} if have else {}
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S) as answer:
        answer.raise_for_status()
        is_rest = answer.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if is_rest else 0
        with part.open("ab" if is_rest else "wb") as stream:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                have += len(chunk)
                if have > size_bytes:
                    return
                stream.write(chunk)
                tell(have, size_bytes)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _offline(weights: Weights, file: Path, exc: Exception) -> str:
    return (
        f"It could not be fetched ({exc or type(exc).__name__}). Without a network, bring the file from "
        f"{weights.url()} to {file}; behind a proxy, set HTTPS_PROXY. What was fetched so far is kept."
    )
