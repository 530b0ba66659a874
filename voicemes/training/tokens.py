"""The model's own tokenizer: byte-level BPE, learned from the training sentences.

Intent names and slot-type tags are whole tokens, so that an answer is a handful of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

END = "</s>"
VOCABULARY = 2_400
"""Tokens in all; more make the file larger and the rare ones never learned."""


class Tokenizer:
    def __init__(self, library: Any) -> None:
        self._library = library

    @classmethod
    def learn(cls, sentences: Iterable[str], whole: Sequence[str], size: int = VOCABULARY) -> Tokenizer:
        """Learns merges from `sentences`; every text of `whole` is one token."""
        from tokenizers import AddedToken, models, pre_tokenizers, trainers
        from tokenizers import Tokenizer as Library

        library = Library(models.BPE())
        library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=3,
            special_tokens=[END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        library.train_from_iterator(sentences, trainer)
        library.add_tokens([AddedToken(text, normalized=False) for text in whole])
        return cls(library)

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        from tokenizers import Tokenizer as Library

        return cls(Library.from_str(text))

    def to_json(self) -> str:
        return str(self._library.to_str())

    def encode(self, text: str) -> list[int]:
        return list(self._library.encode(text).ids)

    @property
    def end(self) -> int:
        return int(self._library.token_to_id(END))

    @property
    def size(self) -> int:
        return int(self._library.get_vocab_size())

    def words(self) -> list[str]:
        """The text of every token, by number, in the byte alphabet of GPT-2."""
        by_number = {number: text for text, number in self._library.get_vocab(with_added_tokens=True).items()}
        return [by_number[number] for number in range(self.size)]

    def whole(self) -> frozenset[str]:
        """The tokens that are never split."""
        return frozenset(token.content for token in self._library.get_added_tokens_decoder().values()) - {END}

    def merges(self) -> list[str]:
        """In the order in which they were learned, as GGUF wants them."""
        import json

        found = json.loads(self.to_json())["model"]["merges"]
        return [one if isinstance(one, str) else " ".join(one) for one in found]
