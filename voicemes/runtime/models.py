"""General language models that can be fetched: what they are, where they come from, and fetching them whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from voicemes.errors import EngineMissing

HUB = "https://huggingface.co"
CHUNK_BYTES = 1_048_576
TIMEOUT_S = 30.0
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
    licence: str

    def url(self, hub: str = HUB) -> str:
        return f"{hub}/{self.repository}/resolve/{self.revision}/{self.file}"


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
)


def fetch(weights: Weights, folder: Path, tell: Tell, hub: str = HUB) -> Path:
    """The model's file in `folder`. What is there already is kept; what was begun is gone on with; what is not as it
    should be is not used. Proxies are taken from the environment. Raises EngineMissing.
    """
    file = folder / weights.file
    part = file.with_suffix(".part")
    try:
        if file.exists() and _digest(file) == weights.sha256:
            return file
        folder.mkdir(parents=True, exist_ok=True)
        _download(weights.url(hub), part, weights.size_bytes, tell)
        if _digest(part) == weights.sha256:
            part.replace(file)
            return file
        part.unlink()
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError) as exc:  # ImportError: a proxy of another kind
        raise EngineMissing(f"the model '{weights.name}'", install=_offline(weights, file, exc)) from exc
    message = f"What {hub} sent is not the file that was asked for. Try again."
    raise EngineMissing(f"the model '{weights.name}'", install=message)


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
