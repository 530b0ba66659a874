"""A language model in a GGUF file, run by llama.cpp on the CPU.

The answer is decoded greedily here, not by llama-cpp-python's sampler: so each token's probability is known among
those that the grammar allows, which is the confidence of the whole.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.config import shipped
from voicemes.engines.llm.gguf_header import read_header
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.ports import Asked, CompleterTraits, Completion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicemes.ports import EngineContext

INSTALL = "Install it with: uv sync --extra llm"
OWN = "voicemes."
"""Of the metadata keys that `models train` writes."""
CONTEXT = 4_096
"""Tokens of a general model: room for the instructions of a hundred intents."""
BATCH = 64
"""Tokens that are read at once; between two batches it is looked whether the time is over."""
MOST_PIECE_BYTES = 512
PROBE = Asked("hello", 'root ::= "none"\n', "", 8)
"""Asked once after loading: the answer is known, unless the grammar is not obeyed."""
CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama_token_data."""


@dataclass(frozen=True, slots=True)
class Options:
    model: Path | None = None
    """A GGUF file; None takes the small one that ships with voicemes."""
    threads: int = 1
    """More than one wait for each other as soon as anything else runs: 480 ms instead of 30 for the small model."""


def shipped_model() -> Path:
    return shipped("models") / "nano.gguf"


def create(options: Options, _context: EngineContext) -> LlamaCompleter:
    """Loads the model. Raises EngineMissing without library or file, EngineFailed for a file that cannot be used."""
    try:
        import llama_cpp
    except ImportError as exc:
        raise EngineMissing("llama-cpp-python, which runs the language model,", install=INSTALL) from exc
    file = options.model or shipped_model()
    header = read_header(file)
    learned = header.get(f"{header.get('general.architecture')}.context_length")
    context = min(CONTEXT, learned) if isinstance(learned, int) else CONTEXT
    completer = LlamaCompleter(_load(llama_cpp, file, context, options.threads), llama_cpp)
    if completer.complete(PROBE, lambda: False).text != "none":
        raise EngineFailed(f"{file}: the model does not keep to a grammar; take another one.")
    return completer


def _load(library: Any, file: Path, context: int, threads: int) -> Any:
    try:
        return library.Llama(
            str(file), n_ctx=context, n_batch=BATCH, n_threads=threads, n_threads_batch=threads, verbose=False
        )
    except (ValueError, AssertionError, RuntimeError) as exc:
        message = "is no language model that llama.cpp can run. Take another file, or renew this one: voicemes models"
        raise EngineFailed(f"{file}: {message}.") from exc


class LlamaCompleter:
    def __init__(self, llama: Any, library: Any) -> None:
        self._llama, self._library = llama, library
        self._vocabulary = library.llama_model_get_vocab(llama.model)
        self._size = library.llama_vocab_n_tokens(self._vocabulary)
        meta = llama.metadata
        self._is_own = any(key.startswith(OWN) for key in meta)
        self._chat = _chat_format(llama, meta)
        self._read: list[int] = []
        """The tokens that are in the model's memory: what a prompt shares with the one before is not read again."""
        self._template_faults = _template_faults() if self._chat is not None else (ValueError,)
        notes = {key.removeprefix(OWN): text for key, text in meta.items() if key.startswith(OWN)}
        self._traits = CompleterTraits(meta.get("general.name", "language model"), notes)

    @property
    def traits(self) -> CompleterTraits:
        return self._traits

    def complete(self, asked: Asked, is_late: Callable[[], bool]) -> Completion:
        grammar = self._library.llama_sampler_init_grammar(self._vocabulary, asked.gbnf.encode(), b"root")
        if not grammar:
            raise EngineFailed(f"the grammar of '{asked.text}' does not compile.")
        try:
            return self._answer(self._prompt(asked), grammar, asked.max_tokens, is_late)
        except RuntimeError as exc:
            self._read = []
            raise EngineFailed(f"the language model failed: {exc}.") from exc
        finally:
            self._library.llama_sampler_free(grammar)

    def close(self) -> None:
        self._llama.close()

    def _prompt(self, asked: Asked) -> list[int]:
        if self._is_own:
            return list(self._llama.tokenize(f"{asked.text}\n".encode(), add_bos=False, special=False))
        if self._chat is None:
            text = f"{asked.instructions}\n{asked.text}\n"
            return list(self._llama.tokenize(text.encode(), add_bos=True, special=False))
        text = self._in_chat(asked)
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=True))

    def _in_chat(self, asked: Asked) -> str:
        """The instructions as a system message, or before the sentence where the model's template knows none."""
        whole = f"{asked.instructions}\n\n{asked.text}"
        for messages in (
            [{"role": "system", "content": asked.instructions}, {"role": "user", "content": asked.text}],
            [{"role": "user", "content": whole}],
        ):
            with contextlib.suppress(*self._template_faults):
                return str(self._chat(messages=messages).prompt)
        raise EngineFailed("the chat template of this model cannot be used; take another model.")

    def _answer(
        self, prompt: list[int], grammar: Any, max_tokens: int, is_late: Callable[[], bool]
    ) -> Completion:
        if len(prompt) + max_tokens > self._llama.n_ctx():
            raise EngineFailed(f"the prompt has {len(prompt)} tokens, the model takes {self._llama.n_ctx()}.")
        said = b""
        parts: list[tuple[str, float]] = []
        for _ in range(max_tokens):
            if not self._take(prompt, is_late):
                break
            token, probability = self._choose(grammar)
            if self._library.llama_vocab_is_eog(self._vocabulary, token):
                return Completion(said.decode(errors="replace"), (*parts, ("", probability)))
            self._library.llama_sampler_accept(grammar, token)
            piece = self._piece(token)
            said += piece
            parts.append((piece.decode(errors="replace"), probability))
            prompt = [*prompt, token]
        return Completion(said.decode(errors="replace"), tuple(parts), is_complete=False)

    def _take(self, tokens: list[int], is_late: Callable[[], bool]) -> bool:
        """Reads what is not read yet; the last token always, for its logits. False where the time is over before: what
        was read stays read, so that the instructions of a slow model are done after a few sentences.
        """
        shared = 0
        for known, token in zip(self._read, tokens[:-1], strict=False):
            if known != token:
                break
            shared += 1
        self._llama.n_tokens = shared
        self._read = tokens[:shared]
        while len(self._read) < len(tokens):
            if is_late():
                return False
            batch = tokens[len(self._read) : len(self._read) + BATCH]
            self._llama.eval(batch)
            self._read = [*self._read, *batch]
        return True

    def _choose(self, grammar: Any) -> tuple[int, float]:
        """The likeliest token that the grammar allows, and its probability among those."""
        address = self._library.llama_get_logits_ith(self._llama.ctx, -1)
        logits = np.ctypeslib.as_array(address, shape=(self._size,))
        allowed = self._allowed(grammar, logits)
        if not len(allowed):
            raise EngineFailed("the grammar allows no token of this model.")
        weights = np.exp(allowed["logit"] - allowed["logit"].max())
        best = int(weights.argmax())
        return int(allowed["id"][best]), float(weights[best] / weights.sum())

    def _allowed(self, grammar: Any, logits: NDArray[np.float32]) -> NDArray[Any]:
        candidates = np.zeros(self._size, CANDIDATE)
        candidates["id"], candidates["logit"] = np.arange(self._size), logits
        pointer = candidates.ctypes.data_as(ctypes.POINTER(self._library.llama_token_data))
        array = self._library.llama_token_data_array(pointer, len(candidates), -1, sorted=False)
        self._library.llama_sampler_apply(grammar, ctypes.byref(array))
        allowed: NDArray[Any] = candidates[np.isfinite(candidates["logit"])]
        return allowed

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(MOST_PIECE_BYTES)
        length = self._library.llama_token_to_piece(self._vocabulary, token, buffer, MOST_PIECE_BYTES, 0, True)
        return buffer.raw[: max(length, 0)]


def _template_faults() -> tuple[type[Exception], ...]:
    """What a chat template may throw: it is a little program of the model's maker."""
    from jinja2 import TemplateError

    return (TemplateError, ValueError, TypeError, KeyError, AttributeError)


def _chat_format(llama: Any, meta: dict[str, str]) -> Any:
    """How a model that was taught to chat wants its prompt; None where its file says nothing of that."""
    template = meta.get("tokenizer.chat_template")
    if not template:
        return None
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    def name(token: int) -> str:
        return str(llama.detokenize([token], special=True).decode(errors="replace")) if token >= 0 else ""

    try:
        return Jinja2ChatFormatter(template, eos_token=name(llama.token_eos()), bos_token=name(llama.token_bos()))
    except _template_faults() as exc:
        raise EngineFailed(f"the chat template of this model cannot be read: {exc}.") from exc
